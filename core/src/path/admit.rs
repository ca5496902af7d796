//! What the gateway does about a request's path, before anything else looks at it.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use http::{Method, Uri, uri::PathAndQuery};

use super::{PathError, PathPolicy};
use crate::{Environ, Error, Request};

impl PathPolicy {
    /// Makes the path of `request` what this policy wants, and the split between script name and
    /// path info with it. The target as it was sent stays in the environ, where it differs.
    ///
    /// `split` is the length of the script name that the host has seeded.
    pub(crate) fn admit(self, request: &mut Request, split: usize) -> Result<(), Error> {
        let path = request.uri().path();
        if !path.starts_with('/') {
            return pathless(request, split);
        }
        if split > 0 && !is_split(path, split) {
            return Err(BadScriptName::new(path, split).into());
        }
        let Cow::Owned(canonical) = self.apply(path).map_err(refused)? else {
            return Ok(());
        };
        let split = match split {
            0 => 0,
            sent => self.move_split(&path[..sent], &canonical)?,
        };
        let canonical = with_path(request.uri(), canonical)?;
        let sent = std::mem::replace(request.uri_mut(), canonical);
        let environ = Environ::of_mut(request.extensions_mut());
        environ.set_original(sent);
        environ.script_name = split;
        Ok(())
    }

    /// The length of the canonical form of `prefix`, where `canonical` is still below it.
    fn move_split(self, prefix: &str, canonical: &str) -> Result<u32, Error> {
        let moved = self.apply(prefix).map_err(refused)?;
        if moved.ends_with('/') {
            return Err(BadScriptName::new(prefix, prefix.len()).into());
        }
        if !canonical.starts_with(&*moved) || !is_split(canonical, moved.len()) {
            return Err(refused(PathError::AboveRoot));
        }
        Ok(u32::try_from(moved.len())?)
    }
}

/// The targets without a path: `*` of OPTIONS, and the authority that CONNECT asks for (RFC 9112,
/// section 3.2). There is nothing to split in them.
fn pathless(request: &mut Request, split: usize) -> Result<(), Error> {
    match (request.method(), request.uri().path()) {
        (&Method::OPTIONS, "*") | (&Method::CONNECT, "") => {
            if split > 0 {
                Environ::of_mut(request.extensions_mut()).script_name = 0;
            }
            Ok(())
        }
        _ => Err(refused(PathError::NotAbsolute)),
    }
}

/// Whether the first `split` bytes of `path` can be a script name: whole segments, of which the
/// last is not empty.
pub(crate) fn is_split(path: &str, split: usize) -> bool {
    let path = path.as_bytes();
    path.first() == Some(&b'/')
        && path.get(..split).is_some_and(|name| !name.ends_with(b"/"))
        && matches!(path.get(split), None | Some(b'/'))
}

/// `uri` with another path.
fn with_path(uri: &Uri, path: String) -> Result<Uri, Error> {
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    // Escapes can make a path longer than what `http` holds, 64 KiB.
    let target = PathAndQuery::from_maybe_shared(Bytes::from(target))
        .map_err(|error| Error::status(414).because(error))?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target);
    Ok(Uri::from_parts(parts)?)
}

fn refused(error: PathError) -> Error {
    Error::bad_request().message(error.to_string())
}

/// A host seeded a script name that the path does not begin with: its bug, so a 500.
#[derive(Debug)]
struct BadScriptName {
    path: String,
    split: usize,
}

impl BadScriptName {
    fn new(path: &str, split: usize) -> BadScriptName {
        BadScriptName {
            path: path.to_owned(),
            split,
        }
    }
}

impl fmt::Display for BadScriptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadScriptName { path, split } = self;
        write!(
            f,
            "the host's script name, the first {split} bytes of `{path}`, is not whole segments"
        )
    }
}

impl std::error::Error for BadScriptName {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Version;

    use super::*;
    use crate::{Connection, RequestExt};

    fn request(method: Method, target: &str, split: usize) -> Request {
        let mut request = Request::default();
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().expect("a target");
        let environ = Environ::new(Arc::new(Connection::default()), Version::HTTP_11);
        request
            .extensions_mut()
            .insert(environ.with_script_name(split));
        request
    }

    fn admitted(target: &str, split: usize) -> Result<Request, u16> {
        let mut request = request(Method::GET, target, split);
        match PathPolicy::Canonical.admit(&mut request, split) {
            Ok(()) => Ok(request),
            Err(error) => Err(error.status_code().as_u16()),
        }
    }

    #[test]
    fn a_target_keeps_its_query_and_its_authority() {
        let sent = "http://example.org:81/a/../%7e?x=%7e&..";
        let request = admitted(sent, 0).expect("admitted");
        assert_eq!(request.uri(), "http://example.org:81/~?x=%7e&..");
        assert_eq!(request.original_target(), sent);
    }

    #[test]
    fn what_was_canonical_is_kept_once() {
        let request = admitted("/a?b", 0).expect("admitted");
        assert!(request.environ().original().is_none());
        assert_eq!(request.original_target(), "/a?b");
    }

    #[test]
    fn the_split_moves_with_the_path() {
        for (target, split, script_name, path_info) in [
            ("/app/x", 4, "/app", "/x"),
            ("/app", 4, "/app", ""),
            ("/%61pp/%78", 6, "/app", "/x"),
            ("/app/../app/x", 4, "/app", "/x"),
            ("/caf%c3%a9/./x", 10, "/caf%C3%A9", "/x"),
            ("/app//", 4, "/app", "//"),
        ] {
            let request = admitted(target, split).expect(target);
            let found = (request.script_name(), request.path_info());
            assert_eq!(found, (script_name, path_info), "{target}");
        }
    }

    #[test]
    fn a_path_that_leaves_its_prefix_is_refused() {
        for target in ["/app/../x", "/app/..", "/app/../apple", "/app/%2e%2e/"] {
            assert_eq!(admitted(target, 4).err(), Some(400), "{target}");
        }
    }

    #[test]
    fn a_script_name_that_splits_no_path_is_the_hosts_bug() {
        for (target, split) in [
            ("/apple", 4),
            ("/app/", 5),
            ("/", 1),
            ("/a", 3),
            ("/a%2Fb", 3),
            ("/a/..", 5),
        ] {
            assert_eq!(admitted(target, split).err(), Some(500), "{target}");
        }
    }

    #[test]
    fn targets_without_a_path_pass_where_they_mean_something() {
        for (method, target, passes) in [
            (Method::OPTIONS, "*", true),
            (Method::GET, "*", false),
            (Method::CONNECT, "example.org:443", true),
            (Method::GET, "example.org:443", false),
            (Method::CONNECT, "/chat", true),
        ] {
            let mut request = request(method, target, 0);
            let uri = request.uri().clone();
            let admitted = PathPolicy::Canonical.admit(&mut request, 0);
            assert_eq!(admitted.is_ok(), passes, "{target}");
            assert_eq!(*request.uri(), uri);
        }
        let mut behind = request(Method::OPTIONS, "*", 4);
        assert!(PathPolicy::Canonical.admit(&mut behind, 4).is_ok());
        assert_eq!((behind.script_name(), behind.path_info()), ("", "*"));
    }

    #[test]
    fn a_path_that_outgrows_its_type_is_414() {
        let target = format!("/{}", "|".repeat(40_000));
        assert_eq!(admitted(&target, 0).err(), Some(414));
    }
}
