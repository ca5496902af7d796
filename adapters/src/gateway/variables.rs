//! The meta-variables of a request: [`Variables`].

use std::fmt;

use bytes::Bytes;

use super::BadRequest;

/// How many variables a request may have.
pub const MAX_VARIABLES: usize = 1024;

/// How many bytes the names and the values of a request's variables may have together: 128 KiB.
pub const MAX_BYTES: usize = 128 * 1024;

/// The meta-variables of one request (RFC 3875, section 4.1), in the order in which they came.
///
/// There are at most [`MAX_VARIABLES`], of [`MAX_BYTES`] in all. Names and values are bytes: nobody
/// promises that they are text.
///
/// [`request_from`](super::request_from) leaves them in the request's extensions, so that an app can
/// read what its web server was told to say, such as `fastcgi_param TENANT blue`. They are the
/// web server's word, and in part the client's; never put them into the process's environment.
/// `Debug` shows names alone, since values may be secrets.
#[derive(Clone, Default)]
pub struct Variables {
    entries: Vec<(Bytes, Bytes)>,
    bytes: usize,
}

impl Variables {
    /// None yet.
    #[must_use]
    pub const fn new() -> Variables {
        Variables {
            entries: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds one. The bytes are kept as they are, without a copy.
    ///
    /// # Errors
    ///
    /// [`BadRequest::TooLarge`] where there are too many, or too many bytes.
    pub fn push(
        &mut self,
        name: impl Into<Bytes>,
        value: impl Into<Bytes>,
    ) -> Result<(), BadRequest> {
        let (name, value) = (name.into(), value.into());
        let bytes = self
            .bytes
            .saturating_add(name.len())
            .saturating_add(value.len());
        if bytes > MAX_BYTES || self.entries.len() == MAX_VARIABLES {
            return Err(BadRequest::TooLarge);
        }
        self.bytes = bytes;
        self.entries.push((name, value));
        Ok(())
    }

    /// The value of `name`. Where it came several times, the last one: web servers send defaults
    /// first, and what their operator says behind them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.all(name).next_back()
    }

    /// All values of `name`, in the order in which they came.
    pub fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &Bytes> {
        self.entries
            .iter()
            .filter(move |(own, _)| own == name.as_bytes())
            .map(|(_, value)| value)
    }

    /// All of them: names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// The value of `name`, unless it is empty: CGI makes no difference between a variable that is
    /// empty and one that is not there (section 4.1).
    pub(super) fn given(&self, name: &str) -> Option<&Bytes> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The same, as text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, BadRequest> {
        self.given(name)
            .map(|value| {
                std::str::from_utf8(value).map_err(|_| BadRequest::malformed(name, "is not UTF-8"))
            })
            .transpose()
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.iter().map(|(name, _)| name);
        f.write_str("Variables")?;
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_counts_and_all_are_kept() {
        let mut variables = Variables::new();
        for (name, value) in [
            ("SCRIPT_NAME", "/x"),
            ("HTTP_A", "1"),
            ("SCRIPT_NAME", ""),
            ("HTTP_A", "2"),
        ] {
            variables.push(name, value).expect("room");
        }
        assert_eq!(variables.get("SCRIPT_NAME").map(|v| &v[..]), Some(&b""[..]));
        assert_eq!(variables.given("SCRIPT_NAME"), None);
        let all: Vec<_> = variables.all("HTTP_A").collect();
        assert_eq!(all, ["1", "2"]);
        assert_eq!(variables.iter().count(), 4);
    }

    #[test]
    fn there_is_an_end_to_their_number_and_to_their_bytes() {
        let mut variables = Variables::new();
        for _ in 0..MAX_VARIABLES {
            variables.push("A", "").expect("room");
        }
        assert_eq!(variables.push("A", ""), Err(BadRequest::TooLarge));

        let mut variables = Variables::new();
        variables.push("A", vec![0; MAX_BYTES - 1]).expect("room");
        assert_eq!(variables.push("B", ""), Err(BadRequest::TooLarge));
        variables.push("", "").expect("room");
    }

    #[test]
    fn values_are_not_shown_since_they_may_be_secrets() {
        let mut variables = Variables::new();
        variables
            .push("HTTP_AUTHORIZATION", "Basic hush")
            .expect("room");
        assert_eq!(
            format!("{variables:?}"),
            r#"Variables[b"HTTP_AUTHORIZATION"]"#
        );
    }
}
