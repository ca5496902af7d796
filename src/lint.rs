//! Whether what [`run`](crate::run()) serves is watched by a lint: `ENFILADE_LINT`.

use std::{env::VarError, ffi::OsString};

use enfilade_core::{App, BoxApp, HostError, Pipeline, lint::Lint};

const LINT: &str = "ENFILADE_LINT";

/// Whether a lint is wanted: as the environment says, else in debug builds.
pub(crate) fn is_wanted() -> Result<bool, HostError> {
    read(std::env::var(LINT))
}

/// `app` behind a lint. Erased, for this is not what is measured, and it is compiled in every time.
pub(crate) fn watched(app: impl App + 'static) -> BoxApp {
    Pipeline::new().with(Lint::reporting()).app(app).boxed()
}

fn read(value: Result<String, VarError>) -> Result<bool, HostError> {
    let wrong = |value: OsString| {
        HostError::new(format!(
            "{LINT} is {value:?}; write 1, so that breaches of the rule book are reported, or 0"
        ))
    };
    match value.as_deref() {
        Ok("1") => Ok(true),
        Ok("0") => Ok(false),
        Ok(other) => Err(wrong(other.into())),
        Err(VarError::NotPresent) => Ok(cfg!(debug_assertions)),
        Err(VarError::NotUnicode(other)) => Err(wrong(other.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_says_what_to_write() {
        for value in ["", "yes", "on", "2", " 1"] {
            let error = read(Ok(value.into())).expect_err(value).to_string();
            assert!(
                error.contains("write 1, ") && error.contains("or 0"),
                "{error}"
            );
        }
    }

    #[test]
    fn the_default_is_that_of_the_build() {
        assert!(read(Ok("1".into())).expect("a value"));
        assert!(!read(Ok("0".into())).expect("a value"));
        let unset = read(Err(VarError::NotPresent)).expect("no value");
        assert_eq!(unset, cfg!(debug_assertions));
    }
}
