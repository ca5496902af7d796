//! The fields of a head as they come (RFC 9204, section 4.5): [`check`]. There is no I/O here.

/// What a section of fields is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Head,
    Trailers,
}

/// Why a section is not for h3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// It cannot be decoded: the connection is closed.
    Undecodable,
    /// Its pseudo-fields are not those of a request: the stream is reset (RFC 9114, section 4.3).
    Malformed,
}

/// Checks the encoded fields of a `section`, without decoding them.
///
/// h3 takes the last of several pseudo-fields, those behind other fields, those of a response, and
/// in trailers any; others take the first. Since there is no dynamic table, which field a line is
/// for can be seen without decoding it.
pub(super) fn check(mut bytes: &[u8], section: Section) -> Result<(), Bad> {
    let required_inserts = number(&mut bytes, 8)?;
    let _base = number(&mut bytes, 7)?;
    if required_inserts != 0 {
        return Err(Bad::Undecodable);
    }
    let (mut seen, mut has_fields) = ([false; Pseudo::COUNT], false);
    while let Some(first) = bytes.first() {
        let name = match first {
            // Indexed, and of the static table.
            0b1100_0000.. => indexed(number(&mut bytes, 6)?)?,
            // A literal value, its name in the static table.
            0b0101_0000..=0b0101_1111 | 0b0111_0000..=0b0111_1111 => {
                let name = indexed(number(&mut bytes, 4)?)?;
                string(&mut bytes, 7)?;
                name
            }
            // A literal name and a literal value.
            0b0010_0000..=0b0011_1111 => {
                let (name, coded) = string(&mut bytes, 3)?;
                string(&mut bytes, 7)?;
                literal(name, coded)?
            }
            // There is no dynamic table.
            _ => return Err(Bad::Undecodable),
        };
        match name {
            None => has_fields = true,
            Some(pseudo) => {
                let repeated = std::mem::replace(&mut seen[pseudo as usize], true);
                if repeated || has_fields || section == Section::Trailers {
                    return Err(Bad::Malformed);
                }
            }
        }
    }
    Ok(())
}

/// The pseudo-fields of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pseudo {
    Authority,
    Path,
    Method,
    Scheme,
}

impl Pseudo {
    const COUNT: usize = 4;

    /// Each with its name, and with that in Huffman's code (RFC 7541, appendix B).
    const NAMES: [(Pseudo, &[u8], &[u8]); Pseudo::COUNT] = [
        (
            Pseudo::Authority,
            b":authority",
            b"\xb8\x3b\x53\x39\xec\x32\x7d\x7f",
        ),
        (Pseudo::Path, b":path", b"\xb9\x58\xd3\x3f"),
        (Pseudo::Method, b":method", b"\xb9\x49\x53\x39\xe4"),
        (Pseudo::Scheme, b":scheme", b"\xb8\x82\x4e\x5a\x4b"),
    ];
}

/// The pseudo-field of a line of the static table (RFC 9204, appendix A); `None` for others.
fn indexed(index: u64) -> Result<Option<Pseudo>, Bad> {
    Ok(match index {
        0 => Some(Pseudo::Authority),
        1 => Some(Pseudo::Path),
        15..=21 => Some(Pseudo::Method),
        22..=23 => Some(Pseudo::Scheme),
        // :status
        24..=28 | 63..=71 => return Err(Bad::Malformed),
        index if index <= 98 => None,
        _ => return Err(Bad::Undecodable),
    })
}

/// The pseudo-field of a name that is spelled; `None` for other fields.
fn literal(name: &[u8], coded: bool) -> Result<Option<Pseudo>, Bad> {
    let mut names = Pseudo::NAMES.iter();
    let known = names.find(|(_, plain, code)| name == if coded { *code } else { *plain });
    let is_pseudo = match (coded, name.first()) {
        // The code of a colon is the seven bits of 0x5c.
        (true, Some(first)) => first >> 1 == 0x5c,
        (false, Some(first)) => *first == b':',
        (_, None) => return Err(Bad::Malformed),
    };
    match known {
        Some((pseudo, _, _)) => Ok(Some(*pseudo)),
        None if is_pseudo => Err(Bad::Malformed),
        None => Ok(None),
    }
}

/// A number whose first byte has `bits` for it (RFC 7541, section 5.1).
fn number(bytes: &mut &[u8], bits: u32) -> Result<u64, Bad> {
    let mask = 0xff_u8 >> (8 - bits);
    let first = take(bytes)? & mask;
    if first < mask {
        return Ok(u64::from(first));
    }
    let mut number = u64::from(mask);
    // None of these has a use for more than 28 bits.
    for shift in [0, 7, 14, 21] {
        let byte = take(bytes)?;
        number += u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Bad::Undecodable)
}

