//! What a client sends, and what it does meanwhile: [`Ask`].

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::notes::Note;

/// One request, and what its client does while it sends it and reads the answer.
///
/// A [`Target`](crate::Target) carries it to a host. A case makes it with
/// [`Trial::get`](crate::Trial::get) and the like.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Names the exchange; it is also the request's field `x-exchange`.
    pub id: String,
    /// The method.
    pub method: String,
    /// The target as it is sent: a path with or without a query, `*`, or a whole URL.
    pub target: String,
    /// Whether the client speaks HTTP/1.0.
    pub http10: bool,
    /// The fields in their order, `host` first, without those of the framing.
    pub fields: Vec<(String, Vec<u8>)>,
    /// How the end of the body is told.
    pub framing: Framing,
    /// The beginning of the path that an outer server has taken; empty by default.
    pub script_name: String,
    /// What is sent in place of a head made of the parts above.
    pub raw_head: Option<Vec<u8>>,
    /// What the client does once the head is sent. Then it reads the rest of the answer.
    pub steps: Vec<Step>,
}

/// How the end of a request's body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// There is no body.
    None,
    /// By its length in bytes, as it is declared: less or more may be sent.
    Length(u64),
    /// By what the protocol has for bodies whose length is not known before.
    Chunked,
    /// Not at all: what follows the head is bytes of another protocol.
    Raw,
}

/// What a client does in the middle of an exchange.
#[derive(Clone)]
#[non_exhaustive]
pub enum Step {
    /// Sends a piece of the body.
    Send(Bytes),
    /// Ends the body, with these trailers. Without this step, it ends when all steps are done.
    End(Vec<(String, String)>),
    /// Waits until the head of the answer is here, or an informational one.
    AwaitHead,
    /// Waits until this many bytes of the answer's body are here.
    AwaitBody(usize),
    /// Does nothing for a while.
    Pause(Duration),
    /// Tells the app something past the host.
    Tell(Arc<dyn Fn() + Send + Sync>),
    /// Waits until this holds, but no longer than this.
    Until(Arc<dyn Fn() -> bool + Send + Sync>, Duration),
    /// Sends no more, without an end, and still reads.
    Cut,
    /// Leaves: the connection, or the stream, is cut.
    Leave,
}

impl Ask {
    /// A request without a body.
    pub(crate) fn new(id: String, method: &str, target: String) -> Ask {
        Ask {
            fields: vec![
                ("host".to_owned(), b"localhost".to_vec()),
                ("x-exchange".to_owned(), id.clone().into_bytes()),
            ],
            id,
            method: method.to_owned(),
            target,
            http10: false,
            framing: Framing::None,
            script_name: String::new(),
            raw_head: None,
            steps: Vec::new(),
        }
    }

    /// Adds a field, beside those of the same name.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Ask {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sets `Host`.
    #[must_use]
    pub fn host(mut self, host: &str) -> Ask {
        self.fields.retain(|(name, _)| name != "host");
        let host = ("host".to_owned(), host.as_bytes().to_vec());
        self.fields.insert(0, host);
        self
    }

    /// Sends `bytes` as the body, with their length.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Ask {
        let bytes = bytes.into();
        self.framing = Framing::Length(bytes.len() as u64);
        self.send(bytes)
    }

    /// Sets how the end of the body is told.
    #[must_use]
    pub const fn framing(mut self, framing: Framing) -> Ask {
        self.framing = framing;
        self
    }

    /// Next, sends a piece of the body.
    #[must_use]
    pub fn send(self, bytes: impl Into<Bytes>) -> Ask {
        self.step(Step::Send(bytes.into()))
    }

    /// Next, does `step`.
    #[must_use]
    pub fn step(mut self, step: Step) -> Ask {
        self.steps.push(step);
        self
    }

    /// Next, writes a line into `note`.
    pub(crate) fn tell(self, note: &Note, line: &'static str) -> Ask {
        let note = note.clone();
        self.step(Step::Tell(Arc::new(move || note.write(line))))
    }

    /// Next, waits until `line` is in `note`, but no longer than `patience`.
    pub(crate) fn until(self, note: &Note, line: &'static str, patience: Duration) -> Ask {
        let note = note.clone();
        let is_there = move || note.lines().iter().any(|own| own == line);
        self.step(Step::Until(Arc::new(is_there), patience))
    }

    /// The values of a field.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// The `Host` field.
    #[must_use]
    pub fn host_field(&self) -> String {
        let host = self.values("host").next().unwrap_or_default();
        String::from_utf8_lossy(host).into_owned()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Step::End(trailers) => f.debug_tuple("End").field(trailers).finish(),
            Step::AwaitHead => f.write_str("AwaitHead"),
            Step::AwaitBody(bytes) => write!(f, "AwaitBody({bytes})"),
            Step::Pause(pause) => write!(f, "Pause({pause:?})"),
            Step::Tell(_) => f.write_str("Tell"),
            Step::Until(_, patience) => write!(f, "Until({patience:?})"),
            Step::Cut => f.write_str("Cut"),
            Step::Leave => f.write_str("Leave"),
        }
    }
}
