//! FastCGI 1.0, one request of a connection at a time.

use std::io;

use super::{Arrived, Stream, exactly};

const BEGIN_REQUEST: u8 = 1;
const ABORT_REQUEST: u8 = 2;
const END_REQUEST: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;
const GET_VALUES: u8 = 9;
const GET_VALUES_RESULT: u8 = 10;

pub(super) fn answer(stream: &mut dyn Stream) -> io::Result<()> {
    let mut arrived = Arrived::default();
    let (mut params, mut keep) = (Vec::new(), false);
    let mut asked = String::new();
    loop {
        let head = exactly(stream, 8)?;
        let (kind, id) = (head[1], [head[2], head[3]]);
        let length = u16::from_be_bytes([head[4], head[5]]);
        let content = exactly(stream, usize::from(length))?;
        exactly(stream, usize::from(head[6]))?;
        match kind {
            GET_VALUES => {
                let names = pairs(&content).into_iter();
                let names = names.map(|(name, _)| String::from_utf8_lossy(&name).into_owned());
                asked = format!(", asked for {}", names.collect::<Vec<_>>().join(" "));
                record(stream, GET_VALUES_RESULT, id, b"\x0F\x01FCGI_MPXS_CONNS0")?;
            }
            BEGIN_REQUEST => {
                keep = content[2] & 1 == 1;
                let ending = if keep { "keep" } else { "close" };
                let id = u16::from_be_bytes(id);
                arrived.note = Some(format!(
                    "request {id}, role {}, {ending}{asked}",
                    content[1]
                ));
            }
            PARAMS => params.extend(content),
            STDIN if !content.is_empty() => arrived.body.extend(content),
            STDIN => {
                arrived.variables = pairs(&std::mem::take(&mut params));
                let response = std::mem::take(&mut arrived).response("Status:");
                record(stream, STDOUT, id, &response)?;
                record(stream, STDOUT, id, b"")?;
                record(stream, END_REQUEST, id, &[0; 8])?;
                if !keep {
                    return Ok(());
                }
            }
            ABORT_REQUEST => return Ok(()),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn record(stream: &mut dyn Stream, kind: u8, id: [u8; 2], content: &[u8]) -> io::Result<()> {
    let length = u16::try_from(content.len()).map_err(io::Error::other)?;
    let [high, low] = length.to_be_bytes();
    stream.write_all(&[&[1, kind, id[0], id[1], high, low, 0, 0], content].concat())
}

/// Name-value pairs; what is not whole at the end is left out.
fn pairs(mut bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs = Vec::new();
    while let Some(pair) = pair(&mut bytes) {
        pairs.push(pair);
    }
    pairs
}

fn pair(bytes: &mut &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (name, value) = (length(bytes)?, length(bytes)?);
    let name = bytes.split_off(..name)?.to_vec();
    Some((name, bytes.split_off(..value)?.to_vec()))
}

fn length(bytes: &mut &[u8]) -> Option<usize> {
    if bytes.first()? >> 7 == 0 {
        return bytes.split_off_first().map(|byte| usize::from(*byte));
    }
    let four: [u8; 4] = bytes.split_off(..4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four) & 0x7FFF_FFFF).ok()
}
