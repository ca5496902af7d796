//! The process's environment as variables of a request.

use std::{ffi::OsString, os::unix::ffi::OsStringExt};

use enfilade_core::HostError;

use crate::gateway::{BadRequest, Variables};

/// The variables of the environment.
pub(super) fn variables(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Variables, BadRequest> {
    let mut variables = Variables::new();
    for (name, value) in environment {
        variables.push(name.into_vec(), value.into_vec())?;
    }
    Ok(variables)
}

/// Refuses an environment that is not that of a request, or in which an answer would not be taken
/// for one. A request that is too large is none of these: it can be answered.
pub(super) fn check(
    variables: Result<Variables, BadRequest>,
) -> Result<Result<Variables, BadRequest>, HostError> {
    let variables = match variables {
        Ok(variables) => variables,
        Err(refused) => return Ok(Err(refused)),
    };
    let interface = variables.get("GATEWAY_INTERFACE");
    if !interface.is_some_and(|interface| interface.starts_with(b"CGI/")) {
        return Err(HostError::new(
            "GATEWAY_INTERFACE is not set to CGI, so no web server has started this program; put \
             it where the web server looks for CGI programs",
        ));
    }
    for name in ["SCRIPT_NAME", "SCRIPT_FILENAME"] {
        let script = variables.get(name).map_or(&b""[..], |name| name);
        let file = script.rsplit(|byte| *byte == b'/').next();
        if file.is_some_and(|file| file.starts_with(b"nph-")) {
            return Err(HostError::new(
                "the name of this program begins with nph-, so the web server would send its \
                 answer to the client as it is; rename it",
            ));
        }
    }
    Ok(Ok(variables))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(sent: &[(&str, &str)]) -> Result<Result<Variables, BadRequest>, HostError> {
        let sent = sent.iter().map(|(name, value)| (name.into(), value.into()));
        check(variables(sent))
    }

    #[test]
    fn a_program_that_no_web_server_has_started_says_so() {
        let error = checked(&[("REQUEST_METHOD", "GET")]).expect_err("no web server");
        assert!(error.to_string().contains("GATEWAY_INTERFACE"), "{error}");
        assert!(checked(&[("GATEWAY_INTERFACE", "CGI/1.1")]).is_ok());
    }

    #[test]
    fn a_name_by_which_the_answer_would_not_be_parsed_is_refused() {
        for (name, script) in [
            ("SCRIPT_NAME", "/cgi-bin/nph-app"),
            ("SCRIPT_FILENAME", "/usr/lib/cgi-bin/nph-app"),
        ] {
            let sent = [("GATEWAY_INTERFACE", "CGI/1.1"), (name, script)];
            let error = checked(&sent).expect_err("nph");
            assert!(error.to_string().contains("rename it"), "{error}");
        }
        let sent = [
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("SCRIPT_NAME", "/nph-x/app"),
        ];
        assert!(checked(&sent).is_ok());
    }

    #[test]
    fn a_request_that_is_too_large_is_left_to_be_answered() {
        let value = "x".repeat(200_000);
        let checked = checked(&[("HTTP_X", &value)]).expect("to be answered");
        assert_eq!(checked.err(), Some(BadRequest::TooLarge));
    }
}
