//! From a response to what Lambda takes: [`Form`], and the head of a stream.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::SET_COOKIE, response::Parts};
use serde::Serialize;

use super::{EventContext, event::Event};

/// How a sender takes a whole response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// All values of a field in a list.
    RestApi,
    /// One value a field, and the cookies apart: HTTP APIs and function URLs.
    HttpApi,
    /// One value a field, or all in a list, as the target group is set up.
    LoadBalancer { is_multi_value: bool },
}

impl Form {
    pub(super) fn of(event: &Event) -> Form {
        match event.context {
            EventContext::ApiGatewayV1(_) => Form::RestApi,
            EventContext::ApiGatewayV2(_) | EventContext::FunctionUrl(_) => Form::HttpApi,
            EventContext::LoadBalancer(_) => Form::LoadBalancer {
                is_multi_value: event.is_multi_value(),
            },
        }
    }

    /// How many bytes of JSON the sender takes. Lambda takes 6 MiB as one answer, and more only as
    /// a stream; API Gateway would take more, and a load balancer takes 1 MB, of which nobody says
    /// how many bytes it is.
    pub(super) const fn largest(self) -> usize {
        match self {
            Form::RestApi | Form::HttpApi => 6 << 20,
            Form::LoadBalancer { .. } => 1 << 20,
        }
    }

    /// The response as JSON.
    pub(super) fn whole(self, head: &Parts, body: &[u8]) -> Vec<u8> {
        let fields = &head.headers;
        let mut reply = Reply::new(head.status);
        match self {
            Form::RestApi => reply.multi_value_headers = Some(many(fields)),
            Form::HttpApi => {
                reply.headers = Some(one(fields));
                reply.cookies = cookies(fields);
            }
            Form::LoadBalancer { is_multi_value } => {
                reply.status_description = Some(described(head.status));
                if is_multi_value {
                    reply.multi_value_headers = Some(many(fields));
                } else {
                    let mut all = one(fields);
                    all.extend(spellings().zip(cookies(fields)));
                    reply.headers = Some(all);
                }
            }
        }
        // What is text in JSON arrives as it is; base64 is for what is not.
        let text = std::str::from_utf8(body).map(str::to_owned);
        reply.is_base64_encoded = Some(text.is_err());
        reply.body = Some(text.unwrap_or_else(|_| STANDARD.encode(body)));
        reply.json()
    }
}

/// The head of a stream: JSON, and eight zeros in front of the body.
pub(super) fn prelude(head: &Parts) -> Vec<u8> {
    let mut reply = Reply::new(head.status);
    reply.headers = Some(one(&head.headers));
    reply.cookies = cookies(&head.headers);
    let mut prelude = reply.json();
    prelude.extend([0; 8]);
    prelude
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_base64_encoded: Option<bool>,
}

impl Reply {
    fn new(status: StatusCode) -> Reply {
        Reply {
            status_code: status.as_u16(),
            ..Reply::default()
        }
    }

    fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts are JSON")
    }
}

fn many(fields: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let name = |name: &HeaderName| name.as_str().to_owned();
    let values = |name| fields.get_all(name).iter().map(text).collect();
    fields.keys().map(|key| (name(key), values(key))).collect()
}

/// Fields that may be repeated may be joined (RFC 9110, section 5.3), but for cookies.
fn one(fields: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::new();
    for name in fields.keys().filter(|name| *name != SET_COOKIE) {
        let values: Vec<String> = fields.get_all(name).iter().map(text).collect();
        joined.insert(name.as_str().to_owned(), values.join(", "));
    }
    joined
}

fn cookies(fields: &HeaderMap) -> Vec<String> {
    fields.get_all(SET_COOKIE).iter().map(text).collect()
}

/// JSON has no bytes: what is not UTF-8 is taken for ISO 8859-1, as HTTP once said.
fn text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}

fn described(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    format!("{} {reason}", status.as_u16())
}

/// The 512 spellings of `set-cookie`, upper and lower case: where a field has one value, each
/// cookie is a field of its own.
fn spellings() -> impl Iterator<Item = String> {
    (0u32..512).map(|choice| {
        let mut letters = 0;
        let spell = |c: char| {
            if !c.is_ascii_alphabetic() {
                return c;
            }
            letters += 1;
            match choice >> (letters - 1) & 1 {
                0 => c,
                _ => c.to_ascii_uppercase(),
            }
        };
        SET_COOKIE.as_str().chars().map(spell).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Parts {
        let response = http::Response::builder()
            .status(201)
            .header("x-a", "1")
            .header("x-a", "2")
            .header("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
            .header("set-cookie", "b=2")
            .header(
                "x-latin",
                HeaderValue::from_bytes(b"\xe9").expect("obs-text"),
            )
            .body(());
        response.expect("a head").into_parts().0
    }

    fn whole(form: Form, body: &[u8]) -> String {
        let json = form.whole(&head(), body);
        String::from_utf8(json).expect("UTF-8")
    }

    #[test]
    fn a_rest_api_gets_all_values_in_lists() {
        assert_eq!(
            whole(Form::RestApi, b"hi"),
            "{\"statusCode\":201,\"multiValueHeaders\":{\
             \"set-cookie\":[\"a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\",\"b=2\"],\
             \"x-a\":[\"1\",\"2\"],\"x-latin\":[\"\u{e9}\"]},\"body\":\"hi\",\
             \"isBase64Encoded\":false}"
        );
    }

    #[test]
    fn an_http_api_gets_its_cookies_apart() {
        assert_eq!(
            whole(Form::HttpApi, b"\xff"),
            "{\"statusCode\":201,\"headers\":{\"x-a\":\"1, 2\",\"x-latin\":\"\u{e9}\"},\
             \"cookies\":[\"a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\",\"b=2\"],\
             \"body\":\"/w==\",\"isBase64Encoded\":true}"
        );
    }

    #[test]
    fn a_balancer_with_one_value_a_field_gets_each_cookie_in_another_spelling() {
        let one = whole(
            Form::LoadBalancer {
                is_multi_value: false,
            },
            b"",
        );
        assert!(
            one.contains("\"statusDescription\":\"201 Created\""),
            "{one}"
        );
        assert!(one.contains("\"Set-cookie\":\"b=2\""), "{one}");
        assert!(one.contains("\"set-cookie\":\"a=1; Expires"), "{one}");
        let many = whole(
            Form::LoadBalancer {
                is_multi_value: true,
            },
            b"",
        );
        assert!(many.contains("\"x-a\":[\"1\",\"2\"]"), "{many}");
    }

    #[test]
    fn no_two_spellings_are_the_same_field_of_an_object() {
        let all: std::collections::BTreeSet<String> = spellings().collect();
        assert_eq!(all.len(), 512);
        assert!(
            all.iter()
                .all(|name| name.eq_ignore_ascii_case("set-cookie"))
        );
    }

    #[test]
    fn a_stream_begins_with_its_head_and_eight_zeros() {
        let prelude = prelude(&head());
        let (json, zeros) = prelude.split_at(prelude.len() - 8);
        assert_eq!(zeros, [0; 8]);
        let json = std::str::from_utf8(json).expect("UTF-8");
        assert!(
            json.starts_with("{\"statusCode\":201,\"headers\":{\"x-a\":\"1, 2\""),
            "{json}"
        );
        assert!(!json.contains("body"), "{json}");
    }
}
