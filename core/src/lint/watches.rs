//! What a lint looks for while bodies pass: [`RequestWatch`] and [`ResponseWatch`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
};

use http::{HeaderMap, HeaderName, StatusCode, header};

use super::{
    body::{Watch, has_bytes},
    check,
    exchange::Sent,
    fields,
    ledger::{Ledger, Polled},
    record::{Party, Stand},
    response::{Asked, is_bodiless},
    sides::Passage,
};
use crate::Response;

/// What looks at the body of a request: whether it is gone.
pub(super) struct RequestWatch(Arc<AtomicBool>);

impl RequestWatch {
    /// `dropped` becomes true when it is.
    pub(super) const fn new(dropped: Arc<AtomicBool>) -> RequestWatch {
        RequestWatch(dropped)
    }
}

impl Watch for RequestWatch {
    fn closed(&mut self, _: &Stand, _: &Ledger) {
        self.0.store(true, Ordering::Release);
    }
}

/// What looks at the body of a response.
pub(super) struct ResponseWatch {
    sent: Sent,
    is_typed: bool,
    /// The trailers that may come; all may, where nothing must announce them.
    announced: Option<Vec<String>>,
    received: Option<Arc<AtomicBool>>,
    passage: Passage,
    undropped: Arc<AtomicUsize>,
    ended: bool,
}

impl ResponseWatch {
    /// `received` is whether the body of the request is gone, `undropped` how many bodies have
    /// ended and are still there.
    pub(super) fn new(
        response: &Response,
        asked: &Asked,
        passage: Passage,
        received: Option<Arc<AtomicBool>>,
        undropped: Arc<AtomicUsize>,
    ) -> ResponseWatch {
        let (status, headers) = (response.status(), response.headers());
        ResponseWatch {
            sent: Sent::of(response, asked.is_head),
            is_typed: headers.contains_key(header::CONTENT_TYPE) || is_bodiless(status),
            announced: asked.announces_trailers.then(|| announced(headers)),
            received: received.filter(|_| status != StatusCode::SWITCHING_PROTOCOLS),
            passage,
            undropped,
            ended: false,
        }
    }

    fn is_unannounced(&self, name: &HeaderName) -> bool {
        let announced = self.announced.as_ref();
        announced.is_some_and(|names| !names.iter().any(|announced| announced == name.as_str()))
    }

    fn trailers(&mut self, stand: &Stand, trailers: &HeaderMap) {
        self.sent.trailers.extend(trailers.clone());
        if let Some(name) = trailers.keys().find(|name| self.is_unannounced(name)) {
            let what = format!("the trailer `{name}` comes unannounced");
            stand.find(check::UNANNOUNCED_TRAILERS, Party::Callee, what);
        }
    }
}

impl Watch for ResponseWatch {
    fn polled(&mut self, stand: &Stand, polled: &Polled) {
        match polled {
            Poll::Ready(Some(Ok(frame))) => {
                if has_bytes(frame) && !self.is_typed {
                    self.is_typed = true;
                    let what = "a body has no `Content-Type`";
                    stand.find(check::NO_CONTENT_TYPE, Party::Callee, what);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.trailers(stand, trailers);
                }
            }
            Poll::Ready(_) if !self.ended => {
                self.ended = true;
                self.undropped.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        match &self.passage {
            Passage::Inside(exchange, call) => exchange.inner_polled(*call, polled),
            Passage::Outside(exchange) => {
                if let Some((check, what)) = exchange.outer_polled(polled) {
                    stand.find(check, Party::Callee, what);
                }
            }
            Passage::Alone => {}
        }
    }

    fn closed(&mut self, stand: &Stand, ledger: &Ledger) {
        if self.ended {
            self.undropped.fetch_sub(1, Ordering::Relaxed);
        }
        match &self.passage {
            Passage::Inside(exchange, call) => return exchange.inner_closed(*call, ledger),
            Passage::Outside(exchange) => {
                stand.find_all(Party::Callee, exchange.outer_closed(&self.sent, ledger));
            }
            Passage::Alone => {}
        }
        let received = self.received.as_ref();
        if received.is_some_and(|gone| !gone.load(Ordering::Acquire)) {
            let what = "the body of the request outlives the response";
            stand.find(check::REQUEST_KEPT, Party::Callee, what);
        }
    }
}

fn announced(headers: &HeaderMap) -> Vec<String> {
    let names = fields::members(headers, &header::TRAILER);
    names.map(str::to_ascii_lowercase).collect()
}
