//! One request, from its head to the end of its answer: [`run`].

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use h3::{
    error::{Code, StreamError},
    server::RequestResolver,
};
use http_body::Body as _;
use tokio::time::timeout;

use super::{
    answer::{Hinting, Unsent, hint, send},
    fate::{Fate, Over},
    head,
    inbound::Sections,
    link::Link,
    transport::{Begun, Transport},
    upload::Upload,
};
use crate::{breach::Limit, head_out::Kind, service, session::Session};

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
    let bytes = match served {
        Ok(bytes) => bytes,
        Err(over) => return over,
    };
    // The rest is in quinn's hands. A client that confirms nothing would keep it there for ever.
    let limits = &link.session.site.limits;
    let rate = u64::from(limits.write_rate.max(1));
    let patience = limits
        .write_idle
        .saturating_add(Duration::from_secs(bytes / rate));
    timeout(patience, stopped).await.map_or_else(
        |_| {
            link.session.report(Limit::Stream);
            Over::Refused
        },
        stopped_by,
    )
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
) -> Result<u64, Over> {
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
    let kind = Kind::of(request.method());
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
        true => service::refuse(
            Limit::HeaderList,
            upload.is_end_stream(),
            session.answer().0,
        ),
        false => service::answer(session, request.map(|()| upload), Some(number)),
    };
    let sent = async {
        let response = hint(&mut sending, answered, &hinting).await?;
        // A body that broke off is no request, whatever the app has made of it.
        if let Some(over) = fate.over() {
            return Err(Unsent::Over(over));
        }
        send(&mut sending, kind, response, session).await
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
            session.report(Limit::HeaderList);
            Over::Refused
        }
        StreamError::ConnectionError { .. } => Over::Lost,
        _ => Over::Refused,
    }
}
