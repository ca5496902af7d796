//! HTTP/2, by hyper's client: [`Http2`].

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{
    Exchanging, Place, Target,
    body::{Fed, Feeding, fields, receive_body},
    progress::{Event, Progress},
};
use crate::{Answer, Ask, Feature, Framing};

/// A host that speaks HTTP/2, and a client of it. Needs a tokio runtime.
#[derive(Clone, Debug)]
pub struct Http2 {
    name: String,
    place: Place,
    lacks: Vec<(Feature, &'static str)>,
}

impl Http2 {
    /// The host at `place`, called `name` in the matrix.
    pub fn new(name: impl Into<String>, place: impl Into<Place>) -> Http2 {
        Http2 {
            name: name.into(),
            place: place.into(),
            lacks: Vec::new(),
        }
    }

    /// Says that `feature` cannot be carried, and why. By default all can that HTTP/2 has.
    #[must_use]
    pub fn without(mut self, feature: Feature, why: &'static str) -> Http2 {
        self.lacks.push((feature, why));
        self
    }

    async fn exchanges(&self, asks: &[Ask]) -> Result<Vec<Answer>, Box<dyn std::error::Error>> {
        let stream = TokioIo::new(self.place.connect(b"h2").await?);
        let (client, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
        // It ends when the client is dropped.
        let driving = tokio::spawn(connection);
        let mut answers = Vec::new();
        for ask in asks {
            answers.push(answer(&client, ask, self.place.is_tls()).await);
        }
        drop(client);
        driving.abort();
        Ok(answers)
    }
}

impl Target for Http2 {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, feature: Feature) -> Option<&str> {
        match feature {
            Feature::AnyTarget => Some("HTTP/2 has fields in place of a target"),
            Feature::Http10 => Some("this is HTTP/2"),
            Feature::HopByHop => Some("HTTP/2 has no such fields"),
            Feature::Upgrade => Some("HTTP/2 has no upgrade"),
            feature => lacks(feature).or_else(|| {
                let mut lacks = self.lacks.iter();
                lacks.find(|(own, _)| *own == feature).map(|(_, why)| *why)
            }),
        }
    }

    fn is_tls(&self) -> bool {
        self.place.is_tls()
    }

    fn exchange(&self, asks: Vec<Ask>) -> Exchanging<'_> {
        Box::pin(async move {
            match self.exchanges(&asks).await {
                Ok(answers) => answers,
                Err(error) => asks.iter().map(|_| Answer::broken(&error)).collect(),
            }
        })
    }
}

/// What no client of a library carries.
pub(super) const fn lacks(feature: Feature) -> Option<&'static str> {
    Some(match feature {
        Feature::RawHead => "heads are made by the client's library",
        Feature::Expect => "the client's library has no way to wait",
        Feature::EarlyHints => "the client's library does not tell of them",
        Feature::ScriptName => "HTTP names no script name: the host's deployer does",
        _ => return None,
    })
}

async fn answer(client: &SendRequest<Fed>, ask: &Ask, tls: bool) -> Answer {
    let (mut feeding, body) = Feeding::new(ask.framing);
    let request = match request(ask, body, tls) {
        Ok(request) => request,
        Err(error) => return Answer::broken(format_args!("HTTP/2 cannot carry it: {error}")),
    };
    let progress = Progress::new();
    let mut client = client.clone();
    let receiving = async {
        match client.send_request(request).await {
            Ok(response) => {
                let (head, body) = response.into_parts();
                progress.take(Event::Head(head.status.as_u16(), fields(&head.headers)));
                receive_body(&progress, body).await;
            }
            Err(error) => {
                progress.take(Event::End(crate::End::Broken(chain(&error))));
            }
        }
    };
    progress.run(ask, &mut feeding, receiving, false).await
}

pub(super) fn request<B>(ask: &Ask, body: B, tls: bool) -> Result<Request<B>, http::Error> {
    let scheme = if tls { "https" } else { "http" };
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(ask.method.as_bytes())?;
    *request.uri_mut() = Uri::builder()
        .scheme(scheme)
        .authority(ask.host_field())
        .path_and_query(&*ask.target)
        .build()?;
    for (name, value) in ask.fields.iter().filter(|(name, _)| name != "host") {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        request
            .headers_mut()
            .append(name, HeaderValue::from_bytes(value)?);
    }
    if let Framing::Length(length) = ask.framing {
        let length = HeaderValue::from(length);
        request
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, length);
    }
    Ok(request)
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
