//! Requests that nobody wrote, for which every host gives the same answer: [`Difference`].

use std::fmt;

use enfilade_core::{IntoResponse, Request, RequestExt, Response};
use futures_util::{StreamExt, stream};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::{
    Answer, Ask, Case, End, Feature, Framing, Target, Trial, cases::is_lost_decoded, notes::Notes,
    seen::sum_of,
};

/// A request that two hosts answered differently.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// The request, in a line.
    pub request: String,
    /// What the first answered.
    pub first: String,
    /// What the second answered.
    pub second: String,
}

/// The case that it would be.
pub(crate) const NAME: &str = "differential";

/// A generator of numbers: xorshift, 64 bits.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // No more sides than there are things to choose from.
        (self.0 % sides.max(1) as u64) as usize
    }

    fn one_of<'a>(&mut self, things: &[&'a str]) -> &'a str {
        things[self.roll(things.len())]
    }
}

/// Sends `count` requests, made from `seed`, to both.
pub(crate) async fn differences(
    first: &dyn Target,
    second: &dyn Target,
    notes: &Notes,
    seed: u64,
    count: usize,
) -> Vec<Difference> {
    let case = Case::new(NAME, &[]);
    let (one, two) = (
        Trial::new(&case, first, notes),
        Trial::new(&case, second, notes),
    );
    // Zero would stay zero.
    let mut dice = Dice(seed | 1);
    let plans: Vec<Plan> = (0..count).map(|_| Plan::roll(&mut dice, second)).collect();
    let sent = stream::iter(&plans).map(async |plan| {
        let (first, second) = (
            one.send(plan.ask(&one)).await,
            two.send(plan.ask(&two)).await,
        );
        let (first, second) = (told(&first), told(&second));
        (first != second).then(|| Difference {
            request: plan.to_string(),
            first,
            second,
        })
    });
    let found = sent
        .buffered(second.concurrency().max(1))
        .collect::<Vec<_>>()
        .await;
    found.into_iter().flatten().collect()
}

/// A request, for any target.
struct Plan {
    method: &'static str,
    rest: String,
    host: &'static str,
    fields: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    chunked: bool,
}

impl Plan {
    fn roll(dice: &mut Dice, target: &dyn Target) -> Plan {
        let methods = [
            "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "QUERY",
        ];
        let method = dice.one_of(&methods);
        let mut rest = String::new();
        let lacks = |feature| target.lacks(feature).is_some();
        let is_kept = |piece: &&&str| !lacks(Feature::SentPath) || !is_lost_decoded(piece);
        let pieces: Vec<&str> = PIECES.iter().filter(is_kept).copied().collect();
        for _ in 0..dice.roll(6) {
            rest.push('/');
            rest.push_str(dice.one_of(&pieces));
        }
        if dice.roll(2) == 0 {
            rest.push('?');
            if lacks(Feature::SentQuery) {
                let count = dice.roll(5);
                let pairs: Vec<_> = (0..count)
                    .map(|n| format!("{n}={}", dice.roll(10)))
                    .collect();
                rest.push_str(&pairs.join("&"));
            } else {
                for _ in 0..dice.roll(5) {
                    rest.push_str(dice.one_of(QUERIES));
                }
            }
        }
        let mut fields = Vec::new();
        for _ in 0..dice.roll(6) {
            let value = dice.one_of(VALUES).to_owned();
            fields.push((dice.one_of(NAMES), value));
        }
        fields.push(("x-status", dice.one_of(STATUSES).to_owned()));
        fields.push(("x-frames", dice.roll(5).to_string()));
        let with_body = matches!(method, "POST" | "PUT" | "QUERY");
        let length = [0, 1, 17, 1000, 70_000][dice.roll(5)];
        let body = (0..length).map(|_| dice.roll(256) as u8).collect();
        Plan {
            method,
            rest,
            host: dice.one_of(&["localhost", "localhost:8080", "example.org"]),
            fields,
            body: with_body.then_some(body),
            chunked: dice.roll(3) == 0 && !lacks(Feature::UnknownLength),
        }
    }

