//! `Compression` in front of apps, read with the decoders that clients use.

mod eligible;
mod endings;
mod matrix;
mod programs;
mod streams;

use std::io::Read;

use bytes::Bytes;
use enfilade_core::{App, Body, BodyError, Pipeline, Request, Response, lint::Lint};
use enfilade_middleware::{Coding, Compression};
use http::{HeaderName, HeaderValue};

pub(crate) const CODINGS: [Coding; 4] =
    [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];

/// `size` bytes that compress to about a fifth.
pub(crate) fn text(size: usize) -> String {
    let mut text = String::with_capacity(size + 80);
    let mut state = 88_172_645_463_325_252_u64;
    while text.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let (id, score) = (state % 1000, state % 7919);
        text.push_str(&format!(
            "{{\"id\":{id},\"name\":\"user {id}\",\"score\":{score}}},\n"
        ));
    }
    text.truncate(size);
    text
}

pub(crate) fn response(body: impl Into<Body>, fields: &[(&'static str, &'static str)]) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    for (name, value) in fields {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

pub(crate) fn request(method: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = http::Request::builder().method(method);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("a request")
}

/// What `compression` makes of what `app` answers.
pub(crate) async fn answer(
    compression: Compression,
    request: Request,
    app: impl Fn() -> Response + Send + Sync,
) -> Response {
    let app = Pipeline::new()
        .with(Lint::panicking().around(compression))
        .app(async |_: Request| app());
    app.respond(request).await
}

/// The same, for what the rule book does not allow.
pub(crate) async fn answer_without_lint(
    compression: Compression,
    request: Request,
    app: impl Fn() -> Response + Send + Sync,
) -> Response {
    let app = Pipeline::new()
        .with(compression)
        .app(async |_: Request| app());
    app.respond(request).await
}

pub(crate) fn field<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().expect("text"))
}

pub(crate) async fn bytes(response: Response) -> Bytes {
    response
        .into_body()
        .into_bytes(u64::MAX)
        .await
        .expect("a whole body")
}

pub(crate) fn blocks<B: Into<Bytes>>(blocks: impl IntoIterator<Item = B>) -> Body {
    let blocks: Vec<_> = blocks
        .into_iter()
        .map(|block| Ok::<_, BodyError>(block.into()))
        .collect();
    Body::stream(futures_util::stream::iter(blocks))
}

/// All that a decoder gives; an error where the encoding is not whole.
pub(crate) fn decode(coding: Coding, encoded: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    match coding {
        Coding::Gzip => flate2::read::GzDecoder::new(encoded).read_to_end(&mut decoded)?,
        Coding::Deflate => flate2::read::ZlibDecoder::new(encoded).read_to_end(&mut decoded)?,
        Coding::Brotli => brotli::Decompressor::new(encoded, 4096).read_to_end(&mut decoded)?,
        Coding::Zstd => {
            let (given, whole) = decode_zstd(encoded);
            decoded = given;
            if !whole {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            0
        }
        other => panic!("no decoder of {other}"),
    };
    Ok(decoded)
}

/// What a decoder gives of the first bytes of an encoding.
pub(crate) fn decode_so_far(coding: Coding, encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut buffer = [0; 1024];
    let mut reader: Box<dyn Read> = match coding {
        Coding::Gzip => Box::new(flate2::read::GzDecoder::new(encoded)),
        Coding::Deflate => Box::new(flate2::read::ZlibDecoder::new(encoded)),
        Coding::Brotli => Box::new(brotli::Decompressor::new(encoded, 4096)),
        _ => return decode_zstd(encoded).0,
    };
    while let Ok(read @ 1..) = reader.read(&mut buffer) {
        decoded.extend_from_slice(&buffer[..read]);
    }
    decoded
}

fn decode_zstd(encoded: &[u8]) -> (Vec<u8>, bool) {
    let mut context = zstd_safe::DCtx::create();
    let mut input = zstd_safe::InBuffer::around(encoded);
    let mut decoded = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let mut output = zstd_safe::OutBuffer::around(&mut buffer[..]);
        let left = context
            .decompress_stream(&mut output, &mut input)
            .expect("no defect");
        let written = output.pos();
        decoded.extend_from_slice(&buffer[..written]);
        if left == 0 || (input.pos() == encoded.len() && written < buffer.len()) {
            return (decoded, left == 0 && input.pos() == encoded.len());
        }
    }
}
