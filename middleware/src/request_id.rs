//! A name for every request: [`RequestId`].

use std::{
    cell::RefCell,
    fmt,
    future::Future,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use enfilade_core::{App, Middleware, Request, Response, amend};
use http::{HeaderMap, HeaderName, HeaderValue, header::Entry};

/// Gives every request a name, the same in logs, in the app and at the client.
///
/// A request that brings a valid id in `x-request-id` keeps it; any other gets a new UUIDv7
/// ([RFC 9562, section 5.7]). The app finds it in the request's extensions, whoever stands outside
/// in the response's, both as [`RequestIdValue`]; apps that only know fields find it in the
/// request's; and the client is told in the response's.
///
/// ```
/// use enfilade_core::{App, Pipeline, Request};
/// use enfilade_middleware::{RequestId, RequestIdValue};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app = Pipeline::new().with(RequestId::new()).app(async |request: Request| {
///     let id: &RequestIdValue = request.extensions().get().expect("`RequestId` is outside");
///     id.as_str().to_owned()
/// });
///
/// let response = app.respond(Request::default()).await;
/// let id = response.headers()["x-request-id"].clone();
/// assert_eq!(response.into_body().into_bytes(36).await.unwrap(), id.as_bytes());
/// # }
/// ```
///
/// # Place in the pipeline
///
/// First: whatever stands inside finds the id in the request, also where its client leaves early. The
/// access log finds it outside as well, but only where there is a response.
///
/// # Security
///
/// An id from outside is 1 to 128 letters, digits and `+-./:=@_`, or it is replaced: nothing else
/// reaches a log, a field or an app. But a client may well send the id of another request. Ids are
/// for reading logs, never a proof and never a key. Where clients call without a proxy of your own
/// between, and that matters, say [`without_inbound`](RequestId::without_inbound).
///
/// [RFC 9562, section 5.7]: https://www.rfc-editor.org/rfc/rfc9562#section-5.7
#[derive(Clone, Debug)]
pub struct RequestId {
    header: HeaderName,
    inbound: bool,
}

impl RequestId {
    /// Ids in `x-request-id`; a valid one from outside is kept.
    #[must_use]
    pub const fn new() -> RequestId {
        RequestId {
            header: HeaderName::from_static("x-request-id"),
            inbound: true,
        }
    }

    /// Another field than `x-request-id`, such as `x-correlation-id`.
    ///
    /// # Panics
    ///
    /// If `header` is no field name.
    #[must_use]
    #[track_caller]
    pub fn with_header(mut self, header: impl TryInto<HeaderName>) -> RequestId {
        let Ok(header) = header.try_into() else {
            panic!("RequestId: not the name of a header field");
        };
        self.header = header;
        self
    }

    /// Every request gets a new id, whatever it brings.
    #[must_use]
    pub const fn without_inbound(mut self) -> RequestId {
        self.inbound = false;
        self
    }

    /// The id that a request brings, or a new one that takes the place of whatever it brings.
    fn id(&self, headers: &mut HeaderMap) -> RequestIdValue {
        match headers.try_entry(&self.header) {
            Ok(Entry::Occupied(mut field)) => {
                let one = field.iter().nth(1).is_none();
                if self.inbound && one && is_valid(field.get().as_bytes()) {
                    return RequestIdValue(field.get().clone());
                }
                let id = RequestIdValue::random();
                field.insert(id.0.clone());
                id
            }
            Ok(Entry::Vacant(field)) => {
                let id = RequestIdValue::random();
                field.insert(id.0.clone());
                id
            }
            // A request with tens of thousands of fields has no room for another.
            Err(_) => RequestIdValue::random(),
        }
    }
}

impl Default for RequestId {
    fn default() -> RequestId {
        RequestId::new()
    }
}

impl Middleware for RequestId {
    fn handle(
        &self,
        mut request: Request,
        next: &impl App,
    ) -> impl Future<Output = Response> + Send {
        let id = self.id(request.headers_mut());
        request.extensions_mut().insert(id.clone());
        amend(next.respond(request), |response| {
            response.headers_mut().insert(&self.header, id.0.clone());
            response.extensions_mut().insert(id);
        })
    }
}

/// The id of a request: visible ASCII, at most 128 bytes. [`RequestId`] leaves it in the extensions
/// of the request and of the response. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestIdValue(HeaderValue);

impl RequestIdValue {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("an id is visible ASCII")
    }

    /// The id as the value of a field, for requests to others.
    #[must_use]
    pub const fn as_header(&self) -> &HeaderValue {
        &self.0
    }

    /// A new UUIDv7: sorts by the time at which it was made, and cannot be guessed.
    fn random() -> RequestIdValue {
        // A clock before 1970 is wrong in any case; the random part is enough then.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis() as u64);
        let text = version_7(millis, random_bytes());
        // One allocation that all clones share.
        let value = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
        RequestIdValue(value.expect("hex digits and hyphens"))
    }
}

