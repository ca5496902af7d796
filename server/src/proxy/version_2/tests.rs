use super::*;

const PROXY: u8 = 0x21;
const LOCAL: u8 = 0x20;

fn value(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("short");
    [&[kind][..], &length.to_be_bytes(), value].concat()
}

fn header(command: u8, family: u8, addresses: &[u8], values: &[Vec<u8>]) -> Vec<u8> {
    let rest = [addresses, &values.concat()].concat();
    let length = u16::try_from(rest.len()).expect("short");
    [
        &SIGNATURE[..],
        &[command, family],
        &length.to_be_bytes(),
        &rest,
    ]
    .concat()
}

fn ipv4() -> Vec<u8> {
    [
        &[192, 0, 2, 1, 198, 51, 100, 1][..],
        &[0xDC, 0x04, 0x01, 0xBB],
    ]
    .concat()
}

fn inet(text: &str) -> Option<Peer> {
    Some(Peer::inet(text.parse().expect("an address")))
}

#[test]
fn both_ends_are_read() {
    let read = parse(&header(PROXY, 0x11, &ipv4(), &[])).expect("a header");
    assert_eq!(read.source, inet("192.0.2.1:56324"));
    assert_eq!(read.destination, inet("198.51.100.1:443"));

    let mut ipv6 = [0; 36];
    (ipv6[15], ipv6[31], ipv6[33], ipv6[35]) = (1, 2, 3, 4);
    let read = parse(&header(PROXY, 0x21, &ipv6, &[])).expect("a header");
    assert_eq!(read.source, inet("[::1]:3"));
    assert_eq!(read.destination, inet("[::2]:4"));

    let mut paths = [0; 216];
    paths[..5].copy_from_slice(b"/sock");
    let read = parse(&header(PROXY, 0x31, &paths, &[])).expect("a header");
    let path = Some(PathBuf::from("/sock"));
    assert!(matches!(read.source, Some(Peer::Unix { path: p, .. }) if p == path));
}

#[test]
fn a_check_of_the_proxys_own_speaks_for_nobody() {
    for (family, addresses) in [(0, vec![]), (0x11, vec![]), (0x11, ipv4()), (0xFF, ipv4())] {
        let read = parse(&header(LOCAL, family, &addresses, &[]));
        assert_eq!(read, Ok(Header::default()));
    }
}

#[test]
fn what_is_told_of_tls_is_kept() {
    let inner = value(kind::SSL_VERSION, b"TLSv1.3");
    let ssl = [&[CLIENT_SSL, 0, 0, 0, 0][..], &inner].concat();
    let values = [
        value(kind::ALPN, b"h2"),
        value(kind::AUTHORITY, b"example.org"),
        value(0x05, b"an id"),
        value(kind::SSL, &ssl),
    ];
    let read = parse(&header(PROXY, 0x11, &ipv4(), &values)).expect("a header");
    assert_eq!(read.tls_version.as_deref(), Some("TLSv1.3"));
    assert_eq!(read.alpn.as_deref(), Some(&b"h2"[..]));
    assert_eq!(read.authority.as_deref(), Some("example.org"));
    // Without the flag, the client spoke no TLS.
    let ssl = [&[0, 0, 0, 0, 0][..], &inner].concat();
    let read = parse(&header(PROXY, 0x11, &ipv4(), &[value(kind::SSL, &ssl)]));
    assert_eq!(read.expect("a header").tls_version, None);
}

#[test]
fn a_checksum_that_is_there_has_to_be_right() {
    let values = [value(kind::CRC32C, &[0; 4]), value(kind::ALPN, b"h2")];
    let mut good = header(PROXY, 0x11, &ipv4(), &values);
    let place = FIXED + 12 + 3;
    let sum = crc32c([&good[..]]);
    good[place..place + 4].copy_from_slice(&sum.to_be_bytes());
    assert!(parse(&good).is_ok());
    for byte in [FIXED, place, good.len() - 1] {
        let mut bad = good.clone();
        bad[byte] ^= 1;
        assert!(parse(&bad).is_err(), "{byte}");
    }
    let short = header(PROXY, 0x11, &ipv4(), &[value(kind::CRC32C, &[0; 3])]);
    assert!(parse(&short).is_err());
}

#[test]
fn what_is_malformed_is_refused_wherever_it_is_cut() {
    let values = [value(kind::ALPN, b"h2")];
    let good = header(PROXY, 0x11, &ipv4(), &values);
    for cut in (FIXED..good.len()).filter(|&cut| cut != FIXED + 12) {
        assert!(parse(&good[..cut]).is_err(), "{cut}");
    }
    for (command, family) in [(0x11, 0x11), (0x22, 0x11), (0x2F, 0x11), (PROXY, 0x41)] {
        assert!(parse(&header(command, family, &ipv4(), &[])).is_err());
    }
    let control = [value(kind::AUTHORITY, b"a\nb")];
    assert!(parse(&header(PROXY, 0x11, &ipv4(), &control)).is_err());
    let mut long = header(PROXY, 0x11, &ipv4(), &[]);
    long[14] = 0xFF;
    assert!(length(&long[..FIXED]).is_err());
}

#[test]
fn datagrams_and_unknown_families_tell_of_no_peer() {
    for (family, addresses) in [(0x00, vec![]), (0x12, ipv4())] {
        let read = parse(&header(PROXY, family, &addresses, &[])).expect("a header");
        assert_eq!((read.source, read.destination), (None, None));
    }
}
