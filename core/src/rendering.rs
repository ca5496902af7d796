//! Answers that can only be written once their request is known.

use bytes::Bytes;
use http::{HeaderValue, header, uri::PathAndQuery};

use crate::{
    Request, RequestExt, Response,
    error::{Error, Form},
    field::accept,
    path::link_start,
};

/// What must be kept of a request to write an answer that was made without it: in which form an
/// error is wanted, and where the app is mounted.
pub(crate) struct Rendering {
    accept: Option<HeaderValue>,
    /// The path and the length of the mount in it; nothing where the mount is the root.
    /// Boxed, because it is kept with every answer on its way, and beyond a kilobyte that costs more.
    mount: Option<Box<(PathAndQuery, usize)>>,
}

/// Left in a response's extensions by answers that need their request.
#[derive(Clone)]
pub(crate) enum Unwritten {
    /// The body is the plain form of this error.
    Error { error: Error, plain: Bytes },
    /// The `Location` is this path below the mount.
    Location(HeaderValue),
}

impl Rendering {
    #[inline]
    pub(crate) fn of(request: &Request) -> Rendering {
        // One walk over the few names is cheaper than one look into their hash table.
        let accept = request.headers().keys().any(|name| name == header::ACCEPT);
        let mut rendering = Rendering::at_root(request, accept);
        let split = request.environ().script_name as usize;
        if split > 0 {
            let target = request.uri().path_and_query();
            rendering.mount = target.map(|target| Box::new((target.clone(), split)));
        }
        rendering
    }

    /// The same, where nothing is mounted yet, and it is known whether there is an `Accept`.
    #[inline]
    pub(crate) fn at_root(request: &Request, accept: bool) -> Rendering {
        Rendering {
            accept: accept.then(|| accept::of(request.headers())).flatten(),
            mount: None,
        }
    }

    /// Writes what is unwritten. Costs one look where nothing is.
    #[inline]
    pub(crate) fn finish(&self, mut response: Response) -> Response {
        self.finish_in_place(&mut response);
        response
    }

    #[inline]
    pub(crate) fn finish_in_place(&self, response: &mut Response) {
        if !response.extensions().is_empty() {
            self.write(response);
        }
    }

    fn write(&self, response: &mut Response) {
        match response.extensions_mut().remove::<Unwritten>() {
            Some(Unwritten::Error { error, plain }) => {
                self.write_error(&error, &plain, response);
            }
            Some(Unwritten::Location(path)) => self.prefix_location(&path, response),
            None => {}
        }
    }

    fn write_error(&self, error: &Error, plain: &Bytes, response: &mut Response) {
        // A middleware between the error and here may have put a page of its own, or have said
        // something about these very bytes; then they stay.
        let headers = response.headers();
        if !response.body().is_same(plain)
            || headers.contains_key(header::CONTENT_ENCODING)
            || headers.contains_key(header::ETAG)
        {
            return;
        }
        let form = Form::preferred(self.accept.as_ref());
        let status = response.status();
        if form == Form::Plain && status == error.status_code() {
            return;
        }
        let media_type = HeaderValue::from_static(form.media_type());
        response.body_mut().refill(error.write(form, status));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }

    fn prefix_location(&self, path: &HeaderValue, response: &mut Response) {
        let Some((target, split)) = self.mount.as_deref() else {
            return;
        };
        // A middleware between the redirect and here may have sent the client elsewhere.
        let location = response.headers_mut().get_mut(header::LOCATION);
        let Some(location) = location.filter(|location| *location == path) else {
            return;
        };
        // As `script_name` has it, which cannot trust that nobody rewrote the path.
        let prefix = target.path().get(..*split).unwrap_or("");
        let written = [link_start(prefix), prefix].concat();
        // Both are valid, so the whole is.
        if let Ok(value) = HeaderValue::from_bytes(&[written.as_bytes(), path.as_bytes()].concat())
        {
            *location = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{Body, BodyEnd, BodyWatch, Ending, IntoResponse};

    fn asking(accept: &'static str) -> Request {
        let mut request = Request::default();
        let accept = HeaderValue::from_static(accept);
        request.headers_mut().insert(header::ACCEPT, accept);
        request
    }

    fn finish(accept: &'static str, response: Response) -> (String, String) {
        let response = Rendering::of(&asking(accept)).finish(response);
        let media_type = response.headers()[header::CONTENT_TYPE].to_str();
        let media_type = media_type.expect("ASCII").to_owned();
        let body = response.into_body().try_into_bytes().expect("in memory");
        (media_type, String::from_utf8(body.into()).expect("text"))
    }

    #[test]
    fn what_a_middleware_put_in_place_of_an_error_stays() {
        let error = || Error::not_found().into_response();
        // Of the same length and the same text, but other bytes.
        let replaced = error().map(|_| Body::from("Not Found\n".to_owned()));
        assert_eq!(finish("text/html", replaced).1, "Not Found\n");
        for name in [header::ETAG, header::CONTENT_ENCODING] {
            let mut response = error();
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static("x"));
            assert_eq!(finish("text/html", response).1, "Not Found\n");
        }
        assert!(
            finish("text/html", error())
                .1
                .contains("<h1>404 Not Found</h1>")
        );
    }

    #[test]
    fn an_error_is_written_under_the_status_that_is_sent() {
        let response = (http::StatusCode::GONE, Error::not_found()).into_response();
        let (media_type, text) = finish("application/json", response);
        assert_eq!(media_type, "application/problem+json");
        assert_eq!(text, "{\"title\":\"Gone\",\"status\":410}\n");
        let response = (http::StatusCode::GONE, Error::not_found()).into_response();
        assert_eq!(finish("*/*", response).1, "Gone\n");
    }

    #[test]
    fn who_watches_the_body_of_an_error_sees_what_is_sent() {
        #[derive(Clone, Default)]
        struct End(Arc<Mutex<Option<BodyEnd>>>);
        impl BodyWatch for End {
            fn end(&mut self, end: BodyEnd) {
                *self.0.lock().expect("no panic") = Some(end);
            }
        }
        let end = End::default();
        let response = Error::not_found().into_response();
        let response = response.map(|body| body.watch(end.clone()));
        let (_, text) = finish("text/html", response);
        let end = end.0.lock().expect("no panic").expect("an end");
        assert_eq!(end.bytes, text.len() as u64);
        assert_eq!(end.ending, Ending::Complete);
    }

    #[test]
    fn a_path_that_was_cut_below_its_mount_gets_no_prefix_and_no_panic() {
        let mut request = asking("*/*");
        *request.uri_mut() = http::Uri::from_static("/x");
        request.environ_mut().script_name = 4;
        let response = crate::Redirect::to("/login").into_response();
        let response = Rendering::of(&request).finish(response);
        assert_eq!(response.headers()[header::LOCATION], "/login");
    }

    #[test]
    fn a_redirect_that_a_middleware_has_turned_elsewhere_gets_no_prefix() {
        let mut request = asking("*/*");
        *request.uri_mut() = http::Uri::from_static("/app/x");
        request.environ_mut().script_name = 4;
        let mut response = crate::Redirect::to("/login").into_response();
        let elsewhere = HeaderValue::from_static("https://id.example.org/");
        response
            .headers_mut()
            .insert(header::LOCATION, elsewhere.clone());
        let response = Rendering::of(&request).finish(response);
        assert_eq!(response.headers()[header::LOCATION], elsewhere);
    }
}
