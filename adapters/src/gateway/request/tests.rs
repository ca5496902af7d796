use enfilade_core::{Peer, RequestExt};

use super::*;

fn variables(sent: &[(&'static str, &'static str)]) -> Variables {
    let mut variables = Variables::new();
    for (name, value) in sent {
        variables.push(*name, *value).expect("room");
    }
    variables
}

fn read(sent: &[(&'static str, &'static str)], import: &Import) -> Result<Request, BadRequest> {
    let facts = Connection::default();
    request_from(variables(sent), import, facts, Body::empty())
}

fn get(more: &[(&'static str, &'static str)]) -> Result<Request, BadRequest> {
    let sent = [&[("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/")], more].concat();
    read(&sent, &Import::new())
}

#[test]
fn a_request_is_made_of_what_nginx_sends() {
    // Stock `fastcgi_params` and a `SCRIPT_NAME` of the operator's.
    let sent = [
        ("QUERY_STRING", "q=1%20&x=/"),
        ("REQUEST_METHOD", "POST"),
        ("CONTENT_TYPE", "text/plain"),
        ("CONTENT_LENGTH", "5"),
        ("SCRIPT_NAME", "/f/a b/c/e;p=1/é"),
        ("REQUEST_URI", "/f/a%20b%2Fc//d/../e;p=1/%C3%A9?q=1%20&x=/"),
        ("DOCUMENT_URI", "/f/a b/c/e;p=1/é"),
        ("DOCUMENT_ROOT", "/usr/share/nginx/html"),
        ("SERVER_PROTOCOL", "HTTP/2.0"),
        ("REQUEST_SCHEME", "http"),
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_SOFTWARE", "nginx/1.22.1"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("REMOTE_PORT", "54321"),
        ("REMOTE_USER", "eve"),
        ("SERVER_ADDR", "127.0.0.1"),
        ("SERVER_PORT", "8888"),
        ("SERVER_NAME", "ex.test"),
        ("REDIRECT_STATUS", "200"),
        ("SCRIPT_NAME", ""),
        ("HTTP_HOST", "ex.test:8888"),
        ("HTTP_CONTENT_LENGTH", "5"),
        ("HTTP_TRANSFER_ENCODING", "chunked"),
    ];
    let request = read(&sent, &Import::new().with_mount("/f")).expect("a request");
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "/f/a%20b%2Fc//d/../e;p=1/%C3%A9?q=1%20&x=/");
    assert_eq!(request.script_name(), "/f");
    assert_eq!(request.version(), Version::HTTP_2);
    assert_eq!(request.environ().version(), Version::HTTP_2);
    assert_eq!(request.host(), "ex.test:8888");
    assert_eq!(*request.peer(), Peer::Inet(([127, 0, 0, 1], 54321).into()));
    let names: Vec<_> = request
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    assert_eq!(names, ["host", "content-type", "content-length"]);
    assert!(request.extensions().get::<User>().is_none(), "not trusted");
    let variables = request.extension::<Variables>().expect("the variables");
    assert_eq!(variables.get("REDIRECT_STATUS").expect("it"), "200");
}

#[test]
fn a_user_is_known_where_the_web_server_is_trusted_and_not_otherwise() {
    let sent = [
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", "/"),
        ("REMOTE_USER", "Zoë"),
    ];
    let user = |import| {
        let request = read(&sent, &import).expect("a request");
        request.extensions().get::<User>().cloned()
    };
    assert_eq!(user(Import::new()), None);
    let trusting = user(Import::new().with_remote_user());
    assert_eq!(trusting, Some(User::new("Zoë")));

    let forged = [&sent[..2], &[("REMOTE_USER", "eve\nroot")]].concat();
    assert!(read(&forged, &Import::new()).is_ok(), "it is not looked at");
    let refused = read(&forged, &Import::new().with_remote_user()).err();
    let refused = refused.expect("a control character").to_string();
    assert_eq!(refused, "REMOTE_USER holds a control character");
}

#[test]
fn a_length_is_digits_and_nothing_else() {
    for (length, bytes) in [
        ("", None),
        ("0", Some(0)),
        ("007", Some(7)),
        ("18446744073709551615", Some(u64::MAX)),
    ] {
        let read = content_length(&variables(&[("CONTENT_LENGTH", length)]));
        assert_eq!(read, Ok(bytes), "{length:?}");
    }
    for length in [
        "-1",
        "+5",
        "5 5",
        " 5",
        "5,5",
        "0x5",
        "18446744073709551616",
        "٣",
    ] {
        let refused = get(&[("CONTENT_LENGTH", length)]).expect_err(length);
        assert_eq!(refused.to_string(), "CONTENT_LENGTH is no length");
    }
}

#[test]
fn two_lengths_are_one_or_none() {
    let twice = |second| {
        content_length(&variables(&[
            ("CONTENT_LENGTH", "5"),
            ("CONTENT_LENGTH", second),
        ]))
    };
    assert_eq!(twice("5"), Ok(Some(5)));
    assert_eq!(twice(""), Ok(Some(5)));
    assert!(twice("99").is_err());
}

#[test]
fn a_version_is_read_as_the_client_spoke_it() {
    for (sent, version) in [
        ("HTTP/1.1", Version::HTTP_11),
        ("HTTP/1.0", Version::HTTP_10),
        ("HTTP/2.0", Version::HTTP_2),
        ("HTTP/3", Version::HTTP_3),
        ("INCLUDED", Version::HTTP_10),
        ("", Version::HTTP_10),
    ] {
        let request = get(&[("SERVER_PROTOCOL", sent)]).expect(sent);
        assert_eq!(request.version(), version, "{sent}");
    }
    assert!(get(&[("SERVER_PROTOCOL", "https")]).is_err());
}

#[test]
fn a_request_without_a_method_or_with_a_hostile_one_is_refused() {
    let refused = read(&[("REQUEST_URI", "/")], &Import::new()).expect_err("no method");
    assert_eq!(refused, BadRequest::Missing("REQUEST_METHOD"));
    assert_eq!(refused.into_error().status_code(), 400);
    for method in ["GE T", "GET\r\n", "é", "(GET)"] {
        let sent = [("REQUEST_METHOD", method), ("REQUEST_URI", "/")];
        assert!(read(&sent, &Import::new()).is_err(), "{method:?}");
    }
    let sent = [("REQUEST_METHOD", "brew"), ("REQUEST_URI", "/")];
    let request = read(&sent, &Import::new()).expect("a token");
    assert_eq!(request.method(), "brew", "its case is kept");
}

#[test]
fn the_query_is_that_of_the_target_and_may_be_absent() {
    assert_eq!(get(&[]).expect("a request").uri().query(), None);
    let sent = [
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", "/?"),
        ("QUERY_STRING", ""),
    ];
    let request = read(&sent, &Import::new()).expect("a request");
    assert_eq!(request.uri().query(), Some(""));
}

#[test]
fn a_length_of_nothing_is_told_with_methods_that_expect_something() {
    for (method, told) in [
        ("GET", false),
        ("HEAD", false),
        ("DELETE", false),
        ("POST", true),
    ] {
        let sent = [
            ("REQUEST_METHOD", method),
            ("REQUEST_URI", "/"),
            ("CONTENT_LENGTH", "0"),
        ];
        let request = read(&sent, &Import::new()).expect("a request");
        assert_eq!(
            request.headers().contains_key("content-length"),
            told,
            "{method}"
        );
    }
}
