//! Answers before the answer: [`Hinted`], and [`Informational`], by which a host sends them.

use std::fmt;

use http::{HeaderMap, HeaderName, Version, header};

use crate::{Environ, Fields, host::strip_hop_by_hop};

/// What has become of early hints: see [`Environ::early_hints`].
///
/// Nobody needs to look at it, since hints are only hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hinted {
    /// The host has taken them, and sends them unless the answer overtakes them.
    Taken,
    /// The host cannot send them: see [`Capabilities::informational`].
    ///
    /// [`Capabilities::informational`]: crate::Capabilities::informational
    Unsupported,
    /// The client speaks HTTP/1.0 or older, and would take them for the answer (RFC 9110, section
    /// 15.2).
    OldVersion,
    /// The head of the answer is on its way, or the client has left.
    TooLate,
    /// There are more of them, or they are larger, than the host sends for one request.
    TooMany,
    /// None of the fields may be sent in early hints.
    Nothing,
    /// A name or a value is one that HTTP cannot carry.
    Malformed,
}

impl Hinted {
    /// Why they are not sent, in words; `None` where the host has taken them.
    #[must_use]
    pub const fn why_not(self) -> Option<&'static str> {
        Some(match self {
            Hinted::Taken => return None,
            Hinted::Unsupported => "the host cannot send informational responses",
            Hinted::OldVersion => "the client speaks a version of HTTP without them",
            Hinted::TooLate => "the head of the answer is on its way, or the client has left",
            Hinted::TooMany => "they are too many, or too large",
            Hinted::Nothing => "none of the fields may be sent in them",
            Hinted::Malformed => "HTTP cannot carry one of the fields",
        })
    }
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why_not().unwrap_or("the host has taken them"))
    }
}

/// For hosts: how early hints reach a client.
///
/// One object serves all requests of a connection, which it tells apart by the numbers that the
/// host has given them ([`Environ::with_number`]). So a request that hints nothing costs nothing.
/// The host puts it into [`Connection::informational`], and says so in its capabilities.
///
/// What is asked for comes from any thread, at any time, and for requests that were answered long
/// ago: an app may keep an environ. It is the host that knows whether it is too late.
///
/// [`Connection::informational`]: crate::Connection::informational
pub trait Informational: Send + Sync {
    /// Takes a 103 with `fields` for the request `number`, to be sent before the head of its
    /// answer and never after it, without waiting for anything.
    ///
    /// The fields may be sent as they are: those that may not are gone, and at least one is left.
    /// A host takes at most [`EARLY_HINTS`] for a request, and sends none of them behind an answer's head.
    ///
    /// [`EARLY_HINTS`]: crate::host::EARLY_HINTS
    fn early_hints(&self, number: u64, fields: HeaderMap) -> Hinted;

    /// Is told of a field that may not be sent and was left out; does nothing by default.
    fn left_out(&self, number: u64, name: &HeaderName) {
        let _ = (number, name);
    }
}

/// The most early hints that a host sends for one request: 8.
pub const EARLY_HINTS: usize = 8;

/// The most bytes of fields in one: 8 KiB, of names and values, and 32 for each (as HTTP/2 counts,
/// RFC 9113, section 6.5.2).
pub const EARLY_HINTS_BYTES: usize = 8 * 1024;

/// What may not be sent before there is an answer, beside what is hop-by-hop.
///
/// An informational response has no body, so it has no length (RFC 9110, section 8.6), no type and no
/// trailers. A cookie is set by an answer: those who read the hints and those who skip them would
/// otherwise hold different ones.
const LEFT_OUT: [HeaderName; 4] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRAILER,
    header::SET_COOKIE,
];

