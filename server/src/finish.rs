//! What is done to an answer before it goes out: [`Finish`].

use std::sync::Arc;

use enfilade_core::{Body, Error, IntoResponse, Response, Upgrading};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use hyper::upgrade::OnUpgrade;

use crate::{outgoing::Outgoing, refusing, session::Answering, upgrade};

/// What is kept of a request until it is answered.
pub(crate) struct Finish {
    pub(crate) on_upgrade: Option<OnUpgrade>,
    pub(crate) answering: Answering,
    /// Whether a success makes a tunnel of the connection.
    pub(crate) connects: bool,
}

impl Finish {
    pub(crate) fn apply(self, response: &mut Response) {
        let Finish {
            on_upgrade,
            answering,
            connects,
        } = self;
        answering.session().hints.close();
        if let Some(refusal) = answering.admission().refused_body() {
            *response = refusing::answer(refusal, Version::HTTP_11);
        }
        if response.status().is_informational() {
            switch(response, on_upgrade, &answering);
        } else if connects && response.status().is_success() {
            answering.admission().switch();
        }
        if answering.session().is_last() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            close(response.headers_mut());
        }
        #[cfg(feature = "http3")]
        answering
            .site()
            .alternatives
            .announce(answering.facts(), response.headers_mut());
        if let Some(server) = &answering.site().server_header {
            let headers = response.headers_mut();
            headers
                .entry(header::SERVER)
                .or_insert_with(|| server.clone());
        }
        if response.body().in_memory_len().is_none() {
            let body = std::mem::take(response.body_mut());
            *response.body_mut() = Body::new(Outgoing::new(body, answering));
        }
    }
}

/// Says that it is the connection's last answer, beside the protocol that a 426 asks for.
fn close(headers: &mut HeaderMap) {
    let close = HeaderValue::from_static("close");
    if headers
        .get_all(header::CONNECTION)
        .iter()
        .all(|option| option != close)
    {
        headers.append(header::CONNECTION, close);
    }
}

/// Of the informational statuses, 101 alone ends an exchange, and only where it was offered.
fn switch(response: &mut Response, on_upgrade: Option<OnUpgrade>, answering: &Answering) {
    let status = response.status();
    match on_upgrade {
        Some(on_upgrade) if status == StatusCode::SWITCHING_PROTOCOLS => {
            answering.admission().switch();
            answering.session().take_over();
            // Without a handler of ours it is a mounted framework's, which took the extension.
            if let Some(upgrading) = response.extensions_mut().remove::<Upgrading>() {
                let task = answering.site().tasks.register();
                upgrade::take_over(upgrading, on_upgrade, Arc::clone(answering.facts()), task);
            }
        }
        _ => {
            answering.report(&format!(
                "the app answered {status} to a request that did not ask for it"
            ));
            *response = Error::status(500).into_response();
        }
    }
}
