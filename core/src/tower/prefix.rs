//! The way out of a mount: paths that a service wrote without knowing its prefix get it back.

use http::{HeaderMap, HeaderValue, header};

use super::Mounted;
use crate::Response;

/// In the extensions of a response: its paths are whole already, since the app knew its mount.
#[derive(Clone)]
pub(super) struct Whole;

/// Puts the prefix of `mounted` before the paths of `response`.
pub(super) fn add_prefix(mounted: &Mounted, response: &mut Response) {
    if response.extensions_mut().remove::<Whole>().is_some() {
        return;
    }
    let headers = response.headers_mut();
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        rewrite(headers, &name, |value| location(mounted, value));
    }
    rewrite(headers, &header::SET_COOKIE, |value| {
        cookie(mounted.script_name().as_bytes(), value)
    });
}

/// Gives each value of `name` to `new`, and takes what comes back. Order and number stay.
fn rewrite(
    headers: &mut HeaderMap,
    name: &header::HeaderName,
    new: impl Fn(&[u8]) -> Option<Vec<u8>>,
) {
    let header::Entry::Occupied(mut entry) = headers.entry(name) else {
        return;
    };
    for value in entry.iter_mut() {
        // Prefix and value were valid, so both together are.
        if let Some(Ok(mut new)) = new(value.as_bytes()).map(HeaderValue::try_from) {
            new.set_sensitive(value.is_sensitive());
            *value = new;
        }
    }
}

/// An absolute path gets the prefix. `//host/..` names another host: unless the path that the
/// service saw began that way itself, for then it is an echo of the path, and would redirect to
/// wherever a client likes.
fn location(mounted: &Mounted, value: &[u8]) -> Option<Vec<u8>> {
    let is_path = value.starts_with(b"/");
    let is_host = value.starts_with(b"//") && !mounted.path_info().starts_with("//");
    (is_path && !is_host).then(|| [mounted.url_for("").as_bytes(), value].concat())
}

/// Puts `prefix` before the `Path` of a cookie (RFC 6265, section 4.1.2.4).
fn cookie(prefix: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let mut parts = value.split(|&byte| byte == b';');
    let mut out = parts.next()?.to_vec();
    if is_host_cookie(&out) {
        return None;
    }
    let mut changed = false;
    for part in parts {
        out.push(b';');
        let (name, path) = part.split_at(path_start(part).unwrap_or(part.len()));
        out.extend_from_slice(name);
        if !path.is_empty() {
            out.extend_from_slice(prefix);
            // The whole mount: `/shop` matches `/shop` and what is below it, `/shop/` does not.
            out.extend_from_slice(if path.trim_ascii_end() == b"/" {
                b""
            } else {
                path
            });
            changed = true;
        }
    }
    changed.then_some(out)
}

/// Where the absolute path begins in ` Path=/x`.
fn path_start(part: &[u8]) -> Option<usize> {
    let equals = part.iter().position(|&byte| byte == b'=')?;
    let (name, path) = (&part[..equals], part[equals + 1..].trim_ascii_start());
    let is_path = name.trim_ascii().eq_ignore_ascii_case(b"path") && path.starts_with(b"/");
    is_path.then_some(part.len() - path.len())
}

/// Browsers take a cookie of this name only with `Path=/` (RFC 6265bis, section 4.1.3.2).
fn is_host_cookie(pair: &[u8]) -> bool {
    let name = pair.trim_ascii_start();
    name.get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"__host-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Request, RequestExt};

    fn mounted(path: &str, split: usize) -> Mounted {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().expect("a Uri");
        request.environ_mut().script_name = u32::try_from(split).expect("small");
        Mounted::strip(&mut request).expect("not at the root")
    }

    fn after(path: &str, name: &'static str, value: &str) -> String {
        let mut response = Response::default();
        let mut value: HeaderValue = value.parse().expect("a value");
        value.set_sensitive(true);
        response.headers_mut().insert(name, value);
        add_prefix(&mounted(path, 2), &mut response);
        let value = &response.headers()[name];
        assert!(value.is_sensitive());
        value.to_str().expect("ASCII").to_owned()
    }

    #[test]
    fn an_absolute_path_gets_the_prefix_and_no_other_location_does() {
        for (written, sent) in [
            ("/", "/a/"),
            ("/x?q=/y#z", "/a/x?q=/y#z"),
            // No guess is made: a service speaks of its own path.
            ("/a/x", "/a/a/x"),
            ("/%2F", "/a/%2F"),
            ("//host/x", "//host/x"),
            ("https://host/x", "https://host/x"),
            ("x", "x"),
            ("../x", "../x"),
            ("?page=2", "?page=2"),
            ("#top", "#top"),
            ("", ""),
        ] {
            for name in ["location", "content-location"] {
                assert_eq!(after("/a/y", name, written), sent, "{name}: {written}");
            }
        }
    }

    #[test]
    fn an_echo_of_a_path_that_began_with_two_slashes_redirects_to_no_host() {
        assert_eq!(after("/a//evil/x", "location", "//evil/x/"), "/a//evil/x/");
    }

    #[test]
    fn a_mount_that_begins_with_two_slashes_names_no_host() {
        let mounted = mounted("//evil/x", 6);
        let sent = location(&mounted, b"/x");
        assert_eq!(sent.as_deref(), Some(&b"/.//evil/x"[..]));
    }

    #[test]
    fn a_cookie_stays_inside_of_the_mount() {
        for (written, sent) in [
            ("id=1; Path=/", "id=1; Path=/a"),
            ("id=1; Path=/x; HttpOnly", "id=1; Path=/a/x; HttpOnly"),
            ("id=1;PATH = /x/ ;Secure", "id=1;PATH = /a/x/ ;Secure"),
            ("id=1; path=/ ", "id=1; path=/a"),
            ("id=1; Path=/x; Path=/y", "id=1; Path=/a/x; Path=/a/y"),
            ("path=/; Path=/", "path=/; Path=/a"),
            // Without a path of its own it has the path of its request, which is the whole one.
            ("id=/", "id=/"),
            ("id=1; Path", "id=1; Path"),
            ("id=1; Path=", "id=1; Path="),
            ("id=1; Path=x", "id=1; Path=x"),
            ("id=1; XPath=/x", "id=1; XPath=/x"),
            ("__Host-id=1; Secure; Path=/", "__Host-id=1; Secure; Path=/"),
            ("__host-id=1; Secure; Path=/", "__host-id=1; Secure; Path=/"),
            ("__Secure-id=1; Path=/", "__Secure-id=1; Path=/a"),
        ] {
            assert_eq!(after("/a/y", "set-cookie", written), sent, "{written}");
        }
    }

    #[test]
    fn every_cookie_of_a_response_is_seen_to_in_its_place() {
        let mut response = Response::default();
        for cookie in ["a=1; Path=/", "b=2", "c=3; Path=/x"] {
            let cookie = cookie.parse().expect("a value");
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        add_prefix(&mounted("/a", 2), &mut response);
        let cookies: Vec<_> = response
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .collect();
        assert_eq!(cookies, ["a=1; Path=/a", "b=2", "c=3; Path=/a/x"]);
    }
}
