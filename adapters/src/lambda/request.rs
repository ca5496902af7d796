//! From an event to a request: [`request`].

use std::{net::IpAddr, sync::Arc};

use enfilade_core::{
    Body, Connection, Environ, Error, Peer, Request, Result, host::strip_hop_by_hop,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri, Version,
    header::{CONTENT_LENGTH, COOKIE},
    uri::{PathAndQuery, Scheme},
};

use super::{EventContext, escape, event::Event, target::Target};
use crate::host_name::host_name;

/// The request that `event` tells of; `facts` are those of the host.
pub(super) fn request(
    event: &mut Event,
    base: Option<&str>,
    mut facts: Connection,
) -> Result<Request> {
    let body = event.take_body()?;
    let target = Target::of(event, base);
    describe(event, &mut facts);
    let mut request = Request::default();
    *request.method_mut() = method(event)?;
    *request.uri_mut() = uri(event, &target)?;
    *request.version_mut() = version(&event.context);
    *request.headers_mut() = headers(event, body.len())?;
    *request.body_mut() = Body::from(body);
    let environ = Environ::new(Arc::new(facts), request.version());
    let environ = environ.with_script_name(target.script_name);
    request.extensions_mut().insert(environ);
    Ok(request)
}

/// The method of the request that `event` tells of.
pub(super) fn method(event: &Event) -> Result<Method> {
    Ok(match &event.context {
        EventContext::ApiGatewayV2(context) => context.http.method.clone(),
        EventContext::FunctionUrl(context) => parsed(context.http.method.as_deref().unwrap_or(""))?,
        EventContext::ApiGatewayV1(_) | EventContext::LoadBalancer(_) => parsed(event.method())?,
    })
}

fn parsed(method: &str) -> Result<Method> {
    method.parse().map_err(|_| malformed("method"))
}

/// The target, in origin form: there is nobody to whom a proxy's form could be meant.
fn uri(event: &Event, target: &Target) -> Result<Uri> {
    let query = match (event.raw_query(), &event.context) {
        (Some(raw), _) => escape::query(raw),
        // Balancers leave the parameters as they were sent.
        (None, EventContext::LoadBalancer(_)) => escape::parameters(event.query(), false),
        (None, _) => escape::parameters(event.query(), true),
    };
    let target = if query.is_empty() {
        target.path.clone()
    } else {
        format!("{}?{query}", target.path)
    };
    let target = PathAndQuery::try_from(target).map_err(|_| malformed("target"))?;
    Ok(Uri::from(target))
}

fn version(context: &EventContext) -> Version {
    let protocol = match context {
        EventContext::ApiGatewayV1(context) => context.protocol.as_deref(),
        EventContext::ApiGatewayV2(context) => context.http.protocol.as_deref(),
        EventContext::FunctionUrl(context) => context.http.protocol.as_deref(),
        EventContext::LoadBalancer(_) => None,
    };
    match protocol {
        Some("HTTP/1.0") => Version::HTTP_10,
        Some("HTTP/2.0" | "HTTP/2") => Version::HTTP_2,
        Some("HTTP/3.0" | "HTTP/3") => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

fn headers(event: &Event, length: usize) -> Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(event.headers().len());
    for (name, value) in event.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed("field"))?;
        let value = HeaderValue::from_str(value).map_err(|_| malformed("field"))?;
        headers
            .try_append(name, value)
            .map_err(|_| Error::status(431).message("the request has too many fields"))?;
    }
    if let Some(cookies) = event.cookies().filter(|cookies| !cookies.is_empty()) {
        // One field, as clients send it (RFC 6265, section 5.4). Function URLs leave theirs beside.
        let cookies = HeaderValue::from_str(&cookies.join("; "));
        headers.insert(COOKIE, cookies.map_err(|_| malformed("cookie"))?);
    }
    strip_hop_by_hop(&mut headers);
    // What came in chunks has been put together, and text may have been recoded on the way.
    if length > 0 || headers.contains_key(CONTENT_LENGTH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(headers)
}

/// The facts that the event knows. What a balancer appends to `X-Forwarded-For` is left to whoever
/// knows how it is configured: it may as well pass on what the client has written there.
fn describe(event: &Event, facts: &mut Connection) {
    let (domain, source) = match &event.context {
        EventContext::ApiGatewayV1(context) => (&context.domain_name, &context.identity.source_ip),
        EventContext::ApiGatewayV2(context) => (&context.domain_name, &context.http.source_ip),
        EventContext::FunctionUrl(context) => (&context.domain_name, &context.http.source_ip),
        EventContext::LoadBalancer(_) => (&None, &None),
    };
    let is_plain = matches!(event.context, EventContext::LoadBalancer(_))
        && event.header("x-forwarded-proto") == Some("http");
    (facts.scheme, facts.server_port) = match is_plain {
        true => (Scheme::HTTP, 80),
        false => (Scheme::HTTPS, 443),
    };
    if let EventContext::LoadBalancer(_) = event.context
        && let Some(port) = event
            .header("x-forwarded-port")
            .and_then(|port| port.parse().ok())
    {
        facts.server_port = port;
    }
    // A client may send a `Host` without a name, as far as HTTP goes: then it stays `localhost`.
    let told = [domain.as_deref(), event.header("host")];
    if let Some(name) = told.into_iter().flatten().find_map(host_name) {
        facts.server_name = name;
    }
    let source = source.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok());
    // The port is not told.
    facts.peer = source.map_or(Peer::Unknown, |ip| Peer::inet((ip, 0).into()));
}

