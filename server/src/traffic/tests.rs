//! What is read of a flood, and what becomes of whoever rests.

use super::*;

const END: u8 = flag::END_STREAM | flag::END_HEADERS;

fn bytes(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Frame::write(kind, stream, payload);
    bytes[4] = flags;
    bytes
}

/// A connection at its first request.
fn begun(limits: &Limits, now: Instant) -> Traffic {
    let mut traffic = Traffic::new(limits, now);
    assert_eq!(traffic.received(&[0; PREFACE]), None);
    assert_eq!(traffic.received(&bytes(kind::SETTINGS, 0, 0, b"")), None);
    assert_eq!(traffic.received(&bytes(kind::HEADERS, END, 1, b"")), None);
    traffic
}

/// How many frames are read before it is enough.
fn enough(flood: &[u8]) -> (usize, Option<Limit>) {
    let mut traffic = begun(&Limits::default(), Instant::now());
    for count in 1..100_000 {
        if let Some(limit) = traffic.received(flood) {
            return (count, Some(limit));
        }
    }
    (100_000, None)
}

#[tokio::test(start_paused = true)]
async fn frames_that_do_no_work_are_read_a_thousand_times() {
    for (kind, flags, payload) in [
        (kind::PING, 0, &[0; 8][..]),
        (kind::PING, flag::ACK, &[0; 8]),
        (kind::SETTINGS, 0, &[]),
        (kind::SETTINGS, flag::ACK, &[]),
        (kind::WINDOW_UPDATE, 0, &[0, 0, 0, 1]),
        (kind::CONTINUATION, 0, &[]),
        (kind::DATA, 0, &[]),
        (kind::DATA, 0, b"four"),
        (kind::GOAWAY, 0, &[0; 8]),
        (kind::RST_STREAM, 0, &[0; 4]),
        (2, 0, &[0; 5]),
        (200, 0, b"hello"),
    ] {
        // A stream that is not open, where it matters.
        let stream = if kind == kind::RST_STREAM { 7 } else { 1 };
        let flood = bytes(kind, flags, stream, payload);
        let read = enough(&flood);
        assert_eq!(read, (1000, Some(Limit::IdleFrames)), "{kind}, {flags}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_in_short_messages_is_work_and_so_is_its_last_byte() {
    let message = bytes(kind::DATA, 0, 1, b"short");
    assert_eq!(enough(&message), (100_000, None));
    let last = bytes(kind::DATA, flag::END_STREAM, 1, b"");
    assert_eq!(enough(&last), (100_000, None));
}

#[tokio::test(start_paused = true)]
async fn what_reads_much_may_widen_its_window_often() {
    let mut traffic = begun(&Limits::default(), Instant::now());
    for _ in 0..100_000 {
        traffic.sent(&bytes(kind::DATA, 0, 1, b"x"), |_| false);
        for stream in [0, 1] {
            let wider = bytes(kind::WINDOW_UPDATE, 0, stream, &[0, 0, 0, 1]);
            assert_eq!(traffic.received(&wider), None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_reset_128_times_at_once() {
    let mut traffic = begun(&Limits::default(), Instant::now());
    for count in 0.. {
        let number = 2 * count + 3;
        assert_eq!(
            traffic.received(&bytes(kind::HEADERS, END, number, b"")),
            None
        );
        let reset = bytes(kind::RST_STREAM, 0, number, &[0; 4]);
        if let Some(limit) = traffic.received(&reset) {
            assert_eq!((count, limit), (128, Limit::Resets));
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_wait_has_its_end() {
    let (limits, start) = (Limits::default(), Instant::now());
    let after = |seconds: u64| start + Duration::from_secs(seconds);
    let mut traffic = Traffic::new(&limits, start);
    assert_eq!(traffic.ask(start, &limits), Act::Wait(Some(after(10))));
    assert_eq!(
        traffic.ask(after(10), &limits),
        Act::Break(Limit::FirstByte)
    );

    // A request that is computed: the client is asked whether it is there.
    let mut traffic = begun(&limits, start);
    assert_eq!(traffic.ask(start, &limits), Act::Wait(Some(after(30))));
    assert_eq!(traffic.ask(after(30), &limits), Act::Ping);
    assert_eq!(traffic.ask(after(30), &limits), Act::Wait(Some(after(50))));
    traffic.received(&bytes(kind::PING, flag::ACK, 0, &[0; 8]));
    assert_eq!(traffic.ask(after(31), &limits), Act::Wait(Some(after(61))));
    assert_eq!(traffic.ask(after(61), &limits), Act::Ping);
    assert_eq!(traffic.ask(after(81), &limits), Act::Break(Limit::Ping));

    // It is answered, and then there is nothing.
    traffic.sent(&bytes(kind::HEADERS, END, 1, b""), |_| false);
    assert!(traffic.rests() && traffic.has_news());
    assert_eq!(traffic.ask(after(81), &limits), Act::Wait(Some(after(141))));
    assert_eq!(traffic.ask(after(141), &limits), Act::Rest);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_waited_for_as_long_as_it_is_not_read() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    limits.http2_ping = Duration::MAX;
    let second = Duration::from_secs(1);
    let widen = |bytes_each_second: u32| {
        let limits = limits.clone();
        async move {
            let mut traffic = begun(&limits, Instant::now());
            traffic.received(&bytes(kind::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
            traffic.sent(&bytes(kind::HEADERS, flag::END_HEADERS, 1, b""), |_| false);
            for seconds in 0..100 {
                if let Act::Reset(1) = traffic.ask(Instant::now(), &limits) {
                    return Some(seconds);
                }
                tokio::time::advance(second).await;
                let increment = bytes_each_second.to_be_bytes();
                traffic.received(&bytes(kind::WINDOW_UPDATE, 0, 1, &increment));
                // What fits goes out, before anybody asks.
                let mut data = bytes(kind::DATA, 0, 1, b"");
                data[..3].copy_from_slice(&increment[1..]);
                data.resize(9 + bytes_each_second as usize, 0);
                traffic.sent(&data, |_| false);
            }
            None
        }
    };
    assert_eq!(widen(1).await, Some(30));
    assert_eq!(widen(499).await, Some(30));
    assert_eq!(widen(600).await, None);

    // An app that has nothing to send waits for nobody.
    let mut traffic = begun(&limits, start);
    traffic.sent(&bytes(kind::HEADERS, flag::END_HEADERS, 1, b""), |_| false);
    assert_eq!(traffic.ask(start, &limits), Act::Wait(None));
}
