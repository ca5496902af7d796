//! One request, from its head to the end of its answer: [`run`].

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::SystemTime,
};

use bytes::Bytes;
use enfilade_core::Response;
use h3::{
    error::{Code, StreamError},
    server::{RequestResolver, RequestStream},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use tokio::time::timeout;

use super::{
    fate::{Fate, Over},
    head,
    hints::Hints,
    inbound::Sections,
    link::Link,
    outbound::Outbound,
    transport::{Begun, Transport},
    upload::Upload,
};
use crate::{answered::Answered, breach::Limit, service, session::Session, site::Site};

type Sending = RequestStream<Outbound, Bytes>;

/// Answers the request of a stream. Ends when the client has the answer, or is known to want none.
///
/// Dropping it drops the app's future, and breaks the stream off.
pub(super) async fn run(
    resolver: RequestResolver<Transport, Bytes>,
    begun: Begun,
    link: Arc<Link>,
) -> Over {
    let Begun {
        id,
        inbound,
        fate,
        mut stopped,
    } = begun;
    let number = id.into_inner();
    let served = tokio::select! {
        biased;
        over = fate.ended() => return over,
        stopped = &mut stopped => return stopped_by(stopped),
        served = serve(resolver, inbound, &fate, &link, number) => served,
    };
    match served {
        Ok(()) => stopped_by(stopped.await),
        Err(over) => over,
    }
}

/// The client has all of the answer, has left it, or is gone.
fn stopped_by(stopped: Result<Option<quinn::VarInt>, quinn::StoppedError>) -> Over {
    match stopped {
        Ok(None) => Over::Answered,
        Ok(Some(_)) => Over::Cancelled,
        Err(_) => Over::Lost,
    }
}

async fn serve(
    resolver: RequestResolver<Transport, Bytes>,
    inbound: Sections,
    fate: &Arc<Fate>,
    link: &Link,
    number: u64,
) -> Result<(), Over> {
    let session = &link.session;
    let mut resolving = pin!(resolver.resolve_request());
    let (request, stream) = match timeout(session.site.limits.head, &mut resolving).await {
        Ok(Ok(resolved)) => resolved,
        Ok(Err(error)) => return Err(unresolved(&error, session)),
        Err(_) => {
            session.report(Limit::Head);
            fate.break_with(Code::H3_REQUEST_INCOMPLETE);
            return Err(Over::Refused);
        }
    };
    // From here on an answer that breaks off is not to look whole.
    fate.break_with(Code::H3_INTERNAL_ERROR);
    let length = head::check(&request).map_err(|refusal| {
        session.report_refusal(refusal);
        fate.break_with(Code::H3_MESSAGE_ERROR);
        Over::Refused
    })?;
    let has_long_head = inbound.lock().has_long_head();
    let (mut sending, sections) = stream.split();
    let mut upload = Upload::new(inbound, sections, Arc::clone(fate), length);
    poll_fn(|cx| {
        upload.begin(cx);
        Poll::Ready(())
    })
    .await;
    if let Some(over) = fate.over() {
        return Err(over);
    }
    link.hints.begin(number);
    let hinting = Hinting(&link.hints, number);
    let answered = match has_long_head {
        true => service::refuse(Limit::HeadBytes, upload.is_end_stream(), session.answer().0),
        false => service::answer(session, request.map(|()| upload), Some(number)),
    };
    let sent = async {
        let response = hint(&mut sending, answered, &hinting).await?;
        // A body that broke off is no request, whatever the app has made of it.
        if let Some(over) = fate.over() {
            return Err(Unsent::Over(over));
        }
        send(&mut sending, response, &session.site).await
    };
    sent.await.map_err(|error| match error {
        Unsent::Stream(StreamError::RemoteTerminate { .. }) => Over::Cancelled,
        Unsent::Stream(StreamError::HeaderTooBig { .. }) => {
            let line = "the head of a response is larger than its client takes";
            session.facts.errors.report(line);
            Over::Lost
        }
        // It takes too little of the answer.
        Unsent::Stream(StreamError::Undefined { .. }) => Over::Refused,
        Unsent::Stream(_) => Over::Lost,
        Unsent::Length => {
            let line = "a response was cut short: its Content-Length is not that of its body";
            session.facts.errors.report(line);
            Over::Lost
        }
        // It was reported where it was seen.
        Unsent::Cut => Over::Lost,
        Unsent::Over(over) => over,
    })
}

/// Why there is no request.
fn unresolved(error: &StreamError, session: &Session) -> Over {
    match error {
        StreamError::RemoteTerminate { .. } => Over::Cancelled,
        // h3 has answered it.
        StreamError::HeaderTooBig { .. } => {
            session.report(Limit::HeadBytes);
            Over::Refused
        }
        StreamError::ConnectionError { .. } => Over::Lost,
        _ => Over::Refused,
    }
}

/// Why an answer has not gone out whole.
enum Unsent {
    Stream(StreamError),
    /// Its body failed.
    Cut,
    /// It is not as long as its head says.
    Length,
    /// There is nobody, or nothing, to answer.
    Over(Over),
}

impl From<StreamError> for Unsent {
    fn from(error: StreamError) -> Unsent {
        Unsent::Stream(error)
    }
}

/// A request that may give hints, until this is dropped.
struct Hinting<'a>(&'a Hints, u64);

