//! Answers that can only be written once their request is known.

use http::{HeaderValue, Uri, header};

use crate::{Request, RequestExt, Response, body::Body, error::Error};

/// What must be kept of a request to write an answer that was made without it: in which form an
/// error is wanted, and where the app is mounted.
pub(crate) struct Rendering {
    accept: Option<HeaderValue>,
    /// The path and the length of the mount in it; nothing where the mount is the root.
    mount: Option<(Uri, usize)>,
}

/// Left in a response's extensions by answers that need their request.
#[derive(Clone)]
pub(crate) enum Unwritten {
    /// The body is the plain form of this error.
    Error(Error),
    /// The `Location` is this path below the mount.
    Location(HeaderValue),
}

impl Rendering {
    pub(crate) fn of(request: &Request) -> Rendering {
        let split = request.script_name().len();
        Rendering {
            accept: request.headers().get(header::ACCEPT).cloned(),
            mount: (split > 0).then(|| (request.uri().clone(), split)),
        }
    }

    /// Writes what is unwritten. Costs one look where nothing is.
    pub(crate) fn finish(&self, mut response: Response) -> Response {
        if response.extensions().is_empty() {
            return response;
        }
        match response.extensions_mut().remove::<Unwritten>() {
            Some(Unwritten::Error(error)) if untouched(&response) => {
                error.write(self.accept.as_ref(), &mut response);
            }
            Some(Unwritten::Location(path)) => self.prefix_location(&path, &mut response),
            Some(Unwritten::Error(_)) | None => {}
        }
        response
    }

    fn prefix_location(&self, path: &HeaderValue, response: &mut Response) {
        let Some((uri, split)) = &self.mount else {
            return;
        };
        // A middleware between the redirect and here may have sent the client elsewhere.
        let location = response.headers_mut().get_mut(header::LOCATION);
        let Some(location) = location.filter(|location| *location == path) else {
            return;
        };
        let prefix = &uri.path().as_bytes()[..*split];
        // Two slashes in front would name a host.
        let here: &[u8] = if prefix.starts_with(b"//") {
            b"/."
        } else {
            b""
        };
        // All of them are valid, so the whole is.
        if let Ok(value) = HeaderValue::from_bytes(&[here, prefix, path.as_bytes()].concat()) {
            *location = value;
        }
    }
}

/// A middleware between the error and here may have changed the body; then it stays.
fn untouched(response: &Response) -> bool {
    response.body().in_memory_len().is_some()
        && !response.headers().contains_key(header::CONTENT_ENCODING)
}

/// Body and media type of an error go together.
pub(crate) fn set_text(response: &mut Response, media_type: &'static str, text: String) {
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(text);
}
