//! What a request can be asked: [`RequestExt`].

use std::{any::type_name, fmt::Display, future::Future, str::FromStr};

use bytes::Bytes;
use http::Uri;

use crate::{Environ, Error, Peer, Request, Result, path::link_start};

mod body;
#[cfg(feature = "cookies")]
mod cookies;
#[cfg(feature = "form")]
mod form;
#[cfg(feature = "headers")]
mod header;
#[cfg(feature = "json")]
mod json;
#[cfg(any(feature = "form", feature = "json", feature = "multipart"))]
mod media_type;
#[cfg(feature = "multipart")]
mod multipart;
mod told;
mod url;

#[cfg(feature = "cookies")]
pub use cookies::Cookies;
#[cfg(feature = "multipart")]
pub use multipart::{Multipart, Part};

/// What a request can be asked, beside what [`http::Request`] tells.
///
/// What may fail gives an [`Error`] with the status that is right and a message for the client that
/// names the place, so `?` is all that an app writes.
///
/// Methods that read the body take `&mut self`: the head stays at hand, and the body is gone. They
/// read at most [`Environ::body_limit`] bytes, 2 MiB unless a
/// [`BodyLimit`](crate::BodyLimit) says otherwise, and fail with 413 beyond it, with 400 where
/// the body breaks off, and with 500 where it was read already. (Whoever reads it and passes the
/// request on puts it back: `*request.body_mut() = bytes.into()`.)
pub trait RequestExt {
    /// What the host knows about this call.
    fn environ(&self) -> &Environ;

    /// The same, to be changed by hosts and middleware.
    fn environ_mut(&mut self) -> &mut Environ;

    /// Who is at the other end of the connection.
    fn peer(&self) -> &Peer;

    /// The part of the path under which this app is mounted: empty at the root, else it begins
    /// with `/` and does not end in it. `script_name` and [`path_info`](RequestExt::path_info)
    /// together are the path, always.
    fn script_name(&self) -> &str;

    /// The part of the path that is this app's own: empty, or it begins with `/`.
    fn path_info(&self) -> &str;

    /// `path`, which begins with `/`, as seen from outside: behind the app's script name.
    ///
    /// A [`Redirect`](crate::Redirect) puts the script name in front by itself.
    fn url_for(&self, path: &str) -> String;

    /// `path`, which begins with `/`, as an absolute URL: scheme, [`host`](RequestExt::host),
    /// script name, path.
    fn absolute_url_for(&self, path: &str) -> String;

    /// The host that the client asked for, with its port where that is not the scheme's: of the
    /// target or of the `Host` field, else the server's own name.
    ///
    /// It is the client's word. Do not build links with it that others will follow, as in mails,
    /// unless a host pattern or a proxy has checked it.
    fn host(&self) -> String;

    /// The path of the route that is called `name`, with `values` in place of its parameters, as
    /// seen from outside: behind the script name of the [`Router`](crate::Router) that it belongs
    /// to. That is one that the request has passed, the innermost first.
    ///
    /// ```
    /// use enfilade_core::{Request, RequestExt, Result};
    ///
    /// async fn next_user(request: Request) -> Result<String> {
    ///     let id: u64 = request.param("id")?;
    ///     request.url_for_route("user", &[("id", &(id + 1))])
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A 500 where no route has the name, where a value is missing, or where a path cannot say it
    /// (it is empty, or `..`).
    fn url_for_route(&self, name: &str, values: &[(&str, &dyn Display)]) -> Result<String>;

    /// The path parameter `name` of the route, decoded and parsed. Where a request has passed
    /// several routers, the innermost that has the name counts.
    ///
    /// # Errors
    ///
    /// A 400 that names the parameter where its value cannot be parsed; a 500 where the route has
    /// no such parameter.
    fn param<T>(&self, name: &str) -> Result<T>
    where
        T: FromStr<Err: Display>;

