//! Tokens that others have made.

use super::*;

/// RFC 7515, appendix A.1 to A.3: one payload, three algorithms.
#[test]
fn the_examples_of_rfc_7515_are_verified() {
    const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    for (key, header, signature) in [
        (
            json!({ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" }),
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            json!({ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" }),
            "eyJhbGciOiJSUzI1NiJ9",
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }),
            "eyJhbGciOiJFUzI1NiJ9",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
    ] {
        let jwt = set(&[key]).expect("a key").with_issuer("joe");
        let token = format!("{header}.{PAYLOAD}.{signature}");
        let expires = 1_300_819_380;
        assert!(jwt.verify(&token, expires - 1).is_ok(), "{header}");
        assert_eq!(
            jwt.verify(&token, expires + 30).err(),
            Some(Refused::Expired)
        );
    }
}

/// Keys by OpenSSL 3, tokens by PyJWT 2.15.
#[test]
fn tokens_of_pyjwt_for_keys_of_openssl_are_verified() {
    let tokens = [
        (Jwt::hs256(SECRET), include_str!("peers/hs256.jwt")),
        (
            Jwt::rs256(include_bytes!("peers/rs256.pem")),
            include_str!("peers/rs256.jwt"),
        ),
        (
            Jwt::es256(include_bytes!("peers/es256.pem")),
            include_str!("peers/es256.jwt"),
        ),
        (
            Jwt::eddsa(include_bytes!("peers/eddsa.pem")),
            include_str!("peers/eddsa.jwt"),
        ),
    ];
    for (jwt, token) in tokens {
        let jwt = jwt.expect("a key").with_issuer("https://issuer.example");
        let refused = jwt.verify(token, NOW).err();
        assert_eq!(refused, Some(Refused::Audience), "{token}");
        let identity = jwt.with_audience("api").verify(token, NOW);
        let user = identity.expect("good").user();
        assert_eq!(user.as_ref().map(crate::User::name), Some("alice"));
    }
}
