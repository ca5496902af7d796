//! The header of version 1: a line of text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use enfilade_core::Peer;

use super::header::{Header, Malformed};

/// The longest line, with its end, that the protocol allows.
pub(super) const LONGEST: usize = 107;

/// Whether it can become one, so that nothing else is read byte by byte.
pub(super) fn check_begin(line: &[u8]) -> Result<(), Malformed> {
    match line.starts_with(b"PROXY ") {
        true => Ok(()),
        false => Err(Malformed("something else was sent")),
    }
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`, and CRLF.
pub(super) fn parse(line: &[u8]) -> Result<Header, Malformed> {
    let line = line
        .strip_suffix(b"\r\n")
        .and_then(|line| std::str::from_utf8(line).ok())
        .ok_or(Malformed("it is no line of text"))?;
    let mut words = line.split(' ');
    let (_, protocol) = (words.next(), words.next());
    if protocol == Some("UNKNOWN") {
        // What follows is to be ignored.
        return Ok(Header::default());
    }
    let words: Vec<_> = words.collect();
    let &[source, destination, from, to] = &words[..] else {
        return Err(Malformed("it does not have two addresses and two ports"));
    };
    let address: fn(&str) -> Option<IpAddr> = match protocol {
        Some("TCP4") => |text| text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some("TCP6") => |text| text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => return Err(Malformed("it names no protocol that there is")),
    };
    let end = |ip: &str, port: &str| {
        let ip = address(ip).ok_or(Malformed("an address in it is none"))?;
        let port = self::port(port).ok_or(Malformed("a port in it is none"))?;
        Ok(Some(Peer::inet(SocketAddr::new(ip, port))))
    };
    Ok(Header {
        source: end(source, from)?,
        destination: end(destination, to)?,
        ..Header::default()
    })
}

/// Decimal digits, without a zero in front; `parse` alone would take `+80`.
fn port(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = text == "0" || !text.starts_with('0');
    (is_plain && is_short).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Header, Malformed> {
        parse(line.as_bytes())
    }

    #[test]
    fn both_ends_are_read() {
        let header = read("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n").expect("a header");
        let inet = |text: &str| Some(Peer::inet(text.parse().expect("an address")));
        assert_eq!(header.source, inet("192.0.2.1:56324"));
        assert_eq!(header.destination, inet("198.51.100.1:443"));
        let header = read("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n").expect("a header");
        assert_eq!(header.source, inet("[2001:db8::1]:1"));
        assert_eq!(header.destination, inet("[::1]:65535"));
    }

    #[test]
    fn who_is_unknown_stays_unknown() {
        for line in ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ::1 1 2\r\n"] {
            assert_eq!(read(line), Ok(Header::default()), "{line:?}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for line in [
            "PROXY\r\n",
            "PROXY \r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 ::1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 192.0.2.1 ::1 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
            "PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
        ] {
            assert!(read(line).is_err(), "{line:?}");
        }
    }
}