    /// All path parameters, in one value: a struct with their names, a tuple in their order, a map,
    /// or the one value of a single parameter.
    ///
    /// ```
    /// use enfilade_core::{Request, RequestExt, Result, Router};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Release {
    ///     project: String,
    ///     version: u32,
    /// }
    ///
    /// async fn release(request: Request) -> Result<String> {
    ///     let Release { project, version } = request.params()?;
    ///     Ok(format!("{project}, version {version}"))
    /// }
    ///
    /// let site = Router::new().get("/{project}/v{version}", release);
    /// # let _ = site;
    /// ```
    ///
    /// # Errors
    ///
    /// A 400 that names the parameter whose value does not fit; a 500 where the value asks for
    /// something that the route does not have.
    #[cfg(feature = "params")]
    fn params<T: serde::de::DeserializeOwned>(&self) -> Result<T>;

    /// The target as the client sent it, before it was made canonical.
    fn original_target(&self) -> &Uri;

    /// What a middleware in front has left for the app.
    ///
    /// # Errors
    ///
    /// 500 where there is none of this type: a middleware is missing in front of the app.
    fn extension<T: Send + Sync + 'static>(&self) -> Result<&T>;

    /// A field of the head, by its type in the [`headers`] crate; `None` where it is absent.
    ///
    /// ```
    /// use enfilade_core::{Request, RequestExt, Result, headers::UserAgent};
    ///
    /// async fn greet(request: Request) -> Result<String> {
    ///     let agent = request.header::<UserAgent>()?;
    ///     Ok(agent.map_or("who are you?".into(), |agent| format!("hello {agent}")))
    /// }
    /// # use enfilade_core::App;
    /// # let _ = greet.boxed();
    /// ```
    ///
    /// # Errors
    ///
    /// 400 where it is malformed.
    #[cfg(feature = "headers")]
    fn header<H: headers::Header>(&self) -> Result<Option<H>>;

    /// The cookies that the client sent.
    #[cfg(feature = "cookies")]
    fn cookies(&self) -> Cookies<'_>;

    /// The query as a `T`. A field that comes several times is a `Vec` there.
    ///
    /// ```
    /// use enfilade_core::{Request, RequestExt, Result};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Search {
    ///     q: String,
    ///     page: Option<u32>,
    ///     #[serde(default)]
    ///     tag: Vec<String>,
    /// }
    ///
    /// async fn search(request: Request) -> Result<String> {
    ///     let Search { q, page, tag } = request.query()?;
    ///     Ok(format!("{q} {page:?} {tag:?}"))
    /// }
    /// # use enfilade_core::App;
    /// # let _ = search.boxed();
    /// ```
    ///
    /// # Errors
    ///
    /// 400 where it does not fit, or has more than 1,000 fields.
    #[cfg(feature = "form")]
    fn query<T: serde::de::DeserializeOwned>(&self) -> Result<T>;

    /// The whole body.
    ///
    /// # Errors
    ///
    /// 400, 413 or 500, as said above.
    fn bytes(&mut self) -> impl Future<Output = Result<Bytes>> + Send;

    /// The whole body as text.
    ///
    /// # Errors
    ///
    /// 415 where the `Content-Type` names another charset than UTF-8, 400 where it is not UTF-8;
    /// 400, 413 or 500, as said above.
    fn text(&mut self) -> impl Future<Output = Result<String>> + Send;

    /// The body, read as JSON.
    ///
    /// ```
    /// use enfilade_core::{Json, Request, RequestExt, Result};
    ///
    /// #[derive(serde::Deserialize, serde::Serialize)]
    /// struct Order {
    ///     count: u8,
    /// }
    ///
    /// async fn double(mut request: Request) -> Result<Json<Order>> {
    ///     let order: Order = request.json().await?;
    ///     Ok(Json(Order { count: order.count.saturating_mul(2) }))
    /// }
    /// # use enfilade_core::App;
    /// # let _ = double.boxed();
    /// ```
    ///
    /// # Errors
    ///
    /// 415 unless the `Content-Type` is `application/json` or ends in `+json`, 400 where it is not
    /// JSON, 422 where it does not fit; 400, 413 or 500, as said above.
    #[cfg(feature = "json")]
    fn json<T: serde::de::DeserializeOwned>(&mut self) -> impl Future<Output = Result<T>> + Send;

