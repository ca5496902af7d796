//! `Host` and what else names a server (RFC 9110, section 7.2; RFC 3986, section 3.2).

/// Whether `value` is one host, with or without a port, and nothing beside it.
///
/// Names of letters, digits, `.`, `-`, `_` and `~`, IPv4 addresses, and addresses in brackets:
/// what else the grammar allows (`%2e`, `a,b`, `a;b`) is read differently by those who look for a
/// virtual host, and names nothing that can be resolved.
pub(crate) fn is_host(value: &[u8]) -> bool {
    let (name, port) = match value {
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|byte| *byte == b']') else {
                return false;
            };
            let (address, port) = (&rest[..end], &rest[end + 1..]);
            let address = std::str::from_utf8(address);
            if !address.is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok()) {
                return false;
            }
            return port.is_empty() || is_port(port);
        }
        _ => value.split_at(length_of_name(value)),
    };
    !name.is_empty() && (port.is_empty() || is_port(port))
}

fn length_of_name(value: &[u8]) -> usize {
    let other = |byte: &u8| !IN_NAMES[usize::from(*byte)];
    value.iter().position(other).unwrap_or(value.len())
}

/// Letters, digits, `.`, `-`, `_` and `~`.
const IN_NAMES: [bool; 256] = {
    let (mut table, mut byte) = ([false; 256], 0);
    while byte < 128u8 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~');
        byte += 1;
    }
    table
};

/// A colon and a number that a port can have.
fn is_port(port: &[u8]) -> bool {
    let [b':', digits @ ..] = port else {
        return false;
    };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    };
    (1..=5).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && number(digits) <= u32::from(u16::MAX)
}

/// Whether both name the same server: their names do not depend on case, and a port that is the
/// scheme's own may be left out.
pub(crate) fn is_same(one: &[u8], other: &[u8], scheme: Option<&str>) -> bool {
    let own: &[u8] = match scheme {
        Some("http") => b":80",
        Some("https") => b":443",
        _ => b"",
    };
    let bare = |host: &'_ [u8]| host.len() - if host.ends_with(own) { own.len() } else { 0 };
    one[..bare(one)].eq_ignore_ascii_case(&other[..bare(other)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        let good = [
            "x",
            "example.org",
            "EXAMPLE.org:8080",
            "a_b.local",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:65535",
            "xn--bcher-kva.example.",
        ];
        for host in good {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        let bad = [
            "",
            ":80",
            "a:",
            "a:65536",
            "a:000080",
            "a:8o",
            "a:80:80",
            "a b",
            "a,b",
            "a;b",
            "a/b",
            "a?b",
            "a#b",
            "a@b",
            "user:pass@a",
            "a%2eb",
            "a\\b",
            "[::1",
            "::1",
            "[::1]x",
            "[x]",
            "[::1]:",
            "[fe80::1%25eth0]",
            "\u{e9}.example",
            "a\t",
            "\"a\"",
            "a=b",
            "http://a",
        ];
        for host in bad {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn hosts_are_the_same_without_regard_to_case_and_to_the_schemes_own_port() {
        assert!(is_same(b"A.example", b"a.EXAMPLE:80", Some("http")));
        assert!(is_same(b"a:443", b"a", Some("https")));
        assert!(!is_same(b"a:80", b"a", Some("https")));
        assert!(!is_same(b"a:80", b"a", None));
        assert!(!is_same(b"a", b"b", Some("http")));
    }
}
