//! Where requests end up: the one table that holds for everything that mounts.
//!
//! Data alone, so that any test can take it in with `#[path]`.

/// A request to a site of mounts, and where it ends up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The points at which apps are mounted, as `Mounts` takes them.
    pub(crate) mounts: &'static [&'static str],
    pub(crate) method: &'static str,
    /// The target as the client sends it.
    pub(crate) target: &'static str,
    /// The `Host` field.
    pub(crate) host: &'static str,
    /// The beginning of the path that an outer server has taken.
    pub(crate) external: &'static str,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// At the app of a mount, with this split.
    At {
        mount: &'static str,
        script_name: &'static str,
        path_info: &'static str,
    },
    /// Nowhere, with this status.
    Refused(u16),
}

const NOT_FOUND: Outcome = Outcome::Refused(404);
const BAD_REQUEST: Outcome = Outcome::Refused(400);
const HOSTS_BUG: Outcome = Outcome::Refused(500);

const fn at(mount: &'static str, script_name: &'static str, path_info: &'static str) -> Outcome {
    Outcome::At {
        mount,
        script_name,
        path_info,
    }
}

const fn row(mounts: &'static [&'static str], target: &'static str, outcome: Outcome) -> Row {
    Row {
        mounts,
        method: "GET",
        target,
        host: "localhost",
        external: "",
        outcome,
    }
}

impl Row {
    const fn method(mut self, method: &'static str) -> Row {
        self.method = method;
        self
    }

    const fn host(mut self, host: &'static str) -> Row {
        self.host = host;
        self
    }

    const fn external(mut self, prefix: &'static str) -> Row {
        self.external = prefix;
        self
    }

    /// Whether a point is for one host alone, which a router does not know.
    #[allow(dead_code, reason = "not all tests have routers")]
    pub(crate) fn has_hosts(&self) -> bool {
        self.mounts.iter().any(|point| !point.starts_with('/'))
    }
}

const P: &[&str] = &["/p"];
const ROOT: &[&str] = &["/"];
const P_AND_ROOT: &[&str] = &["/p", "/"];
const NESTED: &[&str] = &["/p", "/p/q/r", "/"];
const ENCODED: &[&str] = &["/a%2Fb", "/caf%C3%A9", "/~me", "/a"];
const DOTS: &[&str] = &["/.well-known", "/a.b", "/..."];
const HOSTS: &[&str] = &[
    "/p",
    "example.org/p",
    "example.org/only",
    "*.example.org/",
    "*.shop.example.org/p",
    "admin.shop.example.org/p",
    "[::1]/",
];

