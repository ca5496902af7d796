//! tower's stacks: layers of tower-http in one static service.

use std::{convert::Infallible, hint::black_box, pin::pin};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Service, ServiceBuilder, service_fn};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{FIELDS, Subject, ready};

/// The layer for the `n`-th of [`FIELDS`].
pub(super) fn set_header(n: usize) -> SetResponseHeaderLayer<HeaderValue> {
    let (name, value) = FIELDS[n];
    SetResponseHeaderLayer::overriding(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

pub(super) fn subject(stack: &str) -> Option<Subject> {
    let hello = service_fn(async |_: Request<Full<Bytes>>| {
        Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
    });
    let builder = ServiceBuilder::new();
    Some(match stack {
        "noop/0" => call(builder.service(hello)),
        "set-header/5" => call(
            builder
                .layer(set_header(0))
                .layer(set_header(1))
                .layer(set_header(2))
                .layer(set_header(3))
                .layer(set_header(4))
                .service(hello),
        ),
        _ => return None,
    })
}

/// Called as cheaply as tower allows: nothing is boxed, nothing is cloned.
fn call<S>(mut service: S) -> Subject
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible>
        + 'static,
{
    Box::new(move || {
        let request = Request::new(Full::default());
        let response = ready(pin!(service.call(black_box(request))));
        black_box(response.unwrap_or_else(|never| match never {}));
    })
}
