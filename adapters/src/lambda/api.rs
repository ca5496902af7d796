//! Lambda's side of the process: the [`Api`] of its runtime interface.
//!
//! Four requests over HTTP/1.1, to the machine itself. What goes wrong here is not the client's, and
//! ends the process: Lambda starts another.

use std::sync::Arc;

use enfilade_core::{Body, BoxError, ErrorSink, HostError};
use http::{HeaderValue, Method, StatusCode, header};

use super::{
    answer::Answer,
    link::Link,
    next::{InvocationId, Next},
    streamed::{ERROR_BODY, ERROR_TYPE, Streamed},
};

/// The runtime interface at one address, over one connection that is opened when it is needed.
pub(super) struct Api {
    link: Link,
    errors: Arc<dyn ErrorSink>,
}

impl Api {
    pub(super) fn at(address: &str, errors: Arc<dyn ErrorSink>) -> Api {
        Api {
            link: Link::to(address),
            errors,
        }
    }

    /// Waits for an invocation, as long as it takes.
    pub(super) async fn next(&mut self) -> Result<Next, HostError> {
        let request = self.request(Method::GET, INVOCATION_NEXT, Body::empty())?;
        let (head, payload) = self.link.call(request).await?;
        if head.status != StatusCode::OK {
            return Err(HostError::new(format!(
                "Lambda answered {} where an invocation was asked for",
                head.status
            )));
        }
        Next::read(&head.headers, payload)
    }

    /// Answers an invocation. What Lambda refuses is told to it as an error, so that its client
    /// does not wait.
    pub(super) async fn answer(
        &mut self,
        id: &InvocationId,
        answer: Answer,
    ) -> Result<(), HostError> {
        let mut request = match answer {
            Answer::Whole(json) => self.response(id, Body::from(json))?,
            Answer::Streamed(streamed) => self.stream(id, streamed)?,
            Answer::Failed(kind, message) => return self.fail(id, kind, &message).await,
        };
        id.sign(&mut request);
        match self.link.call(request).await {
            Ok((head, _)) if head.status.is_success() => Ok(()),
            Ok((head, body)) => {
                let refusal = format!(
                    "Lambda refused a response: {} {}",
                    head.status,
                    String::from_utf8_lossy(&body)
                );
                if head.status.is_server_error() {
                    return Err(HostError::new(refusal));
                }
                self.errors.report(&refusal);
                self.fail(id, "Enfilade.Refused", "the response was refused")
                    .await
            }
            // A stream that broke off took the connection with it, and that tells the client.
            Err(error) => {
                self.errors.report(&format!("{error:?}"));
                Ok(())
            }
        }
    }

    async fn fail(
        &mut self,
        id: &InvocationId,
        kind: &str,
        message: &str,
    ) -> Result<(), HostError> {
        let path = format!("/2018-06-01/runtime/invocation/{}/error", id.request);
        let mut request = self.error(&path, kind, message)?;
        id.sign(&mut request);
        self.link.call(request).await.map(drop)
    }

    /// Tells that the function cannot start.
    pub(super) async fn fail_start(&mut self, message: &str) -> Result<(), HostError> {
        let request = self.error(START_ERROR, "Enfilade.StartFailed", message)?;
        self.link.call(request).await.map(drop)
    }

    /// Registers an extension that wants no events, and gives its identifier.
    pub(super) async fn register(&mut self) -> Result<HeaderValue, HostError> {
        let no_events = Body::from(r#"{"events":[]}"#);
        let mut request = self.request(Method::POST, EXTENSION_REGISTER, no_events)?;
        let name = HeaderValue::from_static("enfilade");
        request.headers_mut().insert("lambda-extension-name", name);
        let (mut head, _) = self.link.call(request).await?;
        let id = head.headers.remove(EXTENSION_ID);
        id.filter(|_| head.status == StatusCode::OK)
            .ok_or_else(|| HostError::new(format!("Lambda answered {}", head.status)))
    }

    /// Waits for an event of an extension.
    pub(super) async fn extension_event(
        &mut self,
        id: &HeaderValue,
    ) -> Result<StatusCode, HostError> {
        let mut request = self.request(Method::GET, EXTENSION_NEXT, Body::empty())?;
        request.headers_mut().insert(EXTENSION_ID, id.clone());
        let (head, _) = self.link.call(request).await?;
        Ok(head.status)
    }

    fn response(&self, id: &InvocationId, body: Body) -> Result<http::Request<Body>, HostError> {
        let path = format!("/2018-06-01/runtime/invocation/{}/response", id.request);
        let mut request = self.request(Method::POST, &path, body)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        Ok(request)
    }

    fn stream(
        &self,
        id: &InvocationId,
        streamed: Streamed,
    ) -> Result<http::Request<Body>, HostError> {
        let mut request = self.response(id, Body::new(streamed))?;
        for (name, value) in [
            (
                "content-type",
                "application/vnd.awslambda.http-integration-response",
            ),
            ("lambda-runtime-function-response-mode", "streaming"),
            ("transfer-encoding", "chunked"),
        ] {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        for name in [ERROR_TYPE, ERROR_BODY] {
            request
                .headers_mut()
                .append(header::TRAILER, HeaderValue::from_static(name));
        }
        Ok(request)
    }

    fn error(
        &self,
        path: &str,
        kind: &str,
        message: &str,
    ) -> Result<http::Request<Body>, HostError> {
        let told = serde_json::json!({"errorType": kind, "errorMessage": message});
        let mut request = self.request(Method::POST, path, Body::from(told.to_string()))?;
        let kind = HeaderValue::from_str(kind).map_err(unusable)?;
        request.headers_mut().insert(ERROR_TYPE, kind);
        Ok(request)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<http::Request<Body>, HostError> {
        http::Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.link.address())
            .header(
                header::USER_AGENT,
                concat!("enfilade/", env!("CARGO_PKG_VERSION")),
            )
            .body(body)
            .map_err(unusable)
    }
}

const INVOCATION_NEXT: &str = "/2018-06-01/runtime/invocation/next";
const START_ERROR: &str = "/2018-06-01/runtime/init/error";
const EXTENSION_ID: &str = "lambda-extension-identifier";
const EXTENSION_REGISTER: &str = "/2020-01-01/extension/register";
const EXTENSION_NEXT: &str = "/2020-01-01/extension/event/next";

fn unusable(error: impl Into<BoxError>) -> HostError {
    HostError::new("what Lambda handed over makes no request to answer it with").because(error)
}
