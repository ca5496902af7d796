//! What answers at a route: an app for a method, and what is answered to the other methods.

use std::{panic::Location, sync::Arc};

use http::{HeaderValue, Method, StatusCode, header};

use super::group::Door;
use crate::{App, BoxApp, Error, IntoResponse, Request, Response};

/// An app at a route, behind the groups that it is in.
#[derive(Clone)]
pub(super) struct Endpoint {
    /// `None` for all methods that have no endpoint of their own.
    pub(super) method: Option<Method>,
    pub(super) app: BoxApp,
    /// The outermost first.
    pub(super) doors: Vec<Arc<Door>>,
    pub(super) place: &'static Location<'static>,
}

impl Endpoint {
    pub(super) fn new(
        method: Option<Method>,
        app: BoxApp,
        place: &'static Location<'static>,
    ) -> Endpoint {
        Endpoint {
            method,
            app,
            doors: Vec::new(),
            place,
        }
    }

    /// What a route answers to a method for which it has no app, in the groups that all its
    /// endpoints are in: so a group's CORS fields are on the answer to OPTIONS, too.
    pub(super) fn otherwise(first: &Endpoint, others: &[Endpoint]) -> Endpoint {
        let is_common = |n: usize, door: &Arc<Door>| {
            let mut others = others.iter().map(|other| other.doors.get(n));
            others.all(|other| other.is_some_and(|other| Arc::ptr_eq(other, door)))
        };
        let doors = first.doors.iter().enumerate();
        let common = doors.take_while(|(n, door)| is_common(*n, door));
        Endpoint {
            method: None,
            doors: common.map(|(_, door)| Arc::clone(door)).collect(),
            app: Otherwise::new(std::iter::once(first).chain(others)).boxed(),
            place: first.place,
        }
    }
}

/// Answers OPTIONS with 204 and other methods with 405, with `Allow` (RFC 9110, sections 9.3.7 and
/// 15.5.6).
pub(super) struct Otherwise {
    allow: HeaderValue,
}

impl Otherwise {
    pub(super) fn new<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Otherwise {
        let mut methods = vec![];
        for method in endpoints.into_iter().filter_map(|e| e.method.as_ref()) {
            methods.push(method);
            // The host drops the body of a response to HEAD.
            methods.extend((method == Method::GET).then_some(&Method::HEAD));
        }
        methods.push(&Method::OPTIONS);
        let mut seen: Vec<&str> = Vec::with_capacity(methods.len());
        for method in methods {
            if !seen.contains(&method.as_str()) {
                seen.push(method.as_str());
            }
        }
        let allow = HeaderValue::from_str(&seen.join(", "));
        Otherwise {
            allow: allow.expect("a method is a token, and tokens are field values"),
        }
    }
}

impl Otherwise {
    pub(super) fn answer(&self, request: &Request) -> Response {
        if request.method() != Method::OPTIONS {
            return Error::status(StatusCode::METHOD_NOT_ALLOWED)
                .header(header::ALLOW, self.allow.clone())
                .response_to(request);
        }
        let mut response = StatusCode::NO_CONTENT.into_response();
        let allow = self.allow.clone();
        response.headers_mut().insert(header::ALLOW, allow);
        response
    }
}

impl App for Otherwise {
    async fn respond(&self, request: Request) -> Response {
        self.answer(&request)
    }
}
