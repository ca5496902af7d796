//! What the site answers: a path for each way to be a victim.

use std::{convert::Infallible, future::pending, time::Duration};

use bytes::Bytes;
use enfilade_core::{
    Body, Environ, Error, IntoResponse, Io, Json, Request, RequestExt, Response, Result,
};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    counted::Counted,
    counts::{self, BEGUN, Guard, RECEIVED, SMUGGLED},
};

pub(crate) async fn answer(mut request: Request) -> Result<Response> {
    BEGUN.add(1);
    let number = request.uri().query().and_then(|query| query.parse().ok());
    let number: u64 = number.unwrap_or(0);
    let path = request.path_info().to_owned();
    Ok(match path.as_str() {
        "/" => "hello".into_response(),
        "/counts" => Json(counts::counts()).into_response(),
        "/drops" => Json(counts::take_drops()).into_response(),
        "/process" => std::process::id().to_string().into_response(),
        "/smuggled" => {
            SMUGGLED.add(1);
            "smuggled".into_response()
        }
        // Held until the client leaves.
        "/never" => {
            let _guard = Guard::of(number);
            pending::<()>().await;
            ().into_response()
        }
        "/sleep" => {
            tokio::time::sleep(Duration::from_millis(number)).await;
            "slept".into_response()
        }
        // The body is read as it comes.
        "/upload" => {
            let _guard = Guard::of(number);
            upload(request).await?
        }
        // The body is read whole, up to the limit of the app: 2 MiB.
        "/text" => {
            let body = std::mem::take(request.body_mut());
            *request.body_mut() = Body::new(Counted(body));
            request.text().await?.len().to_string().into_response()
        }
        // The request is named again, so that answers cannot be mixed up.
        "/named" => format!("{} {}", request.method(), number).into_response(),
        // The body is not read.
        "/refuse" => {
            let number = u16::try_from(number).unwrap_or(400);
            Error::status(number).response_to(&request)
        }
        "/page" => vec![b'x'; usize::try_from(number).unwrap_or(0)].into_response(),
        "/big" => big(number),
        "/events" => events(),
        "/upgrade" => upgrade(request.environ())?,
        "/field" => reflected(request.uri().query().unwrap_or_default())?,
        lie if lie.starts_with("/lie/") => lied(&lie[5..]),
        _ => Error::not_found().response_to(&request),
    })
}

fn blocks(body: Body) -> impl stream::Stream<Item = Result<Bytes, enfilade_core::BodyError>> {
    http_body_util::BodyStream::new(body).filter_map(async |frame| match frame {
        Ok(frame) => frame.into_data().ok().map(Ok),
        Err(error) => Some(Err(error)),
    })
}

async fn upload(mut request: Request) -> Result<Response> {
    let body = std::mem::take(request.body_mut());
    let mut blocks = std::pin::pin!(blocks(body));
    let mut length = 0;
    while let Some(block) = blocks.next().await {
        let count = block
            .map_err(|error| Error::bad_request().because(error))?
            .len() as u64;
        RECEIVED.add(count);
        length += count;
    }
    Ok(length.to_string().into_response())
}

/// So many bytes, in blocks of 16 KiB, made while they are sent.
fn big(bytes: u64) -> Response {
    const BLOCK: u64 = 16 * 1024;
    let guard = Guard::of(0);
    let blocks = stream::iter(0..bytes.div_ceil(BLOCK)).map(move |_| {
        let _ = &guard;
        Ok::<_, Infallible>(Bytes::from_static(&[b'x'; BLOCK as usize]))
    });
    Body::stream(blocks).into_response()
}

/// An event each tenth of a second, for ever.
fn events() -> Response {
    let events = stream::unfold(Guard::of(0), async |guard| {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let event = Bytes::from_static(b"data: tick\n\n");
        Some((Ok::<_, Infallible>(event), guard))
    });
    let mut response = Body::stream(events).into_response();
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A connection that says again what it is told.
fn upgrade(environ: &Environ) -> Result<Response> {
    let upgrade = environ.upgrade().ok_or(Error::status(426))?;
    Ok(upgrade.clone().accept(async |mut io: Io| {
        let _guard = Guard::of(0);
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = io.read(&mut buffer).await {
            let said = io.write_all(&buffer[..count]).await;
            if said.is_err() || io.flush().await.is_err() {
                return;
            }
        }
    }))
}

/// Whatever stands in the query, decoded, as a field: what an app does that trusts its clients.
fn reflected(query: &str) -> Result<Response> {
    let bytes = decoded(query);
    let value = HeaderValue::from_bytes(&bytes)
        .map_err(|error| Error::status(StatusCode::INTERNAL_SERVER_ERROR).because(error))?;
    let mut response = "reflected".into_response();
    response.headers_mut().insert("x-reflected", value);
    Ok(response)
}

fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match byte {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    bytes
}

/// Answers whose fields do not tell the truth about their bodies.
fn lied(how: &str) -> Response {
    let says = |length: &'static str, response: &mut Response| {
        let value = HeaderValue::from_static(length);
        response.headers_mut().append(header::CONTENT_LENGTH, value);
    };
    let mut response = match how {
        "longer" | "shorter" | "twice" => "0123456789".into_response(),
        "streams-longer" | "streams-shorter" => {
            let block = Bytes::from_static(b"0123456789");
            Body::stream(stream::iter([Ok::<_, Infallible>(block)])).into_response()
        }
        "empty" => (StatusCode::NO_CONTENT, "0123456789").into_response(),
        "unmodified" => (StatusCode::NOT_MODIFIED, "0123456789").into_response(),
        "chunked" => "0123456789".into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    };
    match how {
        "longer" | "streams-longer" => says("5", &mut response),
        "shorter" | "streams-shorter" => says("50", &mut response),
        "twice" => {
            response.headers_mut().remove(header::CONTENT_LENGTH);
            says("10", &mut response);
            says("11", &mut response);
        }
        "chunked" => {
            let value = HeaderValue::from_static("chunked");
            response
                .headers_mut()
                .insert(header::TRANSFER_ENCODING, value);
        }
        _ => {}
    }
    response
}
