//! Passwords that were verified a moment ago: [`Recent`].

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Remembers which passwords were verified a moment ago, as the client sends its password with
/// every request and a slow hash for every request would be the end of both.
///
/// What is kept is a MAC of user and password under a random key that lives as long as this: of
/// use to nobody who has not the process's whole memory. Wrong passwords are not remembered, so
/// guessing stays as slow as it was.
pub(super) struct Recent {
    key: [u8; 32],
    verified: Mutex<HashMap<Fingerprint, Instant>>,
}

pub(super) type Fingerprint = [u8; 32];

/// For how long: counted from the verification, not from the last use.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How many: 48 KiB or so.
const CAPACITY: usize = 1024;

impl Recent {
    pub(super) fn new() -> Result<Recent, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Recent {
            key,
            verified: Mutex::default(),
        })
    }

    pub(super) fn fingerprint(&self, user: &str, password: &str) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any key will do for HMAC");
        // A user's name has no zeros, so the zero ends it.
        mac.update(user.as_bytes());
        mac.update(&[0]);
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whoever does not have the key cannot choose fingerprints, so what the time of the look-up
    /// tells of them is of no use.
    pub(super) fn knows(&self, fingerprint: &Fingerprint, now: Instant) -> bool {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified
            .get(fingerprint)
            .is_some_and(|&since| now.duration_since(since) < LIFETIME)
    }

    pub(super) fn remember(&self, fingerprint: Fingerprint, now: Instant) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= CAPACITY {
            verified.retain(|_, since| now.duration_since(*since) < LIFETIME);
        }
        if verified.len() >= CAPACITY {
            let oldest = verified.iter().min_by_key(|(_, since)| **since);
            if let Some(oldest) = oldest.map(|(fingerprint, _)| *fingerprint) {
                verified.remove(&oldest);
            }
        }
        verified.insert(fingerprint, now);
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recent")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_one_user_one_password_and_one_instance() {
        let recent = Recent::new().expect("random bytes");
        let one = recent.fingerprint("alice", "secret");
        assert_eq!(one, recent.fingerprint("alice", "secret"));
        assert_ne!(one, recent.fingerprint("alices", "ecret"));
        assert_ne!(one, recent.fingerprint("bob", "secret"));
        let other = Recent::new().expect("random bytes");
        assert_ne!(one, other.fingerprint("alice", "secret"));
    }

    #[test]
    fn what_was_verified_is_forgotten_in_time() {
        let recent = Recent::new().expect("random bytes");
        let (one, now) = ([1; 32], Instant::now());
        assert!(!recent.knows(&one, now));
        recent.remember(one, now);
        assert!(recent.knows(&one, now + LIFETIME - Duration::from_secs(1)));
        assert!(!recent.knows(&one, now + LIFETIME));
    }

    #[test]
    fn the_memory_is_bounded_and_the_oldest_goes_first() {
        let recent = Recent::new().expect("random bytes");
        let start = Instant::now();
        let nth = |n: usize| {
            let mut fingerprint = [0; 32];
            fingerprint[..8].copy_from_slice(&n.to_le_bytes());
            (fingerprint, start + Duration::from_millis(n as u64))
        };
        for n in 0..CAPACITY + 10 {
            let (fingerprint, now) = nth(n);
            recent.remember(fingerprint, now);
        }
        let kept = recent.verified.lock().map(|verified| verified.len());
        assert_eq!(kept.ok(), Some(CAPACITY));
        assert!(!recent.knows(&nth(9).0, start + Duration::from_secs(2)));
        assert!(recent.knows(&nth(10).0, start + Duration::from_secs(2)));
    }
}
