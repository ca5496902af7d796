//! What each kind of sender tells, and how it is answered.

use enfilade_adapters::lambda::{EventContext, Invocation};
use enfilade_core::{IntoResponse, Request, RequestExt, Response, Result};
use http::{HeaderValue, header::SET_COOKIE};
use serde_json::{Value, json};

use crate::{
    FUNCTION_URL, HTTP_API, LOAD_BALANCER, LOAD_BALANCER_MULTI_VALUE, REST_API, REST_API_BASE_PATH,
    answered,
};

/// Everything that reaches an app, as text.
async fn tell(mut request: Request) -> Result<Response> {
    let mut told = format!(
        "{} {} + {} ? {}\n",
        request.method(),
        request.script_name(),
        request.path_info(),
        request.uri().query().unwrap_or("-"),
    );
    let facts = request.environ().connection();
    told += &format!(
        "{}://{}:{} {:?} from {} at {}\n",
        facts.scheme,
        facts.server_name,
        facts.server_port,
        request.environ().version(),
        facts.peer,
        facts.host,
    );
    for name in ["cookie", "content-length", "x-twice"] {
        let values: Vec<_> = request.headers().get_all(name).iter().collect();
        told += &format!("{name}: {values:?}\n");
    }
    let body = std::mem::take(request.body_mut()).into_bytes(100).await?;
    told += &format!("{body:?}\n");
    let mut response = told.into_response();
    for cookie in ["a=1", "b=2"] {
        response
            .headers_mut()
            .append(SET_COOKIE, HeaderValue::from_static(cookie));
    }
    Ok(response)
}

#[tokio::test]
async fn a_rest_api_loses_nothing() {
    let answer = answered(REST_API, tell).await;
    assert_eq!(
        answer["body"],
        "POST /Prod + /a%20b%2Fc//d ? q=1&q=2&p=x%20y\n\
         https://70ixmpl4fl.execute-api.us-east-2.amazonaws.com:443 HTTP/1.1 from 192.0.2.7 at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: [\"2\"]\nx-twice: [\"one\", \"two\"]\n\
         b\"\\0\\xff\"\n"
    );
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(
        answer["multiValueHeaders"]["set-cookie"],
        json!(["a=1", "b=2"])
    );
}

#[tokio::test]
async fn the_base_path_of_a_custom_domain_is_the_script_name() {
    let answer = answered(REST_API_BASE_PATH, tell).await;
    assert_eq!(
        answer["body"],
        "GET /shop + /users/7 ? -\n\
         https://api.example.org:443 HTTP/1.1 from 2001:db8::7 at lambda\n\
         cookie: []\ncontent-length: []\nx-twice: []\nb\"\"\n"
    );
}

#[tokio::test]
async fn an_http_api_loses_nothing() {
    let answer = answered(HTTP_API, tell).await;
    assert_eq!(
        answer["body"],
        "PUT /dev + /a%20b/c ? q=1&q=2&p=x%20y\n\
         https://r3pmxmplak.execute-api.us-east-2.amazonaws.com:443 HTTP/1.1 from 192.0.2.7 at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: [\"5\"]\nx-twice: [\"one,two\"]\n\
         b\"hello\"\n"
    );
    assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(answer["headers"]["set-cookie"], Value::Null);
}

#[tokio::test]
async fn a_function_url_loses_nothing() {
    let answer = answered(FUNCTION_URL, tell).await;
    assert_eq!(
        answer["body"],
        "GET  + /a%20b%2Fc//d ? q=1&q=2\n\
         https://id.lambda-url.us-east-2.on.aws:443 HTTP/1.1 from 2001:db8::7 at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: []\nx-twice: []\nb\"\"\n"
    );
    assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
}

#[tokio::test]
async fn a_load_balancer_loses_nothing() {
    let answer = answered(LOAD_BALANCER, tell).await;
    assert_eq!(
        answer["body"],
        "GET  + /a%20b%2Fc//d ? q=2&p=x%20y\n\
         http://lambda-846800462-us-east-2.elb.amazonaws.com:80 HTTP/1.1 from - at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: []\nx-twice: []\nb\"\"\n"
    );
    assert_eq!(answer["statusDescription"], "200 OK");
    assert_eq!(answer["headers"]["set-cookie"], "a=1");
    assert_eq!(answer["headers"]["Set-cookie"], "b=2");
    let answer = answered(LOAD_BALANCER_MULTI_VALUE, tell).await;
    let body = answer["body"].as_str().expect("text");
    assert!(body.contains("x-twice: [\"one\", \"two\"]"), "{body}");
    assert!(body.contains("? q=1&q=2\n"), "{body}");
    assert_eq!(
        answer["multiValueHeaders"]["set-cookie"],
        json!(["a=1", "b=2"])
    );
}

#[tokio::test]
async fn the_context_of_the_event_is_at_hand() {
    let app = async |request: Request| match Invocation::of(&request) {
        Some(invocation) => match &invocation.context {
            EventContext::ApiGatewayV1(context) => {
                let level = &context.authorizer.fields["level"];
                format!("{} {level}", invocation.request_id)
            }
            other => format!("{other:?}"),
        },
        None => "no invocation".to_owned(),
    };
    assert_eq!(answered(REST_API, app).await["body"], "request-0 \"3\"");
}

#[tokio::test]
async fn bytes_that_are_no_text_arrive_in_base64() {
    let answer = answered(FUNCTION_URL, async |_: Request| &b"\xff\0"[..]).await;
    assert_eq!(
        (&answer["body"], &answer["isBase64Encoded"]),
        (&json!("/wA="), &json!(true))
    );
}