impl Drop for Hinting<'_> {
    fn drop(&mut self) {
        self.0.end(self.1);
    }
}

/// Waits for the answer, and sends what is hinted before it.
async fn hint(
    sending: &mut Sending,
    mut answered: Answered,
    hinting: &Hinting<'_>,
) -> Result<Response, Unsent> {
    let Hinting(hints, number) = *hinting;
    let early = async {
        loop {
            let fields = poll_fn(|cx| hints.poll_next(number, cx)).await;
            if let Err(error) = sending.send_response(informational(fields)).await {
                break error;
            }
        }
    };
    let response = tokio::select! {
        biased;
        response = &mut answered => response,
        error = early => return Err(error.into()),
    };
    for fields in hints.end(number) {
        sending.send_response(informational(fields)).await?;
    }
    match response {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}

fn informational(fields: HeaderMap) -> http::Response<()> {
    let mut response = http::Response::new(());
    *response.status_mut() = StatusCode::EARLY_HINTS;
    *response.headers_mut() = fields;
    response
}

/// Sends an answer, each frame when the one before it is on its way.
async fn send(sending: &mut Sending, response: Response, site: &Site) -> Result<(), Unsent> {
    let (mut head, mut body) = response.into_parts();
    if site.date && !head.headers.contains_key(header::DATE) {
        head.headers.insert(header::DATE, now());
    }
    let has_body = !body.is_end_stream();
    if let (true, Some(length)) = (has_body, body.size_hint().exact()) {
        head.headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    // A head alone may say how long a body would be.
    let length = has_body.then(|| head.headers.get(header::CONTENT_LENGTH));
    let length = length
        .flatten()
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut count = 0;
    sending
        .send_response(http::Response::from_parts(head, ()))
        .await?;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame.map_err(|_| Unsent::Cut)?.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) => {
                count += data.len() as u64;
                if length.is_some_and(|length| count > length) {
                    return Err(Unsent::Length);
                }
                sending.send_data(data).await?;
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers()
                    && !trailers.is_empty()
                {
                    sending.send_trailers(trailers).await?;
                }
                break;
            }
        }
    }
    // What it holds is given back before the client has confirmed that it has all.
    drop(body);
    if length.is_some_and(|length| count != length) {
        return Err(Unsent::Length);
    }
    Ok(sending.finish().await?)
}

fn now() -> HeaderValue {
    let now = httpdate::fmt_http_date(SystemTime::now());
    HeaderValue::try_from(now).expect("a date is plain text")
}
