//! What a token must claim: [`Rules`].

use std::time::{SystemTime, UNIX_EPOCH};

use super::{claims::Claims, header::Header, refused::Refused};

#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) issuers: Vec<String>,
    pub(super) audiences: Vec<String>,
    pub(super) typ: Option<String>,
    /// In seconds.
    pub(super) leeway: u64,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            issuers: Vec::new(),
            audiences: Vec::new(),
            typ: None,
            leeway: 30,
        }
    }
}

impl Rules {
    pub(super) fn check_type(&self, header: &Header) -> Result<(), Refused> {
        match (&self.typ, &header.typ) {
            (None, _) => Ok(()),
            (Some(wanted), Some(given)) if same_type(wanted, given) => Ok(()),
            (Some(_), _) => Err(Refused::Type),
        }
    }

    pub(super) fn check(&self, claims: &Claims, now: u64) -> Result<(), Refused> {
        let expires = claims.time("exp")?.ok_or(Refused::Claim("exp"))?;
        let not_before = claims.time("nbf")?.unwrap_or(0);
        // It decides nothing, but a token that has it wrong is not to be trusted with the rest.
        claims.time("iat")?;
        if now >= expires.saturating_add(self.leeway) {
            return Err(Refused::Expired);
        }
        if now.saturating_add(self.leeway) < not_before {
            return Err(Refused::TooEarly);
        }
        self.check_issuer(claims.text("iss")?)?;
        self.check_audience(claims.texts("aud")?)
    }

    fn check_issuer(&self, issuer: Option<&str>) -> Result<(), Refused> {
        let known = |issuer| self.issuers.iter().any(|known| known == issuer);
        let good = self.issuers.is_empty() || issuer.is_some_and(known);
        good.then_some(()).ok_or(Refused::Issuer)
    }

    /// A token for somebody must be for this service; one for nobody in particular will do only
    /// where this service has no name.
    fn check_audience(&self, given: Option<Vec<&str>>) -> Result<(), Refused> {
        let named = |audience: &&str| self.audiences.iter().any(|own| own == audience);
        let good = match given {
            Some(given) => given.iter().any(named),
            None => self.audiences.is_empty(),
        };
        good.then_some(()).ok_or(Refused::Audience)
    }
}

/// Media types without their `application/`, in any case (RFC 7515, section 4.1.9).
fn same_type(one: &str, other: &str) -> bool {
    let short = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/")
            .map_or(typ.clone(), str::to_owned)
    };
    short(one) == short(other)
}

/// Seconds since 1970. A clock that is before it is broken; then every token has expired.
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(u64::MAX, |now| now.as_secs())
}
