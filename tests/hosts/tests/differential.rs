//! Requests that nobody wrote get the answer of the app itself, through all doors of nginx and
//! HAProxy. Apache and lighttpd join fields of one name, so the app sees something else there; what
//! they do is in the table of deviations.

use enfilade_conformance::{Http1, Kit};
use enfilade_fronts::{Front, WEB_SERVERS, app, lacks};

/// From which the requests are made.
const SEED: u64 = 0x656e_6669_6c61_6465;

async fn check(name: &str) {
    let server = WEB_SERVERS.iter().find(|server| server.name == name);
    let server = server.expect("there is such a web server");
    let Some(front) = Front::start_or_skip(server, env!("CARGO_BIN_EXE_app")) else {
        return;
    };
    let kit = Kit::in_folder(front.notes());
    for door in server.doors {
        let serving = app::serve(&kit, &front, door, "").await;
        let serving = serving.expect("the host starts");
        let target = Http1::new(door.name, front.address(door));
        let target = lacks(door).fold(target, |target, (what, why)| target.without(what, why));
        let mut differences = kit.differences(&target, SEED, 500).await;
        // What the web server refuses with a page of its own, such as an Authorization that comes
        // twice, does not reach the app. The app's own pages say a charset.
        differences.retain(|difference| {
            let refused = &difference.second;
            !(refused.starts_with("400 ") && refused.contains("\"content-type: text/html\""))
        });
        let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
        let (name, lines) = (door.name, lines.join("\n"));
        assert!(lines.is_empty(), "{name}:\n{lines}\n{}", front.log());
        if let Some(serving) = serving {
            serving.abort();
            let _ = serving.await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_answers_as_the_app() {
    check("nginx").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_answers_as_the_app() {
    check("haproxy").await;
}
