use std::time::Duration;

use enfilade_core::Request;
use tokio::time::timeout;

use crate::{
    client::{
        self, BEGIN_REQUEST, GET_VALUES, PARAMS, RESPONDER, STDIN, begin, pair, pairs, record,
        stream,
    },
    support::{Running, until},
};

/// What cannot be understood closes the connection, is reported once, and harms nobody else.
#[tokio::test]
async fn breaches_close_the_connection_and_are_reported() {
    let running = Running::start(async |_: Request| "hello");
    let whole = stream(PARAMS, 1, &pairs(&client::get("/")), 65_535);
    let begin = begin(1, RESPONDER, true);
    let cut = pair("NAME", "value")[..8].to_vec();
    // The sum of these lengths passes 32 bits.
    let overflow = b"\xff\xff\xff\xff\xff\xff\xff\xff".to_vec();
    let cases = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        [&begin[..], &begin].concat(),
        [&begin[..], &whole, &begin].concat(),
        [&begin[..], &record(STDIN, 1, b"x")].concat(),
        [&begin[..], &whole, &record(PARAMS, 1, b"x")].concat(),
        [&begin[..], &stream(PARAMS, 1, &cut, 3)].concat(),
        [&begin[..], &stream(PARAMS, 1, &overflow, 3)].concat(),
        record(BEGIN_REQUEST, 1, &[0, 1, 1]),
        record(BEGIN_REQUEST, 1, &[]),
        record(GET_VALUES, 0, &vec![0; 60_000]),
        record(GET_VALUES, 0, b"\x0eshort"),
        [&begin[..], &[2; 8]].concat(),
    ];
    for (n, case) in cases.iter().enumerate() {
        let mut client = running.connect().await;
        client.send(case).await;
        while let Some(answer) = client.record().await {
            assert_eq!((answer.id, answer.kind), (1, client::STDOUT), "case {n}");
        }
        until(|| running.errors().len() == n + 1).await;
    }
    for line in running.errors() {
        assert!(line.contains("FastCGI"), "{line}");
    }
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    assert!(client.answer(1).await.is_whole());
}

/// It asks and asks, and never listens: it is not read any further.
#[tokio::test]
async fn a_web_server_that_never_listens_is_left_waiting() {
    let running = Running::start(async |_: Request| "hello");
    let mut client = running.connect().await;
    let question = record(GET_VALUES, 0, &pairs(&[("FCGI_MAX_CONNS", "")])).repeat(1000);
    let mut sent = 0;
    // Until nothing is taken for a while.
    while timeout(Duration::from_secs(1), client.send(&question))
        .await
        .is_ok()
    {
        sent += question.len();
        // What the sockets of both sides hold, and some KiB of ours.
        assert!(sent < 32 << 20, "{sent} bytes were taken");
    }
}

#[tokio::test]
async fn any_bytes_are_survived() {
    let running = Running::start(async |_: Request| "hello");
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let good = {
        let mut bytes = begin(1, RESPONDER, true);
        bytes.extend(stream(
            PARAMS,
            1,
            &pairs(&client::request("POST", "/", "5")),
            20,
        ));
        bytes.extend(stream(STDIN, 1, b"hello", 2));
        bytes
    };
    for _ in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..1 + random() % 4 {
            let at = usize::try_from(random() % bytes.len() as u64).expect("an index");
            bytes[at] = u8::try_from(random() % 256).expect("a byte");
        }
        let mut client = running.connect().await;
        // The host may close before all is sent.
        let _ = tokio::io::AsyncWriteExt::write_all(client.stream(), &bytes).await;
        drop(client);
    }
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    assert!(client.answer(1).await.is_whole());
}
