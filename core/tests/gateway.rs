//! What a gateway does about upgrades, and about answers that are none.

use std::sync::{Arc, Mutex};

use enfilade_core::{
    App, Connection, Environ, ErrorSink, Gateway, Request, RequestExt, Response, Upgrade,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl ErrorSink for Lines {
    fn report(&self, line: &str) {
        self.0.lock().expect("no panic").push(line.to_owned());
    }
}

/// What a client sends that asks for another protocol, and more of its hop.
const ASKING: [(&str, &str); 8] = [
    ("connection", "keep-alive, Upgrade, X-Hop"),
    ("connection", "sec-websocket-key"),
    ("upgrade", "websocket"),
    ("keep-alive", "timeout=5"),
    ("te", "trailers"),
    ("x-hop", "1"),
    ("x-end", "2"),
    ("sec-websocket-version", "13"),
];

fn request(offered: bool, errors: &Lines) -> Request {
    let mut request = Request::default();
    for (name, value) in ASKING {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(name, value);
    }
    let mut connection = Connection::default();
    connection.errors = Arc::new(errors.clone());
    let mut environ = Environ::new(Arc::new(connection), Version::HTTP_11);
    if offered {
        environ.set_upgrade(Upgrade::new(HeaderValue::from_static("websocket")));
    }
    request.extensions_mut().insert(environ);
    request
}

fn fields(headers: &HeaderMap) -> Vec<String> {
    let mut fields: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn of_the_fields_of_the_hop_an_app_sees_those_of_an_upgrade_that_is_offered() {
    let gateway = Gateway::new(async |request: Request| fields(request.headers()).join("\n"));
    let of_the_upgrade = ["connection: upgrade", "upgrade: websocket"];
    for (offered, more) in [(true, &of_the_upgrade[..]), (false, &[])] {
        let response = gateway.answer(request(offered, &Lines::default())).await;
        let seen = response.into_body().into_bytes(1000).await.expect("text");
        let mut expected = vec!["sec-websocket-version: 13", "x-end: 2"];
        expected.extend(more);
        expected.sort_unstable();
        assert_eq!(seen, expected.join("\n"), "{offered}");
    }
}

fn informational(status: u16) -> impl App {
    move |_: Request| async move {
        http::Response::builder()
            .status(status)
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "upgrade")
            .header(header::ETAG, "\"1\"")
            .header("x-request-id", "7")
            .body("nothing".into())
            .expect("a response") as Response
    }
}

#[tokio::test]
async fn an_informational_status_is_no_answer() {
    for (status, offered, reason) in [
        (100, true, "100 Continue"),
        (103, false, "103 Early Hints"),
        (199, false, "199 <unknown status code>"),
        (101, false, "101 Switching Protocols"),
    ] {
        let errors = Lines::default();
        let gateway = Gateway::new(informational(status));
        let response = gateway.answer(request(offered, &errors)).await;
        assert_eq!(response.status(), 500, "{status}");
        assert_eq!(
            fields(response.headers()),
            [
                "content-type: text/plain; charset=utf-8",
                "vary: accept",
                "x-request-id: 7"
            ],
            "{status}"
        );
        let body = response.into_body().into_bytes(1000).await.expect("a body");
        assert_eq!(body, "Internal Server Error\n", "{status}");
        let line = format!("the app answered {reason}, which is no final status");
        assert_eq!(*errors.0.lock().expect("no panic"), [line]);
    }
}

#[tokio::test]
async fn an_informational_status_is_no_answer_to_head_either() {
    let errors = Lines::default();
    let mut asked = request(false, &errors);
    *asked.method_mut() = Method::HEAD;
    let response = Gateway::new(informational(103)).answer(asked).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.body().in_memory_len(), Some(0));
    assert_eq!(errors.0.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn an_upgrade_that_was_offered_may_be_accepted() {
    let errors = Lines::default();
    let gateway = Gateway::new(async |request: Request| {
        let upgrade = request.environ().upgrade().cloned();
        upgrade.expect("it is offered").accept(|_| async {})
    });
    let response = gateway.answer(request(true, &errors)).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(
        fields(response.headers()),
        ["connection: upgrade", "upgrade: websocket"]
    );
    assert!(errors.0.lock().expect("no panic").is_empty());
}
