//! What was asked for, and which part of it is the script name.

use std::borrow::Cow;

use enfilade_core::PathPolicy;
use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::{BadRequest, Import, Variables, import::Split};

/// What was asked for, and how many bytes of its path are the script name.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) script_name: usize,
}

impl Target {
    /// The target as the client sent it, where the web server tells (`REQUEST_URI`), else what
    /// RFC 3875 has of it: `SCRIPT_NAME`, `PATH_INFO` and `QUERY_STRING`.
    ///
    /// All web servers that are in use tell. What else they send is decoded, and cleaned each in
    /// its own way, so it cannot be trusted to name the same resource.
    pub(super) fn of(variables: &Variables, import: &Import) -> Result<Target, BadRequest> {
        let uri = match variables.given("REQUEST_URI") {
            Some(target) => Uri::from_maybe_shared(target.clone())
                .map_err(|_| BadRequest::malformed("REQUEST_URI", "is no request target"))?,
            None => composed(variables)?,
        };
        let path = uri.path();
        let script_name = match &import.split {
            Split::Undeclared | Split::Root => None,
            Split::At(mount) => boundary(path, mount),
            Split::ScriptName => {
                script_name(variables).and_then(|script_name| boundary(path, &script_name))
            }
        };
        Ok(Target {
            script_name: script_name.unwrap_or(0),
            uri,
        })
    }
}

/// What stands in a path as it is (RFC 3986, section 3.3): all but these, and what is not ASCII.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The target in the words of RFC 3875, encoded again.
fn composed(variables: &Variables) -> Result<Uri, BadRequest> {
    let path_info = variables.given("PATH_INFO").map_or(&b""[..], |path| path);
    if !matches!(path_info, b"" | b"*") && !path_info.starts_with(b"/") {
        return Err(BadRequest::malformed(
            "PATH_INFO",
            "does not begin with `/`",
        ));
    }
    let script_name = trimmed(variables);
    let mut target = percent_encode(script_name, ENCODED).to_string();
    target.extend(percent_encode(path_info, ENCODED));
    if target.is_empty() {
        target.push('/');
    }
    if let Some(query) = variables.text("QUERY_STRING")? {
        target.push('?');
        target.push_str(query);
    }
    Uri::try_from(target)
        .map_err(|_| BadRequest::malformed("PATH_INFO", "and QUERY_STRING are no request target"))
}

/// The web server's `SCRIPT_NAME`, without the slashes that some leave at its end.
fn trimmed(variables: &Variables) -> &[u8] {
    let mut name = variables.given("SCRIPT_NAME").map_or(&b""[..], |name| name);
    while let Some(shorter) = name.strip_suffix(b"/") {
        name = shorter;
    }
    name
}

/// The web server's `SCRIPT_NAME`, which it has decoded, in its canonical form.
fn script_name(variables: &Variables) -> Option<String> {
    let encoded = percent_encode(trimmed(variables), ENCODED).to_string();
    let canonical = PathPolicy::Canonical.apply(&encoded).ok()?.into_owned();
    (!canonical.ends_with('/')).then_some(canonical)
}

/// Where, in `path` as it was sent, the canonical prefix `mount` ends; `None` where the path, made
/// canonical, is not below it.
///
/// The prefix may be spelled otherwise, and the path may come to it by a detour: `/x/../%73hop/tea`
/// is below `/shop`. It ends behind the last segment that goes down to the depth of the mount,
/// unless a later one goes up again. One pass, whatever the path.
fn boundary(path: &str, mount: &str) -> Option<usize> {
    if let Some(rest) = path.strip_prefix(mount)
        && matches!(PathPolicy::Canonical.apply(path), Ok(Cow::Borrowed(_)))
    {
        return (rest.is_empty() || rest.starts_with('/')).then_some(mount.len());
    }
    let wanted = depth_of(mount);
    let (mut depth, mut end, mut found) = (0, 0, None);
    for segment in path.strip_prefix('/')?.split('/') {
        end += 1 + segment.len();
        match Step::of(segment) {
            Step::Stay => {}
            Step::Up => depth -= 1,
            Step::Down => depth += 1,
        }
        if depth < wanted {
            found = None;
        } else if depth == wanted && Step::of(segment) == Step::Down {
            found = Some(end);
        }
    }
    let found = found?;
    let prefix = PathPolicy::Canonical.apply(&path[..found]).ok()?;
    (prefix == mount).then_some(found)
}

/// How many segments `mount` has.
fn depth_of(mount: &str) -> i64 {
    mount.bytes().filter(|byte| *byte == b'/').map(|_| 1).sum()
}

/// What a segment does to the depth of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Stay,
    Up,
    Down,
}

