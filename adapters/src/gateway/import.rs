//! What the operator says about the web server in front: [`Import`].

use enfilade_core::PathPolicy;

/// What of a web server's word is taken, and how: the operator's choices.
///
/// By default the app stands at the root, whatever `SCRIPT_NAME` says, and `REMOTE_USER` is not
/// looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    pub(super) split: Split,
    pub(super) remote_user: bool,
}

/// Where a path is split into script name and path info.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Split {
    /// Nothing was declared: it is the root, unless the host knows better.
    #[default]
    Undeclared,
    Root,
    /// A canonical prefix.
    At(String),
    ScriptName,
}

impl Import {
    /// The default: see the options.
    #[must_use]
    pub const fn new() -> Import {
        Import {
            split: Split::Undeclared,
            remote_user: false,
        }
    }

    /// The app stands below `prefix`, such as `/shop`: in a path that begins with it, as whole
    /// segments, it is the script name. Any other path has no script name. By default the app
    /// stands at the root.
    ///
    /// The path is that of the request as the client sent it. So the split is the same behind every
    /// web server, however it sets `SCRIPT_NAME`, which most do not set to a prefix at all.
    ///
    /// # Panics
    ///
    /// Unless `prefix` is empty or `/`, which is the root, or a canonical path (see [`PathPolicy`])
    /// without a slash at its end.
    #[must_use]
    #[track_caller]
    pub fn with_mount(mut self, prefix: &str) -> Import {
        if matches!(prefix, "" | "/") {
            self.split = Split::Root;
            return self;
        }
        let is_canonical = PathPolicy::Strict.apply(prefix).is_ok();
        assert!(
            is_canonical && !prefix.ends_with('/'),
            "a mount is a canonical path without a slash at its end, such as /shop, and not {prefix:?}"
        );
        self.split = Split::At(prefix.to_owned());
        self
    }

    /// Takes the web server's `SCRIPT_NAME` for the prefix below which the app stands, where the
    /// path begins with it as whole segments. By default it is not looked at, except by the CGI
    /// host, where it is the URL of the program.
    ///
    /// Say this only of a web server that sets it to a prefix: Apache with `ProxyPass uwsgi:` or
    /// mod_fcgid, nginx with `fastcgi_split_path_info`, HAProxy with `path-info`. Others send the
    /// whole path, and lighttpd lets the client choose where it ends.
    #[must_use]
    pub fn with_script_name(mut self) -> Import {
        self.split = Split::ScriptName;
        self
    }

    /// The same, unless a mount was declared, be it the root: for hosts whose protocol says that
    /// `SCRIPT_NAME` is the prefix.
    #[must_use]
    pub fn or_script_name(self) -> Import {
        match self.split {
            Split::Undeclared => self.with_script_name(),
            Split::Root | Split::At(_) | Split::ScriptName => self,
        }
    }

    /// Trusts `REMOTE_USER`: the request gets a [`User`](enfilade_core::User). By default it is not
    /// looked at.
    ///
    /// Say this only where the web server has checked the password. nginx with the stock
    /// `fastcgi_params` of Debian, and HAProxy, send whatever name the client wrote into its
    /// `Authorization` field.
    #[must_use]
    pub const fn with_remote_user(mut self) -> Import {
        self.remote_user = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_root_stays_the_root_whatever_the_host_knows() {
        let root = Import::new().with_mount("/");
        assert_eq!(Import::new().with_mount("/a").with_mount(""), root);
        assert_eq!(root.clone().or_script_name(), root);
        let script_name = Import::new().with_script_name();
        assert_eq!(Import::new().or_script_name(), script_name);
    }

    #[test]
    fn a_mount_that_no_path_begins_with_is_refused_when_it_is_declared() {
        for prefix in ["a", "/a/", "//", "/a/..", "/%7e", "/a b", "/é"] {
            let declared = std::panic::catch_unwind(|| Import::new().with_mount(prefix));
            assert!(declared.is_err(), "{prefix:?}");
        }
    }
}
