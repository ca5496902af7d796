//! What requests ask of their host beside an answer: [`Wishes`], and the [`Call`] of each.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use http::{Extensions, StatusCode};

use crate::{
    BodyEnd, BodyWatch, Connection, Ending, Environ, ErrorSink, OnDisconnect, Outcome, Panicked,
    Response, StandardError, lifecycle::lock,
};

type Callback = Box<dyn FnOnce(&Outcome) + Send>;

/// What is to be done when a request is over, and whether its app goes on without its client.
///
/// Nearly no request asks for either. So nothing is kept of one that does not: a gateway looks at
/// one counter when it is answered. The price is a lock for those that do.
#[derive(Default)]
pub(crate) struct Wishes {
    count: AtomicUsize,
    wishes: Mutex<Vec<Wish>>,
}

#[derive(Default)]
struct Wish {
    key: u64,
    finishes: bool,
    callbacks: Vec<Callback>,
}

impl Wishes {
    pub(crate) fn on_finish(&self, key: u64, callback: Callback) {
        self.edit(key, |wish| wish.callbacks.push(callback));
    }

    pub(crate) fn on_disconnect(&self, key: u64, what: OnDisconnect) {
        let finishes = what == OnDisconnect::Finish;
        if finishes || self.is_used() {
            self.edit(key, |wish| wish.finishes = finishes);
        }
    }

    #[inline]
    fn is_used(&self) -> bool {
        self.count.load(Relaxed) != 0
    }

    fn finishes(&self, key: u64) -> bool {
        let wishes = lock(&self.wishes);
        wishes.iter().any(|wish| wish.key == key && wish.finishes)
    }

    /// What was asked to be done at the end, the last first.
    fn take(&self, key: u64) -> Vec<Callback> {
        let mut wishes = lock(&self.wishes);
        let Some(at) = wishes.iter().position(|wish| wish.key == key) else {
            return Vec::new();
        };
        let mut callbacks = wishes.swap_remove(at).callbacks;
        self.count.store(wishes.len(), Relaxed);
        callbacks.reverse();
        callbacks
    }

    fn edit(&self, key: u64, edit: impl FnOnce(&mut Wish)) {
        let mut wishes = lock(&self.wishes);
        let at = wishes.iter().position(|wish| wish.key == key);
        let at = at.unwrap_or_else(|| {
            wishes.push(Wish {
                key,
                ..Wish::default()
            });
            wishes.len() - 1
        });
        edit(&mut wishes[at]);
        self.count.store(wishes.len(), Relaxed);
    }
}

impl Drop for Wishes {
    /// What was registered when its request was over already is told now that it is.
    fn drop(&mut self) {
        for wish in std::mem::take(&mut *lock(&self.wishes)) {
            let mut left = Finish {
                callbacks: Mutex::new(wish.callbacks.into_iter().rev().collect()),
                status: None,
                errors: Arc::new(StandardError),
            };
            left.end(NOTHING);
        }
    }
}

/// How a request ends that has no response.
const NOTHING: BodyEnd = BodyEnd {
    bytes: 0,
    ending: Ending::Dropped,
};

/// One call of an app, from its request to its response, as the gateway sees it.
pub(crate) struct Call {
    pub(crate) connection: Arc<Connection>,
    key: u64,
    left: bool,
    answered: bool,
}

impl Call {
    /// Gives the request a key, by which others find what it has asked for.
    #[inline]
    pub(crate) fn begin(extensions: &mut Extensions) -> Call {
        let (connection, key) = match extensions.get_mut::<Environ>() {
            Some(environ) => {
                environ.key = next_key();
                (environ.connection_shared(), environ.key)
            }
            None => (Environ::of(extensions).connection_shared(), 0),
        };
        Call {
            connection,
            key,
            left: false,
            answered: false,
        }
    }

    /// The client has left. Gives whether the app is to go on.
    pub(crate) fn leave(&mut self) -> bool {
        let wishes = &self.connection.wishes;
        self.left = !self.answered && wishes.is_used() && wishes.finishes(self.key);
        self.left
    }

    /// The response is there.
    #[inline]
    pub(crate) fn answered(&mut self, response: &mut Response) {
        self.answered = true;
        if self.left || self.connection.wishes.is_used() {
            self.end(response);
        }
    }

    /// Sees that whoever asked for it is told when the response is over.
    #[cold]
    fn end(&self, response: &mut Response) {
        let callbacks = self.connection.wishes.take(self.key);
        if !callbacks.is_empty() {
            let finish = self.finish(callbacks, Some(response.status()));
            let body = std::mem::take(response.body_mut());
            *response.body_mut() = body.watch(finish);
        }
        if self.left {
            std::mem::take(response.body_mut()).abandon();
        }
    }

    fn finish(&self, callbacks: Vec<Callback>, status: Option<StatusCode>) -> Finish {
        Finish {
            callbacks: Mutex::new(callbacks),
            status,
            errors: Arc::clone(&self.connection.errors),
        }
    }
}

impl Drop for Call {
    /// Without a response: the host has dropped the app.
    fn drop(&mut self) {
        if !self.answered && self.connection.wishes.is_used() {
            let callbacks = self.connection.wishes.take(self.key);
            self.finish(callbacks, None).end(NOTHING);
        }
    }
}

/// What is to be told when a response is over.
struct Finish {
    /// Never locked: a body may be shared, and these may not.
    callbacks: Mutex<Vec<Callback>>,
    status: Option<StatusCode>,
    errors: Arc<dyn ErrorSink>,
}

impl BodyWatch for Finish {
    /// A panic is reported, and keeps nobody else from being told.
    fn end(&mut self, end: BodyEnd) {
        let outcome = Outcome {
            status: self.status,
            bytes: end.bytes,
            ending: end.ending,
        };
        let callbacks = self.callbacks.get_mut();
        let callbacks = callbacks.unwrap_or_else(PoisonError::into_inner);
        for callback in std::mem::take(callbacks) {
            let told = catch_unwind(AssertUnwindSafe(|| callback(&outcome)));
            if let Err(panic) = told {
                let panic = Panicked::new(&*panic);
                let line = format!("a callback at the end of a request: {panic}");
                self.errors.report(&line);
            }
        }
    }
}

/// Each thread takes so many keys at once.
const BLOCK: u64 = 1 << 24;

/// A key that no other call has; 0 is that of a request without a gateway.
fn next_key() -> u64 {
    static BLOCKS: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static LAST: Cell<u64> = const { Cell::new(0) };
    }
    LAST.with(|last| {
        let mut key = last.get() + 1;
        if key % BLOCK == 1 {
            key = BLOCKS.fetch_add(1, Relaxed) * BLOCK + 1;
        }
        last.set(key);
        key
    })
}

#[cfg(test)]
mod tests;
