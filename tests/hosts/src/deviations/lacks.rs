//! What the web servers have nothing to carry with.

use enfilade_conformance::Feature::{
    self, BrokenEnd, Disconnect, EarlyAnswer, EarlyHints, Expect, OneProcess, RequestTrailers,
    StreamingRequest, Trailers, UnknownLength, Upgrade,
};

/// Doors where the web server speaks CGI, FastCGI, SCGI or uwsgi to the host.
const BY_CGI_OR_ITS_RELATIVES: &[&str] = &[
    "nginx-fastcgi",
    "nginx-scgi",
    "nginx-uwsgi",
    "apache-cgi",
    "apache-fcgid",
    "apache-fastcgi",
    "apache-scgi",
    "apache-uwsgi",
    "lighttpd-cgi",
    "lighttpd-fastcgi",
    "lighttpd-scgi",
    "lighttpd-uwsgi",
    "haproxy-fastcgi",
];

pub(super) const LACKS: &[(&[&str], &[Feature], &str)] = &[
    (
        &["nginx", "apache", "lighttpd", "haproxy-fastcgi"],
        &[Expect],
        "the web server says 100 itself",
    ),
    (
        BY_CGI_OR_ITS_RELATIVES,
        &[EarlyHints],
        "the protocol has no informational answers",
    ),
    (
        &["nginx", "apache", "lighttpd", "haproxy-fastcgi"],
        &[RequestTrailers, Trailers],
        "the web server, or its protocol, drops trailers",
    ),
    (
        BY_CGI_OR_ITS_RELATIVES,
        &[Upgrade],
        "the protocol has no upgrade",
    ),
    (
        &["apache"],
        &[StreamingRequest, EarlyAnswer],
        "Apache waits for some 16 KiB of an upload, or for its end",
    ),
    (
        &["nginx-scgi", "nginx-uwsgi"],
        &[StreamingRequest, EarlyAnswer],
        "nginx sends an upload when it is whole",
    ),
    (
        &["haproxy-fastcgi"],
        &[StreamingRequest, EarlyAnswer],
        "HAProxy sends an upload when it is whole, or when 64 KiB of it are there",
    ),
    (
        &["apache-scgi", "apache-uwsgi"],
        &[UnknownLength],
        "Apache refuses it with 411: the protocol needs the length first",
    ),
    (
        &[
            "lighttpd-cgi",
            "lighttpd-fastcgi",
            "lighttpd-scgi",
            "lighttpd-uwsgi",
        ],
        &[UnknownLength],
        "lighttpd refuses it with 411, unless the body is there with its head",
    ),
    (
        &["apache"],
        &[Disconnect],
        "Apache looks after its client when it has something to send",
    ),
    (&["lighttpd"], &[Disconnect], "lighttpd lets the app run on"),
    (
        &["apache-cgi", "lighttpd-cgi"],
        &[BrokenEnd],
        "the end of a program's output is all that there is",
    ),
    (
        &["apache-fcgid"],
        &[BrokenEnd],
        "mod_fcgid puts a page of its own behind an answer that broke off, and ends it",
    ),
    (
        &["apache-fcgid"],
        &[OneProcess],
        "mod_fcgid starts a process for each request that comes meanwhile",
    ),
    (
        &["apache-cgi", "lighttpd-cgi"],
        &[OneProcess],
        "each request has a process of its own",
    ),
];