impl fmt::Display for RequestIdValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestIdValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestIdValue({self})")
    }
}

const LONGEST: usize = 128;

fn is_valid(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-./:=@_".contains(byte))
}

/// The text of a UUIDv7: 48 bits of `millis`, the version, 12 random bits, the variant, and 62
/// random bits.
fn version_7(millis: u64, random: [u8; RANDOM]) -> [u8; 36] {
    let [a, b, c, d, e, f, g, h, i, j] = random;
    let time = hex((millis >> 16) as u32);
    let middle = hex((millis as u32) << 16 | 0x7000 | u32::from(a & 0xf) << 8 | u32::from(b));
    let node = hex(u32::from_be_bytes([c & 0x3f | 0x80, d, e, f]));
    let last = hex(u32::from_be_bytes([g, h, i, j]));
    let mut text = [b'-'; 36];
    text[..8].copy_from_slice(&time);
    text[9..13].copy_from_slice(&middle[..4]);
    text[14..18].copy_from_slice(&middle[4..]);
    text[19..23].copy_from_slice(&node[..4]);
    text[24..28].copy_from_slice(&node[4..]);
    text[28..].copy_from_slice(&last);
    text
}

/// The eight hex digits of `number`, all at once: its nibbles are spread over the bytes of a word.
fn hex(number: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let spread = u64::from(number);
    let spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    let spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    let spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (spread + ONES * 6) >> 4 & ONES;
    (spread + ONES * 0x30 + letters * 0x27).to_be_bytes()
}

/// What a UUIDv7 has beside the time.
const RANDOM: usize = 10;
/// The ids for which one system call brings the random bytes.
const POOLED: usize = 100;

/// Random bytes of the operating system that no id has used yet.
struct Pool {
    bytes: [u8; RANDOM * POOLED],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { bytes: [0; RANDOM * POOLED], used: RANDOM * POOLED })
    };
}

