//! What a lint does with one request: [`watch`].

use std::sync::{Arc, atomic::AtomicBool};

use super::{
    Lint,
    body::watched,
    check,
    exchange::{Call, Declared, Exchange, Mark, Running},
    fields::Length,
    hints::HintWatch,
    ledger::{Ledger, OF_A_REQUEST, OF_A_RESPONSE, Tally},
    record::{Parties, Party, Record, Seen, Stand, Trail},
    request,
    response::{self, Asked, is_bodiless},
    watches::{RequestWatch, ResponseWatch},
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
pub(super) enum Passage {
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
    let (stand, passage, running) = enter(lint, parties, place, &mut request);
    let cuts = match passage {
        Passage::Inside(..) => Default::default(),
        _ => lint.cuts,
    };
    let hints = HintWatch::put(&mut request, &stand);
    let received = watch_request(&mut request, &stand, cuts.requests);
    let mut response = next.respond(request).await;
    drop((running, hints));
    stand.find_all(Party::Callee, response::check(&response, &asked));
    answered(&stand, &passage, &mut response);
    let length = Length::of(response.headers()).known();
    let claimed = length.filter(|_| !asked.is_head && !is_bodiless(response.status()));
    let undropped = Arc::clone(&lint.undropped.count);
    let watch = ResponseWatch::new(&response, &asked, passage, received, undropped);
    let ledger = Ledger::new(&OF_A_RESPONSE, claimed);
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = watched(body, ledger, stand, watch, cuts.responses);
    response
}

/// Looks at the head of a request, and leaves a trail in it for the next lint.
fn enter(
    lint: &Lint,
    parties: &Arc<Parties>,
    place: Place,
    request: &mut Request,
) -> (Stand, Passage, Option<Running>) {
    let trail = request.extensions_mut().remove::<Trail>();
    let record = match &trail {
        Some(trail) => Arc::clone(&trail.record),
        None => Arc::new(Record::new(lint.destination.clone(), request)),
    };
    let stand = Stand {
        record: Arc::clone(&record),
        parties: Arc::clone(parties),
    };
    match &trail {
        Some(trail) => stand.find_all(Party::Caller, request::compare(&trail.seen, request)),
        None if matches!(place, Place::Inside) => {
            let what = "the request has lost its extensions";
            stand.find(check::ENVIRON_LOST, Party::Caller, what);
        }
        None => {}
    }
    stand.find_all(Party::Caller, request::check(request));
    let exchange = trail.and_then(|trail| trail.exchange);
    let (passage, running, exchange) = match (place, exchange) {
        (Place::Outside(declared), outer) => {
            let own = Exchange::new(declared, outer);
            (Passage::Outside(Arc::clone(&own)), None, Some(own))
        }
        (Place::Inside, Some(own)) => {
            let (running, outer) = (call(&stand, &own), own.outer());
            (Passage::Inside(own, running.call), Some(running), outer)
        }
        (Place::Alone | Place::Inside, exchange) => (Passage::Alone, None, exchange),
    };
    let seen = Arc::new(Seen::of(request));
    request.extensions_mut().insert(Trail {
        record,
        seen,
        exchange,
    });
    (stand, passage, running)
}

/// The body of the request, watched. What is given back becomes true when it is dropped.
fn watch_request(
    request: &mut Request,
    stand: &Stand,
    cut: Option<usize>,
) -> Option<Arc<AtomicBool>> {
    if request.body().in_memory_len() == Some(0) {
        return None;
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let watch = RequestWatch::new(Arc::clone(&dropped));
    let ledger = Ledger::new(&OF_A_REQUEST, Length::of(request.headers()).known());
    let body = std::mem::take(request.body_mut());
    *request.body_mut() = watched(body, ledger, stand.clone(), watch, cut);
    Some(dropped)
}

fn call(stand: &Stand, exchange: &Arc<Exchange>) -> Running {
    let (running, once_too_often) = exchange.call();
    if once_too_often {
        let what = "it calls the app inside of it twice";
        stand.find(check::CALLED_TWICE, Party::Caller, what);
    }
    running
}

/// Leaves a mark on a response from inside, and looks for it outside.
fn answered(stand: &Stand, passage: &Passage, response: &mut Response) {
    match passage {
        Passage::Alone => {}
        Passage::Inside(exchange, call) => {
            exchange.answered(*call, response, in_memory(response.body()));
            Mark::leave(Arc::clone(exchange), response);
        }
        Passage::Outside(exchange) => {
            let marked = Mark::take(exchange, response);
            stand.find_all(Party::Callee, exchange.outer_answered(response, marked));
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
