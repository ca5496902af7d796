//! From a client's requests to the app's, and back: [`Service`].

use std::{convert::Infallible, sync::Arc};

use enfilade_core::{Environ, Response, Upgrade};
use http::{Method, Version, header};
use hyper::body::Incoming;

use crate::{
    admission::drop_underscores,
    answered::Answered,
    breach::Limit,
    finish::Finish,
    http2_head, proofs,
    receiving::Upload,
    refusal, refusing,
    session::{Answering, Session},
    site,
    strict::Refusal,
    upgrade,
};

/// The app, as one connection of hyper's calls it.
pub(crate) struct Service(pub(crate) Arc<Session>);

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = Response;
    type Error = Infallible;
    type Future = Answered;

    fn call(&self, request: http::Request<Incoming>) -> Answered {
        answer(&self.0, request, None)
    }
}

/// Why the app is not to see `request`, and what it is not to see of it.
#[inline]
fn check<B>(session: &Session, request: &mut http::Request<B>) -> Option<Refusal> {
    if request.version() >= Version::HTTP_2 {
        let refused = http2_head::check(request).err();
        refused.inspect(|refusal| session.report_refusal(*refusal))
    } else {
        if session.admission.has_seen_underscore() {
            drop_underscores(request.headers_mut());
        }
        session.admission.refused_head(request)
    }
}

/// Has the app answer `request`, or says why it is not to. Over HTTP/2 and 3 its stream is its
/// `number`.
pub(crate) fn answer<B: Upload>(
    session: &Arc<Session>,
    mut request: http::Request<B>,
    number: Option<u64>,
) -> Answered {
    let (mut answering, has_place) = session.answer();
    if let Some(refusal) = check(session, &mut request) {
        return without_app(refusing::answer(refusal, request.version()), answering);
    }
    let broken = match has_place {
        true => refusal::broken(&request, &session.site.limits),
        false => Some(Limit::RequestsInFlight),
    };
    if let Some(limit) = broken {
        return refuse(limit, request.body().is_end_stream(), answering);
    }
    let proofs = &session.site.proofs;
    if !proofs.is_empty()
        && let Some(response) = proofs::answer(proofs, &request)
    {
        session.received(request.body().is_end_stream());
        return without_app(response, answering);
    }
    // A client that waits for a word before it sends its body is not told to send what nobody
    // wants.
    let finish_body = !request.body().is_end_stream()
        && request.version() < Version::HTTP_2
        && !request.headers().contains_key(header::EXPECT);
    // Taken apart once: `Request::map` would move its parts twice more.
    let (mut parts, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let offer = upgrade::offer(&parts, has_body);
    let (body, exchange) = session.receive(body, finish_body);
    let mut environ = Environ::new(Arc::clone(&session.facts), parts.version)
        .with_number(number.unwrap_or_else(|| session.number()));
    if let Some(exchange) = &exchange {
        environ.share_body_pace(exchange.pace.clone());
    }
    answering.exchange = exchange;
    if let Some(offer) = &offer {
        environ.set_upgrade(Upgrade::new(offer.protocol.clone()));
    }
    parts.extensions.insert(environ);
    let finish = Finish {
        on_upgrade: offer.map(|offer| offer.on_upgrade),
        answering,
        connects: parts.method == Method::CONNECT,
    };
    let request = http::Request::from_parts(parts, body);
    session.site.answer(request, finish)
}

/// Answers with `response`, which no app has made.
fn without_app(mut response: Response, answering: Answering) -> Answered {
    let finish = Finish {
        on_upgrade: None,
        answering,
        connects: false,
    };
    finish.apply(&mut response);
    Answered::ready(response)
}

/// Answers what broke a limit, without the app.
#[cold]
pub(crate) fn refuse(limit: Limit, whole: bool, answering: Answering) -> Answered {
    let session = answering.session();
    session.report(limit);
    session.received(whole);
    without_app(site::refusal(limit, session), answering)
}
