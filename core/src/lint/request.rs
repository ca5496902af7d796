//! What the head of a request owes an app.

use http::{HeaderMap, Method, Uri, header, uri::Authority, uri::Scheme};

use super::{
    check::{self, Check},
    fields::{self, Length},
    record::Seen,
};
use crate::{Connection, Environ, PathPolicy, Request, RequestExt, host, path};

/// The breaches in a request that whoever calls the app is to blame for.
pub(super) fn check(request: &Request) -> Vec<(Check, String)> {
    let mut found = Vec::new();
    target(request.method(), request.uri(), &mut found);
    fields_of(request.headers(), request.environ(), &mut found);
    length(request, &mut found);
    if request.extensions().get::<Environ>().is_none() {
        found.push((check::NO_ENVIRON, "the request has no environ".into()));
        return found;
    }
    let environ = request.environ();
    connection(environ.connection(), &mut found);
    split(request, &mut found);
    if environ.version() != request.version() {
        let (own, told) = (request.version(), environ.version());
        let what = format!("the request is {own:?}, and its environ says {told:?}");
        found.push((check::VERSIONS_DIFFER, what));
    }
    if let Some(upgrade) = environ.upgrade() {
        let offered = upgrade.protocol();
        let mut asked = request.headers().get_all(header::UPGRADE).iter();
        if !asked.any(|asked| asked == offered) {
            let what = format!("an upgrade to {offered:?} is offered, and was not asked for");
            found.push((check::UPGRADE_UNASKED, what));
        }
    }
    found
}

/// What a request has become since an outer lint saw it; whoever is between the two is to blame.
pub(super) fn compare(seen: &Seen, request: &Request) -> Vec<(Check, String)> {
    let mut found = Vec::new();
    if seen.has_environ && request.extensions().get::<Environ>().is_none() {
        let what = "the request has lost its environ".into();
        return vec![(check::ENVIRON_LOST, what)];
    }
    if seen.uri != *request.uri() {
        let what = format!("`{}` was made `{}`", seen.uri, request.uri());
        found.push((check::TARGET_REWRITTEN, what));
    } else if (request.environ().script_name as usize) < seen.split {
        let what = format!(
            "the script name was {} bytes long, and is `{}`",
            seen.split,
            request.script_name()
        );
        found.push((check::SPLIT_REWRITTEN, what));
    } else if seen.original != *request.original_target() {
        let (was, is) = (&seen.original, request.original_target());
        let what = format!("the original target `{was}` was made `{is}`");
        found.push((check::ORIGINAL_REWRITTEN, what));
    }
    found
}

fn target(method: &Method, uri: &Uri, found: &mut Vec<(Check, String)>) {
    let fits = match uri.path() {
        "*" => *method == Method::OPTIONS,
        "" => *method == Method::CONNECT,
        path => path.starts_with('/'),
    };
    if !fits {
        found.push((check::TARGET, format!("`{method}` of the target `{uri}`")));
    } else if uri.path().starts_with('/') && PathPolicy::Strict.apply(uri.path()).is_err() {
        let what = format!("the path `{}` is not canonical", uri.path());
        found.push((check::NOT_CANONICAL, what));
    }
}

fn split(request: &Request, found: &mut Vec<(Check, String)>) {
    let (path, split) = (request.uri().path(), request.environ().script_name as usize);
    if split > 0 && !path::is_split(path, split) {
        let what = format!("the script name is the first {split} bytes of `{path}`");
        found.push((check::SPLIT, what));
    }
}

fn connection(connection: &Connection, found: &mut Vec<(Check, String)>) {
    let name = &*connection.server_name;
    if !fields::is_server_name(name) {
        found.push((check::SERVER_NAME, format!("the server is called {name:?}")));
    }
    let scheme = &connection.scheme;
    if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
        found.push((check::SCHEME, format!("the scheme is `{scheme}`")));
    }
}

/// The kinds of hosts that are given fields as variables, in which `-` is `_`.
const OF_VARIABLES: [&str; 4] = ["cgi", "fastcgi", "scgi", "uwsgi"];

fn fields_of(headers: &HeaderMap, environ: &Environ, found: &mut Vec<(Check, String)>) {
    let switches = environ.upgrade().is_some();
    for name in headers.keys() {
        let of_an_upgrade = *name == header::UPGRADE || *name == header::CONNECTION;
        if host::HOP_BY_HOP.contains(name) && !(switches && of_an_upgrade) {
            let what = format!("the request has the field `{name}`");
            found.push((check::HOP_BY_HOP_TO_THE_APP, what));
        }
        if OF_VARIABLES.contains(&environ.connection().host)
            && (name.as_str().contains('_') || name.as_str() == "proxy")
        {
            let what = format!("the field `{name}` came as a variable");
            found.push((check::FIELD_OF_A_VARIABLE, what));
        }
    }
    let hosts = headers.get_all(header::HOST);
    let is_authority = |value: &http::HeaderValue| Authority::try_from(value.as_bytes()).is_ok();
    if hosts.iter().count() > 1 || !hosts.iter().all(is_authority) {
        let what = "the request has a `Host` that is no authority, or two".into();
        found.push((check::HOST_FIELD, what));
    }
}

fn length(request: &Request, found: &mut Vec<(Check, String)>) {
    let headers = request.headers();
    if headers.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
        let what = "the request has two `Content-Length`".into();
        found.push((check::TWO_LENGTHS, what));
        return;
    }
    let hint = http_body::Body::size_hint(request.body());
    let what = match Length::of(headers) {
        Length::Absent => return,
        Length::Malformed => "the `Content-Length` of the request is no number".into(),
        Length::Is(length) => match hint.exact() {
            // Who has read the body already has left an empty one.
            Some(bytes) if bytes != length && bytes > 0 => {
                format!("`Content-Length` says {length}, and {bytes} bytes are there")
            }
            _ => return,
        },
    };
    found.push((check::LENGTH_OF_A_REQUEST, what));
}
