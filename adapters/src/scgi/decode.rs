//! The variables of a request, from a netstring: [`decode`].

use bytes::{Buf, Bytes, BytesMut};

use crate::gateway::{BadRequest, MAX_BYTES, MAX_VARIABLES, Variables};

/// The most bytes of a netstring: all that the variables may have, and a NUL behind each name and
/// value.
const MAX_LENGTH: usize = MAX_BYTES + 2 * MAX_VARIABLES;

/// Takes the variables of a request from the front of `buffer`; `None`, and nothing taken, as long
/// as they are not complete. What is behind them is the body.
///
/// `CONTENT_LENGTH` must be there, though not in front, and `SCGI` must be `1`. Names may come
/// several times, as nginx sends them.
///
/// # Errors
///
/// [`BadRequest::Frame`] as soon as this can be no request; [`BadRequest::TooLarge`] where it is
/// larger than [`Variables`] may be.
pub fn decode(buffer: &mut BytesMut) -> Result<Option<Variables>, BadRequest> {
    let Some((start, length)) = length(buffer)? else {
        return Ok(None);
    };
    let end = start + length;
    // One for the comma.
    if buffer.len() <= end {
        return Ok(None);
    }
    if buffer[end] != b',' {
        return Err(BadRequest::Frame(
            "an SCGI request has no comma behind its variables",
        ));
    }
    buffer.advance(start);
    let block = buffer.split_to(length).freeze();
    buffer.advance(1);
    variables(block).map(Some)
}

/// Where the netstring's bytes begin, and how many there are.
fn length(buffer: &[u8]) -> Result<Option<(usize, usize)>, BadRequest> {
    let bad = BadRequest::Frame("an SCGI request does not begin with its length");
    let digits = buffer
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    match (digits, buffer.get(digits)) {
        (_, None) if digits <= MAX_DIGITS => return Ok(None),
        (1.., Some(b':')) => {}
        (1.., _) if digits > MAX_DIGITS => return Err(BadRequest::TooLarge),
        _ => return Err(bad),
    }
    if buffer[0] == b'0' {
        return Err(bad);
    }
    let length = buffer[..digits]
        .iter()
        .try_fold(0_usize, |length, digit| {
            length
                .checked_mul(10)?
                .checked_add(usize::from(digit - b'0'))
        })
        .filter(|length| *length <= MAX_LENGTH)
        .ok_or(BadRequest::TooLarge)?;
    Ok(Some((digits + 1, length)))
}

/// So many digits that no length that is allowed has more.
const MAX_DIGITS: usize = 10;

fn variables(mut block: Bytes) -> Result<Variables, BadRequest> {
    let mut variables = Variables::new();
    while !block.is_empty() {
        let name = text(&mut block)?;
        let value = text(&mut block)?;
        if name.is_empty() {
            return Err(BadRequest::Frame(
                "an SCGI request has a variable without a name",
            ));
        }
        variables.push(name, value)?;
    }
    if variables.get("SCGI").is_none_or(|version| version != "1") {
        return Err(BadRequest::Frame("an SCGI request does not say SCGI=1"));
    }
    if variables.get("CONTENT_LENGTH").is_none_or(Bytes::is_empty) {
        return Err(BadRequest::Frame("an SCGI request has no CONTENT_LENGTH"));
    }
    Ok(variables)
}

/// Takes what is in front of the next NUL, and the NUL.
fn text(block: &mut Bytes) -> Result<Bytes, BadRequest> {
    let end = block
        .iter()
        .position(|byte| *byte == 0)
        .ok_or(BadRequest::Frame("an SCGI variable has no end"))?;
    let text = block.split_to(end);
    block.advance(1);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const EXAMPLE: &[u8] = b"70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0\
        REQUEST_URI\0/deepthought\0,What is the answer to life?";

    fn netstring(block: &[u8]) -> Vec<u8> {
        [block.len().to_string().as_bytes(), b":", block, b","].concat()
    }

    fn decoded(bytes: &[u8]) -> Result<Option<Variables>, BadRequest> {
        decode(&mut BytesMut::from(bytes))
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let mut buffer = BytesMut::from(EXAMPLE);
        let variables = decode(&mut buffer).expect("a request").expect("all of it");
        let found: Vec<_> = variables
            .iter()
            .map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii()))
            .collect();
        assert_eq!(
            found,
            [
                "CONTENT_LENGTH=27",
                "SCGI=1",
                "REQUEST_METHOD=POST",
                "REQUEST_URI=/deepthought"
            ]
        );
        assert_eq!(buffer, "What is the answer to life?");
    }

    #[test]
    fn nothing_is_taken_before_all_of_it_is_there() {
        let packet = EXAMPLE.len() - 27;
        for arrived in 0..packet {
            let mut buffer = BytesMut::from(&EXAMPLE[..arrived]);
            assert!(
                decode(&mut buffer).expect("no error yet").is_none(),
                "{arrived}"
            );
            assert_eq!(buffer.len(), arrived);
        }
        assert!(decoded(&EXAMPLE[..packet]).expect("a request").is_some());
    }

    #[test]
    fn what_is_no_request_is_refused_as_soon_as_it_is_known() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b":",
            b"x",
            b"-1:",
            b"7 :",
            b"07:SCGI\x001\0,",
            b"0:,",
            b"12345678901x",
        ] {
            let refused = decoded(bytes).expect_err("no request");
            let is_frame = matches!(refused, BadRequest::Frame(_) | BadRequest::TooLarge);
            assert!(is_frame, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_length_that_begins_with_a_zero_is_refused() {
        let mut bytes = netstring(b"CONTENT_LENGTH\x000\0SCGI\x001\0");
        assert!(decoded(&bytes).is_ok());
        bytes.insert(0, b'0');
        assert!(matches!(decoded(&bytes), Err(BadRequest::Frame(_))));
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_anything_is_kept() {
        for length in [
            "133121:",
            "9999999999:",
            "99999999999",
            "18446744073709551617:",
        ] {
            assert_eq!(
                decoded(length.as_bytes()).err(),
                Some(BadRequest::TooLarge),
                "{length}"
            );
        }
        assert!(decoded(b"133120:").expect("within the limit").is_none());
    }

    #[test]
    fn variables_that_are_malformed_are_refused() {
        for block in [
            &b"CONTENT_LENGTH\x000\0SCGI\x001"[..],
            b"CONTENT_LENGTH\x000\0SCGI\x001\0X\0",
            b"CONTENT_LENGTH\x000\0SCGI\x001\0\0x\0",
            b"CONTENT_LENGTH\x000\0SCGI\x002\0",
            b"CONTENT_LENGTH\x000\0",
            b"CONTENT_LENGTH\0\0SCGI\x001\0",
            b"SCGI\x001\0",
            b"x",
        ] {
            let refused = decoded(&netstring(block)).expect_err("malformed");
            assert!(
                matches!(refused, BadRequest::Frame(_)),
                "{}",
                block.escape_ascii()
            );
        }
        let mut bytes = netstring(b"CONTENT_LENGTH\x000\0SCGI\x001\0");
        assert!(decoded(&bytes).is_ok());
        let last = bytes.len() - 1;
        bytes[last] = b'.';
        assert!(decoded(&bytes).is_err(), "a comma ends it");
    }

    #[test]
    fn names_may_come_several_times_as_nginx_sends_them() {
        let block = b"CONTENT_LENGTH\x000\0SCGI\x001\0HTTP_X\x001\0HTTP_X\x002\0";
        let variables = decoded(&netstring(block))
            .expect("a request")
            .expect("whole");
        assert_eq!(variables.all("HTTP_X").count(), 2);
    }
}
