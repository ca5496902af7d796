//! Tokens that are let in, and what the app finds.

use enfilade_core::{App, Cause, Pipeline, Request, Response, lint::Lint};
use http::{HeaderValue, header::AUTHORIZATION};

use super::*;
use crate::{BearerAuth, Scopes, User};

#[test]
fn times_are_taken_with_their_leeway() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET).expect("a key");
    let strict = jwt.clone().with_leeway(Duration::ZERO);
    for (claims, lenient, exact) in [
        (json!({ "exp": NOW + 1 }), true, true),
        (json!({ "exp": NOW }), true, false),
        (json!({ "exp": NOW - 29 }), true, false),
        (json!({ "exp": u64::MAX }), true, true),
        (json!({ "exp": NOW + 1, "nbf": NOW }), true, true),
        (json!({ "exp": NOW + 1, "nbf": NOW + 30 }), true, false),
        (json!({ "exp": NOW + 1, "nbf": 0, "iat": 0 }), true, true),
    ] {
        let token = hs.token(r#"{"alg":"HS256"}"#, &claims.to_string());
        assert_eq!(jwt.verify(&token, NOW).is_ok(), lenient, "{claims}");
        assert_eq!(strict.verify(&token, NOW).is_ok(), exact, "{claims}");
    }
    // A clock from before 1970 lets nobody in, however late the token ends.
    let forever = hs.token(
        r#"{"alg":"HS256"}"#,
        &json!({ "exp": u64::MAX }).to_string(),
    );
    assert_eq!(jwt.verify(&forever, u64::MAX).err(), Some(Refused::Expired));
}

#[test]
fn a_token_may_have_one_of_several_issuers_and_audiences() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET).expect("a key");
    let jwt = jwt
        .with_issuer("a")
        .with_issuer("b")
        .with_audience("x")
        .with_audience("y");
    for claims in [
        json!({ "iss": "a", "aud": "y", "exp": NOW + 1 }),
        json!({ "iss": "b", "aud": ["other", "x"], "exp": NOW + 1 }),
    ] {
        let token = hs.token(r#"{"alg":"HS256"}"#, &claims.to_string());
        assert!(jwt.verify(&token, NOW).is_ok(), "{claims}");
    }
}

async fn ask(auth: BearerAuth, token: &str, app: impl App) -> Response {
    let mut request = Request::default();
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a field value");
    request.headers_mut().insert(AUTHORIZATION, value);
    Pipeline::new()
        .with(Lint::panicking().around(auth))
        .app(app)
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

#[derive(Clone, serde::Deserialize)]
struct Staff {
    email: String,
}

async fn whoami(request: Request) -> String {
    let extensions = request.extensions();
    let claims = extensions.get::<Claims>();
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        User::of(&request).map(User::name),
        extensions.get::<Scopes>().map(Scopes::to_string),
        claims.and_then(Claims::issuer),
        claims.map(Claims::expires),
        extensions.get::<Staff>().map(|staff| &staff.email),
    )
}

/// Until the year 2100, as these tests go through the clock.
const LATE: u64 = 4_102_444_800;

#[tokio::test]
async fn the_app_finds_user_scopes_claims_and_its_own_type() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET).expect("a key").with_claims::<Staff>();
    let auth = BearerAuth::jwt(jwt).with_required_scopes("read");
    let claims = json!({
        "sub": "alice", "iss": "me", "exp": LATE, "scope": "write read", "email": "a@b",
    });
    let token = hs.token(r#"{"alg":"HS256"}"#, &claims.to_string());
    let response = ask(auth.clone(), &token, whoami).await;
    let outside = User::in_extensions(response.extensions()).map(User::name);
    assert_eq!(outside, Some("alice"));
    let seen = text(response).await;
    let expected = r#"Some("alice") Some("write read") Some("me") Some(4102444800) Some("a@b")"#;
    assert_eq!(seen, expected);

    let list = with(claims.clone(), json!({ "scope": ["read"] }));
    let token = hs.token(r#"{"alg":"HS256"}"#, &list.to_string());
    assert_eq!(ask(auth.clone(), &token, whoami).await.status(), 200);

    for (change, status) in [
        (json!({ "email": 7 }), 401),
        (json!({ "scope": "write" }), 403),
        (json!({ "exp": 1 }), 401),
    ] {
        let claims = with(claims.clone(), change);
        let token = hs.token(r#"{"alg":"HS256"}"#, &claims.to_string());
        let response = ask(auth.clone(), &token, whoami).await;
        assert_eq!(response.status(), status, "{claims}");
    }
}

#[tokio::test]
async fn a_token_without_a_subject_is_nobodys() {
    let auth = BearerAuth::jwt(Jwt::hs256(SECRET).expect("a key"));
    let claims = json!({ "exp": LATE }).to_string();
    let token = Signer::hs256().token(r#"{"alg":"HS256"}"#, &claims);
    let seen = text(ask(auth, &token, whoami).await).await;
    assert_eq!(seen, "None None None Some(4102444800) None");
}

#[tokio::test]
async fn the_log_learns_the_reason_and_the_client_only_that_a_token_has_expired() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET).expect("a key").with_issuer("me");
    let auth = BearerAuth::jwt(jwt);
    let secret = "sEcReT";
    for (claims, described, reason) in [
        (
            json!({ "exp": 1, "iss": "me", "sub": secret }),
            "the token has expired",
            "the token has expired",
        ),
        (
            json!({ "exp": LATE, "iss": secret }),
            "the token is not valid",
            "the token is from another issuer",
        ),
        (
            json!({ "exp": secret }),
            "the token is not valid",
            "the token's claim `exp` is missing or malformed",
        ),
    ] {
        let token = hs.token(r#"{"alg":"HS256"}"#, &claims.to_string());
        let response = ask(auth.clone(), &token, whoami).await;
        assert_eq!(response.status(), 401);
        let challenge = response.headers()["www-authenticate"]
            .to_str()
            .expect("ASCII");
        let expected = format!(
            r#"Bearer realm="restricted", error="invalid_token", error_description="{described}""#
        );
        assert_eq!(challenge, expected);
        let cause = response.extensions().get::<Cause>().map(Cause::chain);
        assert_eq!(cause.as_deref(), Some(reason));
        assert!(!text(response).await.contains(secret));
    }
}

#[tokio::test]
async fn a_token_beyond_the_limit_is_not_even_read() {
    let auth = BearerAuth::jwt(Jwt::hs256(SECRET).expect("a key"));
    let claims = json!({ "exp": LATE, "x": "x".repeat(1_000_000) }).to_string();
    let token = Signer::hs256().token(r#"{"alg":"HS256"}"#, &claims);
    assert_eq!(ask(auth, &token, whoami).await.status(), 400);
}

#[test]
fn no_secret_and_no_claim_shows_in_debug() {
    let jwt = Jwt::hs256(SECRET).expect("a key").with_issuer("me");
    let shown = format!("{:?}", BearerAuth::jwt(jwt));
    assert!(shown.contains("HS256") && shown.contains("me"), "{shown}");
    assert!(
        !shown.contains("0123456789") && !shown.contains("48, 49, 50"),
        "{shown}"
    );

    let payload = json!({ "sub": "alice", "email": "a@b", "exp": 1 }).to_string();
    let claims = Claims::read(&base64url(payload)).expect("claims");
    assert_eq!(format!("{claims:?}"), r#"Claims["email", "exp", "sub"]"#);
}
