use enfilade_core::{Cause, Pipeline, lint::Lint};
use http::{HeaderValue, header::AUTHORIZATION};

use super::*;

async fn whoami(request: Request) -> String {
    User::of(&request).map_or_else(|| "nobody".into(), User::to_string)
}

async fn ask(auth: &BearerAuth, fields: &[&str]) -> Response {
    let mut request = Request::default();
    for field in fields {
        let value = HeaderValue::try_from(*field).expect("a field value");
        request.headers_mut().append(AUTHORIZATION, value);
    }
    let app = Pipeline::new()
        .with(Lint::panicking().around(auth.clone()))
        .app(whoami);
    app.respond(request).await
}

fn challenge_of(response: &Response) -> &str {
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    challenge.map_or("", |value| value.to_str().expect("ASCII"))
}

async fn text(response: Response) -> String {
    let bytes = response
        .into_body()
        .into_bytes(1000)
        .await
        .expect("in memory");
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn tokens() -> BearerAuth {
    BearerAuth::tokens([("ci", "mF_9.B5f-4.1JqM"), ("cd", "c2VjcmV0==")]).with_realm("r")
}

#[tokio::test]
async fn a_refusal_has_the_challenge_that_its_reason_calls_for() {
    let long = format!("Bearer {}", "a".repeat(16 * 1024 + 1));
    let invalid_request = r#"Bearer realm="r", error="invalid_request", error_description="#;
    let invalid_token = r#"Bearer realm="r", error="invalid_token", error_description="#;
    for (fields, status, challenge) in [
        (&[][..], 401, r#"Bearer realm="r""#),
        (&["Basic YTpi"], 401, r#"Bearer realm="r""#),
        (&["Bearer"], 400, invalid_request),
        (&["Bearer "], 400, invalid_request),
        (&["Bearer mF_9.B5f-4.1JqM "], 400, invalid_request),
        (&["Bearer mF_9.B5f-4.1JqM, Basic a"], 400, invalid_request),
        (&["Bearer \"mF_9.B5f-4.1JqM\""], 400, invalid_request),
        (&[&long], 400, invalid_request),
        (
            &["Bearer mF_9.B5f-4.1JqM", "Bearer mF_9.B5f-4.1JqM"],
            400,
            invalid_request,
        ),
        (&["Basic a", "Bearer mF_9.B5f-4.1JqM"], 400, invalid_request),
        (&["Bearer mF_9.B5f-4.1Jq"], 401, invalid_token),
        (&["Bearer mF_9.B5f-4.1JqMM"], 401, invalid_token),
        (&["Bearer mf_9.b5f-4.1jqm"], 401, invalid_token),
        (&["Bearer c2VjcmV0"], 401, invalid_token),
        (&["Bearer c2VjcmV0="], 401, invalid_token),
    ] {
        let response = ask(&tokens(), fields).await;
        assert_eq!(response.status(), status, "{fields:?}");
        let given = challenge_of(&response);
        // Without a description, nothing may follow.
        let exact = !challenge.ends_with('=');
        assert!(
            given.starts_with(challenge) && (!exact || given == challenge),
            "{given}"
        );
        assert_eq!(User::in_extensions(response.extensions()), None);
    }
}

#[tokio::test]
async fn the_user_is_told_to_the_app_and_to_whoever_stands_outside() {
    for (field, user) in [
        ("Bearer mF_9.B5f-4.1JqM", "ci"),
        ("bearer  c2VjcmV0==", "cd"),
    ] {
        let response = ask(&tokens(), &[field]).await;
        assert_eq!(response.status(), 200, "{field}");
        let outside = User::in_extensions(response.extensions()).map(User::name);
        assert_eq!(outside, Some(user));
        assert_eq!(text(response).await, user);
    }
}

async fn verifier(token: String) -> enfilade_core::Result<Option<Identity>> {
    let identity = || Identity::new(User::new("alice"));
    match &*token {
        "read" => Ok(Some(identity().with_scopes(Scopes::new("read")))),
        "both" => Ok(Some(identity().with_scopes(Scopes::new("write read")))),
        "none" => Ok(Some(identity())),
        "down" => Err(Error::from(std::io::Error::other("no route to the issuer"))),
        _ => Ok(None),
    }
}

#[tokio::test]
async fn a_token_without_the_required_scopes_is_told_which() {
    let auth = BearerAuth::verify(verifier).with_required_scopes("read write");
    for (token, status) in [("none", 403), ("read", 403), ("both", 200), ("other", 401)] {
        let response = ask(&auth, &[&format!("Bearer {token}")]).await;
        assert_eq!(response.status(), status, "{token}");
        let known = User::in_extensions(response.extensions()).is_some();
        assert_eq!(known, status != 401, "the log knows who was refused");
        if status == 403 {
            let challenge = challenge_of(&response);
            assert!(
                challenge.contains(r#"error="insufficient_scope""#),
                "{challenge}"
            );
            assert!(
                challenge.ends_with(r#", scope="read write""#),
                "{challenge}"
            );
        }
    }
    let unscoped = BearerAuth::verify(verifier);
    assert_eq!(ask(&unscoped, &["Bearer none"]).await.status(), 200);
}

#[tokio::test]
async fn a_verifier_that_fails_lets_nobody_in_and_keeps_its_cause() {
    let response = ask(&BearerAuth::verify(verifier), &["Bearer down"]).await;
    assert_eq!(response.status(), 500);
    let cause = response.extensions().get::<Cause>().map(Cause::chain);
    assert_eq!(cause.as_deref(), Some("no route to the issuer"));
    assert!(!text(response).await.contains("route"));
}

#[tokio::test]
async fn a_bare_yes_lets_in_without_a_user() {
    let auth = BearerAuth::verify(|token: String| async move { token == "yes" });
    assert_eq!(text(ask(&auth, &["Bearer yes"]).await).await, "nobody");
    assert_eq!(ask(&auth, &["Bearer no"]).await.status(), 401);
    let scoped = auth.with_required_scopes("read");
    assert_eq!(ask(&scoped, &["Bearer yes"]).await.status(), 403);
}

#[tokio::test]
async fn no_token_shows_in_debug_or_in_the_fields_that_an_app_prints() {
    let shown = format!("{:?}", tokens());
    assert!(shown.contains("Tokens(2)"), "{shown}");
    assert!(
        !shown.contains("mF_9") && !shown.contains("c2Vj"),
        "{shown}"
    );

    let app = Pipeline::new()
        .with(Lint::panicking().around(tokens()))
        .app(async |request: Request| format!("{:?}", request.headers()));
    let mut request = Request::default();
    let value = HeaderValue::from_static("Bearer mF_9.B5f-4.1JqM");
    request.headers_mut().insert(AUTHORIZATION, value);
    let printed = text(app.respond(request).await).await;
    assert!(
        printed.contains("authorization") && !printed.contains("mF_9"),
        "{printed}"
    );
}

#[test]
fn settings_that_are_no_field_values_are_refused_when_they_are_set() {
    for set in [
        (|| tokens().with_realm("a\r\nb")) as fn() -> BearerAuth,
        || tokens().with_required_scopes("read\" error=\"none"),
    ] {
        assert!(std::panic::catch_unwind(set).is_err());
    }
}
