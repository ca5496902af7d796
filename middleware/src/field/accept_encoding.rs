//! Which content codings a client takes, and how gladly (RFC 9110, section 12.5.3).

use http::{HeaderMap, header};

/// Codings that are looked at; the largest field of a browser lists five. What is listed beyond
/// counts as not listed, so that a lookup has a bound.
const MAX_LISTED: usize = 16;

/// A weight in thousandths: 1000 is `q=1`, 0 a refusal.
pub(crate) type Weight = u16;

const WHOLE: Weight = 1000;

/// A parsed `Accept-Encoding`.
///
/// A member that is not well-formed counts as not listed. A coding that is listed twice counts
/// with the smaller weight, so that a refusal stands.
pub(crate) struct AcceptEncoding<'a> {
    listed: [(&'a [u8], Weight); MAX_LISTED],
    len: usize,
}

impl<'a> AcceptEncoding<'a> {
    /// Reads all lines of the field; `None` where there are none. An empty field lists nothing.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<AcceptEncoding<'a>> {
        if !headers.contains_key(header::ACCEPT_ENCODING) {
            return None;
        }
        let mut this = AcceptEncoding {
            listed: [(b"", 0); MAX_LISTED],
            len: 0,
        };
        super::members(headers, header::ACCEPT_ENCODING)
            .filter_map(member)
            .take(MAX_LISTED)
            .for_each(|(coding, weight)| this.list(coding, weight));
        Some(this)
    }

    fn list(&mut self, coding: &'a [u8], weight: Weight) {
        let listed = &mut self.listed[..self.len];
        match listed
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(coding))
        {
            Some((_, least)) => *least = weight.min(*least),
            None => {
                self.listed[self.len] = (coding, weight);
                self.len += 1;
            }
        }
    }

    /// The weight of `coding`, listed by name or covered by `*`; `None` where it is neither.
    pub(crate) fn weight(&self, coding: &str) -> Option<Weight> {
        self.named(coding.as_bytes()).or_else(|| self.named(b"*"))
    }

    fn named(&self, coding: &[u8]) -> Option<Weight> {
        let listed = &self.listed[..self.len];
        let found = listed
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(coding));
        found.map(|(_, weight)| *weight)
    }
}

/// `coding [ OWS ";" OWS "q=" qvalue ]`
fn member(member: &[u8]) -> Option<(&[u8], Weight)> {
    let mut parts = member
        .splitn(2, |byte| *byte == b';')
        .map(<[u8]>::trim_ascii);
    let coding = parts.next()?;
    if coding.is_empty() || !coding.iter().all(|byte| is_token(*byte)) {
        return None;
    }
    // An old name of the same coding (RFC 9110, section 8.4.1.3).
    let coding = if coding.eq_ignore_ascii_case(b"x-gzip") {
        b"gzip"
    } else {
        coding
    };
    let weight = match parts.next() {
        None => WHOLE,
        Some([b'q' | b'Q', b'=', value @ ..]) => qvalue(value)?,
        Some(_) => return None,
    };
    Some((coding, weight))
}

/// At most three decimals, at most 1 (RFC 9110, section 12.4.2).
fn qvalue(value: &[u8]) -> Option<Weight> {
    let (whole, decimals) = match value {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let mut weight = Weight::from(whole - b'0') * WHOLE;
    for (decimal, worth) in decimals.iter().zip([100, 10, 1]) {
        if !decimal.is_ascii_digit() {
            return None;
        }
        weight += Weight::from(decimal - b'0') * worth;
    }
    (weight <= WHOLE).then_some(weight)
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let value = |line: &&str| HeaderValue::from_bytes(line.as_bytes()).expect("a field value");
        lines
            .iter()
            .map(|line| (header::ACCEPT_ENCODING, value(line)))
            .collect()
    }

    fn gzip(lines: &[&str]) -> Option<Weight> {
        AcceptEncoding::of(&headers(lines))
            .expect("the field is there")
            .weight("gzip")
    }

    #[test]
    fn hostile_members_count_as_not_listed() {
        for line in [
            "",
            ",",
            " ; ",
            ";q=1",
            "gzip;",
            "gzip;q",
            "gzip;q=",
            "gzip;q=2",
            "gzip;q=1.001",
            "gzip;q=-1",
            "gzip;q=0.1234",
            "gzip;q=.5",
            "gzip;q=1e0",
            "gzip;q=0e",
            "gzip;q= 1",
            "gzip;q =1",
            "gzip;x=1;q=1",
            "gzip;q=1;x=1",
            "gz ip",
            "gzip\u{e9}",
            "\"gzip\"",
            "gzip;q=\"1\"",
            "gzip;q=1.\u{661}",
            "gzipx",
            "xgzip",
        ] {
            assert_eq!(gzip(&[line]), None, "{line:?}");
        }
    }

    #[test]
    fn weights_are_read_as_the_grammar_says() {
        for (lines, weight) in [
            (&["gzip"][..], 1000),
            (&["GZip ; Q=0.5"], 500),
            (&["x-gzip;q=0.25"], 250),
            (&["gzip\t;\tq=0.123"], 123),
            (&["gzip;q=1."], 1000),
            (&["gzip;q=0."], 0),
            (&["gzip;q=0.000"], 0),
            (&["gzip;q=1.000"], 1000),
            (&["br", "deflate, gzip;q=0.7"], 700),
            (&["*;q=0.3"], 300),
            (&["*;q=0.3, gzip;q=0.2"], 200),
            (&["gzip, gzip;q=0"], 0),
            (&["gzip;q=0", "gzip"], 0),
        ] {
            assert_eq!(gzip(lines), Some(weight), "{lines:?}");
        }
    }

    #[test]
    fn an_absent_field_is_not_an_empty_one() {
        assert!(AcceptEncoding::of(&HeaderMap::new()).is_none());
        assert_eq!(gzip(&[""]), None);
    }

    #[test]
    fn a_long_field_is_read_in_one_pass_and_only_so_far() {
        let junk: Vec<String> = (0..MAX_LISTED).map(|n| format!("x{n}")).collect();
        assert_eq!(gzip(&[&format!("{},gzip", junk.join(","))]), None);
        assert_eq!(
            gzip(&[&format!("{},gzip", junk[1..].join(","))]),
            Some(1000)
        );
        assert_eq!(gzip(&[&format!("{}gzip", ",".repeat(8192))]), Some(1000));
        assert_eq!(gzip(&[&"gzip;q=0.5,".repeat(800)]), Some(500));
    }
}
