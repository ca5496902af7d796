//! A `tonic` service as an app, behind native and tower steps: streams, and status in trailers.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BufMut};
use enfilade_core::{Body, Next, Pipeline, Request, Response, from_fn, from_service, tower};
use futures_util::{Stream, StreamExt, stream};
use http::uri::PathAndQuery;
use tonic::{
    Code, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{ServerStreamingService, UnaryService},
    transport::Channel,
};
use tower_http::trace::TraceLayer;

#[allow(dead_code, reason = "each test uses its part")]
#[path = "support/tower.rs"]
mod support;

/// Text as it is, instead of protobuf.
#[derive(Clone, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Text;
    type Decoder = Text;

    fn encoder(&mut self) -> Text {
        Text
    }

    fn decoder(&mut self) -> Text {
        Text
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        let text = String::from_utf8(bytes.into());
        Ok(Some(text.map_err(|_| Status::invalid_argument("text"))?))
    }
}

/// `Echo/Say` answers, or fails where it is told to; `Echo/Count` streams, and fails at its end.
#[derive(Clone)]
struct Echo;

impl UnaryService<String> for Echo {
    type Response = String;
    type Future = Ready<Result<tonic::Response<String>, Status>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        ready(match request.into_inner().as_str() {
            "fail" => Err(Status::not_found("nobody")),
            name => Ok(tonic::Response::new(format!("hello {name}"))),
        })
    }
}

impl ServerStreamingService<String> for Echo {
    type Response = String;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;
    type Future = Ready<Result<tonic::Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        let name = request.into_inner();
        let numbers = stream::iter(0..3).map(move |number| Ok(format!("{name} {number}")));
        let end = stream::iter([Err(Status::data_loss("the rest"))]);
        ready(Ok(tonic::Response::new(Box::pin(numbers.chain(end)))))
    }
}

/// What code generators write.
impl ::tower::Service<Request> for Echo {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Text);
            Ok(match request.uri().path() {
                "/Echo/Say" => grpc.unary(Echo, request).await,
                "/Echo/Count" => grpc.server_streaming(Echo, request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

async fn client() -> tonic::client::Grpc<Channel> {
    let app = Pipeline::new()
        .with(from_fn(async |request: Request, next: Next<'_>| {
            next.respond(request).await
        }))
        .with(tower(TraceLayer::new_for_grpc()))
        .app(from_service(Echo));
    let address = support::serve(app).await;
    let channel = Channel::from_shared(format!("http://{address}")).expect("a Uri");
    let mut client = tonic::client::Grpc::new(channel.connect().await.expect("it listens"));
    client.ready().await.expect("it is ready");
    client
}

fn say(text: &str) -> tonic::Request<String> {
    tonic::Request::new(text.to_owned())
}

const SAY: PathAndQuery = PathAndQuery::from_static("/Echo/Say");
const COUNT: PathAndQuery = PathAndQuery::from_static("/Echo/Count");

#[tokio::test]
async fn a_call_is_answered_and_its_status_is_in_the_trailers() {
    let mut client = client().await;
    let answer = client.unary(say("you"), SAY, Text).await.expect("ok");
    assert_eq!(answer.get_ref(), "hello you");
    assert_eq!(answer.metadata().get("grpc-status").expect("trailers"), "0");
}

#[tokio::test]
async fn an_error_of_a_call_reaches_the_client_as_it_is() {
    let mut client = client().await;
    let status = client
        .unary::<_, String, _>(say("fail"), SAY, Text)
        .await
        .expect_err("it fails");
    assert_eq!(
        (status.code(), status.message()),
        (Code::NotFound, "nobody")
    );
    client.ready().await.expect("the connection lives");
    let path = PathAndQuery::from_static("/Echo/Nothing");
    let status = client
        .unary::<_, String, _>(say("you"), path, Text)
        .await
        .expect_err("it fails");
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_stream_arrives_and_a_failure_after_it_is_told_in_the_trailers() {
    let mut client = client().await;
    let answer = client
        .server_streaming(say("n"), COUNT, Text)
        .await
        .expect("it begins");
    let mut numbers = answer.into_inner();
    for number in 0..3 {
        let text = numbers
            .message()
            .await
            .expect("no error")
            .expect("a message");
        assert_eq!(text, format!("n {number}"));
    }
    let status = numbers.message().await.expect_err("the rest is lost");
    assert_eq!(
        (status.code(), status.message()),
        (Code::DataLoss, "the rest")
    );
}

/// Not a call at all: the service answers, and the answer is not changed.
#[tokio::test]
async fn what_is_no_call_is_answered_by_tonic_too() {
    let app = Pipeline::new().app(from_service(Echo));
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = "/Echo/Nothing".parse().expect("a Uri");
    let response: Response = enfilade_core::App::respond(&app, request).await;
    assert_eq!(response.headers()["grpc-status"], "12");
}
