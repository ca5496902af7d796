//! What the web servers do otherwise.

use super::{Known, known};

pub(super) const KNOWN: &[Known] = &[
    known(
        &[
            "nginx-http",
            "nginx-scgi",
            "nginx-uwsgi",
            "apache",
            "lighttpd",
            "haproxy-fastcgi",
        ],
        &["what-a-host-says-it-carries-it-carries"],
        "Some(true)",
        "the host cannot know what the web server in front of it does not carry",
    ),
    // Methods and versions.
    known(
        &["nginx"],
        &["a-method-keeps-its-case"],
        "400",
        "nginx takes methods in capitals alone",
    ),
    known(
        &["lighttpd"],
        &["methods-arrive-as-they-are", "a-method-keeps-its-case"],
        "501",
        "lighttpd takes the methods that it knows",
    ),
    known(
        &["nginx-http", "apache-http", "lighttpd-http"],
        &["the-version-is-the-client-s"],
        "\"HTTP/1.1\"",
        "the web server speaks a version of its own to the app",
    ),
    // Fields of requests.
    known(
        &[
            "nginx-http",
            "apache-fcgid",
            "lighttpd-http",
            "haproxy-fastcgi",
        ],
        &["fields-of-the-connection-are-withheld"],
        "[\"1\"]",
        "a field that `Connection` names is passed on, and `Connection` is not",
    ),
    known(
        &["nginx"],
        &["a-name-that-is-none-is-refused"],
        "200",
        "nginx drops fields whose names it does not take",
    ),
    known(
        &["apache", "lighttpd"],
        &["repeated-fields-stay-apart"],
        "[\"1, 2, 3\"]",
        "the web server joins fields of one name",
    ),
    known(
        &["apache"],
        &["two-cookie-fields-are-one-list"],
        "\"a=1, b=2; c=3\"",
        "Apache joins cookies as if they were a list of values",
    ),
    known(
        &[
            "lighttpd-cgi",
            "lighttpd-fastcgi",
            "lighttpd-scgi",
            "lighttpd-uwsgi",
        ],
        &["an-underscore-is-no-hyphen"],
        "mallory",
        "lighttpd takes `_` for `-`, as CGI does, and lets both pass",
    ),
    // Bodies of requests.
    known(
        &["lighttpd"],
        &[
            "no-body-is-an-empty-body",
            "a-location-of-what-was-made-arrives",
        ],
        "411",
        "lighttpd wants a length with POST, also for no body",
    ),
    known(
        &["apache-cgi"],
        &["a-body-of-unknown-length-that-is-cut-is-no-end"],
        "\"whole\"",
        "mod_cgid ends the input of the program, and says no length that would tell",
    )
    .sometimes(),
    known(
        &["apache-fcgid"],
        &["a-malformed-chunk-is-no-end"],
        "200",
        "mod_fcgid takes what came before the malformed chunk for all of it",
    ),
    // Answers.
    known(
        &["nginx-http"],
        &["an-old-client-gets-no-early-hints"],
        "[103]",
        "nginx takes early hints for the answer, and hands on what follows as its body",
    ),
    known(
        &["apache-cgi", "apache-fcgid"],
        &["date-is-there-once"],
        "server: Apache",
        "Apache writes a Date of its own",
    ),
    known(
        &["apache-cgi", "apache-fcgid", "apache-scgi"],
        &["a-200-with-a-location-is-no-redirect"],
        "server: Apache",
        "Apache throws the body away, and answers with what is at the location",
    ),
    known(
        &["apache-cgi", "apache-fastcgi", "apache-scgi"],
        &[
            "a-head-of-a-known-body-has-its-length",
            "a-head-keeps-the-length-that-an-app-gives",
        ],
        "text/plain; charset=utf-8, 0 bytes",
        "Apache drops the length of a HEAD",
    ),
    known(
        &[
            "apache-cgi",
            "apache-fcgid",
            "apache-fastcgi",
            "apache-scgi",
        ],
        &["a-known-body-has-its-length"],
        "transfer-encoding: chunked",
        "Apache drops the length, and finds it again where the whole body is there in time",
    )
    .sometimes(),
    known(
        &["apache-fastcgi", "apache-fcgid"],
        &[
            "a-head-goes-out-before-a-frame-that-is-late",
            "ten-frames-come-one-by-one",
        ],
        "too late",
        "Apache keeps the head of an answer until something follows it",
    ),
    known(
        &["apache-fcgid"],
        &["an-answer-that-is-too-short-shows"],
        "\"short<!DOC\", whole",
        "mod_fcgid fills what is missing up with a page of its own",
    ),
    known(
        &["haproxy-fastcgi"],
        &["a-large-body-of-unknown-length-arrives"],
        "400",
        "HAProxy needs the length first, or the whole body within 64 KiB",
    ),
    known(
        &["apache-cgi"],
        &["an-answer-that-is-too-short-shows"],
        "5 bytes \"short\", whole",
        "Apache drops the length, and sends what it got",
    ),
    known(
        &[
            "apache-scgi",
            "apache-uwsgi",
            "lighttpd-fastcgi",
            "lighttpd-scgi",
            "lighttpd-uwsgi",
        ],
        &[
            "a-failure-right-after-the-first-frame-shows",
            "an-answer-that-broke-off-is-followed-by-none",
        ],
        "5 bytes \"first\", whole",
        "the reset is not looked at where it comes with the last of the answer",
    )
    .sometimes(),
    // Clients that leave.
    known(
        &["haproxy-fastcgi"],
        &[
            "an-app-is-dropped-when-its-client-leaves",
            "a-client-that-leaves-is-told-of-at-the-end",
        ],
        "[\"begun\"]",
        "HAProxy does not tell of each client that has left, neither by an abort nor by an end",
    )
    .sometimes(),
    // Paths.
    known(
        &["apache"],
        &["an-escaped-nul-is-refused", "mount-table-039"],
        "404",
        "Apache refuses it with 404",
    ),
    known(
        &["apache-http"],
        &[
            "mount-table-015",
            "mount-table-059",
            "mount-table-062",
            "mount-table-065",
        ],
        "200",
        "ProxyPass takes several slashes in front for one",
    ),
    known(
        &["nginx"],
        &["mount-table-029"],
        "400",
        "nginx decodes slashes before it looks for dots that lead above the root",
    )
    .at_root(),
    known(
        &["nginx", "lighttpd"],
        &["mount-table-029"],
        "404",
        "the web server decodes slashes before it looks which prefix the path is below",
    )
    .below_prefix(),
    known(
        &["lighttpd"],
        &["mount-table-063"],
        "404",
        "lighttpd takes several slashes for one before it looks which prefix the path is below",
    )
    .below_prefix(),
    known(
        &["haproxy", "lighttpd"],
        &[
            "mount-table-082",
            "mount-table-083",
            "mount-table-084",
            "mount-table-085",
            "mount-table-086",
            "mount-table-087",
        ],
        "400",
        "a whole URL whose host is not that of the field is refused",
    ),
    // Targets without a path.
    known(
        &["nginx"],
        &["mount-table-097", "mount-table-103"],
        "400",
        "nginx refuses OPTIONS *",
    ),
    known(
        &["apache", "lighttpd"],
        &["mount-table-097", "mount-table-103"],
        "200",
        "the web server answers OPTIONS * itself",
    ),
    known(
        &["nginx", "haproxy", "lighttpd"],
        &["mount-table-100"],
        "400",
        "the web server is no proxy of clients, and refuses CONNECT",
    ),
    known(
        &["apache-http"],
        &["mount-table-100"],
        "400",
        "Apache hands CONNECT on with a path, and the server refuses it",
    ),
    known(
        &["nginx", "lighttpd-http", "lighttpd-cgi"],
        &["mount-table-102"],
        "405",
        "the web server is no proxy of clients, and refuses CONNECT",
    ),
    known(
        &["haproxy", "apache"],
        &["mount-table-102"],
        "400",
        "the web server is no proxy of clients, and refuses CONNECT",
    ),
];