    /// The body, read as a form. A field that comes several times is a `Vec` there.
    ///
    /// # Errors
    ///
    /// 415 unless the `Content-Type` is `application/x-www-form-urlencoded`, 413 where it has more
    /// than 1,000 fields, 422 where it does not fit; 400, 413 or 500, as said above.
    #[cfg(feature = "form")]
    fn form<T: serde::de::DeserializeOwned>(&mut self) -> impl Future<Output = Result<T>> + Send;

    /// The body as the parts of a form with files (`multipart/form-data`), read while it arrives.
    ///
    /// # Errors
    ///
    /// 415 unless the `Content-Type` is that, 400 where it lacks the boundary, 413 where the body is
    /// known to be too large, 500 where it was read already.
    #[cfg(feature = "multipart")]
    fn multipart(&mut self) -> Result<Multipart>;
}

impl RequestExt for Request {
    fn environ(&self) -> &Environ {
        Environ::of(self.extensions())
    }

    fn environ_mut(&mut self) -> &mut Environ {
        Environ::of_mut(self.extensions_mut())
    }

    fn peer(&self) -> &Peer {
        &self.environ().connection().peer
    }

    fn script_name(&self) -> &str {
        // Most apps stand at the root.
        match self.environ().script_name as usize {
            0 => "",
            bytes => self.uri().path().get(..bytes).unwrap_or(""),
        }
    }

    fn path_info(&self) -> &str {
        let path = self.uri().path();
        path.get(self.environ().script_name as usize..)
            .unwrap_or(path)
    }

    fn url_for(&self, path: &str) -> String {
        let prefix = self.script_name();
        [link_start(prefix), prefix, path].concat()
    }

    fn url_for_route(&self, name: &str, values: &[(&str, &dyn Display)]) -> Result<String> {
        let params = &self.environ().params;
        params.url_for_route(self.uri().path(), name, values)
    }

    fn param<T>(&self, name: &str) -> Result<T>
    where
        T: FromStr<Err: Display>,
    {
        self.environ().params.get(self.uri().path(), name)
    }

    #[cfg(feature = "params")]
    fn params<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        self.environ().params.deserialize(self.uri().path())
    }

    fn original_target(&self) -> &Uri {
        self.environ().original().unwrap_or_else(|| self.uri())
    }

    fn absolute_url_for(&self, path: &str) -> String {
        url::absolute(self, path)
    }

    fn host(&self) -> String {
        url::host(self)
    }

    fn extension<T: Send + Sync + 'static>(&self) -> Result<&T> {
        self.extensions().get().ok_or_else(|| {
            Error::from(format!(
                "the request has no extension of type `{}`: a middleware that puts it there is \
                 missing in front of the app",
                type_name::<T>()
            ))
        })
    }

    #[cfg(feature = "headers")]
    fn header<H: headers::Header>(&self) -> Result<Option<H>> {
        header::read(self.headers())
    }

    #[cfg(feature = "cookies")]
    fn cookies(&self) -> Cookies<'_> {
        Cookies::of(self.headers())
    }

    #[cfg(feature = "form")]
    fn query<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        form::query(self.uri())
    }

    async fn bytes(&mut self) -> Result<Bytes> {
        body::bytes(self).await
    }

    async fn text(&mut self) -> Result<String> {
        body::text(self).await
    }

    #[cfg(feature = "json")]
    async fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        json::read(self).await
    }

    #[cfg(feature = "form")]
    async fn form<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        form::read(self).await
    }

    #[cfg(feature = "multipart")]
    fn multipart(&mut self) -> Result<Multipart> {
        Multipart::of(self)
    }
}
