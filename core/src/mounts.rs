//! Apps under hosts and path prefixes: [`Mounts`].

use std::{fmt, future::Future, panic::Location};

use crate::{
    App, BoxApp, Environ, Error, Request, RequestExt, Response, app::ready, guard::guarded,
};

mod hosts;
mod prefix;
mod prefixes;

use hosts::Hosts;
pub(crate) use prefix::checked_prefix;
pub(crate) use prefixes::Prefixes;

/// Apps under path prefixes, and under hosts: one table, that picks the app for a request.
///
/// The app sees the prefix as the end of its script name and what is left as its path info; the
/// path itself stays what it is, see [`RequestExt::script_name`].
///
/// # Which app
///
/// * Prefixes match whole segments of the canonical path, as they are written: case counts, an
///   escaped slash is not a slash. With a mount at `/p`, the path `/p` is split into `/p` and
///   nothing, `/p/` into `/p` and `/`, and `/px` and `/p%2Fx` are not below it.
/// * The longest prefix wins. `/` is the shortest there is: the app there takes the rest.
/// * An exact host goes before `*.suffix`, which stands for any number of labels, a longer suffix
///   before a shorter one, and a mount for a host before those for all hosts. What no mount of a
///   host takes, the mounts for less narrow hosts may.
/// * The host is that of the request's target, or its `Host` field, or the server's name;
///   compared without its port and without regard to case.
///
/// A mount is closed: if its app answers 404, that is the answer. See [`Cascade`](crate::Cascade)
/// for another way. What no mount takes is answered with 404.
///
/// Panics of an app are answered inside of its mount, see [`Guard`](crate::Guard). Each level of mounts costs one
/// allocation a request, the app's future; the lookup costs none.
///
/// # Examples
///
/// ```
/// use enfilade_core::{App, Body, Mounts, Request, RequestExt};
///
/// async fn api(request: Request) -> String {
///     format!("{} below {}", request.path_info(), request.script_name())
/// }
/// # async fn home(_: Request) -> &'static str { "home" }
/// # async fn admin(_: Request) -> &'static str { "admin" }
/// # async fn tenants(_: Request) -> &'static str { "tenants" }
///
/// let site = Mounts::new()
///     .mount("/api", api)
///     .mount("admin.example.org/", admin)
///     .mount("*.example.org/shop", tenants)
///     .mount("/", home);
/// # async fn check(site: Mounts) {
/// let request = http::Request::get("/api/users").body(Body::empty()).unwrap();
/// let answer = site.respond(request).await.into_body().into_bytes(100).await.unwrap();
/// assert_eq!(answer, "/users below /api");
/// # }
/// # futures_util::FutureExt::now_or_never(check(site)).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Mounts {
    all: Prefixes<Mount>,
    hosts: Hosts<Prefixes<Mount>>,
}

#[derive(Clone)]
struct Mount {
    app: BoxApp,
    place: &'static Location<'static>,
}

impl Mounts {
    /// No mounts: every request is answered with 404.
    #[must_use]
    pub fn new() -> Mounts {
        Mounts::default()
    }

    /// Puts `app` at `point`: a path prefix such as `/api`, with a host before it where it is for
    /// that host alone. `/` is everything, `example.org/` all of a host.
    ///
    /// # Panics
    ///
    /// If it could never be reached: if another app is at this point already, or if `point` is not
    /// spelled as it is in a canonical path. The message says what to write.
    #[must_use]
    #[track_caller]
    #[doc(alias = "fallback")]
    pub fn mount(mut self, point: &str, app: impl App + 'static) -> Mounts {
        let mount = Mount {
            app: guarded(app),
            place: Location::caller(),
        };
        if let Err(reason) = self.insert(point, mount) {
            panic!("cannot mount at `{point}`: {reason}");
        }
        self
    }

    fn insert(&mut self, point: &str, mount: Mount) -> Result<(), String> {
        let (host, prefix) = point.split_at(point.find('/').ok_or_else(|| {
            format!("write `/{point}` for a path prefix, or `{point}/` for a host")
        })?);
        let prefix = checked_prefix(prefix)?;
        let table = match host {
            "" => &mut self.all,
            host => self.hosts.entry(host)?,
        };
        table
            .insert(prefix, mount)
            .map_err(|there| format!("an app is there already, mounted at {}", there.place))
    }

    /// The mount for `request`, and the length of its prefix.
    fn find(&self, request: &Request) -> Option<(usize, &Mount)> {
        let path = request.path_info();
        self.hosts
            .of(request)
            .find_map(|table| table.find(path))
            .or_else(|| self.all.find(path))
    }
}

impl App for Mounts {
    // Not an async function: its future would hold the request once more.
    fn respond(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        let Some((prefix, mount)) = self.find(&request) else {
            return ready(Error::not_found().response_to(&request));
        };
        if prefix > 0 {
            Environ::of_mut(request.extensions_mut()).descend(prefix);
        }
        mount.app.reply(request)
    }
}

/// The points and their apps, in the order in which they are looked at.
impl fmt::Debug for Mounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut points = f.debug_map();
        let hosts = self.hosts.iter();
        for (host, table) in hosts.chain([(String::new(), &self.all)]) {
            for (prefix, mount) in table.iter() {
                let prefix = if prefix.is_empty() { "/" } else { &prefix };
                points.entry(&format_args!("{host}{prefix}"), &mount.app);
            }
        }
        points.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn app(_: Request) -> &'static str {
        "app"
    }

    #[test]
    #[should_panic(
        expected = "cannot mount at `/api`: an app is there already, mounted at core/src"
    )]
    fn two_apps_at_one_point_are_refused_and_both_places_are_named() {
        let _ = Mounts::new().mount("/api", app).mount("/api", app);
    }

    #[test]
    #[should_panic(expected = "an app is there already")]
    fn hosts_that_differ_in_case_are_one() {
        let _ = Mounts::new().mount("a.org/", app).mount("A.ORG/", app);
    }

    #[test]
    #[should_panic(expected = "write `/api` for a path prefix, or `api/` for a host")]
    fn a_point_without_a_slash_is_refused_for_it_could_be_either() {
        let _ = Mounts::new().mount("api", app);
    }

    #[test]
    fn debug_prints_the_points_in_the_order_of_the_lookup() {
        let mounts = Mounts::new()
            .mount("/", app)
            .mount("/a", app)
            .mount("*.org/", app)
            .mount("*.example.org/", app)
            .mount("a.example.org/a/b", app);
        let printed = format!("{mounts:?}");
        let points = [
            "a.example.org/a/b:",
            "*.example.org/:",
            "*.org/:",
            " /a:",
            " /:",
        ];
        let places: Vec<_> = points.iter().map(|point| printed.find(point)).collect();
        assert!(places.is_sorted() && places[0].is_some(), "{printed}");
    }

    #[tokio::test]
    async fn a_mount_is_closed() {
        let inner = Mounts::new().mount("/x", app);
        let site = Mounts::new().mount("/a", inner).mount("/", app);
        let mut request = Request::default();
        *request.uri_mut() = "/a/y".parse().expect("a target");
        assert_eq!(site.respond(request).await.status(), 404);
    }
}
