//! An event as it arrives: [`Event`].

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use enfilade_core::Error;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{EventContext, pairs::Pairs};

/// What one of the four kinds of senders tells, each thing as it was written.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) context: EventContext,
    sent: Sent,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    version: Option<String>,
    http_method: Option<String>,
    path: Option<String>,
    resource: Option<String>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    path_parameters: Option<Pairs>,
    query_string_parameters: Option<Pairs>,
    multi_value_query_string_parameters: Option<Pairs>,
    headers: Option<Pairs>,
    multi_value_headers: Option<Pairs>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    #[serde(default)]
    request_context: Value,
}

impl Event {
    /// Reads the payload of an invocation.
    pub(super) fn read(payload: &[u8]) -> Result<Event, NotHttp> {
        let mut sent: Sent = serde_json::from_slice(payload).map_err(NotHttp::unreadable)?;
        let context = sent.take_context()?;
        Ok(Event { context, sent })
    }

    /// The method, where it is not in the context.
    pub(super) fn method(&self) -> &str {
        self.sent.http_method.as_deref().unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        let path = self.sent.raw_path.as_deref().or(self.sent.path.as_deref());
        path.filter(|path| !path.is_empty()).unwrap_or("/")
    }

    /// The path in the template of the route that was matched, such as `/users/{id}`.
    pub(super) fn resource(&self) -> Option<&str> {
        self.sent.resource.as_deref()
    }

    /// What stood in the place of `name` in the path.
    pub(super) fn path_parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.sent.path_parameters.iter().flat_map(|pairs| &pairs.0);
        parameters.find(|pair| pair.0 == name).map(|pair| &*pair.1)
    }

    /// Whether an HTTP API sent it in the format of REST APIs.
    pub(super) fn is_http_api(&self) -> bool {
        self.sent.version.as_deref() == Some("1.0")
    }

    /// Whether its sender can take a response as a stream, where it is set up to.
    pub(super) fn can_stream(&self) -> bool {
        match self.context {
            EventContext::ApiGatewayV1(_) => !self.is_http_api(),
            EventContext::FunctionUrl(_) => true,
            EventContext::ApiGatewayV2(_) | EventContext::LoadBalancer(_) => false,
        }
    }

    pub(super) fn raw_query(&self) -> Option<&str> {
        self.sent.raw_query_string.as_deref()
    }

    /// The parameters of the query, with all their values where the sender gives them.
    pub(super) fn query(&self) -> &[(String, String)] {
        all(
            &self.sent.multi_value_query_string_parameters,
            &self.sent.query_string_parameters,
        )
    }

    /// The fields, with all their values where the sender gives them.
    pub(super) fn headers(&self) -> &[(String, String)] {
        all(&self.sent.multi_value_headers, &self.sent.headers)
    }

    /// Whether the sender gives, and takes, several values for one field.
    pub(super) fn is_multi_value(&self) -> bool {
        self.sent.multi_value_headers.is_some()
    }

    /// The value of the field `name`, in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers().iter();
        let found = headers.find(|pair| pair.0.eq_ignore_ascii_case(name));
        found.map(|pair| &*pair.1)
    }

    /// The cookies, where the sender has taken them out of the fields.
    pub(super) fn cookies(&self) -> Option<&[String]> {
        self.sent.cookies.as_deref()
    }

    /// The bytes that the client sent.
    pub(super) fn take_body(&mut self) -> Result<Bytes, Error> {
        let text = self.sent.body.take().unwrap_or_default();
        if self.sent.is_base64_encoded != Some(true) {
            return Ok(Bytes::from(text));
        }
        let bytes = STANDARD.decode(text);
        bytes.map(Bytes::from).map_err(|error| {
            Error::bad_request()
                .message("the body is not what base64 makes")
                .because(error)
        })
    }
}

