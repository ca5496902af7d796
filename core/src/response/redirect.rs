//! Redirects that know the mount: [`Redirect`].

use std::fmt;

use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{Error, IntoResponse, PathPolicy, Response, rendering::Unwritten};

/// Sends the client elsewhere.
///
/// A target that begins with a single `/` is a path of this app: where the app is mounted under a
/// prefix, the prefix is put in front of it. (What `url_for` and `url_for_route` give has it
/// already: send that [`as_written`](Redirect::as_written).) An absolute URL (`https://...`) and a relative one
/// (`next`, `?page=2`) are sent as they are. What a URL cannot hold, such as spaces and letters
/// beyond ASCII, is percent-encoded.
///
/// # Open redirects
///
/// A target that looks like a path of this site and is none for a browser is refused with a 500
/// that keeps the cause: `//host`, anything with a backslash (browsers read it as `/`), and
/// control characters (browsers drop tabs and line breaks). A target that comes from the client,
/// such as `?next=`, may still be an absolute URL: send those with
/// [`only_local`](Redirect::only_local), which refuses all but paths of this app.
///
/// ```
/// use enfilade_core::{IntoResponse, Redirect, Request};
///
/// async fn login(_: Request) -> impl IntoResponse {
///     let next = "https://evil.example/"; // from the client
///     Redirect::see_other(next).only_local()
/// }
/// # use enfilade_core::App;
/// # async fn check() {
/// # assert_eq!(login.respond(Request::default()).await.status(), 400);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Redirect {
    status: StatusCode,
    target: Result<Target, Refused>,
}

#[derive(Clone, Debug)]
struct Target {
    location: HeaderValue,
    /// A path of this site.
    local: bool,
    /// The prefix of the mount is in it.
    prefixed: bool,
}

impl Redirect {
    /// 302: elsewhere, this time. Browsers go there with GET after a POST.
    #[must_use]
    pub fn to(target: impl AsRef<str>) -> Redirect {
        Redirect::with(StatusCode::FOUND, target.as_ref())
    }

    /// 303: the answer to this request is to be fetched there with GET. For the end of a form.
    #[must_use]
    pub fn see_other(target: impl AsRef<str>) -> Redirect {
        Redirect::with(StatusCode::SEE_OTHER, target.as_ref())
    }

    /// 307: elsewhere, this time, with the same method and body.
    #[must_use]
    pub fn temporary(target: impl AsRef<str>) -> Redirect {
        Redirect::with(StatusCode::TEMPORARY_REDIRECT, target.as_ref())
    }

    /// 308: elsewhere, from now on, with the same method and body. Clients remember it.
    #[must_use]
    pub fn permanent(target: impl AsRef<str>) -> Redirect {
        Redirect::with(StatusCode::PERMANENT_REDIRECT, target.as_ref())
    }

    fn with(status: StatusCode, target: &str) -> Redirect {
        Redirect {
            status,
            target: Target::parse(target),
        }
    }

    /// Puts no prefix in front of the target: for paths as seen from outside, which
    /// [`url_for`](crate::RequestExt::url_for) and
    /// [`url_for_route`](crate::RequestExt::url_for_route) give.
    ///
    /// ```
    /// use enfilade_core::{Redirect, Request, RequestExt, Result};
    ///
    /// async fn latest(request: Request) -> Result<Redirect> {
    ///     let url = request.url_for_route("user", &[("id", &7)])?;
    ///     Ok(Redirect::see_other(url).as_written())
    /// }
    /// # use enfilade_core::App;
    /// # let _ = latest.boxed();
    /// ```
    #[must_use]
    pub fn as_written(mut self) -> Redirect {
        if let Ok(target) = &mut self.target {
            target.prefixed = true;
        }
        self
    }

    /// Refuses with a 400 all but paths of this app, also those that would climb out of its mount
    /// with `..`: for targets that come from the client.
    #[must_use]
    pub fn only_local(mut self) -> Redirect {
        self.target = match self.target {
            Ok(target) if target.local && target.has_canonical_path() => Ok(target),
            _ => Err(Refused::NotLocal),
        };
        self
    }
}

impl Target {
    fn parse(target: &str) -> Result<Target, Refused> {
        if target.contains(|c: char| c.is_control()) {
            return Err(Refused::Control);
        }
        // In a query too: where it ends is a matter of who parses.
        if target.contains('\\') {
            return Err(Refused::Backslash);
        }
        if target.starts_with("//") {
            return Err(Refused::OtherHost);
        }
        let encoded = utf8_percent_encode(target, NOT_IN_URLS).to_string();
        Ok(Target {
            // What is left is ASCII and printable.
            location: HeaderValue::try_from(encoded).map_err(|_| Refused::Control)?,
            local: target.starts_with('/'),
            prefixed: false,
        })
    }

    /// It climbs nowhere, and would not be refused when the client asks for it.
    fn has_canonical_path(&self) -> bool {
        let target = self.location.to_str().unwrap_or("");
        let path = target.split(['?', '#']).next().unwrap_or("");
        PathPolicy::Canonical.apply(path).is_ok()
    }
}

