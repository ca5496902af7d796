//! What an Authorizer says (FastCGI 1.0, section 6.3): [`Verdict`].

use enfilade_core::Response;
use http::StatusCode;

/// A request may pass, and these variables go with it.
pub(crate) struct Verdict<'a>(&'a Response);

/// What the names of fields begin with that become variables, as [`http`] writes it.
const PREFIX: &str = "variable-";

impl Verdict<'_> {
    /// A response with status 200 lets pass. Any other is the answer to the client.
    pub(crate) fn passing(response: &Response) -> Option<Verdict<'_>> {
        (response.status() == StatusCode::OK).then_some(Verdict(response))
    }

    /// The head that says so: the variables and nothing else, since web servers ignore the rest
    /// or, worse, do not.
    ///
    /// Web servers take names as they are written, and variables have capitals and no hyphens.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = b"Status: 200 OK\r\n".to_vec();
        for (name, value) in self.0.headers() {
            let Some(name) = name.as_str().strip_prefix(PREFIX) else {
                continue;
            };
            head.extend_from_slice(b"Variable-");
            head.extend(name.bytes().map(|byte| match byte {
                b'-' => b'_',
                other => other.to_ascii_uppercase(),
            }));
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

#[cfg(test)]
mod tests {
    use enfilade_core::IntoResponse;

    use super::*;

    fn head(response: impl IntoResponse) -> Option<String> {
        let response = response.into_response();
        let verdict = Verdict::passing(&response)?;
        Some(String::from_utf8_lossy(&verdict.head()).into_owned())
    }

    #[test]
    fn a_200_lets_pass_with_its_variables_and_nothing_else() {
        let fields = [
            ("variable-remote-user", "ada"),
            ("Variable-TENANT", "blue"),
            ("set-cookie", "a=1"),
            ("location", "/elsewhere"),
        ];
        assert_eq!(
            head((fields, "a body")).as_deref(),
            Some("Status: 200 OK\r\nVariable-REMOTE_USER: ada\r\nVariable-TENANT: blue\r\n\r\n")
        );
        assert_eq!(head("").as_deref(), Some("Status: 200 OK\r\n\r\n"));
    }

    #[test]
    fn any_other_status_does_not() {
        for status in [201, 204, 206, 304, 401, 403, 500] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(
                head((status, [("variable-remote-user", "ada")], "")),
                None,
                "{status}"
            );
        }
    }
}