impl Sent {
    fn take_context(&mut self) -> Result<EventContext, NotHttp> {
        let context = self.request_context.take();
        if context.get("elb").is_some() {
            return Ok(EventContext::LoadBalancer(typed(context)?));
        }
        if context.get("http").is_some() {
            let domain = context.get("domainName").and_then(Value::as_str);
            // The two have one format, and only this tells them apart.
            return if domain.is_some_and(|domain| domain.contains(".lambda-url.")) {
                Ok(EventContext::FunctionUrl(typed(context)?))
            } else {
                Ok(EventContext::ApiGatewayV2(typed(context)?))
            };
        }
        if self.http_method.is_some() && context.is_object() {
            return Ok(EventContext::ApiGatewayV1(typed(context)?));
        }
        Err(NotHttp::another())
    }
}

/// The one with all values is there beside the other, or in its place.
fn all<'a>(many: &'a Option<Pairs>, one: &'a Option<Pairs>) -> &'a [(String, String)] {
    let given = [many, one].into_iter().flatten();
    let mut filled = given.filter(|pairs| !pairs.0.is_empty());
    filled.next().map(|pairs| &*pairs.0).unwrap_or_default()
}

fn typed<T: DeserializeOwned>(context: Value) -> Result<Box<T>, NotHttp> {
    serde_json::from_value(context)
        .map(Box::new)
        .map_err(NotHttp::unreadable)
}

/// An invocation that is no HTTP request: of a queue, a schedule, a test of the console.
#[derive(Debug)]
pub(super) struct NotHttp(Option<serde_json::Error>);

impl NotHttp {
    const fn another() -> NotHttp {
        NotHttp(None)
    }

    const fn unreadable(error: serde_json::Error) -> NotHttp {
        NotHttp(Some(error))
    }
}

impl fmt::Display for NotHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this function answers HTTP requests: events of API Gateway, of a function URL or of \
             an Application Load Balancer; this is none of them",
        )?;
        self.0
            .as_ref()
            .map_or(Ok(()), |error| write!(f, ": {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(json: &str) -> &'static str {
        match Event::read(json.as_bytes()).map(|event| event.context) {
            Ok(EventContext::ApiGatewayV1(_)) => "v1",
            Ok(EventContext::ApiGatewayV2(_)) => "v2",
            Ok(EventContext::FunctionUrl(_)) => "url",
            Ok(EventContext::LoadBalancer(_)) => "alb",
            Err(_) => "none",
        }
    }

    #[test]
    fn the_sender_is_told_by_the_context() {
        let http = r#""http": {"method": "GET"}, "timeEpoch": 1"#;
        for (json, expected) in [
            (
                r#"{"httpMethod": "GET", "requestContext": {"httpMethod": "GET"}}"#.to_owned(),
                "v1",
            ),
            (format!(r#"{{"requestContext": {{{http}}}}}"#), "v2"),
            (
                format!(
                    r#"{{"requestContext": {{"domainName": "x.lambda-url.eu-west-1.on.aws", {http}}}}}"#
                ),
                "url",
            ),
            (
                r#"{"httpMethod": "GET", "requestContext": {"elb": {}}}"#.to_owned(),
                "alb",
            ),
        ] {
            assert_eq!(kind(&json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_request_is_told_from_one() {
        for json in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"Records": []}"#,
            r#"{"httpMethod": "GET"}"#,
            r#"{"httpMethod": "GET", "requestContext": 1}"#,
            r#"{"httpMethod": 1, "requestContext": {"elb": {}}}"#,
            r#"{"requestContext": {"connectionId": "x", "eventType": "CONNECT"}}"#,
        ] {
            assert_eq!(kind(json), "none", "{json}");
        }
    }

    #[test]
    fn all_values_come_before_one_each() {
        let json = r#"{"httpMethod": "GET", "requestContext": {"httpMethod": "GET"},
            "headers": {"A": "2"}, "multiValueHeaders": {"A": ["1", "2"]},
            "queryStringParameters": {"q": "1"}, "multiValueQueryStringParameters": null}"#;
        let event = Event::read(json.as_bytes()).expect("an event");
        assert_eq!(event.headers().len(), 2);
        assert_eq!(event.header("a"), Some("1"));
        assert_eq!(event.query(), [("q".to_owned(), "1".to_owned())]);
    }
}
