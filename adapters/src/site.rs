//! What all requests of a host share: [`Site`].

use std::{pin::Pin, sync::Arc};

use enfilade_core::{
    App, Body, Capabilities, Connection, ErrorSink, Gateway, Lifecycle, PathPolicy, Request,
    Response,
};

use crate::gateway::{BadRequest, Import, Variables, request_from};

/// The app, and what is the same for all of its requests.
#[allow(
    unreachable_pub,
    reason = "a backend's protocol is given it, and without backends nobody is"
)]
pub struct Site {
    app: Arc<dyn Answer>,
    paths: PathPolicy,
    import: Import,
    facts: Connection,
}

/// A response that is being made.
pub(crate) type Answered = Pin<Box<dyn Future<Output = Response> + Send>>;

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
        }
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
        Arc::clone(&self.app).answer(request)
    }
}

/// A [`Gateway`], erased: so a protocol is compiled once, and not for each app.
trait Answer: Send + Sync {
    fn answer(self: Arc<Self>, request: Request) -> Answered;
}

impl<A: App + 'static> Answer for Gateway<A> {
    fn answer(self: Arc<Self>, request: Request) -> Answered {
        Box::pin(async move { (*self).answer(request).await })
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