/// Hands `fields` on to the host of `environ`.
pub(crate) fn hint(environ: &Environ, fields: impl Fields) -> Hinted {
    let mut headers = HeaderMap::new();
    if fields.put(&mut headers).is_err() {
        return Hinted::Malformed;
    }
    let Some(host) = &environ.connection().informational else {
        return Hinted::Unsupported;
    };
    let Some(host) = host.upgrade() else {
        return Hinted::TooLate;
    };
    let number = environ.number();
    let names: Vec<HeaderName> = headers.keys().cloned().collect();
    strip_hop_by_hop(&mut headers);
    for name in LEFT_OUT {
        headers.remove(name);
    }
    for name in names.iter().filter(|name| !headers.contains_key(*name)) {
        host.left_out(number, name);
    }
    let size =
        |(name, value): (&HeaderName, &http::HeaderValue)| name.as_str().len() + value.len() + 32;
    if headers.is_empty() {
        Hinted::Nothing
    } else if environ.version() < Version::HTTP_11 {
        Hinted::OldVersion
    } else if headers.iter().map(size).sum::<usize>() > EARLY_HINTS_BYTES {
        Hinted::TooMany
    } else {
        host.early_hints(number, headers)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::Connection;

    #[derive(Default)]
    struct Host {
        taken: Mutex<Vec<(u64, HeaderMap)>>,
        left_out: Mutex<Vec<String>>,
    }

    impl Informational for Host {
        fn early_hints(&self, number: u64, fields: HeaderMap) -> Hinted {
            self.taken.lock().expect("no panic").push((number, fields));
            Hinted::Taken
        }

        fn left_out(&self, _: u64, name: &HeaderName) {
            let name = name.as_str().to_owned();
            self.left_out.lock().expect("no panic").push(name);
        }
    }

    fn environ(host: &Arc<Host>, version: Version) -> Environ {
        let host: Arc<dyn Informational> = Arc::clone(host) as _;
        let connection = Connection {
            informational: Some(Arc::downgrade(&host)),
            ..Connection::default()
        };
        Environ::new(Arc::new(connection), version).with_number(7)
    }

    const LINK: (&str, &str) = ("link", "</a.css>; rel=preload");

    #[test]
    fn hints_reach_the_host_with_the_number_of_their_request() {
        let host = Arc::new(Host::default());
        for version in [Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
            let hinted = environ(&host, version).early_hints([LINK, ("link", "</b.js>")]);
            assert_eq!(hinted, Hinted::Taken);
            let (number, fields) = host.taken.lock().expect("no panic").pop().expect("one");
            assert_eq!(number, 7);
            let links: Vec<_> = fields.get_all("link").iter().collect();
            assert_eq!(links, [LINK.1, "</b.js>"]);
        }
    }

    #[test]
    fn what_frames_a_message_belongs_to_a_connection_or_sets_a_cookie_is_left_out() {
        let host = Arc::new(Host::default());
        let barred = [
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("content-type", "text/html"),
            ("trailer", "digest"),
            ("upgrade", "h2c"),
            ("set-cookie", "a=1"),
            LINK,
        ];
        let environ = environ(&host, Version::HTTP_11);
        assert_eq!(environ.early_hints(barred), Hinted::Taken);
        let (_, fields) = host.taken.lock().expect("no panic").pop().expect("one");
        assert_eq!(fields.len(), 1, "{fields:?}");
        let mut told = std::mem::take(&mut *host.left_out.lock().expect("no panic"));
        told.sort();
        let mut names = barred[..8].to_vec();
        names.sort_unstable();
        assert_eq!(
            told,
            names.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        );

        assert_eq!(
            environ.early_hints([("content-length", "5")]),
            Hinted::Nothing
        );
        assert_eq!(environ.early_hints(HeaderMap::new()), Hinted::Nothing);
    }

    #[test]
    fn what_cannot_be_sent_says_why_and_reaches_no_host() {
        let host = Arc::new(Host::default());
        let old = environ(&host, Version::HTTP_10);
        assert_eq!(old.early_hints([LINK]), Hinted::OldVersion);
        let broken = environ(&host, Version::HTTP_11).early_hints([("link", "a\r\nb: c")]);
        assert_eq!(broken, Hinted::Malformed);
        let large = "x".repeat(EARLY_HINTS_BYTES);
        let large = environ(&host, Version::HTTP_11).early_hints([("link", large)]);
        assert_eq!(large, Hinted::TooMany);
        assert!(host.taken.lock().expect("no panic").is_empty());

        let gone = environ(&host, Version::HTTP_11);
        drop(host);
        assert_eq!(gone.early_hints([LINK]), Hinted::TooLate);
        let none = Environ::new(Arc::default(), Version::HTTP_11);
        assert_eq!(none.early_hints([LINK]), Hinted::Unsupported);
    }
}
