//! Tokens that must not be let in.

use super::*;

#[track_caller]
pub(super) fn refuses(jwt: &Jwt, what: &str, token: &str, reason: Refused) {
    let refused = jwt.verify(token, NOW).err();
    assert_eq!(refused, Some(reason), "{what}: {token:.200}");
}

#[test]
fn no_token_chooses_its_algorithm() {
    let (hs, rs, es, ed) = (
        Signer::hs256(),
        Signer::rs256(),
        Signer::es256(),
        Signer::eddsa(),
    );
    let claims = claims().to_string();
    for (key, right) in [
        (&hs, "HS256"),
        (&rs, "RS256"),
        (&es, "ES256"),
        (&ed, "EdDSA"),
    ] {
        let jwt = set(&[key.jwk()]).expect("a key");
        let header = |alg: &str| format!(r#"{{"alg":"{alg}"}}"#);
        let good = key.token(&header(right), &claims);
        assert!(jwt.verify(&good, NOW).is_ok(), "{right}");
        for alg in [
            "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS256", "RS384",
            "RS512", "PS256", "ES256", "ES384", "ES256K", "EdDSA", "Ed448", "hs256", "HS256 ",
            "RSA-OAEP", "dir",
        ] {
            if alg == right {
                continue;
            }
            let token = key.token(&header(alg), &claims);
            refuses(&jwt, right, &token, Refused::Algorithm);
            let unsigned = format!("{}.{}.", base64url(header(alg)), base64url(&claims));
            refuses(&jwt, right, &unsigned, Refused::Algorithm);
        }
        let unsigned = good.rsplit_once('.').expect("three parts").0;
        refuses(
            &jwt,
            "no signature",
            &format!("{unsigned}."),
            Refused::Signature,
        );
    }
}

#[test]
fn a_public_key_is_no_secret() {
    let rs = Signer::rs256();
    let jwt = set(&[rs.jwk()]).expect("a key");
    let jwk = rs.jwk();
    let modulus = jwk["n"].as_str().expect("text");
    for secret in [
        decode_or_panic(modulus),
        modulus.as_bytes().to_vec(),
        jwk.to_string().into_bytes(),
        Vec::new(),
    ] {
        let token =
            Signer::Hs256(secret.clone()).token(r#"{"alg":"HS256"}"#, &claims().to_string());
        refuses(&jwt, "HS256 by the public key", &token, Refused::Algorithm);
        let token = Signer::Hs256(secret).token(r#"{"alg":"RS256"}"#, &claims().to_string());
        refuses(&jwt, "an HMAC as signature", &token, Refused::Signature);
    }
    let pem = include_bytes!("peers/rs256.pem");
    let jwt = Jwt::rs256(pem).expect("a key");
    let token = Signer::Hs256(pem.to_vec()).token(r#"{"alg":"HS256"}"#, &claims().to_string());
    refuses(&jwt, "HS256 by the PEM", &token, Refused::Algorithm);
}

fn decode_or_panic(text: &str) -> Vec<u8> {
    header::decode(text).expect("base64url")
}

#[test]
fn malformed_tokens_and_headers_are_refused() {
    let hs = Signer::hs256();
    let jwt = Jwt::hs256(SECRET).expect("a key");
    let claims = claims().to_string();
    let good = hs.token(r#"{"alg":"HS256"}"#, &claims);
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("two parts");
    assert!(jwt.verify(&good, NOW).is_ok());
    for (what, token, reason) in [
        ("empty", String::new(), Refused::Shape),
        ("one part", header.to_owned(), Refused::Shape),
        ("two parts", signed.to_owned(), Refused::Shape),
        ("three dots", "...".to_owned(), Refused::Header),
        (
            "four parts",
            format!("{good}.{signature}"),
            Refused::Signature,
        ),
        ("JWE", format!("{header}.a.b.c.d"), Refused::Signature),
        ("padding", format!("{good}="), Refused::Signature),
        ("stray bits", stray_bits(&good), Refused::Signature),
        (
            "other alphabet",
            format!("{signed}.+/{}", &signature[2..]),
            Refused::Signature,
        ),
        (
            "shorter",
            good[..good.len() - 4].to_owned(),
            Refused::Signature,
        ),
        ("longer", format!("{good}AAAA"), Refused::Signature),
        (
            "other claims",
            good.replace(payload, &base64url(r#"{"exp":9999999999}"#)),
            Refused::Signature,
        ),
        (
            "header padded",
            good.replacen('.', "=.", 1),
            Refused::Header,
        ),
    ] {
        refuses(&jwt, what, &token, reason);
    }
    for header in [
        "",
        "{",
        "[]",
        "null",
        "\"HS256\"",
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","crit":null}"#,
        r#"{"alg":"HS256","kid":1}"#,
        r#"{"alg":"HS256","kid":["a"]}"#,
        r#"{"alg":"HS256","typ":{}}"#,
        r#"{"alg":"HS256"}x"#,
        "\u{feff}{\"alg\":\"HS256\"}",
    ] {
        refuses(&jwt, header, &hs.token(header, &claims), Refused::Header);
    }
    let deep = format!(r#"{{"alg":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    refuses(&jwt, "deep", &hs.token(&deep, &claims), Refused::Header);
}

/// The same signature, as decoders that are not strict see it.
fn stray_bits(token: &str) -> String {
    let (front, last) = token.split_at(token.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).expect("base64url");
    format!("{front}{}", &alphabet[place + 1..place + 2])
}

#[test]
fn a_key_that_a_token_names_or_brings_along_is_not_used() {
    let (known, stranger) = (Signer::es256(), Signer::es256());
    let two = set(&[
        with(known.jwk(), json!({ "kid": "one" })),
        with(Signer::es256().jwk(), json!({ "kid": "two" })),
    ]);
    let two = two.expect("keys");
    let claims = claims().to_string();
    for kid in [
        json!("three"),
        json!(""),
        json!("ONE"),
        json!("one "),
        json!("one\0"),
        json!("../../../../dev/null"),
        json!("/dev/null"),
        json!("file:///etc/passwd"),
        json!("https://attacker.example/jwks.json"),
        json!("one' UNION SELECT 'a"),
        json!("one|id"),
        json!(null),
    ] {
        let header = json!({ "alg": "ES256", "kid": kid }).to_string();
        refuses(&two, &header, &known.token(&header, &claims), Refused::Key);
    }
    let header = json!({ "alg": "ES256" }).to_string();
    refuses(&two, "no kid", &known.token(&header, &claims), Refused::Key);
    let header = json!({ "alg": "ES256", "kid": "two" }).to_string();
    refuses(
        &two,
        "the other key",
        &known.token(&header, &claims),
        Refused::Signature,
    );

    let one = set(&[known.jwk()]).expect("a key");
    for brought in [
        json!({ "alg": "ES256", "jwk": stranger.jwk() }),
        json!({ "alg": "ES256", "jku": "https://attacker.example/jwks.json" }),
        json!({ "alg": "ES256", "x5u": "https://attacker.example/x.pem", "x5c": ["MIIB"] }),
    ] {
        let header = brought.to_string();
        refuses(
            &one,
            &header,
            &stranger.token(&header, &claims),
            Refused::Signature,
        );
    }
    // r and s of zero: "psychic signatures" (CVE-2022-21449).
    let blank = format!("{}.{}", base64url(r#"{"alg":"ES256"}"#), base64url(&claims));
    for length in [0, 1, 64, 65, 72] {
        let token = format!("{blank}.{}", base64url(vec![0; length]));
        refuses(&one, "zeros", &token, Refused::Signature);
    }
}
