//! The kinds of hashes in a file of `htpasswd`: [`PasswordHash`].

use argon2::{Argon2, Params, Version};
use base64::{
    Engine,
    alphabet::BCRYPT,
    engine::{GeneralPurpose, GeneralPurposeConfig},
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use sha1::{Digest, Sha1};

use crate::auth::same;

mod apr1;

/// A hash with what it takes to compute it again. Made once, so that verifying cannot fail.
#[derive(Clone)]
pub(super) struct PasswordHash {
    kind: Kind,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

/// What decides how long a hash takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bcrypt {
        cost: u32,
    },
    Apr1,
    Sha1,
    Argon2id {
        memory: u32,
        passes: u32,
        lanes: u32,
    },
}

/// Costs beyond are a mistake, or an attack on whoever verifies: bcrypt 17 takes seconds (it is
/// the most that `htpasswd` makes), and argon2 holds its memory, in KiB, for each login.
const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=17;
const ARGON2_MEMORY: u32 = 1 << 20;
const ARGON2_PASSES: u32 = 64;

/// bcrypt's own alphabet; its encoders leave what they like in the last bits of a salt.
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

impl PasswordHash {
    /// Reads what stands behind the colon, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<PasswordHash, &'static str> {
        let fields: Vec<&str> = text.split('$').collect();
        match fields[..] {
            ["", "2a" | "2b" | "2y", cost, rest] => PasswordHash::bcrypt(cost, rest),
            ["", "apr1", salt, digest] => PasswordHash::apr1(salt, digest),
            ["", "argon2id", "v=19", parameters, salt, digest] => {
                PasswordHash::argon2id(parameters, salt, digest)
            }
            ["", "2x", ..] => Err("bcrypt of the broken kind $2x$"),
            ["", "1" | "5" | "6" | "7" | "y", ..] => Err("a hash of crypt"),
            [""] => Err("no password"),
            ["", ..] => Err("a hash of an unknown or malformed kind"),
            _ => match text.strip_prefix("{SHA}") {
                Some(digest) => PasswordHash::sha1(digest),
                None if text.starts_with('{') => Err("a hash of an unknown kind"),
                None => Err("a password in plain text, or a hash of crypt"),
            },
        }
    }

    fn bcrypt(cost: &str, rest: &str) -> Result<PasswordHash, &'static str> {
        const MALFORMED: &str = "a malformed hash of bcrypt";
        let cost = number(cost).filter(|cost| BCRYPT_COST.contains(cost));
        let cost = cost.ok_or("a hash of bcrypt whose cost is not from 4 to 17")?;
        let (salt, digest) = rest.split_at_checked(22).ok_or(MALFORMED)?;
        let salt = decode(&BCRYPT_BASE64, salt).ok_or(MALFORMED)?;
        let digest = decode(&BCRYPT_BASE64, digest).ok_or(MALFORMED)?;
        PasswordHash::of(Kind::Bcrypt { cost }, salt, digest, 23).ok_or(MALFORMED)
    }

    fn apr1(salt: &str, digest: &str) -> Result<PasswordHash, &'static str> {
        const MALFORMED: &str = "a malformed hash of apr1";
        if salt.is_empty() || salt.len() > 8 {
            return Err(MALFORMED);
        }
        let digest = apr1::decode(digest).ok_or(MALFORMED)?;
        PasswordHash::of(Kind::Apr1, salt.into(), digest.to_vec(), 16).ok_or(MALFORMED)
    }

    fn sha1(digest: &str) -> Result<PasswordHash, &'static str> {
        const MALFORMED: &str = "a malformed hash of SHA-1";
        let digest = decode(&BASE64_STANDARD, digest).ok_or(MALFORMED)?;
        PasswordHash::of(Kind::Sha1, Vec::new(), digest, 20).ok_or(MALFORMED)
    }

    fn argon2id(parameters: &str, salt: &str, digest: &str) -> Result<PasswordHash, &'static str> {
        const MALFORMED: &str = "a malformed hash of argon2id";
        let parameters: Vec<&str> = parameters.split(',').collect();
        let [memory, passes, lanes] = parameters[..] else {
            return Err(MALFORMED);
        };
        let value = |text: &str, name| number(text.strip_prefix(name)?);
        let memory = value(memory, "m=").ok_or(MALFORMED)?;
        let passes = value(passes, "t=").ok_or(MALFORMED)?;
        let lanes = value(lanes, "p=").ok_or(MALFORMED)?;
        if memory > ARGON2_MEMORY || passes > ARGON2_PASSES {
            return Err("a hash of argon2id that takes more than 1 GiB or 64 passes");
        }
        let salt = decode(&BASE64_STANDARD_NO_PAD, salt).ok_or(MALFORMED)?;
        let digest = decode(&BASE64_STANDARD_NO_PAD, digest).ok_or(MALFORMED)?;
        let length = digest.len();
        let kind = Kind::Argon2id {
            memory,
            passes,
            lanes,
        };
        if !(argon2::MIN_SALT_LEN..=64).contains(&salt.len())
            || !(16..=64).contains(&length)
            || Params::new(memory, passes, lanes, Some(length)).is_err()
        {
            return Err(MALFORMED);
        }
        PasswordHash::of(kind, salt, digest, length).ok_or(MALFORMED)
    }

    fn of(kind: Kind, salt: Vec<u8>, digest: Vec<u8>, length: usize) -> Option<PasswordHash> {
        (digest.len() == length).then_some(PasswordHash { kind, salt, digest })
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// One that costs the same and that no password is known for.
    pub(super) fn dummy(&self) -> Result<PasswordHash, getrandom::Error> {
        let mut dummy = self.clone();
        getrandom::fill(&mut dummy.salt)?;
        getrandom::fill(&mut dummy.digest)?;
        Ok(dummy)
    }

    /// Whether it is the hash of `password`. Slow, on purpose.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        same(&self.digest, &self.compute(password)).into()
    }

    fn compute(&self, password: &[u8]) -> Vec<u8> {
        match self.kind {
            Kind::Bcrypt { cost } => bcrypt(cost, &self.salt, password),
            Kind::Apr1 => apr1::digest(&self.salt, password).to_vec(),
            Kind::Sha1 => Sha1::digest(password).to_vec(),
            Kind::Argon2id {
                memory,
                passes,
                lanes,
            } => {
                let mut digest = vec![0; self.digest.len()];
                let parameters = Params::new(memory, passes, lanes, Some(digest.len()))
                    .expect("they were tried when the hash was read");
                Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, parameters)
                    .hash_password_into(password, &self.salt, &mut digest)
                    .expect("the lengths of salt and digest were checked when the hash was read");
                digest
            }
        }
    }
}

