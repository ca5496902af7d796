//! What the host knows about a call: [`Environ`].

use std::sync::{Arc, LazyLock};

use http::{Extensions, Uri, Version};

use crate::{
    BodyPace, Connection, Fields, Hinted, OnDisconnect, Outcome, SharedPace, Stopping, Upgrade,
    early_hints, params::Params,
};

/// What the host knows about this call. Every request has one: [`RequestExt::environ`].
///
/// It is the one gateway extension of a request. What does not change between the requests of a
/// connection is in [`Connection`], shared.
///
/// [`RequestExt::environ`]: crate::RequestExt::environ
#[derive(Clone, Debug)]
pub struct Environ {
    connection: Arc<Connection>,
    pub(crate) params: Params,
    original: Option<Box<Uri>>,
    upgrade: Option<Box<Upgrade>>,
    number: u64,
    /// That of the call: see [`Call`](crate::call::Call).
    pub(crate) key: u64,
    version: Version,
    /// The bytes of the path that are the script name.
    pub(crate) script_name: u32,
    body_limit: u64,
    body_pace: Option<SharedPace>,
}

/// The limit of the helpers that read a body whole, unless a route says otherwise: 2 MiB.
pub const DEFAULT_BODY_LIMIT: u64 = 2 * 1024 * 1024;

static WITHOUT_HOST: LazyLock<Environ> =
    LazyLock::new(|| Environ::new(Arc::new(Connection::default()), Version::HTTP_11));

impl Environ {
    /// What a host puts into a request: its connection, and the version that the client spoke.
    #[must_use]
    pub const fn new(connection: Arc<Connection>, version: Version) -> Environ {
        Environ {
            connection,
            params: Params::new(),
            original: None,
            upgrade: None,
            number: 0,
            key: 0,
            version,
            script_name: 0,
            body_limit: DEFAULT_BODY_LIMIT,
            body_pace: None,
        }
    }

    /// That of `extensions`, or the documented default of a call without a host: `http`, from
    /// nowhere, to `localhost`, without capabilities.
    #[inline]
    pub(crate) fn of(extensions: &Extensions) -> &Environ {
        extensions.get().unwrap_or_else(|| &*WITHOUT_HOST)
    }

    /// That of `extensions`, put there where it is missing.
    pub(crate) fn of_mut(extensions: &mut Extensions) -> &mut Environ {
        extensions.get_or_insert_with(|| WITHOUT_HOST.clone())
    }

    /// What does not change between the requests of a connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The same, shared.
    #[must_use]
    pub fn connection_shared(&self) -> Arc<Connection> {
        Arc::clone(&self.connection)
    }

    /// The connection's facts, to be changed for this request alone: for middleware that knows
    /// better, such as one that trusts a proxy.
    pub fn connection_mut(&mut self) -> &mut Connection {
        // A clone would have calls of its own, and this is still the same call.
        let wishes = Arc::clone(&self.connection.wishes);
        let connection = Arc::make_mut(&mut self.connection);
        connection.wishes = wishes;
        connection
    }

    /// The version of HTTP that the client spoke to the host's web server.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// For hosts: tells this request from the others of its connection, so that what is shared by
    /// them can be asked for one of them. 0 by default, which will do where there is one.
    #[must_use]
    pub const fn with_number(mut self, number: u64) -> Environ {
        self.number = number;
        self
    }

