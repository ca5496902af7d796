//! A request to be sent in a test: [`TestRequest`].

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use http::{
    HeaderName, HeaderValue, Method, Uri, Version, header,
    uri::{PathAndQuery, Scheme},
};

use super::{TestResponse, hints::Hints, host};
use crate::{
    App, Body, Capabilities, Connection, Environ, ErrorSink, Request, Response, lint::Lint,
};

/// A GET of `target`.
#[track_caller]
pub fn get(target: &str) -> TestRequest {
    TestRequest::new(Method::GET, target)
}

/// A HEAD of `target`.
#[track_caller]
pub fn head(target: &str) -> TestRequest {
    TestRequest::new(Method::HEAD, target)
}

/// A POST to `target`.
#[track_caller]
pub fn post(target: &str) -> TestRequest {
    TestRequest::new(Method::POST, target)
}

/// A PUT to `target`.
#[track_caller]
pub fn put(target: &str) -> TestRequest {
    TestRequest::new(Method::PUT, target)
}

/// A PATCH of `target`.
#[track_caller]
pub fn patch(target: &str) -> TestRequest {
    TestRequest::new(Method::PATCH, target)
}

/// A DELETE of `target`.
#[track_caller]
pub fn delete(target: &str) -> TestRequest {
    TestRequest::new(Method::DELETE, target)
}

/// An OPTIONS of `target`, which may be `*`.
#[track_caller]
pub fn options(target: &str) -> TestRequest {
    TestRequest::new(Method::OPTIONS, target)
}

/// A request with any method.
///
/// # Panics
///
/// If `method` is no method or `target` no target.
#[track_caller]
pub fn request(method: &str, target: &str) -> TestRequest {
    let method = method.parse();
    TestRequest::new(
        method.unwrap_or_else(|_| panic!("a method for a test request")),
        target,
    )
}

/// A request to be sent to an app: its head, its body, and what the host would know of the call.
///
/// By default it comes by `http` and HTTP/1.1 from nowhere, for `localhost`, to an app at the root
/// of a host that carries streams, trailers and early hints. What is given wrongly panics where it is given.
///
/// ```
/// use enfilade_core::{Request, RequestExt, testing};
///
/// async fn app(request: Request) -> String {
///     request.url_for("/x")
/// }
/// # async fn check() {
/// testing::get("https://example.org/page")
///     .script_name("/shop")
///     .header("accept", "text/html")
///     .on(&app)
///     .await
///     .assert_text("/shop/x");
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a request does nothing until `.on(&app).await` sends it"]
pub struct TestRequest {
    request: Request,
    connection: Connection,
    version: Version,
    script_name: String,
    environ: Vec<EnvironEdit>,
    linted: bool,
}

/// Hidden behind a type, so that the request can be printed.
struct EnvironEdit(Box<dyn FnOnce(&mut Environ) + Send>);

impl std::fmt::Debug for EnvironEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("edit")
    }
}

impl TestRequest {
    /// A request for `target`: a path with or without a query, `*`, or an absolute URL, whose
    /// scheme and host are those of the call.
    ///
    /// # Panics
    ///
    /// If `target` is none of these.
    #[track_caller]
    pub fn new(method: Method, target: &str) -> TestRequest {
        let uri: Uri = target
            .parse()
            .unwrap_or_else(|error| panic!("a target for a test request, not {target:?}: {error}"));
        let connection = Connection {
            host: "test",
            capabilities: Capabilities {
                streaming_request: true,
                streaming_response: true,
                trailers: true,
                informational: true,
                disconnect: true,
                ..Capabilities::default()
            },
            ..Connection::default()
        };
        let parts = uri.into_parts();
        let mut request = Request::default();
        *request.method_mut() = method;
        if let Some(target) = parts.path_and_query {
            *request.uri_mut() = Uri::from(target);
        }
        let test = TestRequest {
            request,
            connection,
            version: Version::HTTP_11,
            script_name: String::new(),
            environ: Vec::new(),
            linted: true,
        };
        let test = match parts.scheme {
            Some(scheme) => test.scheme(scheme),
            None => test,
        };
        match parts.authority {
            Some(authority) => test.header("host", authority.as_str()),
            None => test.header("host", "localhost"),
        }
    }