/// The C string that bcrypt hashes: ended by a zero, cut after 72 bytes.
fn bcrypt(cost: u32, salt: &[u8], password: &[u8]) -> Vec<u8> {
    let mut text = password.to_vec();
    text.push(0);
    text.truncate(72);
    let salt = salt.try_into().expect("22 characters are 16 bytes");
    // The last byte of the 24 is not part of the hash, by an old oversight.
    bcrypt::bcrypt(cost, salt, &text)[..23].to_vec()
}

/// Digits alone: no sign, which `parse` would take.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn decode(engine: &GeneralPurpose, text: &str) -> Option<Vec<u8>> {
    engine.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // From the programs that make them: `htpasswd -nbB -C 4`, `-nbm`, `-nbs`, and `argon2 -id`.
    const SHA1: &str = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";

    #[test]
    fn hashes_that_cannot_be_verified_safely_are_refused() {
        for (text, problem) in [
            ("", "no password"),
            ("password", "plain text"),
            ("rqXexS6ZhobKA", "crypt"),
            ("$1$abcdefgh$irWbblnpmw.5z7wgBnprh0", "crypt"),
            ("$5$salt$hash", "crypt"),
            ("$6$salt$hash", "crypt"),
            ("$y$j9T$salt$hash", "crypt"),
            ("$2x$05$abc", "$2x$"),
            (
                "$2y$18$c4wUFdGJaz.qGLnSWmxOpe0Aq5wHJoIBJg8XWvd3kNn0pWn2C0M7q",
                "cost",
            ),
            (
                "$2y$03$c4wUFdGJaz.qGLnSWmxOpe0Aq5wHJoIBJg8XWvd3kNn0pWn2C0M7q",
                "cost",
            ),
            (
                "$2y$+5$c4wUFdGJaz.qGLnSWmxOpe0Aq5wHJoIBJg8XWvd3kNn0pWn2C0M7q",
                "cost",
            ),
            ("$2y$05$c4wUFdGJaz.qGLnSWmxOpe", "malformed"),
            (
                "$2y$05$c4wUFdGJaz.qGLnSWmxOpe0Aq5wHJoIBJg8XWvd3kNn0pWn2C0M7q0",
                "malformed",
            ),
            ("$2y$05$éééééééééééééééééééééé", "malformed"),
            ("$apr1$$abcdefghijklmnopqrstuv", "malformed"),
            ("$apr1$ninechars$abcdefghijklmnopqrstuv", "malformed"),
            ("$apr1$salt$short", "malformed"),
            ("{SHA}", "malformed"),
            ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g", "malformed"),
            ("{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "unknown"),
            (
                "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                "unknown",
            ),
            (
                "$argon2id$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                "unknown",
            ),
            (
                "$argon2id$v=19$m=2000000,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                "1 GiB",
            ),
            (
                "$argon2id$v=19$m=64,t=65,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                "passes",
            ),
            (
                "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                "malformed",
            ),
            (
                "$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                "malformed",
            ),
            (
                "$argon2id$v=19$m=64,t=1,p=1$c2hvcnQ$aGFzaGhhc2hoYXNoaGFzaA",
                "malformed",
            ),
            (
                "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$dGlueQ",
                "malformed",
            ),
        ] {
            let refused = PasswordHash::parse(text).map(|hash| hash.kind());
            let refused = refused.expect_err(text);
            assert!(refused.contains(problem), "{text}: {refused}");
        }
    }

    #[test]
    fn a_hash_matches_its_password_alone() {
        let hash = PasswordHash::parse(SHA1).expect("a hash");
        assert!(hash.matches(b"password"));
        for wrong in ["", "Password", "password "] {
            assert!(!hash.matches(wrong.as_bytes()), "{wrong:?}");
        }
    }

    #[test]
    fn a_dummy_costs_what_its_model_costs_and_matches_nothing() {
        let hash = PasswordHash::parse(SHA1).expect("a hash");
        let dummy = hash.dummy().expect("random bytes");
        assert_eq!(dummy.kind(), hash.kind());
        assert_eq!(dummy.digest.len(), hash.digest.len());
        assert_ne!(dummy.digest, hash.digest);
        assert!(!dummy.matches(b"password"));
    }
}
