//! All cases, in groups.

use crate::{Case, Feature, mount_table};

mod answers;
mod apps;
mod bodiless;
mod connections;
mod ends;
mod environ;
mod fields;
mod hints;
mod malformed;
mod paths;
mod streams;
mod uploads;

pub(crate) use paths::is_lost_decoded;

/// The case that is tried when the host has ended.
pub(crate) const STOP: &str = "callbacks-run-once-and-in-reverse-at-the-stop";

/// All cases, in the order of the matrix.
#[must_use]
pub fn all() -> Vec<Case> {
    [
        environ::cases(),
        paths::cases(),
        fields::cases(),
        malformed::cases(),
        uploads::cases(),
        answers::cases(),
        bodiless::cases(),
        streams::cases(),
        ends::cases(),
        connections::cases(),
        hints::cases(),
        mount_table::cases(),
        vec![Case::new(STOP, &["H49"]).needs(&[Feature::Stop])],
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_case_has_a_name_of_its_own_that_is_a_segment_and_cites_a_rule() {
        let mut names = BTreeSet::new();
        for case in all() {
            let name = case.name().to_owned();
            let is_plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(name.bytes().all(is_plain), "{name}");
            assert!(!case.rules().is_empty(), "{name} cites no rule");
            assert!(names.insert(name.clone()), "{name} is there twice");
        }
        assert!(names.len() > 220, "{}", names.len());
    }
}
