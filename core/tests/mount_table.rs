//! The mount table holds for `Mounts` and for `Router`, behind the gateway that every host uses.

use std::{collections::BTreeSet, sync::Arc};

use enfilade_core::{
    App, Connection, Environ, Gateway, Mounts, Request, RequestExt, Response, Router,
};
use http::{Uri, Version};

#[path = "../../conformance/src/mount_table/rows.rs"]
mod rows;

use rows::{Outcome, ROWS, Row};

/// Says where it stands, and checks what holds everywhere.
fn here(point: &'static str) -> impl App + Clone {
    move |request: Request| async move {
        let (script_name, path_info) = (request.script_name(), request.path_info());
        assert_eq!([script_name, path_info].concat(), request.uri().path());
        assert_eq!(request.url_for("/x"), format!("{script_name}/x"));
        format!("{point} {script_name} {path_info}")
    }
}

fn request(row: &Row) -> Option<Request> {
    let mut request = Request::default();
    *request.method_mut() = row.method.parse().ok()?;
    *request.uri_mut() = row.target.parse::<Uri>().ok()?;
    let host = row.host.parse().ok()?;
    request.headers_mut().insert("host", host);
    let environ = Environ::new(Arc::new(Connection::default()), Version::HTTP_11);
    let environ = environ.with_script_name(row.external.len());
    request.extensions_mut().insert(environ);
    Some(request)
}

async fn check(row: &Row, site: impl App) {
    let Some(request) = request(row) else {
        // What `http` refuses never reaches a gateway: hosts answer it with 400.
        assert_eq!(row.outcome, Outcome::Refused(400), "{row:?}");
        return;
    };
    let sent = request.uri().clone();
    let kept = Arc::new(std::sync::Mutex::new(None));
    let original = Arc::clone(&kept);
    let site = Arc::new(site);
    let gateway = Gateway::new(move |request: Request| {
        let (site, original) = (Arc::clone(&site), Arc::clone(&original));
        async move {
            *original.lock().expect("not poisoned") = Some(request.original_target().clone());
            site.respond(request).await
        }
    });
    let response: Response = gateway.answer(request).await;
    let status = response.status().as_u16();
    let text = response.into_body().into_bytes(1000).await;
    let text = text.expect("a body in memory");
    match row.outcome {
        Outcome::Refused(expected) => assert_eq!(status, expected, "{row:?}"),
        Outcome::At {
            mount,
            script_name,
            path_info,
        } => {
            assert_eq!(
                text,
                format!("{mount} {script_name} {path_info}"),
                "{row:?}"
            );
            let kept = kept.lock().expect("not poisoned").take();
            assert_eq!(kept, Some(sent), "{row:?}");
        }
    }
}

#[tokio::test]
async fn mounts_hold_to_the_table() {
    for row in ROWS {
        let site = row
            .mounts
            .iter()
            .fold(Mounts::new(), |site, point| site.mount(point, here(point)));
        check(row, site).await;
    }
}

#[tokio::test]
async fn a_routers_mounts_hold_to_the_table() {
    for row in ROWS.iter().filter(|row| !row.has_hosts()) {
        let site = row
            .mounts
            .iter()
            .fold(Router::new(), |site, point| site.mount(point, here(point)));
        check(row, site).await;
    }
}

/// A router behind each mount sees the same split, whatever its routes match.
#[tokio::test]
async fn routes_behind_mounts_hold_to_the_table() {
    for row in ROWS.iter().filter(|row| row.target.contains('/')) {
        let site = row.mounts.iter().fold(Mounts::new(), |site, point| {
            let routes = Router::new()
                .any("/", here(point))
                .any("/{*rest}", here(point));
            site.mount(point, routes)
        });
        check(row, site).await;
    }
}

/// The order in which apps are mounted is of no account.
#[tokio::test]
async fn mounts_in_reverse_hold_to_the_table() {
    for row in ROWS {
        let site = row
            .mounts
            .iter()
            .rev()
            .fold(Mounts::new(), |site, point| site.mount(point, here(point)));
        check(row, site).await;
    }
}

#[test]
fn the_table_has_sixty_rows_that_differ() {
    let rows: BTreeSet<_> = ROWS.iter().map(|row| format!("{row:?}")).collect();
    assert_eq!(rows.len(), ROWS.len());
    assert!(rows.len() >= 60);
}
