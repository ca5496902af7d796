//! What a [`Lint`](super::Lint) looks for, and the rules of SPEC.md that each check holds.
//!
//! This is the one place where checks cite rules; a test matches it with SPEC.md.

use std::fmt;

use super::Severity;

/// One thing that a lint looks for.
#[derive(Clone, Copy)]
pub(super) struct Check {
    /// Its rules, the one that is broken first.
    pub(super) rules: &'static [&'static str],
    pub(super) severity: Severity,
    /// What to do about it.
    pub(super) mend: &'static str,
}

impl Check {
    const fn breach(rules: &'static [&'static str], mend: &'static str) -> Check {
        Check {
            rules,
            severity: Severity::Breach,
            mend,
        }
    }

    const fn warning(rules: &'static [&'static str], mend: &'static str) -> Check {
        Check {
            rules,
            severity: Severity::Warning,
            mend,
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.severity, self.rules.join(", "))
    }
}

/// Two checks are the same if they hold the same rules and say the same.
impl PartialEq for Check {
    fn eq(&self, other: &Check) -> bool {
        self.rules == other.rules && self.mend == other.mend
    }
}

// What a host owes with the head of a request.

pub(super) const SPLIT: Check = Check::breach(
    &["H3", "H6"],
    "seed the script name with `Environ::with_script_name`, in bytes of whole segments",
);
pub(super) const TARGET: Check = Check::breach(
    &["H4", "H5"],
    "give a path that begins with `/`; `*` is for OPTIONS and an authority for CONNECT",
);
pub(super) const NOT_CANONICAL: Check = Check::warning(
    &["H6"],
    "answer through a `Gateway`, and leave its path policy as it is",
);
pub(super) const SERVER_NAME: Check = Check::breach(
    &["H10"],
    "give a host without a port as `Connection::server_name`, and the port beside it",
);
pub(super) const HOST_FIELD: Check = Check::warning(
    &["H11"],
    "nothing, if clients send it; `RequestExt::host` does not believe it",
);
pub(super) const SCHEME: Check = Check::breach(
    &["H12"],
    "give `http` or `https`, as the last hop was spoken",
);
pub(super) const TWO_LENGTHS: Check = Check::breach(
    &["H14", "H15"],
    "refuse a request with two lengths as malformed",
);
pub(super) const LENGTH_OF_A_REQUEST: Check = Check::breach(
    &["H15"],
    "let `Content-Length` be the decimal number of the bytes that follow, or leave it out",
);
pub(super) const HOP_BY_HOP_TO_THE_APP: Check = Check::breach(
    &["H16", "A19"],
    "answer through a `Gateway`, which strips them, except where an upgrade is offered",
);
pub(super) const FIELD_OF_A_VARIABLE: Check = Check::breach(
    &["H18"],
    "drop `HTTP_PROXY`, and names that could be another with `-` in place of `_`",
);
pub(super) const NO_ENVIRON: Check = Check::warning(
    &["H42"],
    "put an `Environ` into the extensions of each request",
);
pub(super) const VERSIONS_DIFFER: Check =
    Check::breach(&["H43"], "make the environ with the version of the request");
pub(super) const UPGRADE_UNASKED: Check = Check::breach(
    &["H45", "H43"],
    "offer what the `Upgrade` field of the request names, and nothing without one",
);

// What a host owes with the body of a request.

pub(super) const BYTES_BEHIND_THE_END: Check = Check::breach(
    &["H19"],
    "give nothing once the body has ended, whoever asks",
);
pub(super) const HINTS_OF_A_REQUEST: Check = Check::breach(
    &["H20", "H43"],
    "let size hints be bounds of the bytes to come; a body of unknown length has none",
);
pub(super) const SHORT_REQUEST: Check =
    Check::breach(&["H22"], "end a body that broke off with an error");

// What a host owes with the body of a response.

pub(super) const NEVER_DROPPED: Check =
    Check::breach(&["H27"], "drop a body that has ended or failed");
pub(super) const POLLED_AFTER_THE_END: Check = Check::breach(
    &["H28"],
    "stop polling a body once it gave `None` or an error",
);

// What an app owes with the head of a response.

pub(super) const STATUS_FIELD: Check =
    Check::breach(&["A3"], "give the status as the status of the response");
pub(super) const ODD_FIELD: Check =
    Check::warning(&["A3"], "end the field's name in a letter or a digit");
