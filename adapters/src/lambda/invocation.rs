//! What an app can ask about the event behind a request: [`Invocation`].

use std::{sync::Arc, time::SystemTime};

use aws_lambda_events::{
    alb::AlbTargetGroupRequestContext,
    apigw::{ApiGatewayProxyRequestContext, ApiGatewayV2httpRequestContext},
    lambda_function_urls::LambdaFunctionUrlRequestContext,
};
use enfilade_core::Request;

use super::next::Next;

/// The invocation that a request came with: what Lambda knows about it, and the context of its
/// event, typed and whole (the authorizer's claims, for one).
///
/// ```
/// use enfilade_adapters::lambda::{EventContext, Invocation};
/// use enfilade_core::Request;
///
/// async fn stage(request: Request) -> String {
///     match Invocation::of(&request).map(|invocation| &invocation.context) {
///         Some(EventContext::ApiGatewayV1(context)) => context.stage.clone().unwrap_or_default(),
///         _ => String::new(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Invocation {
    /// Lambda's id of this invocation.
    pub request_id: String,
    /// When Lambda will end it, whatever it is doing.
    pub deadline: SystemTime,
    /// What was invoked: the function, with its version or alias.
    pub function_arn: String,
    /// The tracing header of X-Ray.
    pub trace_id: Option<String>,
    /// The context of the event.
    pub context: EventContext,
}

impl Invocation {
    pub(super) fn new(next: &Next, context: EventContext) -> Invocation {
        Invocation {
            request_id: next.id.request.clone(),
            deadline: next.deadline,
            function_arn: next.function_arn.clone(),
            trace_id: next.trace_id.clone(),
            context,
        }
    }

    /// That of `request`; none on another host.
    #[must_use]
    pub fn of(request: &Request) -> Option<&Invocation> {
        request.extensions().get().map(|shared: &Arc<_>| &**shared)
    }
}

/// The context of an event, by the kind of its sender.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventContext {
    /// API Gateway, a REST API, or an HTTP API with payloads of format 1.0.
    ApiGatewayV1(Box<ApiGatewayProxyRequestContext>),
    /// API Gateway, an HTTP API with payloads of format 2.0.
    ApiGatewayV2(Box<ApiGatewayV2httpRequestContext>),
    /// The function's own URL.
    FunctionUrl(Box<LambdaFunctionUrlRequestContext>),
    /// An Application Load Balancer.
    LoadBalancer(Box<AlbTargetGroupRequestContext>),
}
