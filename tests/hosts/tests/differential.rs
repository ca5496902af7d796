//! Requests that nobody wrote get the answer of the app itself, through every door of each web
//! server, but for what the web server makes of them.

use enfilade_conformance::{Difference, Http1, Kit};
use enfilade_fronts::{Door, Front, Protocol, WEB_SERVERS, app, lacks};

/// From which the requests are made.
const SEED: u64 = 0x656e_6669_6c61_6465;

/// Fails on differences that are not the web server's own.
async fn check(name: &str, is_its_own: impl Fn(&Door, &Difference) -> bool) {
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
        differences.retain(|difference| !is_its_own(door, difference));
        let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
        let (name, lines) = (door.name, lines.join("\n"));
        assert!(lines.is_empty(), "{name}:\n{lines}\n{}", front.log());
        if let Some(serving) = serving {
            serving.abort();
            let _ = serving.await;
        }
    }
}

/// How often the request has a field.
fn count(difference: &Difference, name: &str) -> usize {
    difference.request.matches(&format!(", {name}: ")).count()
}

/// Whether the app refuses the request, and the web server does so first, with a page of its own.
/// The app's own pages say UTF-8.
fn is_refused_first(difference: &Difference) -> bool {
    let refused = &difference.second;
    let is_page = refused.contains("\"content-type: text/html\"")
        || refused.contains("\"content-type: text/html; charset=iso-8859-1\"");
    difference.first.starts_with("400 ") && is_page && refused.starts_with('4')
}

/// nginx refuses some fields that come twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_answers_as_the_app() {
    check("nginx", |_, difference| {
        let alone = ["authorization", "if-none-match", "range", "user-agent"];
        let is_twice = alone.iter().any(|name| count(difference, name) > 1);
        is_refused_first(difference) || is_twice && difference.second.starts_with("400 ")
    })
    .await;
}

/// HAProxy refuses targets with bytes outside of ASCII, and by FastCGI large uploads without a length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_answers_as_the_app() {
    check("haproxy", |door, difference| {
        let request = &difference.request;
        let is_large = request.ends_with("70000 bytes of unknown length");
        let is_odd = !request.is_ascii() || is_large && door.protocol == Protocol::FastCgi;
        is_refused_first(difference) || is_odd && difference.second.starts_with("400 ")
    })
    .await;
}

/// Whether the answers are the same but for the bytes of their bodies, which are as many.
fn differs_in_its_sum_alone(difference: &Difference) -> bool {
    let less = |answer: &str| {
        let words: Vec<String> = answer.split(' ').map(str::to_owned).collect();
        let sum = words.len() - 2;
        [&words[..sum], &words[sum + 1..]].concat()
    };
    less(&difference.first) == less(&difference.second)
}

/// Apache joins cookies as if they were a list, with a comma in place of a semicolon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apache_answers_as_the_app() {
    check("apache", |_, difference| {
        let is_joined = count(difference, "cookie") > 1;
        is_refused_first(difference) || is_joined && differs_in_its_sum_alone(difference)
    })
    .await;
}

/// lighttpd says of an answer that it has whole that parts of it can be asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lighttpd_answers_as_the_app() {
    check("lighttpd", |_, difference| {
        let second = &difference.second;
        second.replace("\"accept-ranges: bytes\", ", "") == difference.first
    })
    .await;
}