    /// The number that the host has given the request: see [`with_number`](Environ::with_number).
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Sends `fields` ahead of the answer, as 103 Early Hints (RFC 8297), so that a client can
    /// fetch what it will need while the answer is being made.
    ///
    /// Where the host cannot send them, or it is too late, nothing happens, and the value says why.
    /// A host sends at most 8 for a request, of at most 8 KiB.
    ///
    /// They are hints: the answer says again what holds. Fields of the connection, those that
    /// describe a body (`Content-Length`, `Content-Type`, `Trailer`) and `Set-Cookie` are left out.
    ///
    /// ```
    /// use enfilade_core::{Html, Request, RequestExt};
    ///
    /// async fn page(request: Request) -> Html<String> {
    ///     let style = [("link", "</site.css>; rel=preload; as=style")];
    ///     request.environ().early_hints(style);
    ///     Html(slow_query().await)
    /// }
    /// # async fn slow_query() -> String { String::new() }
    /// # use enfilade_core::App;
    /// # let _ = page.boxed();
    /// ```
    ///
    /// # Security
    ///
    /// Some clients of HTTP/1.1 take any first answer for the only one (RFC 8297, section 3). Send
    /// what anybody may see.
    #[allow(
        clippy::must_use_candidate,
        reason = "what has become of hints is seldom of interest"
    )]
    pub fn early_hints(&self, fields: impl Fields) -> Hinted {
        early_hints::hint(self, fields)
    }

    /// The way to take the connection over, where the client offered a protocol and the host can.
    #[must_use]
    pub fn upgrade(&self) -> Option<&Upgrade> {
        self.upgrade.as_deref()
    }

    /// For hosts: how the connection can be taken over.
    pub fn set_upgrade(&mut self, upgrade: Upgrade) {
        self.upgrade = Some(Box::new(upgrade));
    }

    /// For hosts: how many bytes of the path an outer server has taken as its prefix. They begin
    /// with `/`, do not end in it, and are whole segments; a [`Gateway`](crate::Gateway) answers
    /// with 500 where they are not. Count them as they were sent: the gateway moves the split where
    /// it makes the path canonical.
    ///
    /// # Panics
    ///
    /// If the path is longer than 4 GiB.
    #[must_use]
    pub fn with_script_name(mut self, bytes: usize) -> Environ {
        self.script_name = u32::try_from(bytes).expect("hosts refuse paths beyond some KiB");
        self
    }

    /// Moves the next `bytes` of the path, whole segments, from the path info to the script name.
    pub(crate) fn descend(&mut self, bytes: usize) {
        self.script_name += u32::try_from(bytes).expect("`http` holds no path of 64 KiB");
    }

    /// The target as the client sent it, where the canonical one differs.
    pub(crate) fn original(&self) -> Option<&Uri> {
        self.original.as_deref()
    }

    /// For hosts: keeps the target as the client sent it.
    pub fn set_original(&mut self, target: Uri) {
        self.original = Some(Box::new(target));
    }

    /// The most bytes that the helpers that read a body whole will read; 2 MiB by default.
    #[must_use]
    pub const fn body_limit(&self) -> u64 {
        self.body_limit
    }

    /// Sets the limit, in bytes, for the apps behind.
    pub const fn set_body_limit(&mut self, bytes: u64) {
        self.body_limit = bytes;
    }

    /// How slowly the client may send the body; `None` where the host does not hold it to a pace.
    #[must_use]
    pub fn body_pace(&self) -> Option<BodyPace> {
        self.body_pace.as_ref().map(SharedPace::get)
    }

    /// Sets how slowly the client may send the body: see [`BodyPace`]. Where the host does not hold
    /// it to a pace, nothing changes.
    pub fn set_body_pace(&mut self, pace: BodyPace) {
        if let Some(shared) = &self.body_pace {
            shared.set(pace);
        }
    }

    /// For hosts: holds the body to `pace`, as the app changes it.
    pub fn share_body_pace(&mut self, pace: SharedPace) {
        self.body_pace = Some(pace);
    }

    /// Has `callback` called when the request is over, with its [`Outcome`]: when its response was
    /// sent, has failed, or was left by its client, and also where there is no response, because
    /// the client left before.
    ///
    /// Each is called exactly once, the last registered first. It is called where the response
    /// ends, so it must not block; where it panics, that is reported, and the others are called.
    /// Gives false, and drops it, in a call without a host, whose end nobody sees.
    ///
    /// Call it before the response is there. What is registered later, with an environ that was
    /// kept, is called when the connection ends, and is told nothing but that.
    ///
    /// ```
    /// use enfilade_core::{Outcome, Request, RequestExt};
    ///
    /// async fn export(request: Request) -> &'static str {
    ///     request.environ().on_finish(|outcome: &Outcome| {
    ///         eprintln!("{} bytes went out: {:?}", outcome.bytes, outcome.ending);
    ///     });
    ///     "..."
    /// }
    /// # use enfilade_core::App;
    /// # let _ = export.boxed();
    /// ```
    #[allow(
        clippy::must_use_candidate,
        reason = "an app that has a host need not look"
    )]
    pub fn on_finish(&self, callback: impl FnOnce(&Outcome) + Send + 'static) -> bool {
        if self.key != 0 {
            let wishes = &self.connection.wishes;
            wishes.on_finish(self.key, Box::new(callback));
        }
        self.key != 0
    }

    /// Says what becomes of the app from now on, if its client leaves: see [`OnDisconnect`]. By
    /// default it is cancelled.
    pub fn set_on_disconnect(&self, what: OnDisconnect) {
        if self.key != 0 {
            self.connection.wishes.on_disconnect(self.key, what);
        }
    }

    /// Ends, as a future, when the host begins to stop: what long streams wait for.
    #[must_use]
    pub fn stopping(&self) -> &Stopping {
        &self.connection.stopping
    }

    /// Writes a line to the host's error stream.
    pub fn report(&self, line: &str) {
        self.connection.errors.report(line);
    }
}
