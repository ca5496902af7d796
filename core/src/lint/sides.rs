//! What a lint does with one request: [`watch`].

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use http::{HeaderName, StatusCode, header};

use super::{
    Lint,
    body::{Watch, has_bytes, watched},
    check,
    exchange::{Call, Declared, Exchange, Mark, Running, Sent},
    fields::{self, Length},
    ledger::{Ledger, OF_A_REQUEST, OF_A_RESPONSE, Polled, Tally},
    record::{Bench, Parties, Party, Record, Seen, Trail},
    request,
    response::{self, Asked, is_bodiless},
};
use crate::{App, Body, Request, Response};

/// Where a lint stands.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Alone,
    /// Outside of a middleware, which declares what it does.
    Outside(Declared),
    /// Inside of a middleware, with another lint outside.
    Inside,
}

/// The same, for one request.
enum Passage {
    Alone,
    Outside(Arc<Exchange>),
    Inside(Arc<Exchange>, Call),
}

/// Lets `next` answer `request`, and looks at what goes in and what comes out.
pub(super) async fn watch(
    lint: &Lint,
    parties: &Arc<Parties>,
    place: Place,
    mut request: Request,
    next: &impl App,
) -> Response {
    let asked = Asked::by(&request);
    let (bench, passage, running) = enter(lint, parties, place, &mut request);
    let cuts = match passage {
        Passage::Inside(..) => Default::default(),
        _ => lint.cuts,
    };
    let received = watch_request(&mut request, &bench, cuts.requests);
    let mut response = next.respond(request).await;
    drop(running);
    bench.find_all(Party::Callee, response::check(&response, asked));
    answered(&bench, &passage, &mut response);
    let length = Length::of(response.headers()).known();
    let claimed = length.filter(|_| !asked.is_head && !is_bodiless(response.status()));
    let watch = ResponseWatch {
        sent: Sent::of(&response, asked.is_head),
        is_typed: response.headers().contains_key(header::CONTENT_TYPE)
            || is_bodiless(response.status()),
        announced: asked.announces_trailers.then(|| announced(&response)),
        received: received.filter(|_| response.status() != StatusCode::SWITCHING_PROTOCOLS),
        passage,
        undropped: Arc::clone(&lint.undropped.count),
        ended: false,
    };
    let ledger = Ledger::new(&OF_A_RESPONSE, claimed);
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = watched(body, ledger, bench, watch, cuts.responses);
    response
}

/// Looks at the head of a request, and leaves a trail in it for the next lint.
fn enter(
    lint: &Lint,
    parties: &Arc<Parties>,
    place: Place,
    request: &mut Request,
) -> (Bench, Passage, Option<Running>) {
    let trail = request.extensions_mut().remove::<Trail>();
    let record = match &trail {
        Some(trail) => Arc::clone(&trail.record),
        None => Arc::new(Record::new(lint.destination.clone(), request)),
    };
    let bench = Bench {
        record: Arc::clone(&record),
        parties: Arc::clone(parties),
    };
    match &trail {
        Some(trail) => bench.find_all(Party::Caller, request::compare(&trail.seen, request)),
        None if matches!(place, Place::Inside) => {
            let what = "the request has lost its extensions";
            bench.find(check::ENVIRON_LOST, Party::Caller, what);
        }
        None => {}
    }
    bench.find_all(Party::Caller, request::check(request));
    let exchange = trail.and_then(|trail| trail.exchange);
    let (passage, running) = match (place, exchange) {
        (Place::Outside(declared), _) => (Passage::Outside(Exchange::new(declared)), None),
        (Place::Inside, Some(exchange)) => {
            let running = call(&bench, &exchange);
            (Passage::Inside(exchange, running.call), Some(running))
        }
        _ => (Passage::Alone, None),
    };
    let seen = Arc::new(Seen::of(request));
    request.extensions_mut().insert(Trail {
        record,
        seen,
        exchange: match &passage {
            Passage::Outside(exchange) => Some(Arc::clone(exchange)),
            _ => None,
        },
    });
    (bench, passage, running)
}

