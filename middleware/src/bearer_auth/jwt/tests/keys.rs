//! Keys and sets of keys.

use std::error::Error as _;

use super::*;

#[track_caller]
fn refuses(keys: Result<Jwt, JwtKeyError>, problem: &str) {
    let refused = keys.map(|_| "taken").expect_err(problem);
    let cause = refused.source().map(ToString::to_string);
    let message = format!("{refused}: {}", cause.unwrap_or_default());
    assert!(message.contains(problem), "{message}");
}

#[test]
fn keys_that_are_weak_or_of_another_kind_are_refused() {
    refuses(Jwt::hs256(b""), "less than 32 bytes");
    refuses(Jwt::hs256([7; 31]), "less than 32 bytes");
    let (rsa, ec, ed) = (
        include_str!("peers/rs256.pem"),
        include_str!("peers/es256.pem"),
        include_str!("peers/eddsa.pem"),
    );
    for pem in ["", "0123456789", ec, ed] {
        refuses(Jwt::rs256(pem), "a key cannot be used: it ");
    }
    for pem in ["", rsa, ed] {
        refuses(Jwt::es256(pem), "a key cannot be used: it ");
    }
    for pem in ["", rsa, ec] {
        refuses(Jwt::eddsa(pem), "a key cannot be used: it ");
    }
    refuses(Jwt::rs256(&rsa[..300]), "BEGIN PUBLIC KEY");
    refuses(
        Jwt::rs256(rsa.replace("PUBLIC", "PRIVATE")),
        "BEGIN PUBLIC KEY",
    );
}

#[test]
fn keys_of_a_set_that_are_malformed_or_weak_are_refused_by_number() {
    let (es, ed, rs) = (
        Signer::es256().jwk(),
        Signer::eddsa().jwk(),
        Signer::rs256().jwk(),
    );
    let short = base64url([0xff; 128]);
    let off_curve = base64url([1; 32]);
    for (key, problem) in [
        (json!("key"), "not an object"),
        (json!({}), "`kty`"),
        (json!({ "kty": 7 }), "`kty`"),
        (json!({ "kty": "oct" }), "`k`"),
        (json!({ "kty": "oct", "k": "c2hvcnQ" }), "32 bytes"),
        (
            json!({ "kty": "oct", "k": base64url([7; 32]) + "=" }),
            "`k`",
        ),
        (json!({ "kty": "RSA", "e": "AQAB" }), "`n`"),
        (json!({ "kty": "RSA", "e": "AQAB", "n": short }), "2048"),
        (json!({ "kty": "RSA", "e": "AQAB", "n": "" }), "RSA"),
        (with(rs.clone(), json!({ "e": "" })), "RSA"),
        (with(rs, json!({ "e": "AQ==" })), "`e`"),
        (with(es.clone(), json!({ "x": "AAAA" })), "`x`"),
        (with(es.clone(), json!({ "y": null })), "`y`"),
        (with(es.clone(), json!({ "x": off_curve })), "P-256"),
        (with(es.clone(), json!({ "kid": 7 })), "`kid`"),
        (with(ed, json!({ "x": "AAAA" })), "`x`"),
    ] {
        let kid = json!({ "kid": "good" });
        let refused = set(&[with(es.clone(), kid), key.clone()]).map(|_| "taken");
        let refused = refused.expect_err(&key.to_string()).to_string();
        assert!(refused.starts_with("keys[1] cannot be used: "), "{refused}");
        assert!(refused.contains(problem), "{key}: {refused}");
    }
}

#[test]
fn sets_in_which_a_token_could_not_name_its_key_are_refused() {
    let key = |kid: &str| with(Signer::es256().jwk(), json!({ "kid": kid }));
    refuses(set(&[key("a"), key("b"), key("a")]), "the same `kid`");
    refuses(set(&[key("a"), Signer::es256().jwk()]), "has no `kid`");
    refuses(
        set(&[Signer::es256().jwk(), Signer::es256().jwk()]),
        "has no `kid`",
    );
    refuses(set(&[]), "no key is for signatures");
    refuses(Jwt::jwks("{}"), "no list `keys`");
    refuses(Jwt::jwks("[]"), "no list `keys`");
    refuses(Jwt::jwks("{\"keys\":"), "not JSON: EOF");
}