/// What RFC 3986 allows nowhere. `%` is kept: a target may be encoded already.
const NOT_IN_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'^');

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        let Target {
            location,
            local,
            prefixed,
        } = match self.target {
            Ok(target) => target,
            Err(Refused::NotLocal) => {
                return Error::bad_request()
                    .message(Refused::NotLocal.to_string())
                    .into_response();
            }
            Err(refused) => return Error::from(refused).into_response(),
        };
        let mut response = self.status.into_response();
        if local && !prefixed {
            let unwritten = Unwritten::Location(location.clone());
            response.extensions_mut().insert(unwritten);
        }
        response.headers_mut().insert(header::LOCATION, location);
        response
    }
}

/// Why a target is not sent.
#[derive(Clone, Copy, Debug)]
enum Refused {
    Control,
    Backslash,
    OtherHost,
    NotLocal,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::Control => "the target of a redirect holds a control character",
            Refused::Backslash => "the target of a redirect holds a backslash",
            Refused::OtherHost => {
                "the target of a redirect begins with `//`, which names another host"
            }
            Refused::NotLocal => "the target of the redirect is no path of this site",
        })
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{App, Environ, Request, guard::Guard};

    async fn sent(redirect: Redirect, path: &'static str, script_name: usize) -> (u16, String) {
        let mut request = Request::default();
        *request.uri_mut() = path.parse().expect("a path");
        let environ = Environ::new(std::sync::Arc::default(), http::Version::HTTP_11);
        request
            .extensions_mut()
            .insert(environ.with_script_name(script_name));
        let app = Guard::new(move |_: Request| {
            let redirect = redirect.clone();
            async move { redirect }
        });
        let response = app.respond(request).await;
        let location = response.headers().get("location");
        let location = location.map(|value| value.to_str().expect("ASCII").to_owned());
        (response.status().as_u16(), location.unwrap_or_default())
    }

    #[tokio::test]
    async fn a_target_that_is_another_host_for_a_browser_is_refused() {
        for target in [
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            "\u{85}//evil.example",
            "/x\r\nset-cookie: a=1",
            "/x\0",
        ] {
            for redirect in [Redirect::to(target), Redirect::permanent(target)] {
                let (status, location) = sent(redirect, "/x", 0).await;
                assert_eq!((status, &*location), (500, ""), "{target:?}");
            }
            let (status, location) = sent(Redirect::to(target).only_local(), "/x", 0).await;
            assert_eq!((status, &*location), (400, ""), "{target:?}");
        }
        // A blank is no part of a field's value when it stands in front.
        let (_, location) = sent(Redirect::to(" //evil.example"), "/x", 0).await;
        assert_eq!(location, "%20//evil.example");
    }

    #[tokio::test]
    async fn a_client_s_target_is_a_path_of_this_site_or_nothing() {
        for target in [
            "https://evil.example",
            "evil",
            "?x",
            "",
            "javascript:alert(1)",
            // Out of the mount.
            "/..",
            "/a/%2e%2e/../admin?x",
            "/%5cevil.example",
            "/%",
        ] {
            let (status, _) = sent(Redirect::see_other(target).only_local(), "/x", 0).await;
            assert_eq!(status, 400, "{target:?}");
        }
        for target in ["/next?a=b", "/a/../b", "/?next=/../x#/..", "/%C3%A9"] {
            let redirect = Redirect::see_other(target).only_local();
            assert_eq!(sent(redirect, "/x", 0).await, (303, target.into()));
        }
    }

    #[tokio::test]
    async fn a_path_gets_the_mount_in_front_and_nothing_else_does() {
        for (target, location) in [
            ("/", "/app/"),
            ("/a?b=c#d", "/app/a?b=c#d"),
            ("/ü /%20", "/app/%C3%BC%20/%20"),
            ("a", "a"),
            ("?page=2", "?page=2"),
            ("https://example.org/x", "https://example.org/x"),
        ] {
            let (status, sent) = sent(Redirect::temporary(target), "/app/x", 4).await;
            assert_eq!((status, &*sent), (307, location), "{target:?}");
        }
    }

    #[tokio::test]
    async fn a_mount_that_begins_with_two_slashes_names_no_host() {
        let (_, location) = sent(Redirect::to("/x"), "//evil.example/y", 14).await;
        assert_eq!(location, "/.//evil.example/x");
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_client_asks_for_it_is_sent_to_a_path_of_this_site_or_refused(
            target in "(/|//|[a-z:/\\\\?#%.@ \t\r\n\u{0}\u{85}\u{a0}\u{2028}\u{ff0f}\u{fffd}]){0,12}",
        ) {
            let response = Redirect::see_other(&target).only_local().into_response();
            match response.headers().get(header::LOCATION) {
                Some(location) => {
                    // As browsers read it: without controls, a backslash being a slash.
                    let read = location.to_str().expect("ASCII").replace('\\', "/");
                    proptest::prop_assert!(read.bytes().all(|byte| byte.is_ascii_graphic()));
                    proptest::prop_assert!(read.starts_with('/') && !read.starts_with("//"));
                }
                None => proptest::prop_assert_eq!(response.status(), 400),
            }
        }
    }
}