    /// Sets a field, in place of those of the same name.
    ///
    /// # Panics
    ///
    /// If HTTP cannot carry it.
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> TestRequest {
        let (name, value) = field(name, value.as_ref());
        self.request.headers_mut().insert(name, value);
        self
    }

    /// Adds a field, beside those of the same name.
    ///
    /// # Panics
    ///
    /// If HTTP cannot carry it.
    #[track_caller]
    pub fn append_header(mut self, name: &str, value: impl AsRef<[u8]>) -> TestRequest {
        let (name, value) = field(name, value.as_ref());
        self.request.headers_mut().append(name, value);
        self
    }

    /// Removes a field, such as the `Host` that a request has by default.
    #[track_caller]
    pub fn without_header(mut self, name: &str) -> TestRequest {
        self.request.headers_mut().remove(name);
        self
    }

    /// Adds a cookie.
    ///
    /// # Panics
    ///
    /// If HTTP cannot carry it.
    #[track_caller]
    pub fn cookie(mut self, name: &str, value: &str) -> TestRequest {
        let crumb = format!("{name}={value}");
        let headers = self.request.headers_mut();
        let line = match headers.get(header::COOKIE) {
            Some(line) => [line.as_bytes(), b"; ", crumb.as_bytes()].concat(),
            None => crumb.into_bytes(),
        };
        self.header("cookie", line)
    }

    /// Sets the body: text, bytes, or any [`Body`].
    pub fn body(mut self, body: impl Into<Body>) -> TestRequest {
        *self.request.body_mut() = body.into();
        self
    }

