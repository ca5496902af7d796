//! What the head of a response owes a host.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;

use super::{
    check::{self, Check},
    fields::{self, Length},
};
use crate::{Request, RequestExt, Response, host};

/// What must be known of a request to judge its response.
pub(super) struct Asked {
    pub(super) is_head: bool,
    /// Whether the host can send trailers that no field has announced.
    pub(super) announces_trailers: bool,
    /// The protocol that the host offers to switch to.
    offered: Option<HeaderValue>,
}

impl Asked {
    pub(super) fn by(request: &Request) -> Asked {
        Asked {
            is_head: *request.method() == Method::HEAD,
            announces_trailers: request.version() < Version::HTTP_2,
            offered: request
                .environ()
                .upgrade()
                .map(|offer| offer.protocol().clone()),
        }
    }
}

/// The breaches in the head of a response, for which whoever made it is to blame.
pub(super) fn check(response: &Response, asked: &Asked) -> Vec<(Check, String)> {
    let mut found = Vec::new();
    let (status, headers) = (response.status(), response.headers());
    status_of(response, asked, &mut found);
    names(status, headers, &mut found);
    values(status, headers, &mut found);
    if is_bodiless(status) {
        without_body(response, &mut found);
    } else {
        with_body(response, asked, &mut found);
    }
    found
}

/// RFC 9110, section 6.4.1, and 15.3.6 for 205.
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational()
        || matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        )
}

fn status_of(response: &Response, asked: &Asked, found: &mut Vec<(Check, String)>) {
    let status = response.status();
    if status == StatusCode::SWITCHING_PROTOCOLS {
        let switched = response.headers().get(header::UPGRADE);
        let what = match (&asked.offered, switched) {
            (None, _) => "protocols are switched, and no upgrade was offered".to_owned(),
            (Some(_), None) => "the 101 does not say which protocol it switches to".to_owned(),
            (Some(offered), Some(switched)) if fields::offers(offered, switched) => return,
            (Some(offered), Some(switched)) => {
                format!("the 101 switches to {switched:?}, and {offered:?} was offered")
            }
        };
        found.push((check::SWITCHED_UNASKED, what));
    } else if status.is_informational() {
        found.push((check::INFORMATIONAL, format!("the answer is {status}")));
    } else if status.canonical_reason().is_none() {
        found.push((
            check::UNKNOWN_STATUS,
            format!("the answer is {}", status.as_str()),
        ));
    }
}

fn names(status: StatusCode, headers: &HeaderMap, found: &mut Vec<(Check, String)>) {
    let may_name_a_protocol = matches!(
        status,
        StatusCode::SWITCHING_PROTOCOLS | StatusCode::UPGRADE_REQUIRED
    );
    for name in headers.keys() {
        let of_an_upgrade = *name == header::UPGRADE || *name == header::CONNECTION;
        if host::HOP_BY_HOP.contains(name) && !(may_name_a_protocol && of_an_upgrade) {
            let what = format!("the response has the field `{name}`");
            found.push((check::HOP_BY_HOP_FROM_THE_APP, what));
        }
        if name.as_str() == "status" {
            found.push((
                check::STATUS_FIELD,
                "the response has a field `status`".into(),
            ));
        }
        if name.as_str().ends_with(['-', '_']) {
            found.push((check::ODD_FIELD, format!("a field is called `{name}`")));
        }
    }
}

fn values(status: StatusCode, headers: &HeaderMap, found: &mut Vec<(Check, String)>) {
    if let Some(tag) = headers
        .get(header::ETAG)
        .filter(|tag| !fields::is_entity_tag(tag))
    {
        found.push((check::ENTITY_TAG, format!("the `ETag` is {tag:?}")));
    }
    for cookie in headers.get_all(header::SET_COOKIE) {
        if fields::is_merged_cookie(cookie) {
            let what = "a `Set-Cookie` holds two cookies".to_owned();
            found.push((check::MERGED_COOKIES, what));
        }
    }
    let location = headers.get(header::LOCATION);
    if let Some(location) = location.filter(|location| !fields::is_location(location)) {
        found.push((check::LOCATION, format!("the `Location` is {location:?}")));
    }
    let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let odd = status.is_success() && !matches!(status.as_u16(), 201 | 202);
    if (redirects && location.is_none()) || (odd && location.is_some()) {
        let with = if redirects { "no" } else { "a" };
        let what = format!("the answer is {status} with {with} `Location`");
        found.push((check::LOCATION_WITHOUT_REDIRECT, what));
    }
    ranges(status, headers, found);
}

fn ranges(status: StatusCode, headers: &HeaderMap, found: &mut Vec<(Check, String)>) {
    let has_range = headers.contains_key(header::CONTENT_RANGE);
    let has_parts = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"multipart/byteranges"));
    let wrong = match status {
        StatusCode::PARTIAL_CONTENT => has_range == has_parts,
        StatusCode::RANGE_NOT_SATISFIABLE => false,
        _ => has_range,
    };
    if wrong {
        let with = if has_range { "a" } else { "no" };
        let what = format!("the answer is {status} with {with} `Content-Range`");
        found.push((check::PARTS, what));
    }
}

fn without_body(response: &Response, found: &mut Vec<(Check, String)>) {
    let (status, headers) = (response.status(), response.headers());
    let described = |name: &HeaderName| headers.contains_key(name);
    if status == StatusCode::NOT_MODIFIED {
        let of_a_body = [
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
        ];
        if let Some(name) = of_a_body.into_iter().find(|name| described(name)) {
            found.push((
                check::FIELDS_OF_A_304,
                format!("a 304 has the field `{name}`"),
            ));
        }
    } else {
        // A 205 may say that it is empty.
        let says_empty =
            status == StatusCode::RESET_CONTENT && Length::of(headers).known() == Some(0);
        let of_a_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH];
        let mut named = of_a_body.into_iter().filter(|name| described(name));
        if let Some(name) = named.find(|name| !says_empty || *name != header::CONTENT_LENGTH) {
            let what = format!("a {} has the field `{name}`", status.as_str());
            found.push((check::FIELDS_OF_NO_BODY, what));
        }
    }
    if !response.body().is_end_stream() && response.body().size_hint().upper() != Some(0) {
        let what = format!("a {} has a body", status.as_str());
        found.push((check::BODY_OF_NOTHING, what));
    }
}

fn with_body(response: &Response, asked: &Asked, found: &mut Vec<(Check, String)>) {
    let (headers, body) = (response.headers(), response.body());
    let exact = body.size_hint().exact();
    let what = match (Length::of(headers), exact) {
        (Length::Malformed, _) => "the `Content-Length` is no number, or there are two".to_owned(),
        // An app that knows HEAD itself gives the length and no body.
        (Length::Is(_), Some(0)) if asked.is_head => return,
        (Length::Is(length), Some(bytes)) if length != bytes => {
            format!("`Content-Length` says {length}, and the body has {bytes} bytes")
        }
        _ => String::new(),
    };
    if !what.is_empty() {
        found.push((check::LENGTH_OF_A_RESPONSE, what));
    }
    let is_there = body.in_memory_len().is_some_and(|bytes| bytes > 0);
    if is_there && !headers.contains_key(header::CONTENT_TYPE) {
        let what = "a body has no `Content-Type`".to_owned();
        found.push((check::NO_CONTENT_TYPE, what));
    }
}
