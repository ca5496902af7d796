//! What the two sides of one middleware know of each other: [`Exchange`].

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    check::{self, Check},
    fields::{self, OF_THE_BYTES},
    ledger::{Ledger, Polled, Tally},
    response::is_bodiless,
};
use crate::{Response, Upgrading, lifecycle::lock};

/// What a middleware declares that it does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Declared {
    pub(super) buffers: bool,
    pub(super) replays: bool,
}

/// One request on its way through one middleware, seen from both sides.
pub(super) struct Exchange {
    declared: Declared,
    /// That of the middleware which this one is a part of, where there is a lint around that too.
    outer: Option<Arc<Exchange>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: usize,
    running: usize,
    answer: Option<Answer>,
}

impl State {
    /// The answer, where no later call has another.
    fn answer_to(&mut self, call: Call) -> Option<&mut Answer> {
        self.answer.as_mut().filter(|answer| answer.call == call)
    }
}

/// What the app inside has answered, the last time that it was called.
struct Answer {
    call: Call,
    headers: HeaderMap,
    switches: bool,
    is_stream: bool,
    /// Those with bytes in them.
    frames: usize,
    /// Those that came since the outer body gave its last one.
    held: usize,
    /// Whether it was pending when it was last polled.
    waits: bool,
    /// What was in the body, once all of it was given.
    given: Option<Tally>,
    trailers: HeaderMap,
    dropped: bool,
}

/// In the extensions of a response on its way from the inner side to the outer.
#[derive(Clone)]
pub(super) struct Mark {
    exchange: Arc<Exchange>,
    /// That of an inner side further in, whose outer side is further out.
    under: Option<Arc<Mark>>,
}

impl Mark {
    /// Leaves a mark of `exchange` on `response`.
    pub(super) fn leave(exchange: Arc<Exchange>, response: &mut Response) {
        let extensions = response.extensions_mut();
        let under = extensions.remove::<Mark>().map(Arc::new);
        extensions.insert(Mark { exchange, under });
    }

    /// Takes it away again. Tells whether it was there; if not, the response is another, on which
    /// nobody's mark is worth anything.
    pub(super) fn take(exchange: &Arc<Exchange>, response: &mut Response) -> bool {
        let extensions = response.extensions_mut();
        let mark = extensions.remove::<Mark>();
        let Some(mark) = mark.filter(|mark| Arc::ptr_eq(&mark.exchange, exchange)) else {
            return false;
        };
        if let Some(under) = mark.under {
            extensions.insert(Arc::unwrap_or_clone(under));
        }
        true
    }
}

/// Which call of the app inside it is, where there are several.
pub(super) type Call = usize;

/// A call of the app inside that has not ended.
pub(super) struct Running {
    exchange: Arc<Exchange>,
    pub(super) call: Call,
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.exchange.state).running -= 1;
    }
}

impl Exchange {
    pub(super) fn new(declared: Declared, outer: Option<Arc<Exchange>>) -> Arc<Exchange> {
        Arc::new(Exchange {
            declared,
            outer,
            state: Mutex::default(),
        })
    }

    /// What goes on inside of the middleware: the exchange of the one that it is a part of.
    pub(super) fn outer(&self) -> Option<Arc<Exchange>> {
        self.outer.clone()
    }

    /// The middleware calls the app inside. Tells whether it may not.
    pub(super) fn call(self: &Arc<Exchange>) -> (Running, bool) {
        let mut state = lock(&self.state);
        state.calls += 1;
        state.running += 1;
        let once_too_often = state.calls > 1 && !self.declared.replays;
        let running = Running {
            exchange: Arc::clone(self),
            call: state.calls,
        };
        (running, once_too_often)
    }

    /// The app inside has answered. `given` is its body, where that is in memory.
    pub(super) fn answered(&self, call: Call, response: &Response, given: Option<Tally>) {
        lock(&self.state).answer = Some(Answer {
            call,
            headers: response.headers().clone(),
            switches: response.extensions().get::<Upgrading>().is_some(),
            is_stream: response.body().is_stream(),
            frames: 0,
            held: 0,
            waits: false,
            given,
            trailers: HeaderMap::new(),
            dropped: !response.body().is_stream(),
        });
    }

    /// The body of this answer of the app inside was polled.
    pub(super) fn inner_polled(&self, call: Call, polled: &Polled) {
        let mut state = lock(&self.state);
        let Some(answer) = state.answer_to(call) else {
            return;
        };
        answer.waits = polled.is_pending();
        if let std::task::Poll::Ready(Some(Ok(frame))) = polled {
            if frame.data_ref().is_some_and(|data| !data.is_empty()) {
                answer.frames += 1;
                answer.held += 1;
            } else if let Some(trailers) = frame.trailers_ref() {
                answer.trailers.extend(trailers.clone());
            }
        }
    }

