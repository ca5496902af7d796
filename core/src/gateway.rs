//! What every host does around an app: [`Gateway`].

use crate::{App, Cause, Request, RequestExt, Response, guard::Guard, host::commit};

/// An app as a host calls it: canonical paths in, responses that can be sent out.
///
/// Shared by all connections of a host; it costs no allocation of its own.
#[derive(Clone, Debug)]
pub struct Gateway<A> {
    app: Guard<A>,
}

impl<A: App> Gateway<A> {
    /// Hosts `app`.
    pub const fn new(app: A) -> Gateway<A> {
        Gateway {
            app: Guard::new(app),
        }
    }

    /// Answers one request, to which the host has given its [`Environ`](crate::Environ).
    ///
    /// The response can be sent as it is: see [`commit`](crate::host::commit()). The cause of a
    /// server error is reported to the host's error stream.
    pub async fn answer(&self, request: Request) -> Response {
        let method = request.method().clone();
        let connection = request.environ().connection_shared();
        let response = self.app.respond(request).await;
        let response = commit(&method, response).await;
        if response.status().is_server_error()
            && let Some(cause) = response.extensions().get::<Cause>()
        {
            connection.errors.report(&cause.chain());
        }
        response
    }
}
