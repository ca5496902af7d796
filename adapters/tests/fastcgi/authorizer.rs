use enfilade_core::{IntoResponse, PathPolicy, Request, Response};
use http::StatusCode;

use crate::{
    client::{self, AUTHORIZER, PARAMS, STDIN, begin, pairs, record, stream},
    support::Running,
};

async fn gate(request: Request) -> Response {
    let knock = request.headers().get("x-knock");
    match knock.map(http::HeaderValue::as_bytes) {
        Some(b"friend") => {
            let fields = [("variable-remote-user", "ada"), ("set-cookie", "seen=1")];
            (fields, "nobody reads this").into_response()
        }
        Some(b"created") => (StatusCode::CREATED, "no 200").into_response(),
        _ => (StatusCode::FORBIDDEN, [("x-why", "no friend")], "go away").into_response(),
    }
}

/// An Authorizer gets no CONTENT_LENGTH, PATH_INFO, PATH_TRANSLATED or SCRIPT_NAME.
fn asked(knock: &str) -> Vec<u8> {
    asked_for("/secret", knock)
}

fn asked_for(target: &str, knock: &str) -> Vec<u8> {
    let params = [
        ("REQUEST_METHOD", "POST"),
        ("REQUEST_URI", target),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_NAME", "example.org"),
        ("SERVER_PORT", "80"),
        ("HTTP_X_KNOCK", knock),
    ];
    let mut bytes = begin(1, AUTHORIZER, true);
    bytes.extend(stream(PARAMS, 1, &pairs(&params), 65_535));
    bytes.extend(record(STDIN, 1, b""));
    bytes
}

#[tokio::test]
async fn a_200_lets_pass_with_variables_and_anything_else_is_the_answer() {
    let running = Running::start_with(
        |host| host.with_authorizer(gate),
        async |_: Request| "the page",
    );
    let mut client = running.connect().await;
    client.send(&asked("friend")).await;
    let answer = client.answer(1).await;
    assert!(answer.is_whole());
    let verdict = "Status: 200 OK\r\nVariable-REMOTE_USER: ada\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(&answer.stdout), verdict);

    client.send(&asked("created")).await;
    let answer = client.answer(1).await;
    assert_eq!((answer.status(), answer.text().as_str()), (201, "no 200"));

    client.send(&asked("stranger")).await;
    let answer = client.answer(1).await;
    assert_eq!((answer.status(), answer.text().as_str()), (403, "go away"));
    assert!(String::from_utf8_lossy(&answer.stdout).contains("x-why: no friend\r\n"));

    client.ask(1, &client::get("/"), b"").await;
    assert_eq!(client.answer(1).await.text(), "the page");
}

/// Else it would let pass one path, and the app would serve another.
#[tokio::test]
async fn it_sees_the_paths_that_the_app_sees() {
    let running = Running::start_with(
        |host| {
            host.with_authorizer(gate)
                .with_path_policy(PathPolicy::Strict)
        },
        async |_: Request| "the page",
    );
    let mut client = running.connect().await;
    for (target, status) in [("/secret", 200), ("/a/../secret", 400)] {
        client.send(&asked_for(target, "friend")).await;
        assert_eq!(client.answer(1).await.status(), status, "{target}");
    }
}