pub(super) const HOP_BY_HOP_FROM_THE_APP: Check = Check::breach(
    &["A4", "H36"],
    "leave the field out: the host frames the message",
);
pub(super) const FIELDS_OF_NO_BODY: Check = Check::breach(
    &["A5"],
    "leave `Content-Type` and `Content-Length` out of a response that has no body",
);
pub(super) const FIELDS_OF_A_304: Check = Check::warning(
    &["A5", "A17"],
    "send `ETag`, `Cache-Control`, `Vary`, `Expires` and `Content-Location` with a 304 alone",
);
pub(super) const NO_CONTENT_TYPE: Check = Check::warning(&["A6"], "say the `Content-Type`");
pub(super) const LENGTH_OF_A_RESPONSE: Check = Check::breach(
    &["A7"],
    "leave `Content-Length` to the host, or let it be the number of the body's bytes",
);
pub(super) const HINTED: Check = Check::breach(
    &["A5", "A4", "H46"],
    "hint what belongs to the answer alone: no fields that frame it, and no cookies",
);
pub(super) const INFORMATIONAL: Check = Check::breach(
    &["A15", "H38"],
    "answer with a final status; switch protocols with `Upgrade::accept`",
);
pub(super) const UNKNOWN_STATUS: Check =
    Check::warning(&["A15"], "answer with a status that is registered");
pub(super) const LOCATION: Check = Check::warning(
    &["A16"],
    "send a path or an absolute URL, as `Redirect` does",
);
pub(super) const LOCATION_WITHOUT_REDIRECT: Check = Check::warning(
    &["A16"],
    "send `Location` with 201, 202 and redirects alone, and those not without it",
);
pub(super) const ENTITY_TAG: Check = Check::warning(
    &["A16"],
    "put the tag into quotes, with `W/` in front where it is weak",
);
pub(super) const PARTS: Check = Check::warning(
    &["A20"],
    "send `Content-Range` with a 206 of one part and with a 416, and with nothing else",
);
pub(super) const SWITCHED_UNASKED: Check = Check::breach(
    &["H45", "A14"],
    "answer 101 with `Upgrade::accept` alone, on the offer of the environ",
);
pub(super) const MERGED_COOKIES: Check = Check::breach(
    &["H35"],
    "append a `Set-Cookie` for each cookie: they cannot be joined",
);

// What an app owes with the body of a response, and with that of the request.

pub(super) const HINTS_OF_A_RESPONSE: Check = Check::breach(
    &["A8"],
    "let size hints be bounds of the bytes to come, and `is_end_stream` the end",
);
pub(super) const READ_BEHIND_THE_END: Check = Check::breach(
    &["A9"],
    "stop reading the request once it has ended or broken off",
);
pub(super) const REQUEST_KEPT: Check = Check::warning(
    &["A10"],
    "drop the request's body before the response has ended",
);
pub(super) const BODY_OF_NOTHING: Check = Check::breach(&["A17"], "give no body with this status");
pub(super) const TRAILERS: Check = Check::breach(
    &["H47"],
    "send trailers once, behind the data, and no field that frames, routes or authenticates",
);
pub(super) const UNANNOUNCED_TRAILERS: Check = Check::warning(
    &["H47"],
    "name the trailers in `Trailer`: over HTTP/1.1 no others are sent",
);

// What a middleware owes, seen from both of its sides.

pub(super) const HELD_BACK: Check = Check::breach(
    &["M2", "M1"],
    "hand on a frame, if only an empty one, for each; or declare that it buffers",
);
pub(super) const BODY_KEPT: Check = Check::breach(
    &["M3", "A11"],
    "drop the body that is replaced no later than the one that replaces it",
);
pub(super) const STALE_FIELDS: Check = Check::breach(
    &["M4"],
    "when bytes change: weaken the `ETag`, remove digests and `Accept-Ranges`",
);
pub(super) const CALLED_TWICE: Check =
    Check::breach(&["M5"], "call `next` once, or declare that it replays");
pub(super) const RUNS_ON: Check = Check::breach(
    &["M6"],
    "await the app inside, or drop its future, before answering",
);
pub(super) const TARGET_REWRITTEN: Check = Check::breach(
    &["M7"],
    "leave the `Uri` as it is; a mount moves the split in the environ",
);
pub(super) const ORIGINAL_REWRITTEN: Check = Check::breach(
    &["H8", "M7"],
    "leave the original target as the client sent it",
);
pub(super) const SPLIT_REWRITTEN: Check = Check::breach(
    &["M11", "M7"],
    "let `Mounts` or a `Router` move the split, and forwards alone",
);
pub(super) const ENVIRON_LOST: Check =
    Check::breach(&["M8"], "pass the request on with its extensions");
pub(super) const PASSED_ON_IN_PART: Check = Check::breach(
    &["M8", "H35"],
    "pass on what comes from inside: extensions, cookies, trailers",
);
