use base64::{Engine, prelude::BASE64_STANDARD};
use enfilade_core::{Cause, Pipeline, RequestExt, lint::Lint};
use http::header::{ACCEPT, AUTHORIZATION};

use super::*;
use crate::{Scopes, auth::Malformed};

/// What the app saw: the user in the extensions of the request.
async fn whoami(request: Request) -> String {
    User::of(&request).map_or_else(|| "nobody".into(), User::to_string)
}

fn with(fields: &[&[u8]]) -> Request {
    let mut request = Request::default();
    for field in fields {
        let value = HeaderValue::from_bytes(field).expect("a field value");
        request.headers_mut().append(AUTHORIZATION, value);
    }
    request
}

fn login(text: impl AsRef<[u8]>) -> Request {
    with(&[format!("Basic {}", BASE64_STANDARD.encode(text)).as_bytes()])
}

async fn ask(auth: &BasicAuth, request: Request) -> Response {
    Pipeline::new()
        .with(Lint::panicking().around(auth.clone()))
        .app(whoami)
        .respond(request)
        .await
}

async fn text(response: Response) -> String {
    let bytes = response
        .into_body()
        .into_bytes(1000)
        .await
        .expect("in memory");
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn accounts() -> BasicAuth {
    BasicAuth::accounts([("alice", "wonder:land"), ("Zoë", "Straße")])
}

#[tokio::test]
async fn whoever_is_not_known_is_challenged_and_the_app_is_not_asked() {
    let verified = BasicAuth::verify(|_: String, _: String| async { true });
    let long = "x".repeat(4000);
    for (request, status) in [
        (with(&[]), 401),
        (with(&[b"Bearer YWxpY2U6d29uZGVybGFuZA=="]), 401),
        (with(&[b"Basic"]), 400),
        (with(&[b"Basic "]), 400),
        (with(&[b"Basic YWxpY2U6d29uZGVybGFuZA"]), 400),
        (with(&[b"Basic YWxpY2U6d29uZGVybGFuZB=="]), 400),
        (with(&[b"Basic YWxpY2U6d29uZGVybGFuZA==="]), 400),
        (with(&[b"Basic YWxp-Y2U_"]), 400),
        (with(&[b"Basic YWxpY2U6d29uZGVybGFuZA== "]), 400),
        (with(&[b"Basic YWxpY2U6d29uZGVybGFuZA==, Basic YQ=="]), 400),
        (
            with(&[
                b"Basic YWxpY2U6d29uZGVybGFuZA==",
                b"Basic YWxpY2U6d29uZGVybGFuZA==",
            ]),
            400,
        ),
        (with(&[b"Basic \xff"]), 400),
        (login("alice"), 400),
        (login(""), 400),
        (login(format!("alice:{long}")), 400),
        (login(":wonderland"), 401),
        (login("alice\0:wonderland"), 401),
        (login("alice\n:wonderland"), 401),
        (login("alice:wonder\tland"), 401),
        (login("alice:wonder\u{85}land"), 401),
        (login(b"Zo\xeb:Stra\xdfe"), 401),
        (login(b"alice:\xff"), 401),
    ] {
        let given = request.headers().clone();
        let response = ask(&verified, request).await;
        assert_eq!(response.status(), status, "{given:?}");
        let challenge = response.headers().get(WWW_AUTHENTICATE);
        let expected = r#"Basic realm="restricted", charset="UTF-8""#;
        assert_eq!(
            challenge.is_some_and(|c| c == expected),
            status == 401,
            "{given:?}"
        );
        assert_eq!(User::in_extensions(response.extensions()), None);
        assert!(!text(response).await.contains("alice"), "{given:?}");
    }
}

#[tokio::test]
async fn wrong_passwords_are_refused() {
    for credentials in [
        "alice:",
        "alice:wonderland",
        "alice:Straße",
        "bob:wonder:land",
        "ALICE:wonder:land",
    ] {
        let response = ask(&accounts(), login(credentials)).await;
        assert_eq!(response.status(), 401, "{credentials}");
        assert!(response.headers().contains_key(WWW_AUTHENTICATE));
        assert_eq!(
            text(response).await,
            "Unauthorized: wrong user or password\n"
        );
    }
}

#[tokio::test]
async fn the_user_is_told_to_the_app_and_to_whoever_stands_outside() {
    for (credentials, user) in [("alice:wonder:land", "alice"), ("Zoë:Straße", "Zoë")] {
        let response = ask(&accounts(), login(credentials)).await;
        assert_eq!(response.status(), 200, "{credentials}");
        let outside = User::in_extensions(response.extensions()).map(User::name);
        assert_eq!(outside, Some(user));
        assert_eq!(text(response).await, user);
    }
}

#[tokio::test]
async fn a_user_that_the_request_brought_along_is_not_believed() {
    let mut request = with(&[]);
    request.extensions_mut().insert(User::new("admin"));
    let unnamed = BasicAuth::verify(|_: String, _: String| async { Some(Identity::unnamed()) });
    assert_eq!(ask(&unnamed, request).await.status(), 401);
    let mut request = login("alice:a");
    request.extensions_mut().insert(User::new("admin"));
    assert_eq!(text(ask(&unnamed, request).await).await, "nobody");
}

#[tokio::test]
async fn the_accounts_of_a_file_are_let_in() {
    let users = Htpasswd::parse(
        "alice:$2y$04$06r1kTmLAriM57gJWqtrseqOxQ5NOiy9vYFTLjn2gzmv76vYg21VC\n\
         bob:$apr1$8k7sghWn$LwPULNfIIf4A4N3erhJOj.\n",
    );
    let auth = BasicAuth::htpasswd(users.expect("accounts"));
    for (credentials, status) in [
        ("alice:secret", 200),
        ("alice:secret", 200),
        ("bob:secret", 200),
        ("bob:Secret", 401),
        ("alice:", 401),
        ("carol:secret", 401),
    ] {
        let response = ask(&auth, login(credentials)).await;
        assert_eq!(response.status(), status, "{credentials}");
    }
}

#[tokio::test]
async fn a_verifier_may_answer_yes_a_user_or_an_identity() {
    #[derive(Clone, PartialEq, Debug)]
    struct Tenant(u8);
    let yes = BasicAuth::verify(|user: String, password: String| async move { user == password });
    let user =
        BasicAuth::verify(|user: String, _: String| async move { User::checked(user + "@a") });
    let identity = BasicAuth::verify(|user: String, _: String| async move {
        let identity = Identity::new(User::new(user)).with_extension(Tenant(7));
        Result::<_, std::io::Error>::Ok(Some(identity.with_scopes(Scopes::new("read"))))
    });
    assert_eq!(ask(&yes, login("a:b")).await.status(), 401);
    assert_eq!(text(ask(&yes, login("a:a")).await).await, "a");
    assert_eq!(text(ask(&user, login("a:a")).await).await, "a@a");
    let tenant = Pipeline::new()
        .with(Lint::panicking().around(identity))
        .app(async |request: Request| {
            let extensions = request.extensions();
            let scopes = extensions.get::<Scopes>().map(Scopes::to_string);
            format!("{:?} {scopes:?}", extensions.get::<Tenant>())
        });
    let seen = text(tenant.respond(login("a:a")).await).await;
    assert_eq!(seen, r#"Some(Tenant(7)) Some("read")"#);
}

#[tokio::test]
async fn a_verifier_that_fails_lets_nobody_in_and_keeps_its_cause() {
    let broken = BasicAuth::verify(|_: String, _: String| async {
        Err::<bool, _>(std::io::Error::other("the directory is down"))
    });
    let response = ask(&broken, login("alice:a")).await;
    assert_eq!(response.status(), 500);
    let cause = response.extensions().get::<Cause>().map(Cause::chain);
    assert_eq!(cause.as_deref(), Some("the directory is down"));
    assert!(!text(response).await.contains("directory"));

    let down =
        BasicAuth::verify(|_: String, _: String| async { Err::<bool, _>(Error::status(503)) });
    assert_eq!(ask(&down, login("alice:a")).await.status(), 503);
}

#[tokio::test]
async fn a_refusal_is_written_as_the_client_accepts_it() {
    let mut request = with(&[]);
    let accept = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, accept);
    let refused = ask(&accounts(), request).await;
    let plain = Error::unauthorized().response_to(&{
        let mut request = with(&[]);
        let accept = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, accept);
        request
    });
    assert_eq!(
        refused.headers()["content-type"],
        plain.headers()["content-type"]
    );
    assert_eq!(text(refused).await, text(plain).await);
}