    fn ask(&self, trial: &Trial<'_>) -> Ask {
        let ask = trial.ask(self.method, &self.rest).host(self.host);
        let fields = self.fields.iter();
        let ask = fields.fold(ask, |ask, (name, value)| ask.field(name, value));
        match &self.body {
            Some(body) if self.chunked => ask.framing(Framing::Chunked).send(body.clone()),
            Some(body) => ask.body(body.clone()),
            None => ask,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} at {}", self.method, self.rest, self.host)?;
        for (name, value) in &self.fields {
            write!(f, ", {name}: {value}")?;
        }
        match (&self.body, self.chunked) {
            (Some(body), true) => write!(f, ", {} bytes of unknown length", body.len()),
            (Some(body), false) => write!(f, ", {} bytes", body.len()),
            (None, _) => Ok(()),
        }
    }
}

const PIECES: &[&str] = &[
    "", "a", "b.html", "..", ".", "%2e%2E", "%2F", "a%20b", "%7Eu", "c;d=1", "%C3%A9", "%c3%a9",
    "a+b", "@:!$", "%5C", "%00", "%zz", "%25", "...", "-_~",
];
const QUERIES: &[&str] = &["a=1", "&", "b=%20", "=", "c", "+", "%zz", "/", "?", "é=%C3"];
const NAMES: &[&str] = &[
    "accept",
    "accept-language",
    "cookie",
    "x-one",
    "x-two",
    "x-one",
    "user-agent",
    "origin",
    "if-none-match",
    "range",
    "x-forwarded-for",
    "authorization",
    "te",
    "keep-alive",
];
const VALUES: &[&str] = &[
    "1",
    "a, b",
    "text/html",
    "\"quoted\"",
    "a=1; b=2",
    "*/*;q=0.1",
    "x y  z",
    "W/\"1\"",
    "(c)",
];
const STATUSES: &[&str] = &[
    "200", "200", "201", "204", "304", "404", "418", "500", "302",
];

/// The status, the fields that do not belong to the hop, and the body.
fn told(answer: &Answer) -> String {
    const OF_THE_HOST: &[&str] = &[
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "server",
        "transfer-encoding",
    ];
    let mut fields: Vec<String> = answer
        .fields
        .iter()
        .filter(|(name, _)| !OF_THE_HOST.contains(&&**name))
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect();
    fields.sort();
    let (body, end) = (answer.body(), &answer.end);
    let end = if *end == End::Clean {
        "whole"
    } else {
        "broken"
    };
    format!(
        "{} {fields:?} {} {} {end}",
        answer.status,
        body.len(),
        sum_of(&body)
    )
}

/// Answers with what does not depend on the host, in a form that depends on the request.
pub(crate) async fn app(mut request: Request) -> Response {
    let field = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let (status, frames) = (field("x-status"), field("x-frames"));
    let mut text = format!(
        "{} {} {} {:?} {:?}\n",
        request.method(),
        request.script_name(),
        request.path_info(),
        request.uri().query().unwrap_or_default(),
        // Without the scheme: TLS is no difference.
        request
            .absolute_url_for("/x")
            .split_once("://")
            .map(|(_, rest)| rest.to_owned()),
    );
    for name in ["accept", "x-one", "x-two", "cookie", "te", "keep-alive"] {
        let values = request.headers().get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        // Whoever joins them may leave the space out.
        let joined = match name {
            "cookie" => values.join("; "),
            _ => values.join(",").replace(", ", ","),
        };
        text.push_str(&format!("{name}: {joined}\n"));
    }
    match request.bytes().await {
        Ok(body) => text.push_str(&format!("{} {}\n", body.len(), sum_of(&body))),
        Err(error) => return error.into_response(),
    }
    let frames = frames.parse::<usize>().unwrap_or_default();
    let body = match frames {
        0 => text.into(),
        count => {
            let pieces: Vec<Vec<u8>> = text
                .as_bytes()
                .chunks(text.len() / count + 1)
                .map(<[u8]>::to_vec)
                .collect();
            enfilade_core::Body::stream(stream::iter(
                pieces
                    .into_iter()
                    .map(|piece| Ok::<_, std::io::Error>(piece.into())),
            ))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_bytes(status.as_bytes()).unwrap_or_default();
    for (name, value) in [
        ("etag", "\"1\""),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ] {
        let value = HeaderValue::from_static(value);
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    response
}

/// In three lines.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            request,
            first,
            second,
        } = self;
        write!(f, "{request}\n  {first}\n  {second}")
    }
}
