//! From hyper's requests to the app's, and back: [`Service`].

use std::{convert::Infallible, sync::Arc};

use enfilade_core::{Body, Connection, Environ, Request, Response, Upgrade, host};
use hyper::body::Incoming;

use crate::{
    exchange::Exchange,
    finish::Finish,
    site::{Answered, Site},
    upgrade,
};

/// The app, as one connection calls it.
pub(crate) struct Service {
    pub(crate) site: Arc<Site>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) exchange: Arc<Exchange>,
}

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = Response;
    type Error = Infallible;
    type Future = Answered;

    fn call(&self, request: http::Request<Incoming>) -> Answered {
        let answering = self.exchange.begin();
        let mut request = self.receive(request);
        let mut environ = Environ::new(Arc::clone(&self.connection), request.version());
        let offer = upgrade::offer(&request);
        if let Some(offer) = &offer {
            environ = environ.with_upgrade(Upgrade::new(offer.protocol.clone()));
        } else {
            host::strip_hop_by_hop(request.headers_mut());
        }
        request.extensions_mut().insert(environ);
        let finish = Finish {
            site: Arc::clone(&self.site),
            connection: Arc::clone(&self.connection),
            on_upgrade: offer.map(|offer| offer.on_upgrade),
            answering,
        };
        Arc::clone(&self.site.app).answer(request, finish)
    }
}

impl Service {
    fn receive(&self, request: http::Request<Incoming>) -> Request {
        request.map(|body| {
            if hyper::body::Body::is_end_stream(&body) {
                Body::empty()
            } else {
                Body::new(self.exchange.receive(body))
            }
        })
    }
}
