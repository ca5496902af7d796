//! A client that keeps cookies: [`Client`].

use std::{fmt, sync::Mutex};

use cookie::{Cookie, time::OffsetDateTime};
use http::header;

use super::{TestRequest, TestResponse};
use crate::{App, lifecycle::lock};

/// Sends requests to an app, and keeps its cookies from one to the next.
///
/// As a browser does, it sends a cookie back below its `Path` only, only by `https` if it is
/// `Secure`, and forgets it when it expires or `Max-Age` is 0. There is one host, so `Domain` is
/// not looked at.
///
/// ```
/// use enfilade_core::{IntoResponse, Request, RequestExt, testing};
///
/// async fn app(request: Request) -> impl IntoResponse {
///     match request.path_info() {
///         "/login" => ([("set-cookie", "user=ann")], "welcome").into_response(),
///         _ => format!("{:?}", request.headers().get("cookie")).into_response(),
///     }
/// }
///
/// # async fn check() {
/// let client = testing::Client::new(&app);
/// client.send(testing::get("/login")).await.assert_status(200);
/// client.send(testing::get("/")).await.assert_text("Some(\"user=ann\")");
/// assert_eq!(client.cookie("user").as_deref(), Some("ann"));
/// # }
/// ```
pub struct Client<'a, A> {
    app: &'a A,
    jar: Mutex<Vec<Kept>>,
}

struct Kept {
    cookie: Cookie<'static>,
    path: String,
    expires: Option<OffsetDateTime>,
}

impl<'a, A: App> Client<'a, A> {
    /// A client without cookies.
    pub const fn new(app: &'a A) -> Client<'a, A> {
        Client {
            app,
            jar: Mutex::new(Vec::new()),
        }
    }

    /// Sends a request with the cookies that belong to it, and keeps those of the response.
    pub async fn send(&self, mut request: TestRequest) -> TestResponse {
        let path = request.path();
        for (name, value) in self.cookies_for(&path, request.is_https()) {
            request = request.cookie(&name, &value);
        }
        let response = request.on(self.app).await;
        let lines = response.headers().get_all(header::SET_COOKIE);
        for line in lines.iter().filter_map(|line| line.to_str().ok()) {
            if let Ok(cookie) = Cookie::parse(line.to_owned()) {
                self.keep(cookie, &path);
            }
        }
        response
    }

    /// The value of a cookie that is kept, under whatever path.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let now = OffsetDateTime::now_utc();
        let jar = lock(&self.jar);
        let kept = jar.iter().find(|kept| kept.cookie.name() == name);
        kept.filter(|kept| kept.expires.is_none_or(|at| at > now))
            .map(|kept| kept.cookie.value().to_owned())
    }

    fn cookies_for(&self, path: &str, https: bool) -> Vec<(String, String)> {
        let now = OffsetDateTime::now_utc();
        let jar = lock(&self.jar);
        let mut found: Vec<&Kept> = jar
            .iter()
            .filter(|kept| covers(&kept.path, path))
            .filter(|kept| https || kept.cookie.secure() != Some(true))
            .filter(|kept| kept.expires.is_none_or(|at| at > now))
            .collect();
        // The longest path goes first (RFC 6265, section 5.4).
        found.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pair = |kept: &Kept| {
            (
                kept.cookie.name().to_owned(),
                kept.cookie.value().to_owned(),
            )
        };
        found.into_iter().map(pair).collect()
    }

    fn keep(&self, cookie: Cookie<'static>, request_path: &str) {
        let path = match cookie.path() {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => default_path(request_path).to_owned(),
        };
        let expires = match cookie.max_age() {
            Some(age) => OffsetDateTime::now_utc().checked_add(age),
            None => cookie.expires_datetime(),
        };
        let mut jar = lock(&self.jar);
        jar.retain(|kept| (kept.cookie.name(), &*kept.path) != (cookie.name(), &*path));
        jar.push(Kept {
            cookie,
            path,
            expires,
        });
    }
}

/// RFC 6265, section 5.1.4: a path covers itself and what is below it.
fn covers(cookie_path: &str, path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// RFC 6265, section 5.1.4: the path up to its last slash, which is left out.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

impl<A> fmt::Debug for Client<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jar = lock(&self.jar);
        let names = jar.iter().map(|kept| kept.cookie.name().to_owned());
        f.debug_tuple("Client")
            .field(&names.collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IntoResponse, Request, testing::get};

    /// Sets the cookies that `x-set` asks for, and tells which it was sent.
    async fn echo(request: Request) -> impl IntoResponse {
        let mut response = request
            .headers()
            .get("cookie")
            .map_or_else(String::new, |line| line.to_str().expect("ASCII").to_owned())
            .into_response();
        for set in request.headers().get_all("x-set") {
            response.headers_mut().append("set-cookie", set.clone());
        }
        response
    }

    #[tokio::test]
    async fn a_cookie_is_sent_only_where_it_belongs() {
        let client = Client::new(&echo);
        client
            .send(
                get("/shop/cart")
                    .append_header("x-set", "here=1")
                    .append_header("x-set", "all=2; Path=/")
                    .append_header("x-set", "safe=3; Path=/; Secure"),
            )
            .await;
        for (target, sent) in [
            ("/shop/x", "here=1; all=2"),
            ("/shop", "here=1; all=2"),
            ("/shopping", "all=2"),
            ("/", "all=2"),
            ("https://localhost/", "all=2; safe=3"),
        ] {
            client.send(get(target)).await.assert_text(sent);
        }
    }

    #[tokio::test]
    async fn a_cookie_is_replaced_and_forgotten() {
        let client = Client::new(&echo);
        client.send(get("/").header("x-set", "a=1")).await;
        client
            .send(get("/").header("x-set", "a=2"))
            .await
            .assert_text("a=1");
        client
            .send(get("/").header("x-set", "a=; Max-Age=0"))
            .await
            .assert_text("a=2");
        client.send(get("/")).await.assert_text("");
        let past = "a=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        client.send(get("/").header("x-set", past)).await;
        assert_eq!(client.cookie("a"), None);
    }

    #[tokio::test]
    async fn a_prefix_of_the_host_is_part_of_a_cookie_s_path() {
        let client = Client::new(&echo);
        client
            .send(get("/x").script_name("/a").header("x-set", "a=1"))
            .await;
        client
            .send(get("/y").script_name("/a"))
            .await
            .assert_text("a=1");
        client
            .send(get("/y").script_name("/b"))
            .await
            .assert_text("");
    }
}
