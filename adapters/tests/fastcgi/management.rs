use enfilade_core::Request;

use crate::{
    client::{self, Client, GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE, pairs, record},
    support::Running,
};

async fn values<S>(client: &mut Client<S>, names: &[&str]) -> Vec<u8>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let names: Vec<_> = names.iter().map(|name| (*name, "")).collect();
    client.send(&record(GET_VALUES, 0, &pairs(&names))).await;
    let result = client.record().await.expect("a result");
    assert_eq!((result.kind, result.id), (GET_VALUES_RESULT, 0));
    result.content
}

#[tokio::test]
async fn values_are_told_at_any_time_and_unknown_ones_are_left_out() {
    let running = Running::start(async |_: Request| "hello");
    let mut client = running.connect().await;
    let all = [
        "FCGI_MAX_CONNS",
        "FCGI_MAX_REQS",
        "NO_SUCH",
        "FCGI_MPXS_CONNS",
    ];
    let expected = pairs(&[
        ("FCGI_MAX_CONNS", "1024"),
        ("FCGI_MAX_REQS", "1024"),
        ("FCGI_MPXS_CONNS", "0"),
    ]);
    assert_eq!(values(&mut client, &all).await, expected);
    client
        .send(&client::begin(1, client::RESPONDER, true))
        .await;
    assert_eq!(values(&mut client, &all).await, expected);
    let params = pairs(&client::get("/"));
    client.send(&record(client::PARAMS, 1, &params)).await;
    assert_eq!(values(&mut client, &["NO_SUCH"]).await, b"");
    client.send(&record(client::PARAMS, 1, b"")).await;
    client.send(&record(client::STDIN, 1, b"")).await;
    assert_eq!(client.answer(1).await.text(), "hello");
    assert_eq!(values(&mut client, &all).await, expected);
}

#[tokio::test]
async fn values_say_what_was_declared() {
    let options = |host: enfilade_adapters::FastCgi| host.with_max_requests(7).with_multiplexing(5);
    let running = Running::start_with(options, async |_: Request| "hello");
    let mut client = running.connect().await;
    assert_eq!(
        values(
            &mut client,
            &["FCGI_MPXS_CONNS", "FCGI_MAX_REQS", "FCGI_MAX_CONNS"]
        )
        .await,
        pairs(&[
            ("FCGI_MPXS_CONNS", "1"),
            ("FCGI_MAX_REQS", "5"),
            ("FCGI_MAX_CONNS", "7")
        ])
    );
}

#[tokio::test]
async fn unknown_management_records_are_said_to_be_unknown() {
    let running = Running::start(async |_: Request| "hello");
    let mut client = running.connect().await;
    for kind in [0, 1, 5, 10, 11, 12, 255] {
        client
            .send(&client::padded_record(kind, 0, b"whatever", 3))
            .await;
        let answer = client.record().await.expect("an answer");
        assert_eq!((answer.kind, answer.id), (UNKNOWN_TYPE, 0));
        assert_eq!(answer.content, [kind, 0, 0, 0, 0, 0, 0, 0]);
    }
    client.ask(1, &client::get("/"), b"").await;
    assert!(client.answer(1).await.is_whole());
}