    /// Adds an extension, as a middleware outside would.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> TestRequest {
        self.request.extensions_mut().insert(value);
        self
    }

    /// Who sends it: an address and a port.
    ///
    /// # Panics
    ///
    /// If `address` is none.
    #[track_caller]
    pub fn peer(mut self, address: &str) -> TestRequest {
        let address: SocketAddr = address
            .parse()
            .unwrap_or_else(|_| panic!("a peer has an address and a port, not {address:?}"));
        self.connection.peer = crate::Peer::inet(address);
        self
    }

    /// Sends it by `https`, to port 443.
    pub fn https(self) -> TestRequest {
        self.scheme(Scheme::HTTPS)
    }

    fn scheme(mut self, scheme: Scheme) -> TestRequest {
        self.connection.server_port = if scheme == Scheme::HTTPS { 443 } else { 80 };
        self.connection.scheme = scheme;
        self
    }

    /// The version of HTTP that it came by.
    pub const fn version(mut self, version: Version) -> TestRequest {
        self.version = version;
        self
    }

    /// Puts the app under a prefix, such as `/shop`, that an outer server has taken. The target of
    /// the request is then below it.
    ///
    /// # Panics
    ///
    /// If `prefix` does not begin with `/`, or ends in it.
    #[track_caller]
    pub fn script_name(mut self, prefix: &str) -> TestRequest {
        assert!(
            prefix.starts_with('/') && !prefix.ends_with('/'),
            "a script name begins with `/` and does not end in it, unlike {prefix:?}"
        );
        self.script_name = prefix.to_owned();
        self
    }

    /// What the host can carry.
    pub const fn capabilities(mut self, capabilities: Capabilities) -> TestRequest {
        self.connection.capabilities = capabilities;
        self
    }

    /// Changes what the host knows about the connection.
    pub fn connection(mut self, edit: impl FnOnce(&mut Connection)) -> TestRequest {
        edit(&mut self.connection);
        self
    }

    /// Changes what the host knows about the call.
    pub fn environ(mut self, edit: impl FnOnce(&mut Environ) + Send + 'static) -> TestRequest {
        self.environ.push(EnvironEdit(Box::new(edit)));
        self
    }

    /// Leaves the [`Lint`] out that is put in front of the app otherwise: for tests of what breaks
    /// the rule book, and of what is done about it.
    pub const fn without_lint(mut self) -> TestRequest {
        self.linted = false;
        self
    }

    /// Sends it to `app`, and reads the response to its end.
    ///
    /// # Panics
    ///
    /// If the app breaks a rule of [`spec`](crate::spec) for which [`lint`](crate::lint) watches.
    pub async fn on(self, app: &impl App) -> TestResponse {
        let (reports, hints) = (Reports::default(), Arc::new(Hints::default()));
        let (lint, findings) = Lint::collecting();
        let lint = self.linted.then_some(lint);
        let request = self.into_request(Some(&reports), &hints);
        let response = host::answer(app, request, lint).await;
        let hinted = hints.close();
        let read = TestResponse::read(response, &reports, &findings).await;
        read.with_early_hints(hinted)
    }

    /// Sends it to `app`, and gives the response as the host would begin to send it, its body
    /// unread: for streams. What the app reports goes to the standard error stream, and what it
    /// hints nowhere.
    ///
    /// # Panics
    ///
    /// As [`on`](TestRequest::on); for a rule that the body breaks, when that is polled or dropped.
    pub async fn stream_on(self, app: &impl App) -> Response {
        let lint = self.linted.then(Lint::panicking);
        let hints = Arc::new(Hints::default());
        host::answer(app, self.into_request(None, &hints), lint).await
    }

    pub(super) fn is_https(&self) -> bool {
        self.connection.scheme == Scheme::HTTPS
    }

    /// The path as seen from outside.
    pub(super) fn path(&self) -> String {
        [&self.script_name, self.request.uri().path()].concat()
    }

    /// The request as a host gives it to a gateway.
    fn into_request(mut self, reports: Option<&Reports>, hints: &Arc<Hints>) -> Request {
        if self.connection.capabilities.informational {
            self.connection.informational = Some(hints.shared());
        }
        if let Some(reports) = reports {
            self.connection.errors = Arc::new(reports.clone());
        }
        let mut request = self.request;
        *request.version_mut() = self.version;
        let mut environ = Environ::new(Arc::new(self.connection), self.version);
        if !self.script_name.is_empty() {
            let target = request
                .uri()
                .path_and_query()
                .map_or("", PathAndQuery::as_str);
            let target = [&self.script_name, target].concat();
            *request.uri_mut() = target
                .parse()
                .unwrap_or_else(|_| panic!("a script name is a part of a path"));
            environ = environ.with_script_name(self.script_name.len());
        }
        for edit in self.environ {
            edit.0(&mut environ);
        }
        request.extensions_mut().insert(environ);
        // As a client does that knows the length.
        if let Some(length) = request.body().in_memory_len().filter(|length| *length > 0) {
            request
                .headers_mut()
                .entry(header::CONTENT_LENGTH)
                .or_insert_with(|| HeaderValue::from(length));
        }
        request
    }
}

#[track_caller]
fn field(name: &str, value: &[u8]) -> (HeaderName, HeaderValue) {
    match (name.parse(), HeaderValue::from_bytes(value)) {
        (Ok(name), Ok(value)) => (name, value),
        _ => panic!(
            "HTTP cannot carry the field {name:?}: {:?}",
            String::from_utf8_lossy(value)
        ),
    }
}

/// What an app wrote to the host's error stream.
#[derive(Clone, Default)]
pub(super) struct Reports(Arc<Mutex<Vec<String>>>);

impl Reports {
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut crate::lifecycle::lock(&self.0))
    }
}

impl ErrorSink for Reports {
    fn report(&self, line: &str) {
        crate::lifecycle::lock(&self.0).push(line.to_owned());
    }
}
