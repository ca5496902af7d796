//! Heads as nearly all are: read in one go, without a word about what is wrong.
//!
//! What is not found to be usual here is read again by the one who can say what it is, and nothing
//! is let pass that he would refuse.

use super::{
    bytes::{letters, plain, plain_target, trim},
    head::{Framing, Head},
    host::is_host,
    known::Known,
    lengths::Lengths,
};

/// Reads the head at the start of `bytes`, where it is whole and holds nothing unusual.
#[inline]
pub(super) fn read(bytes: &[u8], known: &mut Known, lengths: &Lengths) -> Option<Head> {
    let fields = behind_the_request_line(bytes, lengths)?;
    let before = bytes.len() - fields.len();
    let (length, framing) = match known.find(fields) {
        Some(known) => known,
        None => {
            let (length, framing) = read_fields(fields, lengths)?;
            known.keep(&fields[..length], framing);
            (length, framing)
        }
    };
    (before + length <= lengths.head).then(|| Head::usual(before + length, framing))
}

/// The length of the fields at the start of `bytes`, and what they say.
fn read_fields(bytes: &[u8], lengths: &Lengths) -> Option<(usize, Framing)> {
    let mut rest = bytes;
    let (mut host, mut framing) = (false, None);
    for _ in 0..=lengths.fields {
        if let [b'\r', b'\n', behind @ ..] = rest {
            let length = bytes.len() - behind.len();
            let framing = framing.unwrap_or(Framing::Length(0));
            return (host && length <= lengths.line).then_some((length, framing));
        }
        let (name, value) = rest.split_at_checked(length_of_name(rest)?)?;
        let (value, end) = value.split_at_checked(plain(value))?;
        let [b'\r', b'\n', behind @ ..] = end else {
            return None;
        };
        // The length of the name decides nearly always, before anything is compared.
        if name.len() < 32 && LENGTHS >> name.len() & 1 == 1 {
            take(name, value, &mut host, &mut framing)?;
        }
        rest = behind;
    }
    None
}

/// The lengths of the names of the fields that matter here.
const LENGTHS: u32 = {
    let names = [
        "host",
        "expect",
        "upgrade",
        "content-length",
        "transfer-encoding",
    ];
    let (mut lengths, mut n) = (0, 0);
    while n < names.len() {
        lengths |= 1 << names[n].len();
        n += 1;
    }
    lengths
};

/// What ends a usual request line.
const VERSION: &[u8] = b" HTTP/1.1\r\n";

/// The fields, behind a method, a plain path and the usual version.
#[inline(always)]
fn behind_the_request_line<'a>(bytes: &'a [u8], lengths: &Lengths) -> Option<&'a [u8]> {
    let (method, rest) = bytes.split_at_checked(letters(bytes))?;
    let [b' ', target @ ..] = rest else {
        return None;
    };
    if target.first() != Some(&b'/') || method.is_empty() || method == b"CONNECT" {
        return None;
    }
    let (target, rest) = target.split_at_checked(plain_target(target))?;
    let line = method.len() + 1 + target.len() + VERSION.len() - 2;
    if target.len() > lengths.target || line > lengths.line {
        return None;
    }
    rest.strip_prefix(VERSION)
}

/// The length of a name of letters, digits and hyphens, with a colon behind it.
#[inline(always)]
fn length_of_name(line: &[u8]) -> Option<usize> {
    let mut end = letters(line);
    loop {
        match line.get(end)? {
            b':' if end > 0 => return Some(end),
            b'0'..=b'9' => end += 1 + letters(&line[end + 1..]),
            _ => return None,
        }
    }
}

/// Takes what says how the message is read, if it is alone and says it plainly.
#[inline]
fn take(name: &[u8], value: &[u8], host: &mut bool, framing: &mut Option<Framing>) -> Option<()> {
    let first = name[0] | 0x20;
    if !matches!(first, b'h' | b'e' | b'u' | b'c' | b't') {
        return Some(());
    }
    // Behind the colon.
    let value = trim(&value[1..]);
    if name.eq_ignore_ascii_case(b"host") {
        return (!std::mem::replace(host, true) && is_host(value)).then_some(());
    }
    let said = if name.eq_ignore_ascii_case(b"content-length") {
        if !(1..=16).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digits = value.iter().map(|digit| u64::from(digit - b'0'));
        Framing::Length(digits.fold(0, |length, digit| length * 10 + digit))
    } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
        if !value.eq_ignore_ascii_case(b"chunked") {
            return None;
        }
        Framing::Chunked
    } else {
        let is_expect = name.eq_ignore_ascii_case(b"expect");
        let is_usual = !is_expect && !name.eq_ignore_ascii_case(b"upgrade");
        return is_usual.then_some(());
    };
    framing.replace(said).is_none().then_some(())
}