    /// The body of this answer of the app inside is gone.
    pub(super) fn inner_closed(&self, call: Call, ledger: &Ledger) {
        if let Some(answer) = lock(&self.state).answer_to(call) {
            answer.dropped = true;
            answer.given = ledger.complete.then_some(ledger.tally).or(answer.given);
        }
    }

    /// The middleware's own body was polled.
    pub(super) fn outer_polled(&self, polled: &Polled) -> Option<(Check, String)> {
        let mut state = lock(&self.state);
        let answer = state.answer.as_mut()?;
        if polled.is_ready() {
            answer.held = 0;
            return None;
        }
        let held_back = answer.held > 0 && answer.waits && !self.declared.buffers;
        held_back.then(|| {
            let what = format!("{} frames from inside wait for the next", answer.held);
            (check::HELD_BACK, what)
        })
    }

    /// The middleware has answered with `response`, which is `marked` if it comes from inside.
    pub(super) fn outer_answered(&self, response: &Response, marked: bool) -> Vec<(Check, String)> {
        let state = lock(&self.state);
        let mut found = Vec::new();
        if state.running > 0 {
            let what = "it has answered, and the app inside of it runs on".to_owned();
            found.push((check::RUNS_ON, what));
        }
        let Some(answer) = &state.answer else {
            return found;
        };
        let collected = answer.frames > 1
            || answer.frames == 1 && (answer.waits || answer.given.is_some() || answer.dropped);
        if answer.is_stream && collected && !self.declared.buffers {
            let what = format!(
                "{} frames from inside came before the head left",
                answer.frames
            );
            found.push((check::HELD_BACK, what));
        }
        if !marked {
            if !answer.dropped {
                let what = "the body from inside goes on in a response without its extensions";
                found.push((check::PASSED_ON_IN_PART, what.to_owned()));
            }
            return found;
        }
        let cookies = |headers: &HeaderMap| headers.get_all(header::SET_COOKIE).iter().count();
        let (inner, outer) = (cookies(&answer.headers), cookies(response.headers()));
        if outer < inner {
            let what = format!("of {inner} `Set-Cookie` from inside {outer} are left");
            found.push((check::PASSED_ON_IN_PART, what));
        }
        let switches = response.extensions().get::<Upgrading>().is_some();
        if answer.switches && response.status() == StatusCode::SWITCHING_PROTOCOLS && !switches {
            let what = "the handler of an upgrade was lost".to_owned();
            found.push((check::PASSED_ON_IN_PART, what));
        }
        found
    }

    /// The middleware's own body, of a response with this status and these fields, is gone.
    pub(super) fn outer_closed(&self, sent: &Sent, ledger: &Ledger) -> Vec<(Check, String)> {
        let state = lock(&self.state);
        let mut found = Vec::new();
        let Some(answer) = &state.answer else {
            return found;
        };
        if !answer.dropped {
            let what = "the body from inside outlives the one that replaced it".to_owned();
            found.push((check::BODY_KEPT, what));
        }
        if !ledger.complete || !sent.is_whole {
            return found;
        }
        if answer.given.is_some_and(|given| given != ledger.tally)
            && let Some(name) = stale(&answer.headers, &sent.headers)
        {
            let what = format!("the bytes of the body were changed, and `{name}` is the same");
            found.push((check::STALE_FIELDS, what));
        }
        let is_lost =
            |name: &&HeaderName| !sent.trailers.contains_key(*name) && !OF_THE_BYTES.contains(name);
        if let Some(name) = answer.trailers.keys().find(is_lost) {
            let what = format!("the trailer `{name}` from inside was lost");
            found.push((check::PASSED_ON_IN_PART, what));
        }
        found
    }
}

/// A field that was true of the bytes inside and is still there, where those outside are others.
fn stale(inner: &HeaderMap, outer: &HeaderMap) -> Option<HeaderName> {
    let same = |name: &HeaderName| {
        let value = outer.get(name)?;
        (inner.get(name) == Some(value)).then_some(value)
    };
    if let Some(digest) = OF_THE_BYTES.into_iter().find(|name| same(name).is_some()) {
        return Some(digest);
    }
    let is_strong =
        |tag: &HeaderValue| fields::is_entity_tag(tag) && tag.as_bytes().starts_with(b"\"");
    if same(&header::ETAG).is_some_and(is_strong) {
        return Some(header::ETAG);
    }
    same(&header::ACCEPT_RANGES)
        .is_some_and(|ranges| ranges != "none")
        .then_some(header::ACCEPT_RANGES)
}

/// What a middleware has sent, beside the bytes.
pub(super) struct Sent {
    headers: HeaderMap,
    pub(super) trailers: HeaderMap,
    /// Whether the body is a whole representation: no part, and not left out.
    is_whole: bool,
}

impl Sent {
    pub(super) fn of(response: &Response, is_head: bool) -> Sent {
        let status = response.status();
        Sent {
            headers: response.headers().clone(),
            trailers: HeaderMap::new(),
            is_whole: !is_head && !is_bodiless(status) && status != StatusCode::PARTIAL_CONTENT,
        }
    }
}
