//! What all requests of a host share: [`Site`].

use std::sync::Arc;

use enfilade_core::{
    App, Body, Capabilities, Connection, ErrorSink, Gateway, Lifecycle, PathPolicy, Request,
};

use crate::{
    answered::{Answered, Rests},
    gateway::{BadRequest, Import, Variables, request_from},
};

/// The app, and what is the same for all of its requests.
#[allow(
    unreachable_pub,
    reason = "a backend's protocol is given it, and without backends nobody is"
)]
pub struct Site {
    app: Arc<dyn Hosted>,
    paths: PathPolicy,
    import: Import,
    facts: Connection,
    /// Where the host takes what goes on without its client.
    rests: Option<Rests>,
}

impl Site {
    pub(crate) fn new(
        app: impl App + 'static,
        paths: PathPolicy,
        import: Import,
        facts: Connection,
    ) -> Site {
        Site {
            app: Arc::new(Gateway::new(app).with_path_policy(paths)),
            paths,
            import,
            facts,
            rests: None,
        }
    }

    /// Hands what goes on without its client to `rests`. By default it is dropped.
    pub(crate) fn with_rests(mut self, rests: Rests) -> Site {
        self.rests = Some(rests);
        self
    }

    /// The same, for a second app.
    #[allow(dead_code, reason = "only FastCGI hosts a second app")]
    pub(crate) fn rests(&self) -> Option<Rests> {
        self.rests.clone()
    }

    /// What the operator says about the web server.
    pub(crate) const fn import(&self) -> &Import {
        &self.import
    }

    /// What is done about paths that are not canonical, whichever app sees them.
    #[allow(dead_code, reason = "only FastCGI hosts a second app")]
    pub(crate) const fn paths(&self) -> PathPolicy {
        self.paths
    }

    /// What the host knows by itself.
    pub(crate) const fn facts(&self) -> &Connection {
        &self.facts
    }

    pub(crate) const fn errors(&self) -> &Arc<dyn ErrorSink> {
        &self.facts().errors
    }

    /// The request that `variables` tell of.
    pub(crate) fn request(
        &self,
        variables: Variables,
        import: &Import,
        body: Body,
    ) -> Result<Request, BadRequest> {
        request_from(variables, import, self.facts.clone(), body)
    }

    pub(crate) fn answer(&self, request: Request) -> Answered {
        Arc::clone(&self.app).answer(request, self.rests.clone())
    }
}

/// A [`Gateway`], erased: so a protocol is compiled once, and not for each app.
trait Hosted: Send + Sync {
    fn answer(self: Arc<Self>, request: Request, rests: Option<Rests>) -> Answered;
}

impl<A: App + 'static> Hosted for Gateway<A> {
    fn answer(self: Arc<Self>, request: Request, rests: Option<Rests>) -> Answered {
        Answered::new(self.answer_shared(request), rests)
    }
}

/// The facts of a host of the kind `host`, to which each request adds those of its client.
pub(crate) fn facts(
    host: &'static str,
    capabilities: Capabilities,
    errors: &Arc<dyn ErrorSink>,
    lifecycle: &Lifecycle,
) -> Connection {
    let mut facts = Connection::default();
    facts.host = host;
    facts.capabilities = capabilities;
    facts.errors = Arc::clone(errors);
    facts.stopping = lifecycle.stopping();
    facts
}
