//! From hyper's requests to the app's, and back: [`Service`].

use std::{convert::Infallible, sync::Arc};

use enfilade_core::{Environ, RequestExt, Upgrade};
use hyper::body::Incoming;

use crate::{finish::Finish, session::Session, site::Answered, upgrade};

/// The app, as one connection calls it.
pub(crate) struct Service(pub(crate) Arc<Session>);

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = enfilade_core::Response;
    type Error = Infallible;
    type Future = Answered;

    fn call(&self, request: http::Request<Incoming>) -> Answered {
        let session = &self.0;
        let answering = session.answer();
        let mut request = request.map(|body| session.receive(body));
        let offer = upgrade::offer(&request);
        let environ = Environ::new(Arc::clone(&session.facts), request.version());
        request.extensions_mut().insert(environ);
        if let Some(offer) = &offer {
            let upgrade = Upgrade::new(offer.protocol.clone());
            request.environ_mut().set_upgrade(upgrade);
        }
        let finish = Finish {
            on_upgrade: offer.map(|offer| offer.on_upgrade),
            answering,
        };
        session.site.answer(request, finish)
    }
}