fn random_bytes() -> [u8; RANDOM] {
    POOL.with_borrow_mut(|pool| {
        if pool.used == pool.bytes.len() {
            // Linux, macOS and Windows give random bytes to any process, or do not start it.
            getrandom::fill(&mut pool.bytes).expect("the operating system gives random bytes");
            pool.used = 0;
        }
        let mut random = [0; RANDOM];
        let fresh = &mut pool.bytes[pool.used..pool.used + RANDOM];
        // Used bytes leave the pool: a look into memory tells no id of the past.
        random.swap_with_slice(fresh);
        pool.used += RANDOM;
        random
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use enfilade_core::{Body, Pipeline, lint::Lint};

    use super::*;

    /// What the client, the app by extension, the app by field, and whoever is outside are told.
    async fn ids(layer: RequestId, inbound: &[&[u8]]) -> [String; 4] {
        let header = layer.header.clone();
        let mut request = Request::new(Body::empty());
        for value in inbound {
            let value = HeaderValue::from_bytes(value).expect("a field value");
            request.headers_mut().append(&header, value);
        }
        let field = header.clone();
        let app =
            Pipeline::new()
                .with(Lint::panicking().around(layer))
                .app(move |request: Request| {
                    let extension = request.extensions().get::<RequestIdValue>();
                    let fields = request.headers().get_all(&field).iter();
                    let fields: Vec<_> = fields.filter_map(|v| v.to_str().ok()).collect();
                    let both = format!("{} {}", extension.expect("set"), fields.join(","));
                    async { both }
                });
        let response = app.respond(request).await;
        let client = response.headers()[&header].to_str().expect("text").into();
        let outside = response.extensions().get::<RequestIdValue>();
        let outside = outside.expect("set").to_string();
        let body = response.into_body().into_bytes(1000).await.expect("text");
        let body = String::from_utf8(body.to_vec()).expect("text");
        let (extension, fields) = body.split_once(' ').expect("two ids");
        [client, extension.into(), fields.into(), outside]
    }

    async fn id(layer: RequestId, inbound: &[&[u8]]) -> String {
        let ids = ids(layer, inbound).await;
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        ids[0].clone()
    }

    #[tokio::test]
    async fn an_id_that_is_hostile_is_replaced_everywhere() {
        let long = [b'a'; LONGEST + 1];
        for bad in [
            &b""[..],
            b"a b",
            b"a\tb",
            b"a\"b",
            b"a\\b",
            b"a,b",
            b"<script>",
            b"\xff\xfe",
            "\u{1b}[2J"
                .strip_prefix('\u{1b}')
                .expect("it has one")
                .as_bytes(),
            "naïve".as_bytes(),
            &long,
        ] {
            let id = id(RequestId::new(), &[bad]).await;
            assert!(is_version_7(&id), "{bad:?} gave {id}");
        }
        let two: [&[u8]; 2] = [b"first", b"second"];
        assert!(is_version_7(&id(RequestId::new(), &two).await));
    }

    #[tokio::test]
    async fn a_valid_id_is_kept_unless_none_is_to_be() {
        let longest = [b'a'; LONGEST];
        for good in [&b"7"[..], b"host/Xy+9=-000001@a.b:c_d", &longest] {
            let expected = String::from_utf8_lossy(good);
            assert_eq!(id(RequestId::new(), &[good]).await, expected);
            let own = id(RequestId::new().without_inbound(), &[good]).await;
            assert!(is_version_7(&own), "{own}");
        }
    }

    #[tokio::test]
    async fn another_field_may_carry_it() {
        let layer = RequestId::new().with_header("X-Correlation-Id");
        assert_eq!(id(layer, &[b"abc"]).await, "abc");
    }

    #[test]
    #[should_panic(expected = "RequestId: not the name of a header field")]
    fn a_field_name_that_is_none_is_refused_when_built() {
        let _ = RequestId::new().with_header("x request id");
    }

    #[test]
    fn new_ids_differ_and_sort_by_time() {
        let before = now();
        let ids: Vec<_> = (0..POOLED * 3).map(|_| RequestIdValue::random()).collect();
        let distinct: HashSet<_> = ids.iter().map(RequestIdValue::as_str).collect();
        assert_eq!(distinct.len(), ids.len());
        let mut last = before;
        for id in &ids {
            assert!(is_version_7(id.as_str()), "{id}");
            let millis = id.as_str()[..13].replace('-', "");
            let millis = u128::from_str_radix(&millis, 16).expect("hex digits");
            assert!(last <= millis && millis <= now(), "{id}");
            last = millis;
        }
    }

    /// The example of RFC 9562, appendix A.6.
    #[test]
    fn a_uuid_is_written_as_its_standard_says() {
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        let text = version_7(0x017f_22e2_79b0, random);
        assert_eq!(text, *b"017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        let last = version_7(u64::MAX, [0xff; RANDOM]);
        assert_eq!(last, *b"ffffffff-ffff-7fff-bfff-ffffffffffff");
        let all = version_7(0x0123_4567_89ab, [0xcd, 0xef, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(all, *b"01234567-89ab-7def-8000-000000000000");
    }

    fn now() -> u128 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.expect("after 1970").as_millis()
    }

    fn is_version_7(id: &str) -> bool {
        let form: String = id
            .chars()
            .map(|c| match c {
                '0'..='9' | 'a'..='f' => 'x',
                other => other,
            })
            .collect();
        form == "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
            && id[14..].starts_with('7')
            && id[19..].starts_with(['8', '9', 'a', 'b'])
    }
}
