//! A host without a wire: [`InMemory`].

use std::{panic::AssertUnwindSafe, sync::Arc};

use enfilade_core::{App, Body, Capabilities, Connection, Environ, Gateway, Request, Response};
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderName, HeaderValue, Method, Uri, Version, header};

use super::{
    Exchanging, Target,
    body::{Feeding, fields, receive_body},
    progress::{Event, Progress},
};
use crate::{Answer, Ask, End, Feature, Framing};

/// The app, called through [`Gateway`] and nothing else: what every other host is compared with.
pub struct InMemory<A> {
    gateway: Gateway<A>,
}

impl<A: App> InMemory<A> {
    /// A host of `app`.
    pub const fn new(app: A) -> InMemory<A> {
        InMemory {
            gateway: Gateway::new(app),
        }
    }

    async fn answer(&self, ask: &Ask) -> Answer {
        let (mut feeding, incoming) = Feeding::new(ask.framing);
        let Ok(request) = request(ask, Body::new(incoming)) else {
            // As other hosts do with what `http` cannot hold.
            return Answer {
                status: 400,
                end: End::Clean,
                ..Answer::default()
            };
        };
        let progress = Progress::new();
        let receiving = async {
            let response = self.gateway.answer(request).await;
            let receiving = AssertUnwindSafe(receive(&progress, response));
            // A body that panics is one that breaks off, on any host.
            if receiving.catch_unwind().await.is_err() {
                progress.take(Event::End(End::Broken("the body panicked".to_owned())));
            }
        };
        progress.run(ask, &mut feeding, receiving, false).await
    }
}

impl<A: App> Target for InMemory<A> {
    fn name(&self) -> &str {
        "in-memory"
    }

    fn lacks(&self, feature: Feature) -> Option<&str> {
        Some(match feature {
            Feature::RawHead
            | Feature::Http10
            | Feature::KeepAlive
            | Feature::Expect
            | Feature::EarlyHints => "there is no wire",
            Feature::Finish => "an app is dropped with its exchange",
            Feature::Upgrade => "there is no connection to take over",
            Feature::OriginServer | Feature::Wire => "nothing is sent",
            _ => return None,
        })
    }

    fn exchange(&self, asks: Vec<Ask>) -> Exchanging<'_> {
        Box::pin(async move {
            let answers = stream::iter(&asks).then(|ask| self.answer(ask));
            answers.collect().await
        })
    }
}

impl<A> std::fmt::Debug for InMemory<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemory")
    }
}

fn request(ask: &Ask, body: Body) -> Result<Request, http::Error> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(ask.method.as_bytes())?;
    *request.uri_mut() = ask.target.parse::<Uri>()?;
    for (name, value) in &ask.fields {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        let value = HeaderValue::from_bytes(value)?;
        request.headers_mut().append(name, value);
    }
    if let Framing::Length(length) = ask.framing {
        let length = HeaderValue::from(length);
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    enfilade_core::host::strip_hop_by_hop(request.headers_mut());
    let mut capabilities = Capabilities::default();
    capabilities.streaming_request = true;
    capabilities.streaming_response = true;
    capabilities.trailers = true;
    capabilities.disconnect = true;
    let mut connection = Connection::default();
    connection.host = "in-memory";
    connection.capabilities = capabilities;
    let environ = Environ::new(Arc::new(connection), Version::HTTP_11)
        .with_script_name(ask.script_name.trim_end_matches('/').len());
    request.extensions_mut().insert(environ);
    Ok(request)
}

async fn receive(progress: &Progress, response: Response) {
    let (head, body) = response.into_parts();
    progress.take(Event::Head(head.status.as_u16(), fields(&head.headers)));
    receive_body(progress, body).await;
}