/// The body of the request, watched. What is given back becomes true when it is dropped.
fn watch_request(
    request: &mut Request,
    bench: &Bench,
    cut: Option<usize>,
) -> Option<Arc<AtomicBool>> {
    if request.body().in_memory_len() == Some(0) {
        return None;
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let watch = RequestWatch(Arc::clone(&dropped));
    let ledger = Ledger::new(&OF_A_REQUEST, Length::of(request.headers()).known());
    let body = std::mem::take(request.body_mut());
    *request.body_mut() = watched(body, ledger, bench.clone(), watch, cut);
    Some(dropped)
}

struct RequestWatch(Arc<AtomicBool>);

impl Watch for RequestWatch {
    fn closed(&mut self, _: &Bench, _: &Ledger) {
        self.0.store(true, Ordering::Release);
    }
}

fn call(bench: &Bench, exchange: &Arc<Exchange>) -> Running {
    let (running, once_too_often) = exchange.call();
    if once_too_often {
        let what = "it calls the app inside of it twice";
        bench.find(check::CALLED_TWICE, Party::Caller, what);
    }
    running
}

/// Leaves a mark on a response from inside, and looks for it outside.
fn answered(bench: &Bench, passage: &Passage, response: &mut Response) {
    match passage {
        Passage::Alone => {}
        Passage::Inside(exchange, call) => {
            exchange.answered(*call, response, in_memory(response.body()));
            let mark = Mark::new(Arc::clone(exchange));
            response.extensions_mut().insert(mark);
        }
        Passage::Outside(exchange) => {
            let mark = response.extensions_mut().remove::<Mark>();
            let marked = mark.is_some_and(|mark| mark.is_of(exchange));
            bench.find_all(Party::Callee, exchange.outer_answered(response, marked));
        }
    }
}

fn in_memory(body: &Body) -> Option<Tally> {
    let mut tally = Tally::new();
    match (body.peek(), body.in_memory_len()) {
        (Some(bytes), _) => tally.add(bytes),
        (None, Some(0)) => {}
        (None, _) => return None,
    }
    Some(tally)
}

fn announced(response: &Response) -> Vec<String> {
    let names = fields::members(response.headers(), &header::TRAILER);
    names.map(str::to_ascii_lowercase).collect()
}

/// What looks at the body of a response.
struct ResponseWatch {
    sent: Sent,
    is_typed: bool,
    /// The trailers that may come; all may, where nothing must announce them.
    announced: Option<Vec<String>>,
    /// Whether the body of the request is gone.
    received: Option<Arc<AtomicBool>>,
    passage: Passage,
    /// How many bodies have ended and are still there.
    undropped: Arc<AtomicUsize>,
    ended: bool,
}

impl ResponseWatch {
    fn is_unannounced(&self, name: &HeaderName) -> bool {
        let announced = self.announced.as_ref();
        announced.is_some_and(|names| !names.iter().any(|announced| announced == name.as_str()))
    }

    fn trailers(&mut self, bench: &Bench, trailers: &http::HeaderMap) {
        self.sent.trailers.extend(trailers.clone());
        if let Some(name) = trailers.keys().find(|name| self.is_unannounced(name)) {
            let what = format!("the trailer `{name}` comes unannounced");
            bench.find(check::UNANNOUNCED_TRAILERS, Party::Callee, what);
        }
    }
}

impl Watch for ResponseWatch {
    fn polled(&mut self, bench: &Bench, polled: &Polled) {
        match polled {
            std::task::Poll::Ready(Some(Ok(frame))) => {
                if has_bytes(frame) && !self.is_typed {
                    self.is_typed = true;
                    let what = "a body has no `Content-Type`";
                    bench.find(check::NO_CONTENT_TYPE, Party::Callee, what);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.trailers(bench, trailers);
                }
            }
            std::task::Poll::Ready(_) if !self.ended => {
                self.ended = true;
                self.undropped.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        match &self.passage {
            Passage::Inside(exchange, call) => exchange.inner_polled(*call, polled),
            Passage::Outside(exchange) => {
                if let Some((check, what)) = exchange.outer_polled(polled) {
                    bench.find(check, Party::Callee, what);
                }
            }
            Passage::Alone => {}
        }
    }

    fn closed(&mut self, bench: &Bench, ledger: &Ledger) {
        if self.ended {
            self.undropped.fetch_sub(1, Ordering::Relaxed);
        }
        match &self.passage {
            Passage::Inside(exchange, call) => return exchange.inner_closed(*call, ledger),
            Passage::Outside(exchange) => {
                bench.find_all(Party::Callee, exchange.outer_closed(&self.sent, ledger));
            }
            Passage::Alone => {}
        }
        let received = self.received.as_ref();
        if received.is_some_and(|gone| !gone.load(Ordering::Acquire)) {
            let what = "the body of the request outlives the response";
            bench.find(check::REQUEST_KEPT, Party::Callee, what);
        }
    }
}
