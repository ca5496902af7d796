//! An app that decides who may have the files of a web server.

use std::{
    fs,
    future::pending,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use enfilade_adapters::FastCgi;
use enfilade_core::{IntoResponse, Request, RequestExt, Response};
use enfilade_fronts::{Front, Protocol, WEB_SERVERS};
use http::StatusCode;
use tokio::sync::oneshot;

async fn gate(request: Request) -> Response {
    let knock = request.headers().get("x-knock");
    match (request.path_info(), knock) {
        ("/page.txt", Some(knock)) if knock == "friend" => StatusCode::OK.into_response(),
        ("/page.txt", Some(_)) => {
            (StatusCode::FORBIDDEN, [("x-why", "no friend")], "go away").into_response()
        }
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn ask(address: SocketAddr, path: &str, fields: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lighttpd_gives_its_files_to_whom_the_app_lets_pass() {
    let server = WEB_SERVERS.iter().find(|server| server.files.is_some());
    let server = server.expect("lighttpd can");
    let Some(front) = Front::start_or_skip(server, env!("CARGO_BIN_EXE_app")) else {
        return;
    };
    let files = front.notes().with_file_name("files");
    fs::create_dir(&files).expect("it can be made");
    fs::write(files.join("page.txt"), "the page").expect("it can be written");
    let place = front.place(Protocol::FastCgi).expect("a place");
    let (ready, listening) = oneshot::channel();
    let host = FastCgi::bind(&*place)
        .with_authorizer(gate)
        .with_shutdown(pending())
        .with_announcement(|_| _ = ready.send(()));
    let serving = tokio::spawn(host.serve(async |_: Request| "nobody asks for answers"));
    listening.await.expect("it starts");

    let files = server.files.as_ref().expect("lighttpd has some");
    let address = front.address(files);
    let asked = tokio::task::spawn_blocking(move || {
        [
            ask(address, "/page.txt", "x-knock: friend\r\n"),
            ask(address, "/page.txt", "x-knock: stranger\r\n"),
            ask(address, "/other.txt", "x-knock: friend\r\n"),
        ]
    });
    let [friend, stranger, other] = asked.await.expect("no panic");
    let log = front.log();
    assert!(friend.starts_with("HTTP/1.0 200 "), "{friend}{log}");
    assert!(friend.ends_with("\r\n\r\nthe page"), "{friend}");
    assert!(stranger.starts_with("HTTP/1.0 403 "), "{stranger}{log}");
    assert!(stranger.contains("x-why: no friend\r\n"), "{stranger}");
    assert!(stranger.ends_with("\r\n\r\ngo away"), "{stranger}");
    assert!(other.starts_with("HTTP/1.0 401 "), "{other}{log}");
    serving.abort();
}
