//! Requests and answers, as with every version.

use enfilade_core::{Body, IntoResponse, Request, RequestExt, Response};
use enfilade_server::{Listen, Server};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::{
    certificates::Certificates,
    client::{Client, receive, server, start},
    support::{Running, curl},
};

/// Tells what it sees.
async fn facts(request: Request) -> String {
    let environ = request.environ();
    let facts = environ.connection();
    let tls = facts.tls.as_ref().expect("TLS was spoken");
    format!(
        "{:?} {} {} {} {} {} {} {}",
        environ.version(),
        facts.scheme,
        tls.version.as_deref().unwrap_or_default(),
        String::from_utf8_lossy(tls.alpn.as_deref().unwrap_or_default()),
        tls.sni.as_deref().unwrap_or_default(),
        tls.client_certificates.len(),
        facts.peer.ip().expect("it has one"),
        request.uri(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environ_tells_all() {
    let (server, certificates) = start(facts);
    let mut client = Client::of(&server, &certificates).await;
    let answer = client.get("/x?y").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.text(),
        format!(
            "HTTP/3.0 https TLSv1.3 h3 localhost 0 127.0.0.1 https://localhost:{}/x?y",
            server.addr().port()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_says_that_it_speaks_it_and_so_do_answers_over_tls() {
    let (server, certificates) = start(async |_: Request| "hello");
    let port = server.addr().port();
    assert_eq!(
        server.addresses[0].to_string(),
        format!("https://127.0.0.1:{port} (and HTTP/3)")
    );
    let url = format!("https://localhost:{port}/");
    let resolve = format!("localhost:{port}:127.0.0.1");
    let authority = certificates.text("authority.pem");
    let told = format!("alt-svc: h3=\":{port}\"; ma=86400");
    for version in ["--http1.1", "--http2"] {
        let answer = curl(&[
            "-i",
            version,
            "--cacert",
            &authority,
            "--resolve",
            &resolve,
            &url,
        ]);
        assert!(answer.contains(&told), "{answer}");
    }
    let mut client = Client::of(&server, &certificates).await;
    let answer = client.get("/").await;
    assert!(!answer.head.headers().contains_key(header::ALT_SVC));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_being_asked_for_it_is_neither_spoken_nor_announced() {
    let certificates = Certificates::new();
    let listen = Listen::at("127.0.0.1:0").with_tls(certificates.tls());
    let server = Running::at(listen, async |_: Request| "hello");
    let port = server.addr().port();
    let url = format!("https://127.0.0.1:{port}/");
    let answer = curl(&["-ik", &url]);
    assert!(
        answer.contains("hello") && !answer.contains("alt-svc"),
        "{answer}"
    );
    let free = std::net::UdpSocket::bind(server.addr());
    assert!(free.is_ok(), "{free:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_a_date_and_a_length_and_what_the_app_says_of_itself() {
    let certificates = Certificates::new();
    let server = server(&certificates).with_server_header(HeaderValue::from_static("here"));
    let server = Running::with(server, async |request: Request| match request.path_info() {
        "/own" => ([(header::DATE, "then"), (header::SERVER, "own")], "x").into_response(),
        _ => ([("set-cookie", "a=1"), ("set-cookie", "b=2")], "hello").into_response(),
    });
    let mut client = Client::of(&server, &certificates).await;
    let answer = client.get("/").await;
    let headers = answer.head.headers();
    assert_eq!(headers["content-length"], "5");
    assert_eq!(headers["server"], "here");
    assert!(headers["date"].to_str().expect("text").ends_with(" GMT"));
    let own = client.get("/own").await;
    assert_eq!(own.head.headers()["date"], "then");
    assert_eq!(own.head.headers()["server"], "own");
    assert_eq!(own.head.headers().get_all("date").iter().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_carries_no_body_has_none() {
    let (server, certificates) = start(async |request: Request| {
        let mut response = Response::new(Body::from("hello"));
        *response.status_mut() = match request.path_info() {
            "/204" => StatusCode::NO_CONTENT,
            "/304" => StatusCode::NOT_MODIFIED,
            _ => StatusCode::OK,
        };
        response
    });
    let mut client = Client::of(&server, &certificates).await;
    for path in ["/204", "/304"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status().to_string(), path[1..]);
        assert!(answer.body.is_empty());
    }
    let request = client.request(Method::HEAD, "/");
    let answer = client.send(request, b"").await;
    assert!(answer.body.is_empty());
    assert_eq!(client.get("/").await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_one_name_come_in_order_and_those_with_an_underscore_do_not() {
    let (server, certificates) = start(async |request: Request| {
        let headers = request.headers();
        assert!(!headers.keys().any(|name| name.as_str().contains('_')));
        let all: Vec<_> = headers.get_all("x-one").iter().collect();
        format!("{all:?}")
    });
    let mut client = Client::of(&server, &certificates).await;
    let mut request = client.request(Method::GET, "/");
    for (name, value) in [("x-one", "1"), ("x_two", "2"), ("x-one", "3")] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(name, value);
    }
    let answer = client.send(request, b"").await;
    assert_eq!(answer.text(), r#"["1", "3"]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_go_out_before_the_answer() {
    let (server, certificates) = start(async |request: Request| {
        let environ = request.environ();
        environ.early_hints([("link", "</a.css>; rel=preload")]);
        environ.early_hints([("link", "</b.css>; rel=preload")]);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        environ.early_hints([("link", "</c.css>; rel=preload")]);
        "hello"
    });
    let mut client = Client::of(&server, &certificates).await;
    let request = client.request(Method::GET, "/");
    let mut stream = client.begin(request).await;
    stream.finish().await.expect("it is read");
    let mut links = Vec::new();
    for _ in 0..3 {
        let early = stream.recv_response().await.expect("hints");
        assert_eq!(early.status(), StatusCode::EARLY_HINTS);
        links.push(early.headers()["link"].clone());
    }
    assert_eq!(
        links,
        [
            "</a.css>; rel=preload",
            "</b.css>; rel=preload",
            "</c.css>; rel=preload"
        ]
    );
    assert_eq!(receive(&mut stream).await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_hints_are_switched_off_there_are_none() {
    let certificates = Certificates::new();
    let server = server(&certificates).without_early_hints();
    let server = Running::with(server, async |request: Request| {
        let hinted = request.environ().early_hints([("link", "</a.css>")]);
        let can = request.environ().connection().capabilities.informational;
        format!("{hinted:?} {can}")
    });
    let mut client = Client::of(&server, &certificates).await;
    assert_eq!(client.get("/").await.text(), "Unsupported false");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_has_fields_of_the_connection_or_two_lengths() {
    let (server, certificates) = start(async |request: Request| {
        let mut response = Response::new(Body::from("no"));
        let fields: &[(&'static str, &'static str)] = match request.path_info() {
            "/old" => {
                *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
                &[("upgrade", "foo"), ("connection", "upgrade")]
            }
            _ => {
                let blocks = futures_util::stream::iter([Ok::<_, std::io::Error>("hello".into())]);
                *response.body_mut() = Body::stream(blocks);
                &[("content-length", "5"), ("content-length", "6")]
            }
        };
        for (name, value) in fields {
            response
                .headers_mut()
                .append(*name, HeaderValue::from_static(value));
        }
        response
    });
    let mut client = Client::of(&server, &certificates).await;
    let old = client.get("/old").await;
    assert_eq!(old.status(), 426);
    assert_eq!(old.text(), "no");
    for name in ["connection", "upgrade"] {
        assert!(!old.head.headers().contains_key(name), "{name}");
    }
    let two = client.get("/two").await;
    assert_eq!(two.text(), "hello");
    assert!(!two.head.headers().contains_key(header::CONTENT_LENGTH));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_500_and_others_on_the_connection_go_on() {
    let (server, certificates) = start(async |request: Request| match request.path_info() {
        "/panic" => panic!("on purpose"),
        _ => "hello",
    });
    let mut client = Client::of(&server, &certificates).await;
    assert_eq!(client.get("/panic").await.status(), 500);
    assert_eq!(client.get("/").await.text(), "hello");
    assert!(server.errors.lines()[0].contains("on purpose"));
}

#[tokio::test(flavor = "multi_thread")]
async fn connect_reaches_the_app_and_a_success_has_no_body() {
    let (server, certificates) = start(async |request: Request| {
        let mut response = format!("{} {}", request.method(), request.uri()).into_response();
        if request.uri().port_u16() == Some(1) {
            *response.status_mut() = StatusCode::FORBIDDEN;
        }
        response
    });
    let client = crate::client::Raw::of(&server, &certificates).await;
    for (asked, is_told) in [(b"a:1", true), (b"a:2", false)] {
        let request = [b"\x01\x08\0\0\xcf\x50\x03", &asked[..]].concat();
        let answer = client.ask(&request).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(answer.contains("CONNECT a:1"), is_told, "{answer:?}");
        assert!(!answer.contains("CONNECT a:2"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_run_at_once() {
    let (server, certificates) = start(async |request: Request| {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        request.path_info().to_owned()
    });
    let client = Client::of(&server, &certificates).await;
    let begun = std::time::Instant::now();
    let asked = (0..100).map(|number| {
        let mut sender = client.sender.clone();
        let request = client.request(Method::GET, &format!("/{number}"));
        async move {
            let mut stream = sender.send_request(request).await.expect("it is open");
            stream.finish().await.expect("it is read");
            assert_eq!(receive(&mut stream).await.text(), format!("/{number}"));
        }
    });
    futures_util::future::join_all(asked).await;
    // One after the other they would take five seconds.
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_go_both_ways() {
    let (server, certificates) = start(async |request: Request| {
        let (_, trailers) = crate::bodies::read(request.into_body())
            .await
            .expect("all of it");
        let trailers = trailers.unwrap_or_default();
        let mut back = HeaderMap::new();
        back.insert("set-cookie", HeaderValue::from_static("too-late=1"));
        back.insert("x-back", trailers["x-sum"].clone());
        let frames = [
            Ok::<_, std::convert::Infallible>(http_body::Frame::data("hello".into())),
            Ok(http_body::Frame::trailers(back)),
        ];
        let frames = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
        Response::new(Body::new(frames))
    });
    let mut client = Client::of(&server, &certificates).await;
    let request = client.request(Method::POST, "/");
    let mut stream = client.begin(request).await;
    stream.send_data("abc".into()).await.expect("it is read");
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("3"));
    stream.send_trailers(trailers).await.expect("it is read");
    stream.finish().await.expect("it is read");
    let answer = receive(&mut stream).await;
    assert_eq!(answer.text(), "hello");
    let trailers = answer.trailers.expect("trailers");
    assert_eq!(
        (trailers.len(), &trailers["x-back"]),
        (1, &HeaderValue::from_static("3"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_say_nothing_that_only_a_head_may_say() {
    let (server, certificates) = start(async |request: Request| {
        crate::bodies::read(request.into_body()).await?;
        Ok::<_, enfilade_core::Error>(Response::new("all of it".into()))
    });
    let mut client = Client::of(&server, &certificates).await;
    for (name, status) in [("x-sum", 200), ("authorization", 400), ("x_sum", 400)] {
        let request = client.request(Method::POST, "/");
        let mut stream = client.begin(request).await;
        stream.send_data("abc".into()).await.expect("it is read");
        let mut trailers = HeaderMap::new();
        trailers.insert(name, HeaderValue::from_static("3"));
        stream.send_trailers(trailers).await.expect("it is read");
        stream.finish().await.expect("it is read");
        let answer = receive(&mut stream).await;
        assert_eq!(answer.head.status(), status, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_tls_and_a_port() {
    let certificates = Certificates::new();
    for (listen, says) in [
        (Listen::at("127.0.0.1:0").with_http3(), "beside TLS alone"),
        (
            Listen::at(certificates.path("x.sock"))
                .with_tls(certificates.tls())
                .with_http3(),
            "over UDP",
        ),
    ] {
        let error = Server::bind(listen).listen().expect_err("it cannot start");
        assert!(error.to_string().contains(says), "{error}");
    }
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let place = taken.local_addr().expect("an address");
    let listen = Listen::at(place).with_tls(certificates.tls()).with_http3();
    let error = Server::bind(listen).listen().expect_err("it cannot start");
    assert!(error.to_string().contains("is in use"), "{error}");
}