#[test]
fn of_a_mixed_set_the_keys_for_verifying_are_taken_and_each_is_for_its_algorithm() {
    let signers = [
        ("hs", "HS256", Signer::hs256()),
        ("rs", "RS256", Signer::rs256()),
        ("es", "ES256", Signer::es256()),
        ("ed", "EdDSA", Signer::eddsa()),
        ("e2", "Ed25519", Signer::eddsa()),
    ];
    let mut keys = vec![
        // Not for verifying, or not known here: passed over, with what would be wrong with them.
        json!({ "kty": "RSA", "use": "enc", "kid": "1", "alg": "RSA-OAEP", "n": "", "e": "" }),
        json!({ "kty": "RSA", "use": "sig", "kid": "2", "alg": "PS256", "n": "", "e": "" }),
        json!({ "kty": "EC", "crv": "P-384", "kid": "3", "x": "", "y": "" }),
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "4", "x": "", "y": "" }),
        json!({ "kty": "OKP", "crv": "X25519", "kid": "5", "x": "" }),
        json!({ "kty": "oct", "alg": "HS512", "kid": "6", "k": "" }),
        json!({ "kty": "EC", "crv": "P-256", "key_ops": ["sign"], "kid": "7", "x": "", "y": "" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "8", "pub": "" }),
    ];
    for (kid, alg, signer) in &signers {
        let more = json!({ "kid": kid, "alg": alg, "use": "sig", "key_ops": ["verify"] });
        keys.push(with(signer.jwk(), more));
    }
    let jwt = set(&keys).expect("keys");
    let shown = format!("{jwt:?}");
    assert_eq!(shown.matches("(Some(").count(), signers.len(), "{shown}");
    for (kid, _, _) in &signers {
        for (_, alg, signer) in &signers {
            let header = json!({ "alg": alg, "kid": kid }).to_string();
            let token = signer.token(&header, &claims().to_string());
            let own = signers
                .iter()
                .any(|(k, a, s)| k == kid && a == alg && std::ptr::eq(s, signer));
            assert_eq!(jwt.verify(&token, NOW).is_ok(), own, "{header}");
        }
    }
}

#[test]
fn the_only_key_need_not_be_named() {
    let es = Signer::es256();
    let nameless = set(&[es.jwk()]).expect("a key");
    let named = set(&[with(es.jwk(), json!({ "kid": "a" }))]).expect("a key");
    for (header, taken) in [
        (json!({ "alg": "ES256" }), true),
        (json!({ "alg": "ES256", "kid": "a" }), true),
        (json!({ "alg": "ES256", "kid": "b" }), false),
    ] {
        let token = es.token(&header.to_string(), &claims().to_string());
        assert!(nameless.verify(&token, NOW).is_ok(), "{header}");
        assert_eq!(named.verify(&token, NOW).is_ok(), taken, "{header}");
    }
}

#[test]
fn a_modulus_with_its_sign_byte_is_the_same_key() {
    let rs = Signer::rs256();
    let n = header::decode(rs.jwk()["n"].as_str().expect("text")).expect("base64url");
    let n = base64url([&[0], &n[..]].concat());
    let jwt = set(&[with(rs.jwk(), json!({ "n": n }))]).expect("a key");
    let token = rs.token(r#"{"alg":"RS256"}"#, &claims().to_string());
    assert!(jwt.verify(&token, NOW).is_ok());
}

#[test]
fn an_error_names_the_file_and_never_what_is_in_it() {
    refuses(
        Jwt::jwks_file("/does/not/exist"),
        "/does/not/exist: cannot read the keys: ",
    );
    let file = std::env::temp_dir().join(format!("enfilade-jwks-{}", std::process::id()));
    std::fs::write(&file, r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#).expect("written");
    let refused = Jwt::jwks_file(&file)
        .map(|_| "taken")
        .expect_err("too short");
    std::fs::remove_file(&file).expect("removed");
    let message = format!("{refused} {refused:?}");
    assert!(
        message.starts_with(&format!("{}: keys[0]", file.display())),
        "{message}"
    );
    assert!(
        !message.contains("c2VjcmV0") && !message.contains("secret,"),
        "{message}"
    );
}
