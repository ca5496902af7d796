//! What came back: [`Answer`].

use std::{fmt, time::Duration};

use bytes::Bytes;

use crate::{Failure, Seen};

/// What came back from a host, as its client saw it, with what can be expected of it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The informational answers before it.
    pub informational: Vec<u16>,
    /// The status; 0 where no head came.
    pub status: u16,
    /// The fields, in their order. The names are in lower case.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The pieces of the body as they came, and when each came after the exchange began.
    pub frames: Vec<(Duration, Bytes)>,
    /// The trailers.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// How it ended.
    pub end: End,
    /// Whether the whole request was sent before the answer ended.
    pub sent: bool,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// As the protocol ends an answer.
    Clean,
    /// Otherwise, for this reason.
    Broken(String),
    /// The client left.
    Left,
}

impl Default for End {
    fn default() -> End {
        End::Broken("nothing came".to_owned())
    }
}

impl Answer {
    /// An answer that broke off before its head.
    pub fn broken(why: impl fmt::Display) -> Answer {
        Answer {
            end: End::Broken(why.to_string()),
            ..Answer::default()
        }
    }

    /// The whole body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let frames: Vec<&[u8]> = self.frames.iter().map(|(_, bytes)| &**bytes).collect();
        frames.concat()
    }

    /// The body as text, where it is some.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body()).into_owned()
    }

    /// The values of a field, as text.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        let fields = self.fields.iter().filter(|(own, _)| own == name);
        fields
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    }

    /// Expects this status.
    ///
    /// # Errors
    ///
    /// If it is otherwise; so for all that is expected.
    pub fn has_status(&self, status: u16) -> Result<&Answer, Failure> {
        self.expect(self.status == status, format_args!("status {status}"))
    }

    /// Expects a field with these values, each in a line of its own, in this order.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn has_field(&self, name: &str, values: &[&str]) -> Result<&Answer, Failure> {
        self.expect(
            self.values(name) == values,
            format_args!("the field {name} with the values {values:?}"),
        )
    }

    /// Expects no such field.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn has_no_field(&self, name: &str) -> Result<&Answer, Failure> {
        self.expect(
            self.values(name).is_empty(),
            format_args!("no field {name}"),
        )
    }

    /// Expects a whole answer with this body.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn has_body(&self, body: impl AsRef<[u8]>) -> Result<&Answer, Failure> {
        let body = body.as_ref();
        self.is_whole()?.expect(
            self.body() == body,
            format_args!("the body {:?}", abridged(body)),
        )
    }

    /// Expects that it ended as an answer ends.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn is_whole(&self) -> Result<&Answer, Failure> {
        self.expect(self.end == End::Clean, format_args!("a clean end"))
    }

    /// Expects that it broke off, and that the client can tell.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn is_broken(&self) -> Result<&Answer, Failure> {
        self.expect(
            matches!(&self.end, End::Broken(why) if !why.contains(TIMED_OUT)),
            format_args!("an end that the client can tell from a clean one"),
        )
    }

    /// Expects that the client can tell that the host failed: by a broken end, or, where nothing had
    /// gone out yet, by the error of whoever answers it in place of the app.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn fails(&self) -> Result<&Answer, Failure> {
        if (500..600).contains(&self.status) && self.end == End::Clean {
            return Ok(self);
        }
        self.is_broken()
    }

    /// Expects a 200 with what the kit's app saw of the request.
    ///
    /// # Errors
    ///
    /// If it is otherwise.
    pub fn seen(&self) -> Result<Seen, Failure> {
        let body = self.has_status(200)?.is_whole()?.body();
        serde_json::from_slice(&body).map_err(|error| {
            let expected = format_args!("what the app saw, in JSON ({error})");
            Failure::new(expected, self)
        })
    }

    /// Expects that `holds`.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub fn expect(&self, holds: bool, expected: fmt::Arguments<'_>) -> Result<&Answer, Failure> {
        if holds {
            Ok(self)
        } else {
            Err(Failure::new(expected, self))
        }
    }
}

/// What an answer that does not come says; it is a failure always.
pub(crate) const TIMED_OUT: &str = "nothing more came";

/// In a line.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        for status in &self.informational {
            write!(f, " after {status}")?;
        }
        for (name, value) in &self.fields {
            write!(f, ", {name}: {}", abridged(value))?;
        }
        let body = self.body();
        write!(f, ", {} bytes {:?}", body.len(), abridged(&body))?;
        for (name, value) in &self.trailers {
            write!(f, ", trailer {name}: {}", abridged(value))?;
        }
        match &self.end {
            End::Clean => f.write_str(", whole"),
            End::Broken(why) => write!(f, ", broken off: {why}"),
            End::Left => f.write_str(", left by the client"),
        }
    }
}

fn abridged(bytes: &[u8]) -> String {
    const MOST: usize = 300;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]).into_owned();
    if bytes.len() > MOST {
        text + "..."
    } else {
        text
    }
}
