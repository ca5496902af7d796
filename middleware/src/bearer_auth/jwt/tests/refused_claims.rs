//! Tokens that are signed well and claim what must not be believed.

use super::{refused::refuses, *};

#[test]
fn malformed_claims_are_refused() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET)
        .expect("a key")
        .with_issuer("me")
        .with_audience("api");
    let good = json!({ "sub": "alice", "iss": "me", "aud": "api", "exp": NOW + 60 });
    let token = |claims: &str| hs.token(r#"{"alg":"HS256"}"#, claims);
    assert!(jwt.verify(&token(&good.to_string()), NOW).is_ok());
    for payload in [
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"a\"",
        "{} {}",
        "{\"exp\":}",
        "\u{0}",
    ] {
        refuses(&jwt, payload, &token(payload), Refused::Payload);
    }
    let later = NOW + 60;
    for (name, value) in [
        ("exp", json!(later.to_string())),
        ("exp", json!(later as f64)),
        ("exp", json!(later as f64 + 0.5)),
        ("exp", json!(1e300)),
        ("exp", json!(-1)),
        ("exp", json!(-9_223_372_036_854_775_808_i64)),
        ("exp", json!(null)),
        ("exp", json!(true)),
        ("exp", json!([later])),
        ("exp", json!({ "at": later })),
        ("nbf", json!(NOW.to_string())),
        ("nbf", json!(NOW as f64)),
        ("nbf", json!(-1)),
        ("nbf", json!(null)),
        ("iat", json!("now")),
        ("iat", json!(null)),
        ("iss", json!(["me"])),
        ("iss", json!(null)),
        ("aud", json!(7)),
        ("aud", json!(null)),
        ("aud", json!(["api", 7])),
        ("aud", json!({ "api": true })),
        ("sub", json!(7)),
        ("sub", json!("")),
        ("sub", json!("alice\nroot")),
        ("sub", json!("\u{0}")),
        ("scope", json!(7)),
        ("scope", json!("read\" error=\"")),
        ("scope", json!(["read", null])),
    ] {
        let claims = with(good.clone(), json!({ name: value }));
        refuses(
            &jwt,
            name,
            &token(&claims.to_string()),
            Refused::Claim(name),
        );
    }
    for (literal, reason) in [
        // Beyond what 64 bits hold, it is no whole number any more.
        ("18446744073709551616", Refused::Claim("exp")),
        ("1e99", Refused::Claim("exp")),
        ("017000000600", Refused::Payload),
        ("0x7fffffff", Refused::Payload),
        ("NaN", Refused::Payload),
    ] {
        let payload = format!(r#"{{"iss":"me","aud":"api","exp":{literal}}}"#);
        refuses(&jwt, literal, &token(&payload), reason);
    }
    let deep = format!(
        r#"{{"exp":{later},"x":{}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    refuses(&jwt, "deep", &token(&deep), Refused::Payload);
    let twice = format!(r#"{{"iss":"me","aud":"api","exp":{later},"exp":1}}"#);
    refuses(
        &jwt,
        "the last one counts",
        &token(&twice),
        Refused::Expired,
    );
}

#[test]
fn claims_that_do_not_hold_here_and_now_are_refused() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET)
        .expect("a key")
        .with_issuer("me")
        .with_audience("api");
    let good = json!({ "iss": "me", "aud": "api", "exp": NOW + 60 });
    let token = |claims: &Value| hs.token(r#"{"alg":"HS256"}"#, &claims.to_string());
    for (name, value, reason) in [
        ("exp", json!(0), Refused::Expired),
        ("exp", json!(NOW - 31), Refused::Expired),
        ("exp", json!(NOW - 30), Refused::Expired),
        ("nbf", json!(NOW + 31), Refused::TooEarly),
        ("nbf", json!(u64::MAX), Refused::TooEarly),
        ("iss", json!("somebody"), Refused::Issuer),
        ("iss", json!("ME"), Refused::Issuer),
        ("iss", json!(""), Refused::Issuer),
        ("aud", json!("other"), Refused::Audience),
        ("aud", json!("api2"), Refused::Audience),
        ("aud", json!(""), Refused::Audience),
        ("aud", json!([]), Refused::Audience),
        ("aud", json!(["other", "API"]), Refused::Audience),
    ] {
        let claims = with(good.clone(), json!({ name: value }));
        refuses(&jwt, &claims.to_string(), &token(&claims), reason);
    }
    for (missing, reason) in [
        ("exp", Refused::Claim("exp")),
        ("iss", Refused::Issuer),
        ("aud", Refused::Audience),
    ] {
        let mut claims = good.clone();
        claims.as_object_mut().expect("an object").remove(missing);
        refuses(&jwt, missing, &token(&claims), reason);
    }
    // A service without a name does not take what is for somebody.
    let nameless = Jwt::hs256(SECRET).expect("a key");
    refuses(&nameless, "for somebody", &token(&good), Refused::Audience);
}

#[test]
fn a_token_of_another_type_is_refused_where_one_is_required() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET).expect("a key").with_type("at+jwt");
    let claims = claims().to_string();
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"HS256","typ":"at"}"#,
        r#"{"alg":"HS256","typ":"text/at+jwt"}"#,
    ] {
        refuses(&jwt, header, &hs.token(header, &claims), Refused::Type);
    }
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/at+JWT",
    ] {
        let header = json!({ "alg": "HS256", "typ": typ }).to_string();
        assert!(
            jwt.verify(&hs.token(&header, &claims), NOW).is_ok(),
            "{typ}"
        );
    }
}
