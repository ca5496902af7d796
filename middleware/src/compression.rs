//! Compresses responses: [`Compression`].

mod answer;
mod asked;
mod brotli;
mod coding;
mod deflate;
mod encode;
mod encoded;
mod head;
mod pool;
mod types;
#[cfg(feature = "compression-zstd")]
mod zstd;

use std::{fmt, sync::Arc};

use enfilade_core::{App, Middleware, Request, Response};
use http::Method;

use asked::Asked;
pub use coding::Coding;
use types::Types;

type Predicate = Arc<dyn Fn(&Response) -> bool + Send + Sync>;

/// Compresses responses with the coding that suits the client: zstd, gzip, br or deflate (RFC 9110,
/// section 12.5.3).
///
/// A response is compressed if its media type is compressible (text, JSON, XML, scripts, fonts
/// without compression and their like; not images, video and archives), it has at least 1,024
/// bytes or an unknown length, and nothing forbids it: a `Content-Encoding` of its own,
/// `Cache-Control: no-transform`, or a status without a body. A 206 stays as it is. The client's
/// weights decide on the coding, and [the order](Compression::with_codings) among equals.
///
/// ```
/// use enfilade_core::{App, Body, Pipeline, Request, Response};
/// use enfilade_middleware::Compression;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), http::Error> {
/// let app = Pipeline::new().with(Compression::new()).app(async |_: Request| {
///     let mut response = Response::new(Body::from("again and ".repeat(200)));
///     response.headers_mut().insert("content-type", "text/plain".parse().unwrap());
///     response
/// });
///
/// let request = http::Request::builder().header("accept-encoding", "br;q=0.8, gzip");
/// let response = app.respond(request.body(Body::empty())?).await;
/// assert_eq!(response.headers()["content-encoding"], "gzip");
/// assert_eq!(response.headers()["vary"], "accept-encoding");
/// assert!(response.body().in_memory_len() < Some(100));
/// # Ok(()) }
/// ```
///
/// * Bodies in memory up to 256 KiB are compressed whole, so that they keep a `Content-Length`;
///   where that makes them no smaller they go out as they are. All others are compressed while
///   they go out, a block of at most 32 KiB at a time, and other tasks have their turn between.
/// * A stream whose next block is not there yet sends all that it has: server-sent events arrive
///   at once. Errors stay errors, and trailers stay.
/// * `Vary: Accept-Encoding` is added, also where this client takes no coding. A strong `ETag`
///   becomes weak; `Accept-Ranges`, `Content-MD5`, `Digest`, `Content-Digest` and `Repr-Digest`
///   leave, since they speak of other bytes. A 304 answers with the tag that the client holds.
/// * HEAD has the fields that GET has. If the app gave it neither a body nor a `Content-Length`,
///   it is taken for a stream's.
/// * A client that refuses even the uncompressed form (`identity;q=0`) gets it where there is no
///   other, as RFC 9110 (section 12.4.1) allows, and never a 406: the app has done its work. Small
///   responses are compressed for such a client, too.
/// * A request without `Accept-Encoding` is answered without coding.
///
/// # Place in the pipeline
///
/// Inside of the access log, which then counts the bytes that are sent, and outside of whatever
/// reads or changes bodies, or answers by itself.
///
/// # Security
///
/// Over TLS, the length of a compressed page tells how much of what an attacker put into it is in
/// the rest of it, too; with many requests they learn a secret that it contains (BREACH). A page
/// is in danger if it shows input from the request beside a secret, such as a token against
/// forgery, and answers to cookies. Mask the secret anew in each response, or send such pages with
/// `Cache-Control: no-transform`, or say which they are by
/// [`with_predicate`](Compression::with_predicate). The attack needs requests that another site
/// makes the browser send: [`without_cross_site`](Compression::without_cross_site) leaves the
/// answers to those uncompressed, in browsers since 2023.
#[derive(Clone)]
pub struct Compression {
    codings: Vec<Coding>,
    levels: [i32; 4],
    min_size: u64,
    types: Types,
    predicate: Option<Predicate>,
    wary: bool,
}

impl Compression {
    /// All codings at their default levels, for compressible types of at least 1,024 bytes.
    #[must_use]
    pub fn new() -> Compression {
        let mut levels = [0; 4];
        for coding in Coding::ALL {
            levels[*coding as usize] = coding.codec().level;
        }
        Compression {
            codings: Coding::ALL.to_vec(),
            levels,
            min_size: 1024,
            types: Types::default(),
            predicate: None,
            wary: false,
        }
    }

    /// Only these codings, in the order in which this side prefers them where the client likes
    /// several equally. Default: zstd, gzip, br, deflate.
    #[must_use]
    pub fn with_codings(mut self, codings: impl IntoIterator<Item = Coding>) -> Compression {
        self.codings = codings.into_iter().collect();
        self
    }

    /// How hard `coding` tries. The defaults and ranges are told at [`Coding`].
    ///
    /// # Panics
    ///
    /// If `coding` does not have that level.
    #[must_use]
    #[track_caller]
    pub fn with_level(mut self, coding: Coding, level: i32) -> Compression {
        let levels = &coding.codec().levels;
        assert!(
            levels.contains(&level),
            "the levels of {coding} are {levels:?}, not {level}"
        );
        self.levels[coding as usize] = level;
        self
    }

    /// Leaves smaller bodies alone. In bytes; default 1,024, which travel in one packet anyway.
    /// Streams of unknown length are compressed.
    #[must_use]
    pub const fn with_min_size(mut self, bytes: u64) -> Compression {
        self.min_size = bytes;
        self
    }

    /// Compresses this media type too: `type/name`, or `type/*`.
    ///
    /// # Panics
    ///
    /// If `media_type` is neither.
    #[must_use]
    #[track_caller]
    pub fn with_type(mut self, media_type: &str) -> Compression {
        self.types.add(media_type);
        self
    }

    /// Leaves this media type alone: `type/name`, or `type/*`. Wins over all others.
    ///
    /// # Panics
    ///
    /// If `media_type` is neither.
    #[must_use]
    #[track_caller]
    pub fn without_type(mut self, media_type: &str) -> Compression {
        self.types.remove(media_type);
        self
    }

    /// Leaves responses alone for which `predicate` is false. It is asked last, of those that
    /// would be compressed otherwise, whatever the client accepts.
    #[must_use]
    pub fn with_predicate<P>(mut self, predicate: P) -> Compression
    where
        P: Fn(&Response) -> bool + Send + Sync + 'static,
    {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    /// Compresses nothing for requests that another site may have made a browser send with the
    /// user's credentials: `Sec-Fetch-Site` is `cross-site` or `same-site`, and there is a
    /// `Cookie` or an `Authorization`. Off by default, because a visitor who follows a link from
    /// elsewhere then gets the first page uncompressed.
    #[must_use]
    pub const fn without_cross_site(mut self) -> Compression {
        self.wary = true;
        self
    }
}

impl Default for Compression {
    fn default() -> Compression {
        Compression::new()
    }
}

impl Middleware for Compression {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        let exempt =
            request.method() == Method::CONNECT || self.wary && asked::is_lured(request.headers());
        if exempt {
            return next.respond(request).await;
        }
        let asked = Asked::of(&request, &self.codings);
        let response = next.respond(request).await;
        self.answer(asked, response).await
    }
}

impl fmt::Debug for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compression")
            .field("codings", &self.codings)
            .field("min_size", &self.min_size)
            .finish_non_exhaustive()
    }
}