pub(crate) const ROWS: &[Row] = &[
    // Segment boundaries.
    row(P, "/p", at("/p", "/p", "")),
    row(P, "/p/", at("/p", "/p", "/")),
    row(P, "/p/x", at("/p", "/p", "/x")),
    row(P, "/p/x/y/", at("/p", "/p", "/x/y/")),
    row(P, "/p?x=/p", at("/p", "/p", "")),
    row(P, "/px", NOT_FOUND),
    row(P, "/p.", NOT_FOUND),
    row(P, "/p;v=1", NOT_FOUND),
    row(P, "/P", NOT_FOUND),
    row(P, "/", NOT_FOUND),
    row(P, "/x/p", NOT_FOUND),
    row(P, "/?/p", NOT_FOUND),
    // The root takes the rest.
    row(ROOT, "/", at("/", "", "/")),
    row(ROOT, "/p/x", at("/", "", "/p/x")),
    row(ROOT, "//", at("/", "", "//")),
    row(P_AND_ROOT, "/p/x", at("/p", "/p", "/x")),
    row(P_AND_ROOT, "/px", at("/", "", "/px")),
    // The longest prefix.
    row(NESTED, "/p/q/r", at("/p/q/r", "/p/q/r", "")),
    row(NESTED, "/p/q/r/s", at("/p/q/r", "/p/q/r", "/s")),
    row(NESTED, "/p/q/rs", at("/p", "/p", "/q/rs")),
    row(NESTED, "/p/q", at("/p", "/p", "/q")),
    row(NESTED, "/p/q/", at("/p", "/p", "/q/")),
    row(NESTED, "/q/r", at("/", "", "/q/r")),
    // An escaped slash is a character, and splits nothing.
    row(P, "/p%2Fx", NOT_FOUND),
    row(P, "/p%2fx", NOT_FOUND),
    row(P, "%2Fp", BAD_REQUEST),
    row(P, "/%2Fp", NOT_FOUND),
    row(P, "/p/a%2fb", at("/p", "/p", "/a%2Fb")),
    row(P, "/p/..%2f..%2fx", at("/p", "/p", "/..%2F..%2Fx")),
    row(NESTED, "/p%2Fq/r", at("/", "", "/p%2Fq/r")),
    row(ENCODED, "/a%2fb/c", at("/a%2Fb", "/a%2Fb", "/c")),
    row(ENCODED, "/a/b/c", at("/a", "/a", "/b/c")),
    // Other escapes: one spelling is left.
    row(P, "/%70/x", at("/p", "/p", "/x")),
    row(P, "/%50/x", NOT_FOUND),
    row(P, "/p%20", NOT_FOUND),
    row(
        ENCODED,
        "/caf%c3%a9/x",
        at("/caf%C3%A9", "/caf%C3%A9", "/x"),
    ),
    row(ENCODED, "/%7Eme", at("/~me", "/~me", "")),
    row(P, "/p/%252e%252e/x", at("/p", "/p", "/%252e%252e/x")),
    row(P, "/p/%00", BAD_REQUEST),
    row(P, "/p/%zz", BAD_REQUEST),
    row(P, "/p/%", BAD_REQUEST),
    row(P, "/p\\x", BAD_REQUEST),
    row(P, "/p%5Cx", BAD_REQUEST),
    row(P, "/x/..%5C../p", BAD_REQUEST),
    // Dot segments.
    row(P, "/x/../p/y", at("/p", "/p", "/y")),
    row(P, "/./p/./y/.", at("/p", "/p", "/y/")),
    row(P, "/p/..", NOT_FOUND),
    row(P, "/p/../x", NOT_FOUND),
    row(P, "/p/%2e%2E/x", NOT_FOUND),
    row(P, "/x/%2e%2e/p", at("/p", "/p", "")),
    row(P, "/p/x/../../p/y", at("/p", "/p", "/y")),
    row(P, "/..", BAD_REQUEST),
    row(P, "/p/../../p", BAD_REQUEST),
    row(P, "/%2e%2e/p", BAD_REQUEST),
    row(NESTED, "/p/x/../q/r", at("/p/q/r", "/p/q/r", "")),
    row(
        DOTS,
        "/.well-known/x",
        at("/.well-known", "/.well-known", "/x"),
    ),
    row(DOTS, "/.../x", at("/...", "/...", "/x")),
    row(DOTS, "/a.b/..c", at("/a.b", "/a.b", "/..c")),
    // An empty segment is a segment.
    row(P, "//p", NOT_FOUND),
    row(P, "/p//", at("/p", "/p", "//")),
    row(P, "/p//x", at("/p", "/p", "//x")),
    row(P, "//p/../p/x", NOT_FOUND),
    row(P, "/x//../../p", at("/p", "/p", "")),
    row(NESTED, "/p//q/r", at("/p", "/p", "//q/r")),
    row(
        P_AND_ROOT,
        "//example.org/p",
        at("/", "", "//example.org/p"),
    ),
    // Hosts: exact before suffixes, long ones before short ones, then all hosts.
    row(HOSTS, "/p/x", at("/p", "/p", "/x")),
    row(HOSTS, "/p/x", at("example.org/p", "/p", "/x")).host("example.org"),
    row(HOSTS, "/p/x", at("example.org/p", "/p", "/x")).host("EXAMPLE.org:8080"),
    row(HOSTS, "/p", at("example.org/p", "/p", "")).host("example.org."),
    row(HOSTS, "/only", at("example.org/only", "/only", "")).host("example.org"),
    row(HOSTS, "/only", NOT_FOUND).host("example.com"),
    row(HOSTS, "/other", NOT_FOUND).host("example.org"),
    row(HOSTS, "/x", at("*.example.org/", "", "/x")).host("a.example.org"),
    row(HOSTS, "/x", at("*.example.org/", "", "/x")).host("b.a.example.org"),
    row(HOSTS, "/x", NOT_FOUND).host("badexample.org"),
    row(HOSTS, "/p", at("/p", "/p", "")).host("example.org.evil.com"),
    row(HOSTS, "/p", at("*.shop.example.org/p", "/p", "")).host("a.shop.example.org"),
    row(HOSTS, "/p", at("admin.shop.example.org/p", "/p", "")).host("admin.shop.example.org"),
    row(HOSTS, "/q", at("*.example.org/", "", "/q")).host("admin.shop.example.org"),
    row(HOSTS, "/p", at("*.example.org/", "", "/p")).host("shop.example.org"),
    row(HOSTS, "/x", at("[::1]/", "", "/x")).host("[::1]:8000"),
    // The absolute form: its host goes before the field.
    row(P, "http://example.org/p/x", at("/p", "/p", "/x")),
    row(P, "http://example.org", NOT_FOUND),
    row(ROOT, "http://example.org", at("/", "", "/")),
    row(P, "http://example.org/%70/./x?y", at("/p", "/p", "/x")),
    row(
        HOSTS,
        "http://example.org:80/p",
        at("example.org/p", "/p", ""),
    )
    .host("example.com"),
    row(HOSTS, "http://example.com/p", at("/p", "/p", "")).host("example.org"),
    // A prefix that an outer server has taken is the beginning of the script name.
    row(P, "/ext/p/x", at("/p", "/ext/p", "/x")).external("/ext"),
    row(P, "/ext/p", at("/p", "/ext/p", "")).external("/ext"),
    row(P, "/ext", NOT_FOUND).external("/ext"),
    row(ROOT, "/ext", at("/", "/ext", "")).external("/ext"),
    row(ROOT, "/ext/", at("/", "/ext", "/")).external("/ext"),
    row(P, "/p/p/x", at("/p", "/p/p", "/x")).external("/p"),
    row(P, "/p/x", NOT_FOUND).external("/p"),
    row(P, "/%65xt/%70/x", at("/p", "/ext/p", "/x")).external("/%65xt"),
    row(P, "/ext/./p/../p", at("/p", "/ext/p", "")).external("/ext"),
    row(P, "/ext/../p", BAD_REQUEST).external("/ext"),
    row(P, "/ext/..", BAD_REQUEST).external("/ext"),
    row(P, "/extra/p", HOSTS_BUG).external("/ext"),
    row(P, "/ext/p", HOSTS_BUG).external("/ext/"),
    // Targets without a path.
    row(ROOT, "*", at("/", "", "*")).method("OPTIONS"),
    row(ROOT, "*", at("/", "", "*"))
        .method("OPTIONS")
        .external("/ext"),
    row(P, "*", BAD_REQUEST),
    row(ROOT, "example.org:443", at("/", "", "")).method("CONNECT"),
    row(ROOT, "example.org:443", BAD_REQUEST),
    row(P, "/p/chat", at("/p", "/p", "/chat")).method("CONNECT"),
    row(HOSTS, "*", at("*.example.org/", "", "*"))
        .method("OPTIONS")
        .host("a.example.org"),
];