/// A string whose first byte has `bits` for its length, and before them one that says whether it
/// is in Huffman's code.
fn string<'a>(bytes: &mut &'a [u8], bits: u32) -> Result<(&'a [u8], bool), Bad> {
    let first = *bytes.first().ok_or(Bad::Undecodable)?;
    let length = usize::try_from(number(bytes, bits)?).map_err(|_| Bad::Undecodable)?;
    let (string, rest) = bytes.split_at_checked(length).ok_or(Bad::Undecodable)?;
    *bytes = rest;
    Ok((string, first & 1 << bits != 0))
}

fn take(bytes: &mut &[u8]) -> Result<u8, Bad> {
    let (first, rest) = bytes.split_first().ok_or(Bad::Undecodable)?;
    *bytes = rest;
    Ok(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: &[u8] = b"\xd1";
    const PATH: &[u8] = b"\xc1";
    const SCHEME: &[u8] = b"\xd7";
    /// `:authority: x`, its name in the table.
    const AUTHORITY: &[u8] = b"\x50\x01x";
    /// `accept: */*`
    const FIELD: &[u8] = b"\xdd";
    /// `x: y`
    const LITERAL: &[u8] = b"\x21x\x01y";

    fn section(lines: &[&[u8]], section: Section) -> Result<(), Bad> {
        check(&[b"\0\0", &*lines.concat()].concat(), section)
    }

    fn head(lines: &[&[u8]]) -> Result<(), Bad> {
        section(lines, Section::Head)
    }

    #[test]
    fn a_head_has_its_pseudo_fields_once_and_first() {
        let all = [METHOD, SCHEME, AUTHORITY, PATH, FIELD, LITERAL, FIELD];
        assert_eq!(head(&all), Ok(()));
        for twice in &all[..4] {
            assert_eq!(
                head(&[METHOD, SCHEME, AUTHORITY, PATH, twice]),
                Err(Bad::Malformed)
            );
            assert_eq!(head(&[FIELD, twice]), Err(Bad::Malformed));
            assert_eq!(head(&[LITERAL, twice]), Err(Bad::Malformed));
        }
    }

    #[test]
    fn it_is_the_same_field_however_its_name_is_written() {
        for (pseudo, plain, code) in Pseudo::NAMES {
            let line = |coded: u8, name: &[u8]| {
                let length = name.len() as u8;
                match length {
                    0..7 => [&[0x20 | coded | length], name, b"\x01/"].concat(),
                    _ => [&[0x20 | coded | 7, length - 7], name, b"\x01/"].concat(),
                }
            };
            let (plain, coded) = (line(0, plain), line(8, code));
            assert_eq!(head(&[&plain]), Ok(()));
            assert_eq!(head(&[&coded]), Ok(()));
            assert_eq!(head(&[&plain, &coded]), Err(Bad::Malformed), "{pseudo:?}");
            assert_eq!(head(&[FIELD, &coded]), Err(Bad::Malformed));
        }
    }

    #[test]
    fn other_pseudo_fields_and_those_in_trailers_are_malformed() {
        // :status: 200, twice; :protocol; a name that is empty
        for line in [
            &b"\xd9"[..],
            b"\xff\x05",
            b"\x27\x02:protocol\x01x",
            b"\x28\x01x",
            b"\x2b\xb9\xff\xff\x01x",
            b"\x20\x01x",
        ] {
            assert_eq!(head(&[line]), Err(Bad::Malformed), "{line:x?}");
        }
        assert_eq!(section(&[LITERAL], Section::Trailers), Ok(()));
        assert_eq!(section(&[PATH], Section::Trailers), Err(Bad::Malformed));
    }

    #[test]
    fn what_refers_to_a_dynamic_table_or_breaks_off_cannot_be_decoded() {
        for line in [
            // Indexed, behind the base, its name behind the base, its name in the table.
            &b"\x80"[..],
            b"\x10",
            b"\x00\x01x",
            b"\x40\x01x",
            // A line of the static table that there is not.
            b"\xff\x24",
            b"\x5f\x54\x01x",
            // Cut short, or too long.
            b"\x50",
            b"\x50\x02x",
            b"\x21",
            b"\x21x",
            b"\xff",
            b"\x50\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        ] {
            assert_eq!(head(&[line]), Err(Bad::Undecodable), "{line:x?}");
        }
        for prefix in [&b""[..], b"\0", b"\x02\0", b"\xff"] {
            assert_eq!(check(prefix, Section::Head), Err(Bad::Undecodable));
        }
    }
}
