//! An invocation as Lambda hands it over: [`Next`].

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use enfilade_core::{Body, HostError};
use http::{HeaderMap, HeaderValue};

/// An invocation that is to be answered.
pub(super) struct Next {
    pub(super) id: InvocationId,
    pub(super) deadline: SystemTime,
    pub(super) function_arn: String,
    pub(super) trace_id: Option<String>,
    pub(super) payload: Bytes,
}

/// Which invocation an answer is for.
pub(super) struct InvocationId {
    pub(super) request: String,
    /// Sent back as it came, where it came.
    invocation: Option<HeaderValue>,
}

impl Next {
    /// Reads what Lambda answers to whoever asks for an invocation.
    pub(super) fn read(headers: &HeaderMap, payload: Bytes) -> Result<Next, HostError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let missing = |name: &str| {
            HostError::new(format!(
                "Lambda handed an invocation over without a readable {name}"
            ))
        };
        let told = |name: &'static str| text(name).ok_or_else(|| missing(name));
        let deadline = "lambda-runtime-deadline-ms";
        let millis = told(deadline)?.parse().map_err(|_| missing(deadline))?;
        let deadline_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis));
        Ok(Next {
            id: InvocationId {
                request: told("lambda-runtime-aws-request-id")?.to_owned(),
                invocation: headers.get(INVOCATION_ID).cloned(),
            },
            deadline: deadline_at.ok_or_else(|| missing(deadline))?,
            function_arn: text("lambda-runtime-invoked-function-arn")
                .unwrap_or_default()
                .to_owned(),
            trace_id: text("lambda-runtime-trace-id").map(str::to_owned),
            payload,
        })
    }
}

impl InvocationId {
    /// Marks `request` as an answer to this invocation.
    pub(super) fn sign(&self, request: &mut http::Request<Body>) {
        if let Some(invocation) = &self.invocation {
            request
                .headers_mut()
                .insert(INVOCATION_ID, invocation.clone());
        }
    }
}

const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
