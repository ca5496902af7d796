//! What not every host and not every client can carry: [`Feature`].

use std::fmt;

/// What not every host and not every protocol can carry. A case names those that it needs, and a
/// [`Target`](crate::Target) those that it lacks, with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// The bytes of a head go to the host as they are, also malformed ones.
    RawHead,
    /// `*`, an authority and a whole URL can be asked for.
    AnyTarget,
    /// Escapes in a path reach the host as they were sent.
    SentPath,
    /// A query reaches the host as it was sent.
    SentQuery,
    /// A target that does not fit its method, or a `Host` beside it that names another server,
    /// which a host may refuse (RFC 9112, section 3.2).
    OddTarget,
    /// The client can speak HTTP/1.0.
    Http10,
    /// Several exchanges go over one connection.
    KeepAlive,
    /// `Expect: 100-continue`.
    Expect,
    /// Early hints reach the client, and it tells of them.
    EarlyHints,
    /// Fields that belong to the connection reach the host.
    HopByHop,
    /// A request's body may have no length until it ends.
    UnknownLength,
    /// A request's body arrives while the app runs.
    StreamingRequest,
    /// A request can break off, so that the host learns of it.
    CutRequest,
    /// The same, where its body has no length.
    CutUnknownLength,
    /// A request has trailers.
    RequestTrailers,
    /// The client names the script name that an outer server has taken.
    ScriptName,
    /// Fields of the same name stay apart.
    RepeatedFields,
    /// Fields whose names have an underscore reach the host.
    UnderscoredFields,
    /// Bytes outside of ASCII are kept in fields.
    AnyBytes,
    /// Each frame of an answer goes out without waiting for the next.
    StreamingResponse,
    /// An answer can end while its request is still being sent.
    EarlyAnswer,
    /// The client can tell an answer that broke off from one that ended.
    BrokenEnd,
    /// Trailers reach the client.
    Trailers,
    /// The connection can be taken over.
    Upgrade,
    /// An app is dropped when its client leaves.
    Disconnect,
    /// An app that asks for it goes on when its client leaves.
    Finish,
    /// What the host sends is framed, so that more or less than was promised matters.
    Wire,
    /// The host itself adds what HTTP asks of an origin server, such as `Date`.
    OriginServer,
    /// One process answers all requests.
    OneProcess,
    /// The kit is told that the host has stopped: see [`Kit::stopped`](crate::Kit::stopped).
    Stop,
}

impl Feature {
    /// All of them.
    pub const ALL: [Feature; 30] = [
        Feature::RawHead,
        Feature::AnyTarget,
        Feature::SentPath,
        Feature::SentQuery,
        Feature::OddTarget,
        Feature::Http10,
        Feature::KeepAlive,
        Feature::Expect,
        Feature::EarlyHints,
        Feature::HopByHop,
        Feature::UnknownLength,
        Feature::StreamingRequest,
        Feature::CutRequest,
        Feature::CutUnknownLength,
        Feature::RequestTrailers,
        Feature::ScriptName,
        Feature::RepeatedFields,
        Feature::UnderscoredFields,
        Feature::AnyBytes,
        Feature::StreamingResponse,
        Feature::EarlyAnswer,
        Feature::BrokenEnd,
        Feature::Trailers,
        Feature::Upgrade,
        Feature::Disconnect,
        Feature::Finish,
        Feature::Wire,
        Feature::OriginServer,
        Feature::OneProcess,
        Feature::Stop,
    ];
}

/// In words, as the matrix has it.
impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Feature::RawHead => "raw heads",
            Feature::AnyTarget => "targets without a path",
            Feature::SentPath => "escapes in paths",
            Feature::SentQuery => "queries as they were sent",
            Feature::OddTarget => "targets at odds with their method or with Host",
            Feature::Http10 => "HTTP/1.0",
            Feature::KeepAlive => "several exchanges on a connection",
            Feature::Expect => "100-continue",
            Feature::EarlyHints => "early hints",
            Feature::HopByHop => "fields of the connection",
            Feature::UnknownLength => "request bodies of unknown length",
            Feature::StreamingRequest => "streaming requests",
            Feature::CutRequest => "requests that break off",
            Feature::CutUnknownLength => "requests of unknown length that break off",
            Feature::RequestTrailers => "request trailers",
            Feature::ScriptName => "a script name of an outer server",
            Feature::RepeatedFields => "repeated fields",
            Feature::UnderscoredFields => "fields with underscores",
            Feature::AnyBytes => "fields outside of ASCII",
            Feature::StreamingResponse => "streaming answers",
            Feature::EarlyAnswer => "early answers",
            Feature::BrokenEnd => "broken ends that can be told",
            Feature::Trailers => "trailers",
            Feature::Upgrade => "upgrades",
            Feature::Disconnect => "clients that leave",
            Feature::Finish => "apps that go on without their clients",
            Feature::Wire => "framed answers",
            Feature::OriginServer => "fields of an origin server",
            Feature::OneProcess => "one process for all requests",
            Feature::Stop => "stopping",
        })
    }
}
