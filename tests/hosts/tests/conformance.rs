//! The kit, through each door of each web server: at the root, and below a prefix.

use std::env;

use enfilade_conformance::{Http1, Kit};
use enfilade_fronts::{DEVIATIONS, Front, Protocol, WebServer, app, lacks};

async fn check(name: &str) {
    let (server, door) = WebServer::with_door(name).expect("there is such a door");
    let Some(front) = Front::start_or_skip(server, env!("CARGO_BIN_EXE_app")) else {
        return;
    };
    let kit = Kit::in_folder(front.notes()).with_deviations(&DEVIATIONS);
    let mut failed = String::new();
    // HTTP has no word for a prefix: an app that is below one mounts itself there.
    let below = (door.protocol != Protocol::Http).then_some((door.below, "/ext"));
    for (name, prefix) in [(door.name, "")].into_iter().chain(below) {
        let serving = app::serve(&kit, &front, door, prefix).await;
        let serving = serving.expect("the host starts");
        let target = Http1::new(name, front.address(door)).with_prefix(prefix);
        let target = lacks(door).fold(target, |target, (what, why)| target.without(what, why));
        let report = kit.run(&target).await;
        if let Some(folder) = env::var_os("KIT_REPORTS") {
            report
                .save(folder.as_ref())
                .expect("the report can be saved");
        }
        if report.is_conforming() {
            eprintln!("{report}");
        } else {
            failed += &report.to_string();
        }
        if let Some(serving) = serving {
            serving.abort();
            // Its socket is free when it has ended.
            let _ = serving.await;
        }
    }
    assert!(failed.is_empty(), "{failed}{}", front.log());
}

macro_rules! doors {
    ($($test:ident $door:literal)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                check($door).await;
            }
        )*
    };
}

doors! {
    nginx_by_http "nginx-http"
    nginx_by_fastcgi "nginx-fastcgi"
    nginx_by_scgi "nginx-scgi"
    nginx_by_uwsgi "nginx-uwsgi"
    apache_by_http "apache-http"
    apache_by_cgi "apache-cgi"
    apache_by_mod_fcgid "apache-fcgid"
    apache_by_fastcgi "apache-fastcgi"
    apache_by_scgi "apache-scgi"
    apache_by_uwsgi "apache-uwsgi"
    lighttpd_by_http "lighttpd-http"
    lighttpd_by_cgi "lighttpd-cgi"
    lighttpd_by_fastcgi "lighttpd-fastcgi"
    lighttpd_by_scgi "lighttpd-scgi"
    lighttpd_by_uwsgi "lighttpd-uwsgi"
    haproxy_by_http "haproxy-http"
    haproxy_by_fastcgi "haproxy-fastcgi"
}
