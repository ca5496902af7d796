//! Values by host: exact names, and suffixes behind `*.`.

use std::cmp::Ordering;

use http::header;

use crate::{Request, RequestExt};

/// Values by host. A lookup searches by halves and allocates nothing.
#[derive(Clone)]
pub(super) struct Hosts<T> {
    /// Sorted by [`order`], lower case.
    exact: Vec<(Box<str>, T)>,
    /// The same, with the dot that they begin with.
    suffixes: Vec<(Box<str>, T)>,
}

impl<T> Default for Hosts<T> {
    fn default() -> Hosts<T> {
        Hosts {
            exact: Vec::new(),
            suffixes: Vec::new(),
        }
    }
}

impl<T> Hosts<T> {
    /// The value of `host`, made where it is missing; or what is wrong with `host`.
    pub(super) fn entry(&mut self, host: &str) -> Result<&mut T, String>
    where
        T: Default,
    {
        let name = host.strip_prefix('*').unwrap_or(host);
        check(host, name)?;
        let list = if name.len() == host.len() {
            &mut self.exact
        } else {
            &mut self.suffixes
        };
        let place = position(list, name).unwrap_or_else(|place| {
            list.insert(place, (name.to_ascii_lowercase().into(), T::default()));
            place
        });
        Ok(&mut list[place].1)
    }

    /// The values for the host of `request`, the narrowest first.
    pub(super) fn of<'t>(&'t self, request: &Request) -> impl Iterator<Item = &'t T> {
        let known = !(self.exact.is_empty() && self.suffixes.is_empty());
        let host = if known { host_of(request) } else { "" };
        let exact = value(&self.exact, host).into_iter();
        let dots = host.match_indices('.');
        exact.chain(dots.filter_map(|(dot, _)| value(&self.suffixes, &host[dot..])))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (String, &T)> {
        let exact = self
            .exact
            .iter()
            .map(|(host, value)| (host.to_string(), value));
        // A longer suffix is looked at first.
        let suffixes = self.suffixes.iter().rev();
        exact.chain(suffixes.map(|(host, value)| (format!("*{host}"), value)))
    }
}

/// The host that `request` is for, without its port.
fn host_of(request: &Request) -> &str {
    let host = match request.uri().authority() {
        Some(authority) => authority.host(),
        None => {
            let mut fields = request.headers().get_all(header::HOST).iter();
            match (fields.next(), fields.next()) {
                (None, _) => &*request.environ().connection().server_name,
                // One that is no text is no name of a mount.
                (Some(field), None) => without_port(field.to_str().unwrap_or_default()),
                // Two are none: others may have gone by the other one.
                (Some(_), Some(_)) => "",
            }
        }
    };
    host.strip_suffix('.').unwrap_or(host)
}

/// `[::1]:80` is `[::1]`, `example.org:80` is `example.org`.
fn without_port(host: &str) -> &str {
    let end = match host.strip_prefix('[') {
        Some(address) => address.find(']').map(|end| end + 2),
        None => host.find(':'),
    };
    end.map_or(host, |end| &host[..end])
}

fn check(host: &str, name: &str) -> Result<(), String> {
    if !host.is_ascii() {
        return Err("a host is written in ASCII: write its `xn--` form".into());
    }
    if host == "*" {
        return Err("write no host where every host is meant".into());
    }
    if name.len() < host.len() && !name.starts_with('.') || name.contains('*') {
        return Err("`*` stands for whole labels in front: write `*.example.org`".into());
    }
    if without_port(name).len() < name.len() {
        return Err("a host is written without its port".into());
    }
    if name.ends_with('.') || name.contains("..") || host.starts_with('.') {
        return Err("a label of the host is empty".into());
    }
    Ok(())
}

fn value<'t, T>(list: &'t [(Box<str>, T)], host: &str) -> Option<&'t T> {
    position(list, host).ok().map(|place| &list[place].1)
}

fn position<T>(list: &[(Box<str>, T)], host: &str) -> Result<usize, usize> {
    list.binary_search_by(|(name, _)| order(name, host))
}

/// By length first: most comparisons then look at no byte. `host` may be in any case.
fn order(name: &str, host: &str) -> Ordering {
    let lower = host.bytes().map(|byte| byte.to_ascii_lowercase());
    let lengths = name.len().cmp(&host.len());
    lengths.then_with(|| name.bytes().cmp(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(patterns: &[&str], uri: &str, field: Option<&str>) -> Vec<String> {
        let mut hosts = Hosts::<String>::default();
        for pattern in patterns {
            *hosts.entry(pattern).expect("a host") = (*pattern).to_owned();
        }
        let mut request = Request::default();
        *request.uri_mut() = uri.parse().expect("a target");
        if let Some(field) = field {
            let field = field.parse().expect("a field");
            request.headers_mut().insert(header::HOST, field);
        }
        hosts.of(&request).cloned().collect()
    }

    #[test]
    fn the_narrowest_host_comes_first() {
        let patterns = ["*.org", "a.example.org", "*.example.org", "example.org"];
        for (field, expected) in [
            (
                "a.example.org",
                vec!["a.example.org", "*.example.org", "*.org"],
            ),
            ("b.a.example.org", vec!["*.example.org", "*.org"]),
            ("example.org", vec!["example.org", "*.org"]),
            ("badexample.org", vec!["*.org"]),
            ("org", vec![]),
            ("example.com", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(&patterns, "/", Some(field)), expected, "{field}");
        }
    }

    #[test]
    fn case_port_and_final_dot_of_a_request_do_not_count() {
        let patterns = ["Example.org", "[::1]"];
        for (field, expected) in [
            ("EXAMPLE.ORG:8080", "Example.org"),
            ("example.org.", "Example.org"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(found(&patterns, "/", Some(field)), [expected], "{field}");
        }
        for field in ["[::1", "[]", "[", ":", "::1", "\u{e9}xample.org"] {
            assert!(found(&patterns, "/", Some(field)).is_empty(), "{field}");
        }
    }

    #[test]
    fn the_target_goes_before_the_field_and_the_servers_name_comes_last() {
        let patterns = ["a.org", "b.org", "localhost"];
        let target = "http://user@a.org:80/";
        assert_eq!(found(&patterns, target, Some("b.org")), ["a.org"]);
        assert_eq!(found(&patterns, "/", Some("b.org")), ["b.org"]);
        assert_eq!(found(&patterns, "/", None), ["localhost"]);
    }

    #[test]
    fn two_host_fields_name_no_host() {
        let mut hosts = Hosts::<u8>::default();
        hosts.entry("a.org").expect("a host");
        let mut request = Request::default();
        for field in ["a.org", "b.org"] {
            let field = http::HeaderValue::from_static(field);
            request.headers_mut().append(header::HOST, field);
        }
        assert_eq!(hosts.of(&request).count(), 0);
    }

    #[test]
    fn a_host_that_could_never_match_is_refused() {
        for (host, says) in [
            ("*", "no host"),
            ("*example.org", "*.example.org"),
            ("a.*.org", "*.example.org"),
            ("**.org", "*.example.org"),
            ("example.org:80", "port"),
            ("*.example.org:80", "port"),
            ("[::1]:80", "port"),
            ("example.org.", "empty"),
            (".example.org", "empty"),
            ("*.", "empty"),
            ("*..org", "empty"),
            ("exämple.org", "xn--"),
        ] {
            let message = Hosts::<u8>::default().entry(host).expect_err(host);
            assert!(message.contains(says), "{host}: {message}");
        }
    }
}
