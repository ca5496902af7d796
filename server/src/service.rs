//! From hyper's requests to the app's, and back: [`Service`].

use std::{convert::Infallible, sync::Arc};

use enfilade_core::{Environ, RequestExt, Upgrade};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::{
    breach::Limit,
    finish::Finish,
    refusal,
    session::{Answering, Session},
    site::{Answered, Site},
    upgrade,
};

/// The app, as one connection calls it.
pub(crate) struct Service(pub(crate) Arc<Session>);

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = enfilade_core::Response;
    type Error = Infallible;
    type Future = Answered;

    fn call(&self, request: http::Request<Incoming>) -> Answered {
        let session = &self.0;
        let (mut answering, has_place) = session.answer();
        let broken = match has_place {
            true => refusal::broken(&request, &session.site.limits),
            false => Some(Limit::RequestsInFlight),
        };
        if let Some(limit) = broken {
            return refuse(limit, request.body(), answering);
        }
        let mut exchange = None;
        let mut request = request.map(|body| {
            let (body, shared) = session.receive(body);
            exchange = shared;
            body
        });
        let offer = upgrade::offer(&request);
        let mut environ = Environ::new(Arc::clone(&session.facts), request.version());
        if let Some(exchange) = &exchange {
            environ.share_body_pace(exchange.pace.clone());
        }
        answering.exchange = exchange;
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

/// Answers what broke a limit, without the app.
#[cold]
fn refuse(limit: Limit, body: &Incoming, answering: Answering) -> Answered {
    let session = answering.session();
    session.report(limit);
    session.received(body.is_end_stream());
    let finish = Finish {
        on_upgrade: None,
        answering,
    };
    Site::refuse(limit, finish)
}
