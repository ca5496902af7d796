//! The variables of a request, from a packet: [`decode`].

use bytes::{Buf, Bytes, BytesMut};

use crate::gateway::{BadRequest, Import, Variables};

/// What a request begins with: a modifier, the size of the variables, another modifier.
const HEADER: usize = 4;

/// The kinds of requests that are taken, by their first byte: WSGI, PSGI, Rack, CGI.
const MODIFIERS: [u8; 4] = [0, 5, 7, 9];

/// WSGI, with a `SCRIPT_NAME` that is the prefix below which the app stands.
const WITH_SCRIPT_NAME: u8 = 30;

/// What a web server sends in front of a body.
#[derive(Clone, Debug)]
pub struct Packet {
    variables: Variables,
    has_script_name: bool,
}

/// Takes a packet from the front of `buffer`; `None`, and nothing taken, as long as it is not
/// complete. What is behind it is the body. A packet has at most 64 KiB, by its form.
///
/// # Errors
///
/// [`BadRequest::Frame`] as soon as this can be no request, and for the kinds that are not taken;
/// [`BadRequest::TooLarge`] where there are more variables than [`Variables`] may be.
pub fn decode(buffer: &mut BytesMut) -> Result<Option<Packet>, BadRequest> {
    let Some(modifier) = buffer.first().copied() else {
        return Ok(None);
    };
    if modifier != WITH_SCRIPT_NAME && !MODIFIERS.contains(&modifier) {
        return Err(BadRequest::Frame(
            "a uwsgi packet is of a kind that is not taken",
        ));
    }
    let Some(size) = buffer.get(1..3) else {
        return Ok(None);
    };
    let size = usize::from(u16::from_le_bytes([size[0], size[1]]));
    if buffer.len() < HEADER + size {
        return Ok(None);
    }
    buffer.advance(HEADER);
    let mut block = buffer.split_to(size).freeze();
    let mut variables = Variables::new();
    while !block.is_empty() {
        let name = text(&mut block)?;
        let value = text(&mut block)?;
        if name.is_empty() {
            return Err(BadRequest::Frame(
                "a uwsgi packet has a variable without a name",
            ));
        }
        variables.push(name, value)?;
    }
    Ok(Some(Packet {
        variables,
        has_script_name: modifier == WITH_SCRIPT_NAME,
    }))
}

impl Packet {
    /// The variables, and what is taken of them, where the operator says `import`.
    ///
    /// # Errors
    ///
    /// [`BadRequest::TooLarge`] where there is no room for the `PATH_INFO` below the script name.
    pub fn imported(self, import: &Import) -> Result<(Variables, Import), BadRequest> {
        let Packet {
            mut variables,
            has_script_name,
        } = self;
        if !has_script_name {
            return Ok((variables, import.clone()));
        }
        // nginx sends the whole path as `PATH_INFO`, for uWSGI to take the prefix away.
        let below = variables.get("PATH_INFO").and_then(|path| {
            let name = variables.get("SCRIPT_NAME")?;
            let rest = path.strip_prefix(&name[..])?;
            (rest.is_empty() || rest.starts_with(b"/")).then(|| path.slice(name.len()..))
        });
        if let Some(below) = below {
            variables.push("PATH_INFO", below)?;
        }
        Ok((variables, import.clone().or_script_name()))
    }
}

/// Takes a length and as many bytes.
fn text(block: &mut Bytes) -> Result<Bytes, BadRequest> {
    const CUT: BadRequest = BadRequest::Frame("a uwsgi variable is longer than its packet");
    let length = usize::from(block.try_get_u16_le().map_err(|_| CUT)?);
    if length > block.len() {
        return Err(CUT);
    }
    Ok(block.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(modifier: u8, pairs: &[(&str, &str)]) -> Vec<u8> {
        let mut block = Vec::new();
        for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
            block.extend_from_slice(&(text.len() as u16).to_le_bytes());
            block.extend_from_slice(text.as_bytes());
        }
        let size = (block.len() as u16).to_le_bytes();
        [&[modifier, size[0], size[1], 0], &block[..]].concat()
    }

    fn decoded(bytes: &[u8]) -> Result<Option<Packet>, BadRequest> {
        decode(&mut BytesMut::from(bytes))
    }

    #[test]
    fn a_packet_is_read_when_all_of_it_is_there() {
        let bytes = b"\0\x1b\0\0\x0e\0REQUEST_METHOD\x03\0GET\x01\0X\x01\0 and a body";
        let packet = bytes.len() - 11;
        for arrived in 0..packet {
            let mut buffer = BytesMut::from(&bytes[..arrived]);
            assert!(
                decode(&mut buffer).expect("no error yet").is_none(),
                "{arrived}"
            );
            assert_eq!(buffer.len(), arrived);
        }
        let mut buffer = BytesMut::from(&bytes[..]);
        let packet = decode(&mut buffer).expect("a request").expect("whole");
        let found: Vec<_> = packet.variables.iter().collect();
        assert_eq!(found[0], (&"REQUEST_METHOD".into(), &"GET".into()));
        assert_eq!(found[1], (&"X".into(), &" ".into()));
        assert_eq!(buffer, "and a body");
    }

    #[test]
    fn what_runs_code_and_whatever_else_is_no_request_is_refused_by_its_first_byte() {
        for modifier in 0..=255 {
            let taken = [0, 5, 7, 9, 30].contains(&modifier);
            assert_eq!(decoded(&[modifier]).is_ok(), taken, "{modifier}");
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for bytes in [
            &b"\0\x01\0\0x"[..],
            b"\0\x02\0\0\x01\0",
            b"\0\x03\0\0\x01\0x",
            b"\0\x05\0\0\x01\0x\x01\0",
            b"\0\x06\0\0\xff\xffxxxx",
            b"\0\x04\0\0\0\0\0\0",
        ] {
            let refused = decoded(bytes).expect_err("malformed");
            assert!(
                matches!(refused, BadRequest::Frame(_)),
                "{}",
                bytes.escape_ascii()
            );
        }
    }

    #[test]
    fn more_variables_than_there_may_be_are_refused() {
        let pairs = vec![("X", ""); 1025];
        assert_eq!(
            decoded(&packet(0, &pairs)).err(),
            Some(BadRequest::TooLarge)
        );
    }

    #[test]
    fn modifier_30_says_that_the_script_name_is_the_prefix() {
        let pairs = [("SCRIPT_NAME", "/us"), ("PATH_INFO", "/us/x")];
        let read = |modifier| {
            let packet = decoded(&packet(modifier, &pairs))
                .expect("a request")
                .expect("whole");
            let (variables, import) = packet.imported(&Import::new()).expect("room");
            let path_info = variables.get("PATH_INFO").expect("it").clone();
            (path_info, import)
        };
        assert_eq!(read(0), ("/us/x".into(), Import::new()));
        assert_eq!(read(30), ("/x".into(), Import::new().with_script_name()));
        let mounted = Import::new().with_mount("/a");
        let packet = decoded(&packet(30, &pairs))
            .expect("a request")
            .expect("whole");
        assert_eq!(packet.imported(&mounted).expect("room").1, mounted);
    }

    #[test]
    fn a_script_name_for_which_there_is_no_room_is_refused() {
        let mut pairs = vec![("SCRIPT_NAME", "/us"), ("PATH_INFO", "/us/x")];
        pairs.resize(1024, ("X", ""));
        let packet = decoded(&packet(30, &pairs))
            .expect("a request")
            .expect("whole");
        let refused = packet.imported(&Import::new()).err();
        assert_eq!(refused, Some(BadRequest::TooLarge));
    }
}
