//! Where the web servers themselves break a rule, or have nothing to carry it with.

use std::sync::LazyLock;

use enfilade_conformance::{Deviation, Feature};

use crate::{Door, WEB_SERVERS};

/// What some web servers do in place of what some cases expect.
struct Known {
    /// The first words of the targets' names: `nginx` is all of nginx.
    targets: &'static [&'static str],
    cases: &'static [&'static str],
    /// A part of what is got.
    got: &'static str,
    reason: &'static str,
}

/// What some web servers do not carry.
struct Lack {
    targets: &'static [&'static str],
    feature: Feature,
    reason: &'static str,
}

/// Whether `name` begins with these words.
fn is_one_of(name: &str, targets: &[&str]) -> bool {
    targets.iter().any(|words| {
        let rest = name.strip_prefix(words);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// The names in the matrix of a door at the root, and below a prefix.
fn names(door: &Door) -> [String; 2] {
    [door.name.to_owned(), format!("{}-ext", door.name)]
}

/// All of them; the kit fails where one does not occur.
pub static DEVIATIONS: LazyLock<Vec<Deviation>> = LazyLock::new(|| {
    let doors = WEB_SERVERS.iter().flat_map(|server| server.doors);
    let names: Vec<&'static str> = doors
        .flat_map(names)
        .map(|name| &*Box::leak(name.into_boxed_str()))
        .collect();
    let mut all = Vec::new();
    for known in KNOWN {
        for target in names.iter().filter(|name| is_one_of(name, known.targets)) {
            all.extend(known.cases.iter().map(|case| Deviation {
                target,
                case,
                got: known.got,
                reason: known.reason,
            }));
        }
    }
    all
});

/// What a target of this name does not carry, and why.
pub fn lacks(target: &str) -> impl Iterator<Item = (Feature, &'static str)> {
    LACKS
        .iter()
        .filter(move |lack| is_one_of(target, lack.targets))
        .map(|lack| (lack.feature, lack.reason))
}

const LACKS: &[Lack] = &[
    Lack {
        targets: &["nginx", "apache", "lighttpd"],
        feature: Feature::Expect,
        reason: "the web server says 100 itself",
    },
    Lack {
        targets: &["nginx", "apache", "lighttpd"],
        feature: Feature::RequestTrailers,
        reason: "the web server drops them",
    },
    Lack {
        targets: &["nginx", "apache", "lighttpd"],
        feature: Feature::Trailers,
        reason: "the web server drops them",
    },
    Lack {
        targets: &["apache"],
        feature: Feature::StreamingRequest,
        reason: "Apache waits for 16 KiB of an upload, or for its end",
    },
    Lack {
        targets: &["apache"],
        feature: Feature::EarlyAnswer,
        reason: "Apache waits for 16 KiB of an upload, or for its end",
    },
    Lack {
        targets: &["nginx-scgi", "nginx-uwsgi"],
        feature: Feature::StreamingRequest,
        reason: "nginx sends an upload when it is whole",
    },
    Lack {
        targets: &["nginx-scgi", "nginx-uwsgi"],
        feature: Feature::EarlyAnswer,
        reason: "nginx sends an upload when it is whole",
    },
    Lack {
        targets: &["apache-scgi", "apache-uwsgi"],
        feature: Feature::UnknownLength,
        reason: "Apache refuses it with 411: the protocol needs the length first",
    },
    Lack {
        targets: &["apache-cgi", "lighttpd-cgi"],
        feature: Feature::OneProcess,
        reason: "each request has a process of its own",
    },
    Lack {
        targets: &["lighttpd"],
        feature: Feature::Disconnect,
        reason: "lighttpd lets the app run on",
    },
    Lack {
        targets: CGI_FAMILY,
        feature: Feature::Upgrade,
        reason: "the protocol has no upgrade",
    },
    Lack {
        targets: &["apache"],
        feature: Feature::Disconnect,
        reason: "Apache looks after its client when it has something to send",
    },
];

const CGI_FAMILY: &[&str] = &[
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

const KNOWN: &[Known] = &[
    Known {
        targets: &["nginx"],
        cases: &["a-method-keeps-its-case"],
        got: "400",
        reason: "nginx takes methods in capitals alone",
    },
    Known {
        targets: &["lighttpd"],
        cases: &["methods-arrive-as-they-are", "a-method-keeps-its-case"],
        got: "501",
        reason: "lighttpd takes the methods that it knows",
    },
    Known {
        targets: &["nginx-http", "apache-http", "lighttpd-http"],
        cases: &["the-version-is-the-client-s"],
        got: "\"HTTP/1.1\"",
        reason: "the web server speaks a version of its own to the app",
    },
    Known {
        targets: &["nginx-http", "lighttpd-http"],
        cases: &["fields-of-the-connection-are-withheld"],
        got: "[\"1\"]",
        reason: "a field that `Connection` names is passed on, without `Connection`",
    },
    Known {
        targets: &[
            "nginx-http",
            "apache-http",
            "lighttpd-http",
            "nginx-scgi",
            "nginx-uwsgi",
            "apache-scgi",
            "apache-uwsgi",
        ],
        cases: &["what-a-host-says-it-carries-it-carries"],
        got: "Some(true)",
        reason: "the host cannot know what the web server in front of it drops",
    },
    Known {
        targets: &["nginx"],
        cases: &["a-name-that-is-none-is-refused"],
        got: "200",
        reason: "nginx drops fields whose names it does not take",
    },
    Known {
        targets: &["apache", "lighttpd"],
        cases: &["repeated-fields-stay-apart"],
        got: "[\"1, 2, 3\"]",
        reason: "the web server joins fields of one name",
    },
    Known {
        targets: &["apache"],
        cases: &["two-cookie-fields-are-one-list"],
        got: "\"a=1, b=2; c=3\"",
        reason: "Apache joins cookies as if they were a list of values",
    },
    Known {
        targets: &["apache"],
        cases: &["an-escaped-nul-is-refused", "mount-table-039"],
        got: "404",
        reason: "Apache refuses it with 404",
    },
    Known {
        targets: &["lighttpd"],
        cases: &[
            "no-body-is-an-empty-body",
            "a-location-of-what-was-made-arrives",
        ],
        got: "411",
        reason: "lighttpd wants a length with POST, also for no body",
    },
    Known {
        targets: &["apache-http"],
        cases: &[
            "mount-table-015",
            "mount-table-059",
            "mount-table-062",
            "mount-table-065",
        ],
        got: "200",
        reason: "ProxyPass takes several slashes in front for one",
    },
    Known {
        targets: &["nginx"],
        cases: &["mount-table-029"],
        got: "400",
        reason: "nginx decodes slashes before it looks for dots that lead above the root",
    },
    Known {
        targets: &["haproxy", "lighttpd"],
        cases: &[
            "mount-table-082",
            "mount-table-083",
            "mount-table-084",
            "mount-table-085",
            "mount-table-086",
            "mount-table-087",
        ],
        got: "400",
        reason: "a whole URL whose host is not that of the field is refused",
    },
    Known {
        targets: &["nginx"],
        cases: &["mount-table-099", "mount-table-105"],
        got: "400",
        reason: "nginx refuses OPTIONS *",
    },
    Known {
        targets: &["apache", "lighttpd"],
        cases: &["mount-table-099", "mount-table-105"],
        got: "200",
        reason: "the web server answers OPTIONS * itself",
    },
    Known {
        targets: &["nginx", "haproxy", "lighttpd"],
        cases: &["mount-table-102"],
        got: "400",
        reason: "the web server is no proxy of clients, and refuses CONNECT",
    },
    Known {
        targets: &["apache-http"],
        cases: &["mount-table-102"],
        got: "x-here: /  /;",
        reason: "Apache takes CONNECT for a request to the root",
    },
    Known {
        targets: &["apache-cgi", "apache-fcgid", "apache-scgi"],
        cases: &["a-200-with-a-location-is-no-redirect"],
        got: "500",
        reason: "Apache throws the body away, and answers with what is at the location",
    },
    Known {
        targets: &[
            "apache-cgi",
            "apache-fcgid",
            "apache-fastcgi",
            "apache-scgi",
        ],
        cases: &[
            "a-head-of-a-known-body-has-its-length",
            "a-head-keeps-the-length-that-an-app-gives",
        ],
        got: "text/plain; charset=utf-8, 0 bytes",
        reason: "Apache drops the length of a HEAD",
    },
    Known {
        targets: &[
            "lighttpd-cgi",
            "lighttpd-fastcgi",
            "lighttpd-scgi",
            "lighttpd-uwsgi",
        ],
        cases: &["an-underscore-is-no-hyphen"],
        got: "mallory",
        reason: "lighttpd takes `_` for `-`, as CGI does, and lets both pass",
    },
    Known {
        targets: &["lighttpd-scgi", "lighttpd-uwsgi"],
        cases: &[
            "a-large-body-of-unknown-length-arrives",
            "pieces-are-echoed-one-by-one",
        ],
        got: "411",
        reason: "lighttpd needs the length first, unless the body is there with its head",
    },
    Known {
        targets: &["nginx", "lighttpd-http"],
        cases: &["mount-table-104"],
        got: "405",
        reason: "the web server is no proxy of clients, and refuses CONNECT",
    },
    Known {
        targets: &["haproxy", "apache"],
        cases: &["mount-table-104"],
        got: "400",
        reason: "the web server is no proxy of clients, and refuses CONNECT",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_deviates_is_a_target_and_what_deviates_is_a_case() {
        let cases = enfilade_conformance::cases();
        let cases: Vec<_> = cases.iter().map(|case| case.name().to_owned()).collect();
        for known in KNOWN {
            for case in known.cases {
                assert!(cases.iter().any(|name| name == case), "{case}");
            }
        }
        let doors: Vec<_> = WEB_SERVERS.iter().flat_map(|server| server.doors).collect();
        let targets = KNOWN.iter().map(|known| known.targets);
        for words in targets
            .chain(LACKS.iter().map(|lack| lack.targets))
            .flatten()
        {
            let mut names = doors.iter().flat_map(|door| names(door));
            assert!(names.any(|name| is_one_of(&name, &[*words])), "{words}");
        }
    }
}
