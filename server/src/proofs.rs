//! What the server answers in place of the app: [`Proofs`].

use std::sync::Arc;

use enfilade_core::{Body, Response};
use http::{HeaderValue, Method, header};

/// Shows an authority of certificates that a name is this server's, for as long as it asks
/// (RFC 8555, section 8.3).
pub(crate) trait Proofs: Send + Sync {
    /// The proof that stands at `path`, if it is asked for at the moment.
    fn at(&self, path: &str) -> Option<String>;
}

/// The answer to a request for a proof. All others are the app's.
pub(crate) fn answer<B>(
    proofs: &[Arc<dyn Proofs>],
    request: &http::Request<B>,
) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let path = request.uri().path();
    let proof = proofs.iter().find_map(|proofs| proofs.at(path))?;
    let mut response = Response::new(Body::from(proof));
    let bytes = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, bytes);
    Some(response)
}
