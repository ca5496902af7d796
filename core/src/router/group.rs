//! Middleware around a group of routes: one instance, that stands between the match and the app.

use std::{fmt, sync::Arc};

use crate::{App, BoxApp, Error, Request, RequestExt, Response};

/// A group's middleware, closed around [`Onward`].
pub(super) struct Door {
    pub(super) app: BoxApp,
}

/// The app inside of a group's middleware: whatever the route of the request has behind it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Onward(());

impl Onward {
    pub(super) const fn new() -> Onward {
        Onward(())
    }
}

impl App for Onward {
    async fn respond(&self, mut request: Request) -> Response {
        let Some(passed) = request.environ_mut().params.last_mut() else {
            return Error::from(LostRoute).response_to(&request);
        };
        passed.place.door += 1;
        let (routes, place) = (Arc::clone(&passed.routes), passed.place);
        routes.app(place).respond(request).await
    }
}

/// A middleware made a new request and left the extensions of the old one behind: a 500.
#[derive(Debug)]
struct LostRoute;

impl fmt::Display for LostRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the middleware of a group dropped the environ of the request")
    }
}

impl std::error::Error for LostRoute {}
