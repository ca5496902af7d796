//! Where a service is mounted that sees its path without the prefix: [`Mounted`].

use http::{Uri, uri::PathAndQuery};

use crate::{Request, RequestExt, path::link_start};

/// In the extensions of a request whose path has lost its prefix: where the service is mounted.
///
/// [`from_service`](crate::from_service) leaves it there, unless the service is at the root. In
/// axum it is `Option<Extension<Mounted>>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    uri: Uri,
    split: usize,
}

impl Mounted {
    /// The prefix: it begins with `/` and does not end in it.
    #[must_use]
    pub fn script_name(&self) -> &str {
        self.uri.path().get(..self.split).unwrap_or("")
    }

    /// What the prefix leaves: empty, or it begins with `/`.
    #[must_use]
    pub fn path_info(&self) -> &str {
        self.uri.path().get(self.split..).unwrap_or("")
    }

    /// The whole `Uri`, prefix included.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// `path`, which begins with `/`, as seen from outside: behind the prefix.
    #[must_use]
    pub fn url_for(&self, path: &str) -> String {
        let prefix = self.script_name();
        [link_start(prefix), prefix, path].concat()
    }

    /// Takes the prefix from the path of `request`, and leaves a `Mounted` in its extensions.
    /// Nothing happens at the root.
    pub(super) fn strip(request: &mut Request) -> Option<Mounted> {
        let split = request.script_name().len();
        if split == 0 {
            return None;
        }
        let stripped = without_prefix(request.uri(), split)?;
        let uri = std::mem::replace(request.uri_mut(), stripped);
        let mounted = Mounted { uri, split };
        // The environ and the path go together, for services that look at both.
        request.environ_mut().script_name = 0;
        request.extensions_mut().insert(mounted.clone());
        Some(mounted)
    }

    /// Gives `request` the path back that `whole` has, and the split with it.
    ///
    /// False where the path is not the end of it: somebody rewrote it, so it is left alone.
    pub(super) fn restore(request: &mut Request, whole: &Uri) -> bool {
        let Some(split) = split(whole, request.uri()) else {
            return false;
        };
        *request.uri_mut() = whole.clone();
        request.environ_mut().script_name = split;
        request.extensions_mut().remove::<Mounted>();
        true
    }
}

/// `uri` without the first `split` bytes of its path. It is valid, as its second half was.
fn without_prefix(uri: &Uri, split: usize) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().get(split..)?;
    let path_and_query = if rest.starts_with('/') {
        PathAndQuery::try_from(rest)
    } else {
        PathAndQuery::try_from(["/", rest].concat())
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

/// The length of the prefix that `whole` has and `rest` has lost.
fn split(whole: &Uri, rest: &Uri) -> Option<u32> {
    if whole.query() != rest.query() {
        return None;
    }
    let (whole, rest) = (whole.path(), rest.path());
    let prefix = match whole.strip_suffix(rest) {
        Some(prefix) if rest.starts_with('/') => prefix,
        // Whoever strips makes an empty path a `/`.
        None if rest == "/" => whole,
        _ => return None,
    };
    let is_mount = prefix.is_empty() || (prefix.starts_with('/') && !prefix.ends_with('/'));
    is_mount.then(|| u32::try_from(prefix.len()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect("a Uri")
    }

    #[test]
    fn a_prefix_goes_and_everything_else_stays() {
        for (whole, prefix, stripped) in [
            ("/a/x", "/a", "/x"),
            ("/a", "/a", "/"),
            ("/a/", "/a", "/"),
            ("/a?q=/a", "/a", "/?q=/a"),
            ("/a/?q", "/a", "/?q"),
            ("/a/?", "/a", "/?"),
            ("/a//x", "/a", "//x"),
            ("/a/%2Fx?a=b?c", "/a", "/%2Fx?a=b?c"),
            ("/a/b/c", "/a/b", "/c"),
            ("https://host:1/a/x?q", "/a", "https://host:1/x?q"),
            ("https://host/a", "/a", "https://host/"),
        ] {
            let found = without_prefix(&uri(whole), prefix.len());
            assert_eq!(found, Some(uri(stripped)), "{whole} without {prefix}");
            assert_eq!(
                split(&uri(whole), &uri(stripped)),
                Some(prefix.len() as u32)
            );
        }
    }

    #[test]
    fn a_path_that_was_rewritten_is_not_taken_for_one_that_was_stripped() {
        for (whole, rest) in [
            ("/a/x", "/y"),
            ("/a/x?q", "/x"),
            ("/a/x?q", "/x?p"),
            ("/a//x", "/x"),
            ("/a/", "/b"),
            ("*", "/"),
            ("/x", "/a/x"),
        ] {
            assert_eq!(split(&uri(whole), &uri(rest)), None, "{whole} and {rest}");
        }
    }
}
