//! A field of every request or of every response: [`SetHeader`].

use std::{fmt, future::Future, marker::PhantomData};

use enfilade_core::{App, Middleware, Request, Response, amend};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Sets, adds or removes one field of every request or of every response.
///
/// By default it takes the place of whatever is there. It may also give way to what is there
/// ([`if_absent`](SetHeader::if_absent)), stand beside it ([`appended`](SetHeader::appended)), or
/// only take it away. Name and value are checked when the pipeline is built.
///
/// ```
/// use enfilade_core::{App, Pipeline, Request};
/// use enfilade_middleware::SetHeader;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app = Pipeline::new()
///     .with(SetHeader::response("x-content-type-options", "nosniff"))
///     .with(SetHeader::response("cache-control", "no-store").if_absent())
///     .with(SetHeader::response("vary", "origin").appended())
///     .with(SetHeader::remove_from_response("x-powered-by"))
///     .with(SetHeader::remove_from_request("x-internal-user"))
///     .app(async |_: Request| "hello");
///
/// let response = app.respond(Request::default()).await;
/// assert_eq!(response.headers()["x-content-type-options"], "nosniff");
/// # }
/// ```
///
/// # Place in the pipeline
///
/// Outside of whatever answers by itself, so that errors have the field too. On the way back the
/// outer one has the last word.
///
/// Fields of the connection (`Connection`, `Transfer-Encoding` and their like) belong to the host,
/// which drops them from any response.
///
/// The side is a type, so that what only sets a field of the response never touches the request.
/// Nobody has to write it.
#[derive(Clone)]
pub struct SetHeader<S = OfResponse> {
    name: HeaderName,
    act: Act,
    side: PhantomData<S>,
}

/// The side of a [`SetHeader`] that changes responses.
#[derive(Clone, Copy, Debug)]
pub struct OfResponse;

/// The side of a [`SetHeader`] that changes requests.
#[derive(Clone, Copy, Debug)]
pub struct OfRequest;

#[derive(Clone)]
enum Act {
    Replace(HeaderValue),
    IfAbsent(HeaderValue),
    Append(HeaderValue),
    Remove,
}

impl SetHeader<OfResponse> {
    /// Sets a field of the response, in place of what it has of that name.
    ///
    /// # Panics
    ///
    /// If `name` is no field name, or `value` no field value.
    #[must_use]
    #[track_caller]
    pub fn response(name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> SetHeader {
        SetHeader::replace(field_name(name), value.try_into().ok())
    }

    /// Takes a field away from the response.
    ///
    /// # Panics
    ///
    /// If `name` is no field name.
    #[must_use]
    #[track_caller]
    pub fn remove_from_response(name: impl TryInto<HeaderName>) -> SetHeader {
        SetHeader::new(field_name(name), Act::Remove)
    }
}

impl SetHeader<OfRequest> {
    /// Sets a field of the request, in place of what it has of that name.
    ///
    /// # Panics
    ///
    /// If `name` is no field name, or `value` no field value.
    #[must_use]
    #[track_caller]
    pub fn request(
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> SetHeader<OfRequest> {
        SetHeader::replace(field_name(name), value.try_into().ok())
    }

    /// Takes a field away from the request, so that nobody behind is told it by a client.
    ///
    /// # Panics
    ///
    /// If `name` is no field name.
    #[must_use]
    #[track_caller]
    pub fn remove_from_request(name: impl TryInto<HeaderName>) -> SetHeader<OfRequest> {
        SetHeader::new(field_name(name), Act::Remove)
    }
}

impl<S> SetHeader<S> {
    /// Only where there is no field of that name.
    #[must_use]
    pub fn if_absent(self) -> SetHeader<S> {
        self.with_act(Act::IfAbsent)
    }

    /// Beside the fields of that name, as one more line.
    #[must_use]
    pub fn appended(self) -> SetHeader<S> {
        self.with_act(Act::Append)
    }

    const fn new(name: HeaderName, act: Act) -> SetHeader<S> {
        SetHeader {
            name,
            act,
            side: PhantomData,
        }
    }

    #[track_caller]
    fn replace(name: HeaderName, value: Option<HeaderValue>) -> SetHeader<S> {
        let Some(value) = value else {
            // It may be a secret, so it is not shown.
            panic!("SetHeader: the value of `{name}` is not one that a header field can have");
        };
        SetHeader::new(name, Act::Replace(value))
    }

    fn with_act(mut self, act: fn(HeaderValue) -> Act) -> SetHeader<S> {
        self.act = match self.act {
            Act::Replace(value) | Act::IfAbsent(value) | Act::Append(value) => act(value),
            Act::Remove => Act::Remove,
        };
        self
    }

    fn apply(&self, headers: &mut HeaderMap) {
        match &self.act {
            Act::Replace(value) => {
                headers.insert(&self.name, value.clone());
            }
            Act::IfAbsent(value) => {
                headers.entry(&self.name).or_insert_with(|| value.clone());
            }
            Act::Append(value) => {
                headers.append(&self.name, value.clone());
            }
            Act::Remove => {
                headers.remove(&self.name);
            }
        }
    }

