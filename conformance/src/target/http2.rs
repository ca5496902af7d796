//! HTTP/2, by the client of h2: [`Http2`].

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    task::Poll,
};

use bytes::Bytes;
use enfilade_core::host::strip_hop_by_hop;
use h2::{
    Reason, SendStream,
    client::{Builder, ResponseFuture, SendRequest},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header::TE};

use super::{
    Exchanging, Place, Target,
    body::fields,
    progress::{Event, Progress, Sending},
};
use crate::{Answer, Ask, End, Feature, Framing};

/// A host that speaks HTTP/2, and a client of it. Needs a tokio runtime.
#[derive(Clone, Debug)]
pub struct Http2 {
    name: String,
    place: Place,
    lacks: Vec<(Feature, &'static str)>,
}

/// What the host may send before it is read: more than most would let it, since h2 takes many small
/// frames in a small window for an attack.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 5 << 20;

impl Http2 {
    /// The host at `place`, called `name` in the matrix.
    pub fn new(name: impl Into<String>, place: impl Into<Place>) -> Http2 {
        Http2 {
            name: name.into(),
            place: place.into(),
            lacks: vec![
                (Feature::RawHead, "heads are made by the client's library"),
                (Feature::AnyTarget, "HTTP/2 has fields in place of a target"),
                (Feature::Http10, "this is HTTP/2"),
                (Feature::HopByHop, "HTTP/2 has no such fields"),
                (Feature::Upgrade, "HTTP/2 has no upgrade"),
                (
                    Feature::ScriptName,
                    "HTTP names no script name: the host's deployer does",
                ),
            ],
        }
    }

    /// Says that `feature` cannot be carried, and why. By default all can that HTTP/2 has.
    #[must_use]
    pub fn without(mut self, feature: Feature, why: &'static str) -> Http2 {
        self.lacks.push((feature, why));
        self
    }

    async fn exchanges(&self, asks: &[Ask]) -> Result<Vec<Answer>, Box<dyn std::error::Error>> {
        let stream = self.place.connect(b"h2").await?;
        let (client, connection) = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(stream)
            .await?;
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
        let mut lacks = self.lacks.iter();
        lacks.find(|(own, _)| *own == feature).map(|(_, why)| *why)
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

async fn answer(client: &SendRequest<Bytes>, ask: &Ask, tls: bool) -> Answer {
    let request = match request(ask, tls) {
        Ok(request) => request,
        Err(error) => return Answer::broken(format_args!("HTTP/2 cannot carry it: {error}")),
    };
    let begun = async {
        let mut client = client.clone().ready().await?;
        let has_no_body = matches!(ask.framing, Framing::None | Framing::Length(0));
        client.send_request(request, has_no_body)
    };
    let (response, stream) = match begun.await {
        Ok(both) => both,
        Err(error) => return Answer::broken(error),
    };
    let progress = Progress::new();
    let receiving = async {
        let end = match receive(&progress, response).await {
            Ok(()) => End::Clean,
            Err(error) => End::Broken(error.to_string()),
        };
        progress.take(Event::End(end));
    };
    let mut body = Body::new(stream, ask.framing);
    progress.run(ask, &mut body, receiving, false).await
}

/// Takes in an answer, to its end.
async fn receive(progress: &Progress, mut response: ResponseFuture) -> Result<(), h2::Error> {
    let answer = poll_fn(|cx| {
        while let Poll::Ready(Some(interim)) = response.poll_informational(cx)? {
            progress.take(Event::Informational(interim.status().as_u16()));
        }
        Pin::new(&mut response).poll(cx)
    });
    let (head, mut body) = answer.await?.into_parts();
    progress.take(Event::Head(head.status.as_u16(), fields(&head.headers)));
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        progress.take(Event::Data(data));
    }
    if let Some(trailers) = body.trailers().await? {
        progress.take(Event::Trailers(fields(&trailers)));
    }
    Ok(())
}

/// The end at which a request's body is put in. What the host does not read is not sent.
struct Body {
    stream: SendStream<Bytes>,
    /// The bytes that are still to come, where their number was told: the last ends the body.
    left: Option<u64>,
}

impl Body {
    const fn new(stream: SendStream<Bytes>, framing: Framing) -> Body {
        let left = match framing {
            Framing::Length(length) => Some(length),
            _ => None,
        };
        Body { stream, left }
    }

    /// Waits until some of `count` bytes may be sent; gives how many.
    async fn room(&mut self, count: usize) -> io::Result<usize> {
        self.stream.reserve_capacity(count);
        while self.stream.capacity() == 0 {
            let more = poll_fn(|cx| self.stream.poll_capacity(cx)).await;
            more.ok_or(io::ErrorKind::BrokenPipe)?
                .map_err(io::Error::other)?;
        }
        Ok(self.stream.capacity().min(count))
    }
}

impl Sending for Body {
    async fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn send(&mut self, mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(self.room(bytes.len()).await?);
            let left = self
                .left
                .map(|left| left.saturating_sub(piece.len() as u64));
            self.left = left;
            let sent = self.stream.send_data(piece, left == Some(0));
            sent.map_err(io::Error::other)?;
        }
        Ok(())
    }

    async fn cut(&mut self) -> io::Result<()> {
        self.stream.send_reset(Reason::CANCEL);
        Ok(())
    }

    async fn end(&mut self, trailers: Vec<(String, String)>) -> io::Result<()> {
        if self.left == Some(0) {
            return Ok(());
        }
        let pairs = trailers.iter().filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            let value: HeaderValue = value.parse().ok()?;
            Some((name, value))
        });
        let trailers: HeaderMap = pairs.collect();
        let ended = match trailers.is_empty() {
            true => self.stream.send_data(Bytes::new(), true),
            false => self.stream.send_trailers(trailers),
        };
        ended.map_err(io::Error::other)
    }
}

pub(super) fn request(ask: &Ask, tls: bool) -> Result<Request<()>, http::Error> {
    let scheme = if tls { "https" } else { "http" };
    let mut request = Request::new(());
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
    // There are no such fields, and h2 sends no request that has one.
    let asks_for_trailers = request.headers().get(TE).is_some_and(|te| te == "trailers");
    strip_hop_by_hop(request.headers_mut());
    if asks_for_trailers {
        let trailers = HeaderValue::from_static("trailers");
        request.headers_mut().insert(TE, trailers);
    }
    if let Framing::Length(length) = ask.framing {
        let length = HeaderValue::from(length);
        request
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, length);
    }
    Ok(request)
}