fn malformed(what: &str) -> Error {
    Error::bad_request().message(format!("the event has a malformed {what}"))
}

#[cfg(test)]
mod tests {
    use enfilade_core::RequestExt;
    use serde_json::{Value, json};

    use super::*;

    fn read(event: &Value) -> Result<Request> {
        let mut event = Event::read(event.to_string().as_bytes()).expect("an event");
        request(&mut event, None, Connection::default())
    }

    fn rest(event: &Value) -> Result<Request> {
        let mut whole = json!({
            "httpMethod": "GET", "path": "/", "requestContext": {"httpMethod": "GET"},
        });
        for (name, value) in event.as_object().expect("an object") {
            whole[name] = value.clone();
        }
        read(&whole)
    }

    #[test]
    fn what_is_malformed_is_the_senders_error_and_no_default() {
        for event in [
            json!({"httpMethod": "GE T"}),
            json!({"httpMethod": ""}),
            json!({"headers": {"a b": "1"}}),
            json!({"headers": {"a": "1\n2"}}),
            json!({"body": "%%", "isBase64Encoded": true}),
        ] {
            let status = rest(&event).map_err(|error| error.status_code());
            assert_eq!(status.err(), Some(http::StatusCode::BAD_REQUEST), "{event}");
        }
    }

    #[test]
    fn fields_keep_their_repetitions_and_lose_the_hop() {
        let request = rest(&json!({
            "multiValueHeaders": {"X-A": ["1", "2"], "Connection": ["x-b"], "X-B": ["3"]},
            "headers": {"X-A": "2"},
        }))
        .expect("a request");
        let values: Vec<_> = request.headers().get_all("x-a").iter().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(request.headers().len(), 2);
    }

    #[test]
    fn cookies_are_one_field() {
        let request = read(&json!({
            "rawPath": "/", "cookies": ["a=1", "b=2"], "headers": {"cookie": "a=1,b=2"},
            "requestContext": {"timeEpoch": 1, "http": {"method": "GET"}},
        }))
        .expect("a request");
        let values: Vec<_> = request.headers().get_all(COOKIE).iter().collect();
        assert_eq!(values, ["a=1; b=2"]);
    }

    #[test]
    fn a_body_has_the_length_that_it_has() {
        for (body, is_base64, length) in [
            (json!("h\u{e9}llo"), false, Some("6")),
            (json!("aGk="), true, Some("2")),
            (Value::Null, false, None),
        ] {
            let event = json!({"body": body, "isBase64Encoded": is_base64});
            let request = rest(&event).expect("a request");
            let claimed = request.headers().get(CONTENT_LENGTH);
            assert_eq!(
                claimed.map(HeaderValue::as_bytes),
                length.map(str::as_bytes)
            );
        }
        let request = rest(&json!({"headers": {"Content-Length": "9"}})).expect("a request");
        assert_eq!(request.headers()[CONTENT_LENGTH], "0");
    }

    #[test]
    fn parameters_are_in_the_query_as_they_came() {
        let event = r#"{
            "httpMethod": "GET", "path": "/", "requestContext": {"httpMethod": "GET"},
            "multiValueQueryStringParameters": {"z": ["1", "2 &"], "a": ["é"]}
        }"#;
        let mut event = Event::read(event.as_bytes()).expect("an event");
        let request = request(&mut event, None, Connection::default()).expect("a request");
        assert_eq!(request.uri(), "/?z=1&z=2%20%26&a=%C3%A9");
        let balanced = json!({
            "multiValueQueryStringParameters": {"z%5B": ["1+2", "%26"]},
            "requestContext": {"elb": {}},
        });
        assert_eq!(
            rest(&balanced).expect("a request").uri(),
            "/?z%5B=1+2&z%5B=%26"
        );
    }

    #[test]
    fn a_balancer_tells_how_it_was_reached() {
        let request = rest(&json!({
            "requestContext": {"elb": {}},
            "headers": {
                "host": "site.example.org:8080", "x-forwarded-proto": "http",
                "x-forwarded-port": "8080", "x-forwarded-for": "192.0.2.1",
            },
        }))
        .expect("a request");
        let facts = request.environ().connection();
        assert_eq!((&facts.scheme, facts.server_port), (&Scheme::HTTP, 8080));
        assert_eq!(
            (&*facts.server_name, &facts.peer),
            ("site.example.org", &Peer::Unknown)
        );
    }

    #[test]
    fn the_name_of_the_server_is_never_empty_and_has_neither_port_nor_brackets() {
        for (host, name) in [
            ("a.example:8080", "a.example"),
            ("[::1]:80", "::1"),
            ("::1", "::1"),
            (":80", "localhost"),
            ("", "localhost"),
        ] {
            let event = json!({"requestContext": {"elb": {}}, "headers": {"host": host}});
            let request = rest(&event).expect("a request");
            let facts = request.environ().connection();
            assert_eq!(&*facts.server_name, name, "{host:?}");
        }
    }
}
