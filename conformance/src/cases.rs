//! All cases, in groups.

use crate::{Case, Feature, mount_table};

mod answers;
mod apps;
mod bodiless;
mod connections;
mod ends;
mod environ;
mod fields;
mod malformed;
mod paths;
mod streams;
mod uploads;

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
        mount_table::cases(),
        vec![Case::new(STOP, &["H49"]).needs(&[Feature::Stop])],
    ]
    .into_iter()
    .flatten()
    .collect()
}
