//! A request as its sender tells a function: [`of`].

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{Ask, Framing};

/// Who invokes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    RestApi,
    HttpApi,
    FunctionUrl,
    LoadBalancer,
}

impl Sender {
    /// Whether it takes a body of so many bytes, of which it makes an event of so many.
    pub(super) const fn takes(self, body: usize, event: usize) -> bool {
        event <= 6_000_000 && (body <= 1_000_000 || !matches!(self, Sender::LoadBalancer))
    }
}

/// The event that `sender` makes of a request.
pub(super) fn of(ask: &Ask, body: &[u8], sender: Sender) -> Value {
    let (path, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
    let request = Request {
        ask,
        path,
        query,
        fields: fields(ask, sender),
    };
    let mut event = match sender {
        Sender::RestApi => request.rest_api(),
        Sender::HttpApi => request.http_api(),
        Sender::FunctionUrl => request.function_url(),
        Sender::LoadBalancer => request.load_balancer(),
    };
    let text = std::str::from_utf8(body).ok();
    let text = text.filter(|_| sender != Sender::LoadBalancer || has_text(ask));
    event["isBase64Encoded"] = json!(text.is_none());
    event["body"] = match text {
        Some("") if sender != Sender::LoadBalancer => Value::Null,
        Some(text) => json!(text),
        None => json!(STANDARD.encode(body)),
    };
    event
}

/// Whether a balancer takes a body for text, by its type.
fn has_text(ask: &Ask) -> bool {
    let of_kind = |kind: &[u8]| {
        let kind = kind.to_ascii_lowercase();
        [
            "text/",
            "application/json",
            "application/javascript",
            "application/xml",
        ]
        .iter()
        .any(|text| kind.starts_with(text.as_bytes()))
    };
    ask.values("content-type").any(of_kind) && ask.values("content-encoding").next().is_none()
}

/// A request, in its parts.
struct Request<'a> {
    ask: &'a Ask,
    path: &'a str,
    query: &'a str,
    fields: Vec<(String, String)>,
}

impl Request<'_> {
    /// Its own domain has the stage in front, and any other has not.
    fn rest_api(&self) -> Value {
        let prefix = self.prefix();
        let path = self.path.strip_prefix(prefix).unwrap_or(self.path);
        let path = if path.is_empty() { "/" } else { path };
        let decoded = |text: &str| decoded(&text.replace('+', " "));
        let query = grouped(parameters(self.query).map(|(n, v)| (decoded(n), decoded(v))));
        let fields = grouped(self.fields.iter().cloned());
        json!({
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": self.ask.method,
            "headers": last(&fields),
            "multiValueHeaders": fields,
            "queryStringParameters": last(&query),
            "multiValueQueryStringParameters": query,
            "pathParameters": {"proxy": path.strip_prefix('/')},
            "requestContext": {
                "resourcePath": "/{proxy+}",
                "httpMethod": self.ask.method,
                "path": self.path,
                "protocol": self.protocol(),
                "stage": self.stage().unwrap_or_else(|| "prod".to_owned()),
                "domainName": self.domain(),
                "identity": {"sourceIp": CLIENT},
            },
        })
    }

    fn http_api(&self) -> Value {
        self.format_2(&decoded(self.path), self.stage(), self.domain())
    }

    fn function_url(&self) -> Value {
        self.format_2(self.path, None, "kit.lambda-url.eu-west-1.on.aws")
    }

    /// One value a field, and cookies apart.
    fn format_2(&self, path: &str, stage: Option<String>, domain: &str) -> Value {
        let fields = grouped(self.fields.iter().cloned());
        let mut fields: BTreeMap<String, String> = fields
            .into_iter()
            .map(|(name, values)| (name, values.join(",")))
            .collect();
        fields.remove("cookie");
        let cookies: Vec<&str> = self
            .fields
            .iter()
            .filter(|(name, _)| name == "cookie")
            .flat_map(|(_, value)| value.split("; "))
            .collect();
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": self.query,
            "cookies": cookies,
            "headers": fields,
            "requestContext": {
                "stage": stage.unwrap_or_else(|| "$default".to_owned()),
                "domainName": domain,
                "timeEpoch": 1_583_817_383_220_u64,
                "http": {
                    "method": self.ask.method,
                    "path": path,
                    "protocol": self.protocol(),
                    "sourceIp": CLIENT,
                },
            },
        })
    }

    fn load_balancer(&self) -> Value {
        let query = parameters(self.query).map(|(n, v)| (n.to_owned(), v.to_owned()));
        json!({
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:kit"}},
            "httpMethod": self.ask.method,
            "path": self.path,
            "multiValueQueryStringParameters": grouped(query),
            "multiValueHeaders": grouped(self.fields.iter().cloned()),
        })
    }

    /// What the client sees in front of the function: a stage.
    fn prefix(&self) -> &str {
        self.ask.script_name.trim_end_matches('/')
    }

    fn stage(&self) -> Option<String> {
        self.prefix().strip_prefix('/').map(decoded)
    }

    const fn domain(&self) -> &'static str {
        if self.ask.script_name.len() > "/".len() {
            "kit.execute-api.eu-west-1.amazonaws.com"
        } else {
            "api.example.org"
        }
    }

    const fn protocol(&self) -> &'static str {
        if self.ask.http10 {
            "HTTP/1.0"
        } else {
            "HTTP/1.1"
        }
    }
}

/// The client's address.
const CLIENT: &str = "192.0.2.7";

/// What the sender says of the client.
const OWN: [&str; 3] = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"];

/// The fields that a function is told, with what the sender knows of the client in place of what
/// the client claims. REST APIs keep how names are written.
fn fields(ask: &Ask, sender: Sender) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let told = ask
        .fields
        .iter()
        .filter(|(name, _)| !OWN.iter().any(|own| name.eq_ignore_ascii_case(own)));
    let told = told.map(|(name, value)| match sender {
        Sender::RestApi => (name.clone(), text(value)),
        _ => (name.to_ascii_lowercase(), text(value)),
    });
    let (scheme, port) = match sender {
        Sender::LoadBalancer => ("http", "80"),
        _ => ("https", "443"),
    };
    // It is appended to what the client says.
    let claimed = ask.values("x-forwarded-for").map(text);
    let addresses: Vec<String> = claimed.chain([CLIENT.to_owned()]).collect();
    let own = [
        ("x-forwarded-for", addresses.join(", ")),
        ("x-forwarded-proto", scheme.to_owned()),
        ("x-forwarded-port", port.to_owned()),
    ];
    let length = match ask.framing {
        Framing::Length(length) => Some(("content-length", length.to_string())),
        _ => None,
    };
    let own = own.into_iter().chain(length);
    told.chain(own.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// All values of each name.
fn grouped(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut grouped = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in pairs {
        grouped.entry(name).or_default().push(value);
    }
    grouped
}

/// The last value of each name.
fn last(grouped: &BTreeMap<String, Vec<String>>) -> BTreeMap<&str, &str> {
    let pairs = grouped.iter();
    pairs
        .filter_map(|(name, values)| Some((&**name, &**values.last()?)))
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
