//! What can be spoken on a socket: [`Kind`].

use std::fmt;

use enfilade_core::HostError;

/// A protocol that is spoken on sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Http,
    FastCgi,
    Scgi,
    Uwsgi,
}

impl Kind {
    pub(super) const ALL: [Kind; 4] = [Kind::Http, Kind::FastCgi, Kind::Scgi, Kind::Uwsgi];

    /// As it is written.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Http => "http",
            Kind::FastCgi => "fastcgi",
            Kind::Scgi => "scgi",
            Kind::Uwsgi => "uwsgi",
        }
    }

    /// That which a socket is named after: `scgi`, `scgi-2`, `scgi.socket`. Others speak HTTP.
    pub(super) fn of_socket(name: &str) -> Kind {
        let named = |kind: &Kind| {
            let suffix = name.strip_prefix(kind.name());
            suffix.is_some_and(|suffix| !suffix.starts_with(|c: char| c.is_ascii_alphabetic()))
        };
        Kind::ALL.into_iter().find(named).unwrap_or(Kind::Http)
    }

    const fn is_compiled(self) -> bool {
        match self {
            Kind::Http => cfg!(feature = "server"),
            Kind::FastCgi => cfg!(all(unix, feature = "fastcgi")),
            Kind::Scgi => cfg!(all(unix, feature = "scgi")),
            Kind::Uwsgi => cfg!(all(unix, feature = "uwsgi")),
        }
    }

    /// Refuses a protocol that this program was built without.
    pub(super) fn check(self) -> Result<(), HostError> {
        if self.is_compiled() {
            return Ok(());
        }
        let feature = match self {
            Kind::Http => "server",
            other => other.name(),
        };
        Err(missing(self.name(), feature))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error where `what` is asked for, and `feature` is off.
pub(super) fn missing(what: &str, feature: &str) -> HostError {
    HostError::new(format!(
        "{what} is asked for, and this program was built without it: switch on the feature \
         `{feature}` of `enfilade`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_speaks_what_it_is_named_after() {
        for (name, kind) in [
            ("http", Kind::Http),
            ("fastcgi", Kind::FastCgi),
            ("fastcgi-admin", Kind::FastCgi),
            ("fastcgi.socket", Kind::FastCgi),
            ("scgi2", Kind::Scgi),
            ("uwsgi_", Kind::Uwsgi),
            ("fastcgist", Kind::Http),
            ("site.socket", Kind::Http),
            ("unknown", Kind::Http),
            ("", Kind::Http),
        ] {
            assert_eq!(Kind::of_socket(name), kind, "{name}");
        }
    }

    #[test]
    fn what_is_missing_says_how_to_have_it() {
        for kind in Kind::ALL {
            match kind.check() {
                Ok(()) => assert!(kind.is_compiled()),
                Err(error) => assert!(error.to_string().contains("switch on the feature `")),
            }
        }
        let error = missing("scgi", "scgi").to_string();
        assert!(error.contains("the feature `scgi` of `enfilade`"), "{error}");
    }
}
