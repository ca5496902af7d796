//! SCGI: a netstring of variables, then the body.

use std::io;

use super::{Arrived, Stream, exactly, length};

pub(super) fn answer(stream: &mut dyn Stream) -> io::Result<()> {
    let mut size = 0;
    loop {
        match exactly(stream, 1)?[0] {
            b':' => break,
            digit => size = size * 10 + usize::from(digit - b'0'),
        }
    }
    let head = exactly(stream, size + 1)?;
    let mut parts = head.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let mut variables = Vec::new();
    // The last part is the comma.
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        variables.push((name, value));
    }
    let body = usize::try_from(length(&variables).unwrap_or(0)).map_err(io::Error::other)?;
    let first = variables
        .first()
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned());
    let arrived = Arrived {
        note: first.map(|name| format!("first {name}")),
        body: exactly(stream, body)?,
        variables,
    };
    stream.write_all(&arrived.response("Status:"))
}
