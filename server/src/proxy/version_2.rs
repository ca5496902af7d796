//! The header of version 2: addresses in binary, and values behind them.

use std::{
    ffi::OsStr,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use enfilade_core::Peer;

use super::{
    checksum::crc32c,
    header::{Header, Malformed, START},
};

const SIGNATURE: &[u8; START] = b"\r\n\r\n\0\r\nQUIT\n";

/// The bytes in front of the addresses.
pub(super) const FIXED: usize = 16;

/// Proxies send some hundred bytes; the protocol would allow 64 KiB.
const LONGEST: usize = 4096;

/// What the values behind the addresses are.
mod kind {
    pub(super) const ALPN: u8 = 0x01;
    pub(super) const AUTHORITY: u8 = 0x02;
    pub(super) const CRC32C: u8 = 0x03;
    pub(super) const SSL: u8 = 0x20;
    pub(super) const SSL_VERSION: u8 = 0x21;
}

/// The client spoke TLS to the proxy.
const CLIENT_SSL: u8 = 0x01;

pub(super) fn begins(start: &[u8]) -> bool {
    start.starts_with(SIGNATURE)
}

/// How many bytes follow the fixed ones.
pub(super) fn length(fixed: &[u8]) -> Result<usize, Malformed> {
    let &[.., high, low] = fixed else {
        return Err(Malformed("it is cut short"));
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    match length <= LONGEST {
        true => Ok(length),
        false => Err(Malformed("it is too long")),
    }
}

/// Reads a whole header.
pub(super) fn parse(header: &[u8]) -> Result<Header, Malformed> {
    let (fixed, rest) = header
        .split_at_checked(FIXED)
        .ok_or(Malformed("it is cut short"))?;
    let is_proxied = match fixed[12] {
        0x20 => false,
        0x21 => true,
        _ => return Err(Malformed("its version or its command is not known")),
    };
    if !is_proxied {
        // A check of the proxy's own. Whatever else is in it means nothing, the family included.
        return Ok(Header::default());
    }
    let (addresses, values) = match fixed[13] >> 4 {
        0x0 => Ok((&rest[..0], rest)),
        0x1 => split(rest, 12),
        0x2 => split(rest, 36),
        0x3 => split(rest, 216),
        _ => Err(Malformed("its family of addresses is not known")),
    }?;
    let mut said = Header::default();
    read_values(values, &mut said)?;
    if let Some(checksum) = find(values, kind::CRC32C)? {
        check(header, values, checksum)?;
    }
    (said.source, said.destination) = match (fixed[13], addresses) {
        (0x11, addresses) => inet::<4, Ipv4Addr>(addresses),
        (0x21, addresses) => inet::<16, Ipv6Addr>(addresses),
        (0x31, addresses) => {
            let (source, destination) = addresses.split_at(108);
            (Some(unix(source)), Some(unix(destination)))
        }
        // Datagrams, and what the proxy does not know.
        _ => (None, None),
    };
    Ok(said)
}

fn split(rest: &[u8], at: usize) -> Result<(&[u8], &[u8]), Malformed> {
    rest.split_at_checked(at)
        .ok_or(Malformed("its addresses are cut short"))
}

/// Two addresses of `N` bytes, and two ports.
fn inet<const N: usize, A>(addresses: &[u8]) -> (Option<Peer>, Option<Peer>)
where
    A: From<[u8; N]>,
    IpAddr: From<A>,
{
    let end = |ip: usize, port: usize| {
        let ip = addresses.get(ip..ip + N)?.first_chunk::<N>()?;
        let port = addresses.get(port..)?.first_chunk()?;
        let ip = IpAddr::from(A::from(*ip));
        Some(Peer::inet(SocketAddr::new(ip, u16::from_be_bytes(*port))))
    };
    (end(0, 2 * N), end(N, 2 * N + 2))
}

fn unix(path: &[u8]) -> Peer {
    let end = path.iter().position(|&byte| byte == 0);
    let path = &path[..end.unwrap_or(path.len())];
    Peer::Unix {
        path: os_str(path)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from),
        credentials: None,
    }
}

#[cfg(unix)]
fn os_str(path: &[u8]) -> Option<&OsStr> {
    Some(std::os::unix::ffi::OsStrExt::from_bytes(path))
}

#[cfg(not(unix))]
fn os_str(path: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(path).ok().map(OsStr::new)
}

fn read_values(values: &[u8], said: &mut Header) -> Result<(), Malformed> {
    for value in Values(values) {
        let (kind, value) = value?;
        match kind {
            kind::ALPN => said.alpn = Some(Arc::from(value)),
            kind::AUTHORITY => said.authority = Some(text(value)?),
            kind::SSL => {
                // A byte of flags, and four that tell whether a certificate was good.
                let (head, inner) = value
                    .split_at_checked(5)
                    .ok_or(Malformed("what it says of TLS is cut short"))?;
                if head[0] & CLIENT_SSL != 0 {
                    let version = find(inner, kind::SSL_VERSION)?;
                    said.tls_version = Some(version.map_or(Ok(Arc::from("TLS")), text)?);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn text(value: &[u8]) -> Result<Arc<str>, Malformed> {
    std::str::from_utf8(value)
        .ok()
        .filter(|text| !text.chars().any(char::is_control))
        .map(Arc::from)
        .ok_or(Malformed("a value in it is no text"))
}

fn find(values: &[u8], wanted: u8) -> Result<Option<&[u8]>, Malformed> {
    for value in Values(values) {
        let (kind, value) = value?;
        if kind == wanted {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The checksum is that of the header with zeros in its place.
fn check(header: &[u8], values: &[u8], checksum: &[u8]) -> Result<(), Malformed> {
    let wrong = Malformed("its checksum is not that of its bytes");
    let claimed = checksum.first_chunk().filter(|_| checksum.len() == 4);
    let claimed = claimed.ok_or(wrong)?;
    let place = header.len() - values.len() + place_of(values, checksum);
    let (before, after) = (&header[..place], &header[place + 4..]);
    match crc32c([before, &[0; 4], after]) == u32::from_be_bytes(*claimed) {
        true => Ok(()),
        false => Err(wrong),
    }
}

/// Where `part`, which was taken from `whole`, begins in it.
fn place_of(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// Kinds and values: a byte, a length of two bytes, the value.
struct Values<'a>(&'a [u8]);

impl<'a> Iterator for Values<'a> {
    type Item = Result<(u8, &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let cut = Some(Err(Malformed("a value in it is cut short")));
        let &[kind, high, low, ref rest @ ..] = self.0 else {
            let is_over = self.0.is_empty();
            self.0 = &[];
            return if is_over { None } else { cut };
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        match rest.split_at_checked(length) {
            Some((value, rest)) => {
                self.0 = rest;
                Some(Ok((kind, value)))
            }
            None => {
                self.0 = &[];
                cut
            }
        }
    }
}

#[cfg(test)]
mod tests;
