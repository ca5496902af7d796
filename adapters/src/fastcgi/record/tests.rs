use super::*;

/// The pieces of `bytes`, with the contents of each record put together.
fn records(bytes: &[u8], step: usize) -> Vec<(Header, Vec<u8>)> {
    let mut reader = RecordReader::default();
    let (mut input, mut records) = (BytesMut::new(), Vec::new());
    let mut open: Option<(Header, Vec<u8>)> = None;
    for block in bytes.chunks(step) {
        input.extend_from_slice(block);
        while let Some(piece) = reader.next(&mut input).expect("records") {
            match piece {
                Piece::Header(header) => open = Some((header, Vec::new())),
                Piece::Content(content) => {
                    assert!(!content.is_empty());
                    open.as_mut().expect("a header").1.extend(content);
                }
                Piece::End => records.extend(open.take()),
            }
        }
    }
    assert!(is_between_records(&reader) && input.is_empty());
    records
}

const fn is_between_records(reader: &RecordReader) -> bool {
    !reader.inside && reader.filled == 0 && reader.padding == 0
}

#[test]
fn records_are_the_same_however_their_bytes_arrive() {
    let mut bytes = Vec::new();
    bytes.extend(b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00");
    bytes.extend(b"\x01\x04\xff\xfe\x00\x03\xff\x09abc");
    bytes.extend([7; 255]);
    bytes.extend(b"\x01\x04\x00\x01\x00\x00\x01\x00\x00");
    bytes.extend(b"\x01\x05\x00\x01\xff\xff\x00\x00");
    bytes.extend([b'x'; 65_535]);
    bytes.extend(b"\x01\x02\x00\x01\x00\x00\x00\x00");
    let header = |kind, id, length| Header { kind, id, length };
    let expected = vec![
        (
            header(1, 1, 8),
            b"\x00\x01\x01\x00\x00\x00\x00\x00".to_vec(),
        ),
        (header(4, 65_534, 3), b"abc".to_vec()),
        (header(4, 1, 0), Vec::new()),
        (header(5, 1, 65_535), vec![b'x'; 65_535]),
        (header(2, 1, 0), Vec::new()),
    ];
    for step in [1, 2, 7, 8, 9, 263, 4096, bytes.len()] {
        assert!(records(&bytes, step) == expected, "in blocks of {step}");
    }
}

#[test]
fn a_record_ends_before_its_padding_has_come() {
    let mut reader = RecordReader::default();
    let mut input = BytesMut::from(&b"\x01\x05\x00\x01\x00\x01\x05\x00x"[..]);
    for _ in 0..2 {
        assert!(matches!(reader.next(&mut input), Ok(Some(_))));
    }
    assert_eq!(reader.next(&mut input), Ok(Some(Piece::End)));
    assert_eq!(reader.next(&mut input), Ok(None));
    assert!(!is_between_records(&reader), "five bytes are to come");
    input.extend_from_slice(&[9; 5]);
    assert_eq!(reader.next(&mut input), Ok(None));
    assert!(is_between_records(&reader));
}

#[test]
fn another_version_is_refused_and_nothing_behind_it_is_read() {
    let mut input = BytesMut::from(&b"GET / HTTP/1.1\r\n"[..]);
    assert_eq!(
        RecordReader::default().next(&mut input),
        Err(BadVersion(71))
    );
    assert_eq!(&input[..], b"TTP/1.1\r\n"[1..].as_ref());
}

#[test]
fn an_announced_length_costs_nothing_before_its_bytes_are_there() {
    let mut reader = RecordReader::default();
    let mut input = BytesMut::from(&b"\x01\x05\x00\x01\xff\xff\xff\x00"[..]);
    assert!(matches!(
        reader.next(&mut input),
        Ok(Some(Piece::Header(_)))
    ));
    assert_eq!(reader.next(&mut input), Ok(None));
    assert!(input.capacity() <= 64);
}

#[test]
fn what_is_written_is_exact_to_the_byte() {
    let mut out = BytesMut::new();
    write_stream(&mut out, kind::STDOUT, 0x1234, b"hello");
    end_stream(&mut out, kind::STDOUT, 0x1234);
    end_request(&mut out, 0x1234, 0x0102_0304, ProtocolStatus::Overloaded);
    assert_eq!(
        &out[..],
        b"\x01\x06\x12\x34\x00\x05\x00\x00hello\
          \x01\x06\x12\x34\x00\x00\x00\x00\
          \x01\x03\x12\x34\x00\x08\x00\x00\x01\x02\x03\x04\x02\x00\x00\x00"
    );
}

/// A length that is cut to 16 bits turns the rest of the content into records of its own.
#[test]
fn long_content_becomes_several_records_and_never_a_shorter_length() {
    for length in [65_527, 65_528, 65_529, 65_535, 65_536, 65_537, 200_000] {
        let content = vec![b'x'; length];
        let mut out = BytesMut::new();
        write_stream(&mut out, kind::STDOUT, 1, &content);
        let records = records(&out, 4096);
        assert_eq!(records.len(), length.div_ceil(LARGEST), "{length}");
        let whole: Vec<u8> = records
            .into_iter()
            .flat_map(|(_, content)| content)
            .collect();
        assert!(whole == content, "{length}");
    }
    let mut out = BytesMut::new();
    write_stream(&mut out, kind::STDOUT, 1, b"");
    assert!(out.is_empty(), "it would end the stream");
}
