//! What can be spoken on a socket: [`Kind`].

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

    /// The error where this program was built without it.
    #[cfg_attr(
        all(
            unix,
            feature = "server",
            feature = "fastcgi",
            feature = "scgi",
            feature = "uwsgi"
        ),
        allow(dead_code, reason = "nothing is missing")
    )]
    pub(super) fn missing(self) -> HostError {
        let feature = match self {
            Kind::Http => "server",
            other => other.name(),
        };
        missing(self.name(), feature)
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
        for (kind, feature) in [(Kind::Http, "server"), (Kind::Scgi, "scgi")] {
            let error = kind.missing().to_string();
            let advice = format!("switch on the feature `{feature}` of `enfilade`");
            assert!(error.contains(&advice), "{error}");
        }
    }
}