impl Step {
    fn of(segment: &str) -> Step {
        let mut rest = segment;
        let mut dots = 0;
        while !rest.is_empty() {
            let dot = rest
                .strip_prefix('.')
                .or_else(|| rest.strip_prefix("%2e"))
                .or_else(|| rest.strip_prefix("%2E"));
            match dot {
                Some(behind) if dots < 2 => (rest, dots) = (behind, dots + 1),
                _ => return Step::Down,
            }
        }
        match dots {
            1 => Step::Stay,
            2 => Step::Up,
            _ => Step::Down,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(import: &Import, sent: &[(&'static str, &'static str)]) -> (String, String) {
        let mut variables = Variables::new();
        for (name, value) in sent {
            variables.push(*name, *value).expect("room");
        }
        let target = Target::of(&variables, import).expect("a target");
        let script_name = target.uri.path()[..target.script_name].to_owned();
        (target.uri.to_string(), script_name)
    }

    #[test]
    fn a_declared_mount_is_found_however_it_is_spelled_and_never_inside_of_a_segment() {
        for (path, mount, script_name) in [
            ("/shop", "/shop", "/shop"),
            ("/shop/", "/shop", "/shop"),
            ("/shop/tea", "/shop", "/shop"),
            ("/shop//", "/shop", "/shop"),
            ("/shopping", "/shop", ""),
            ("/shop%2Ftea", "/shop", ""),
            ("/sh%6Fp/tea", "/shop", "/sh%6Fp"),
            ("/x/../shop/tea", "/shop", "/x/../shop"),
            ("/./shop/tea", "/shop", "/./shop"),
            ("/shop/../shop/tea", "/shop", "/shop/../shop"),
            ("/shop/x/../tea", "/shop", "/shop"),
            ("/shop/%2e%2E/tea", "/shop", ""),
            ("/shop/..", "/shop", ""),
            ("/shop/../../x/shop", "/shop", ""),
            ("/a/./b/c", "/a/b", "/a/./b"),
            ("/a//b", "/a//b", "/a//b"),
            ("/a/b", "/a//b", ""),
            ("/caf%c3%a9/x", "/caf%C3%A9", "/caf%c3%a9"),
            ("/shop/%zz", "/shop", "/shop"),
            ("/x", "/shop", ""),
            ("/", "/shop", ""),
        ] {
            let found = boundary(path, mount).unwrap_or(0);
            assert_eq!(&path[..found], script_name, "{path} below {mount}");
        }
    }

    #[test]
    fn a_script_name_that_is_not_trusted_splits_nothing() {
        let sent = [
            ("REQUEST_URI", "/f/x/y?q"),
            ("SCRIPT_NAME", "/f/x"),
            ("PATH_INFO", "/y"),
        ];
        let nothing = ("/f/x/y?q".into(), String::new());
        assert_eq!(target(&Import::new(), &sent), nothing);
        let mounted = ("/f/x/y?q".into(), "/f".to_owned());
        assert_eq!(target(&Import::new().with_mount("/f"), &sent), mounted);
    }

    #[test]
    fn a_trusted_script_name_counts_where_the_path_as_sent_begins_with_it() {
        let trusting = Import::new().with_script_name();
        for (sent, script_name, split) in [
            ("/cgi-bin/app/x", "/cgi-bin/app", "/cgi-bin/app"),
            ("/pu/", "/pu/", "/pu"),
            ("/a%20b/x", "/a b", "/a%20b"),
            // lighttpd splits inside of `%2F`.
            ("/f/a%20b%2Fc//e", "/f/a b", ""),
            ("/x", "/y", ""),
            ("/x", "", ""),
            ("/x", "/", ""),
            ("/x", "x", ""),
            ("/x", "/../x", ""),
        ] {
            let (_, found) = target(
                &trusting,
                &[("REQUEST_URI", sent), ("SCRIPT_NAME", script_name)],
            );
            assert_eq!(found, split, "{sent} with {script_name}");
        }
    }

    #[test]
    fn without_a_request_uri_the_target_is_composed_and_encoded_again() {
        let trusting = Import::new().with_script_name();
        for (script_name, path_info, query, composed, split) in [
            (
                "/app",
                "/a b/%zz/é?#",
                "q=1",
                "/app/a%20b/%25zz/%C3%A9%3F%23?q=1",
                "/app",
            ),
            ("/app", "", "", "/app", "/app"),
            ("/app/", "/", "", "/app/", "/app"),
            ("", "", "", "/", ""),
            ("/", "/x;p=1/@:", "", "/x;p=1/@:", ""),
            ("", "*", "", "*", ""),
            ("", "/a\\b", "", "/a%5Cb", ""),
        ] {
            let sent = [
                ("SCRIPT_NAME", script_name),
                ("PATH_INFO", path_info),
                ("QUERY_STRING", query),
            ];
            let (uri, found) = target(&trusting, &sent);
            assert_eq!((&*uri, &*found), (composed, split));
        }
    }

    #[test]
    fn a_target_in_absolute_form_keeps_its_authority() {
        let import = Import::new().with_mount("/shop");
        let sent = [("REQUEST_URI", "http://ex.test:81/shop/tea")];
        let found = target(&import, &sent);
        assert_eq!(found, ("http://ex.test:81/shop/tea".into(), "/shop".into()));
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for (name, value) in [
            ("REQUEST_URI", "/a b"),
            ("REQUEST_URI", "/a\r\nb"),
            ("REQUEST_URI", "a/b"),
            ("REQUEST_URI", "http://"),
            ("PATH_INFO", "x"),
            ("QUERY_STRING", "a b"),
            ("QUERY_STRING", "\n"),
        ] {
            let mut variables = Variables::new();
            variables.push(name, value).expect("room");
            let refused = Target::of(&variables, &Import::new());
            assert!(refused.is_err(), "{name}={value:?}");
        }
    }
}