    fn debug(&self, side: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = match self.act {
            Act::Replace(_) => "set",
            Act::IfAbsent(_) => "set if absent",
            Act::Append(_) => "append",
            Act::Remove => "remove",
        };
        write!(f, "SetHeader({act} {} of the {side})", self.name)
    }
}

impl Middleware for SetHeader<OfResponse> {
    fn handle(&self, request: Request, next: &impl App) -> impl Future<Output = Response> + Send {
        amend(next.respond(request), |response| {
            self.apply(response.headers_mut());
        })
    }
}

impl Middleware for SetHeader<OfRequest> {
    fn handle(
        &self,
        mut request: Request,
        next: &impl App,
    ) -> impl Future<Output = Response> + Send {
        self.apply(request.headers_mut());
        next.respond(request)
    }
}

impl fmt::Debug for SetHeader<OfResponse> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("response", f)
    }
}

impl fmt::Debug for SetHeader<OfRequest> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("request", f)
    }
}

#[track_caller]
fn field_name(name: impl TryInto<HeaderName>) -> HeaderName {
    let Ok(name) = name.try_into() else {
        panic!("SetHeader: not the name of a header field");
    };
    name
}

#[cfg(test)]
mod tests {
    use enfilade_core::{Pipeline, lint::Lint};

    use super::*;

    const NAME: &str = "x-field";

    fn shown(headers: &HeaderMap) -> String {
        let values: Vec<_> = headers
            .get_all(NAME)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        values.join(",")
    }

    /// The field as the app and as the client see it, where both begin with `before`.
    async fn both(layer: impl Middleware, before: &'static [&'static str]) -> (String, String) {
        let fill = move |headers: &mut HeaderMap| {
            for value in before {
                headers.append(NAME, HeaderValue::from_static(value));
            }
        };
        let app =
            Pipeline::new()
                .with(Lint::panicking().around(layer))
                .app(move |request: Request| {
                    let mut response = Response::new(shown(request.headers()).into());
                    fill(response.headers_mut());
                    async { response }
                });
        let mut request = Request::default();
        fill(request.headers_mut());
        let response = app.respond(request).await;
        let client = shown(response.headers());
        let app = response.into_body().into_bytes(100).await.expect("text");
        (String::from_utf8_lossy(&app).into_owned(), client)
    }

    #[tokio::test]
    async fn each_act_does_what_it_says_on_its_side_and_nothing_on_the_other() {
        type Make<S> = fn(SetHeader<S>) -> SetHeader<S>;
        fn acts<S>() -> [(&'static str, Make<S>); 4] {
            [
                ("always", |set| set),
                ("if absent", SetHeader::if_absent),
                ("appended", SetHeader::appended),
                ("removed", |set| SetHeader::new(set.name, Act::Remove)),
            ]
        }
        let table: [(&'static [&str], [&str; 4]); 2] = [
            (&[], ["new", "new", "new", ""]),
            (&["a", "b"], ["new", "a,b", "a,b,new", ""]),
        ];
        for (before, afters) in table {
            for ((act, make), after) in acts().into_iter().zip(afters) {
                let response = both(make(SetHeader::response(NAME, "new")), before).await;
                assert_eq!(response, (before.join(","), after.to_owned()), "{act}");
            }
            for ((act, make), after) in acts().into_iter().zip(afters) {
                let request = both(make(SetHeader::request(NAME, "new")), before).await;
                assert_eq!(request, (after.to_owned(), before.join(",")), "{act}");
            }
        }
    }

    #[tokio::test]
    async fn a_field_is_taken_away_by_name_alone() {
        let response = both(SetHeader::remove_from_response("X-Field"), &["a", "b"]).await;
        assert_eq!(response, ("a,b".into(), String::new()));
        let request = both(SetHeader::remove_from_request("X-Field"), &["a", "b"]).await;
        assert_eq!(request, (String::new(), "a,b".into()));
    }

    #[test]
    fn what_is_no_field_is_refused_when_built() {
        let message = |build: fn()| {
            let panic = std::panic::catch_unwind(build).expect_err("refused");
            enfilade_core::Panicked::new(&*panic).to_string()
        };
        let name = message(|| drop(SetHeader::response("x field", "a")));
        assert!(name.ends_with("SetHeader: not the name of a header field"));
        let value = message(|| drop(SetHeader::request("X-Key", "secret\r\nx: y")));
        let expected = "the value of `x-key` is not one that a header field can have";
        assert!(value.ends_with(expected), "{value}");
        assert!(!value.contains("secret"), "{value}");
    }

    #[test]
    fn debug_tells_what_it_does_and_hides_the_value() {
        let layer = SetHeader::request("x-key", "secret").appended();
        assert_eq!(
            format!("{layer:?}"),
            "SetHeader(append x-key of the request)"
        );
    }
}
