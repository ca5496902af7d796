//! The uwsgi packet protocol: one packet of variables, then the body.

use std::io;

use super::{Arrived, Stream, exactly, length};

pub(super) fn answer(stream: &mut dyn Stream) -> io::Result<()> {
    let head = exactly(stream, 4)?;
    let size = u16::from_le_bytes([head[1], head[2]]);
    let packet = exactly(stream, usize::from(size))?;
    let (mut rest, mut variables) = (&*packet, Vec::new());
    while let (Some(name), Some(value)) = (string(&mut rest), string(&mut rest)) {
        variables.push((name, value));
    }
    let body = usize::try_from(length(&variables).unwrap_or(0)).map_err(io::Error::other)?;
    let arrived = Arrived {
        note: Some(format!("modifiers {} {}", head[0], head[3])),
        body: exactly(stream, body)?,
        variables,
    };
    // Apache takes nothing but a status line of HTTP.
    stream.write_all(&arrived.response("HTTP/1.1"))
}

fn string(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let length: [u8; 2] = bytes.split_off(..2)?.try_into().ok()?;
    let length = usize::from(u16::from_le_bytes(length));
    Some(bytes.split_off(..length)?.to_vec())
}
