//! The kit, through each door of each web server: at the root, and below a prefix.

use std::env;

use enfilade_conformance::{Http1, Kit};
use enfilade_fronts::{DEVIATIONS, Front, NotStarted, Protocol, WebServer, app, lacks};

async fn check(name: &str) {
    let (server, door) = WebServer::with_door(name).expect("there is such a door");
    let front = match Front::start(server, None) {
        Ok(front) => front,
        Err(NotStarted::NotInstalled(_)) if env::var_os("CI").is_none() => {
            eprintln!("SKIP {name}: {} is not installed", server.program);
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let kit = Kit::new().expect("a folder").with_deviations(&DEVIATIONS);
    let serving = app::serve(&kit, &front, door.protocol).expect("the socket can be bound");
    let mut failed = String::new();
    // HTTP has no word for a prefix: an app that is below one mounts itself there.
    let prefixes: &[&str] = match door.protocol {
        Protocol::Http => &[""],
        _ => &["", "/ext"],
    };
    for prefix in prefixes {
        let name = format!("{name}{}", prefix.replace('/', "-"));
        let target = Http1::new(&name, front.address(door)).with_prefix(*prefix);
        let target = lacks(&name).fold(target, |target, (what, why)| target.without(what, why));
        let report = kit.run(&target).await;
        if report.is_conforming() {
            eprintln!("{report}");
        } else {
            failed += &report.to_string();
        }
    }
    if let Some(serving) = serving {
        serving.abort();
    }
    assert!(failed.is_empty(), "{failed}{}", front.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_by_http() {
    check("nginx-http").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apache_by_http() {
    check("apache-http").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lighttpd_by_http() {
    check("lighttpd-http").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_by_http() {
    check("haproxy-http").await;
}