#[tokio::test]
async fn no_secret_shows_in_debug_or_in_the_fields_that_an_app_prints() {
    let auth = accounts().with_realm("library");
    let shown = format!("{auth:?}");
    assert!(
        shown.contains("library") && shown.contains("Accounts(2)"),
        "{shown}"
    );
    assert!(
        !shown.contains("wonder") && !shown.contains("alice"),
        "{shown}"
    );

    let app = Pipeline::new()
        .with(Lint::panicking().around(auth))
        .app(async |request: Request| format!("{:?} {:?}", request.headers(), request.peer()));
    let printed = text(app.respond(login("alice:wonder:land")).await).await;
    let secret = BASE64_STANDARD.encode("alice:wonder:land");
    assert!(
        printed.contains("authorization") && !printed.contains(&secret),
        "{printed}"
    );
}

#[test]
#[should_panic(expected = "a realm is printable ASCII")]
fn a_realm_that_is_no_field_value_is_refused_when_it_is_set() {
    let _ = accounts().with_realm("a\nb");
}

#[test]
fn what_is_malformed_says_what_it_is_and_not_what_it_holds() {
    let refused = accounts().refuse(Malformed("the credentials have no colon").into());
    assert_eq!(
        refused.to_string(),
        "400 Bad Request: the credentials have no colon"
    );
}
