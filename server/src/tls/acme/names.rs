//! Which names a certificate can be asked for: [`check`].

use std::net::IpAddr;

use enfilade_core::HostError;
use tokio_rustls::rustls::pki_types::DnsName;

/// The names in lower case, where an authority can prove each by looking at the server.
pub(super) fn check(names: &[String]) -> Result<Vec<String>, HostError> {
    if names.is_empty() {
        return Err(HostError::new(
            "a certificate is for a name: Acme::new([\"example.org\"], ..)",
        ));
    }
    names.iter().map(|name| check_one(name)).collect()
}

fn check_one(name: &str) -> Result<String, HostError> {
    let refuse = |why: &str| {
        let message = format!("no certificate can be asked for {name:?}: {why}");
        Err(HostError::new(message))
    };
    if name.starts_with("*.") {
        return refuse(
            "a wildcard is proven by DNS alone; name each host, or give files to \
             TlsConfig::from_pem",
        );
    }
    let inner = name.trim_start_matches('[').trim_end_matches(']');
    if inner.parse::<IpAddr>().is_ok() {
        return refuse("it is an address, and not a name");
    }
    if !name.is_ascii() {
        return refuse("write it as DNS does, with xn--");
    }
    if name.ends_with('.') || DnsName::try_from(name).is_err() {
        return refuse("it is no name of a host, such as www.example.org");
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> String {
        let error = check(&[name.to_owned()]).expect_err(name);
        error.to_string()
    }

    #[test]
    fn what_no_authority_could_prove_is_told_apart() {
        for (name, why) in [
            ("*.example.org", "by DNS alone"),
            ("192.0.2.1", "an address"),
            ("2001:db8::1", "an address"),
            ("[2001:db8::1]", "an address"),
            ("bücher.example", "xn--"),
            ("", "no name of a host"),
            ("example.org.", "no name of a host"),
            ("example.org:443", "no name of a host"),
            ("https://example.org", "no name of a host"),
            ("a..b", "no name of a host"),
            ("../../etc/passwd", "no name of a host"),
            ("a/b", "no name of a host"),
        ] {
            assert!(refused(name).contains(why), "{name}: {}", refused(name));
        }
        let none = check(&[]).expect_err("there is none");
        assert!(none.to_string().contains("is for a name"), "{none}");
    }

    #[test]
    fn names_are_kept_in_lower_case() {
        let names = ["Example.ORG", "localhost"].map(str::to_owned);
        assert_eq!(check(&names).expect("names"), ["example.org", "localhost"]);
    }
}
