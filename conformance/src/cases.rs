//! All cases, in groups.

use crate::{Case, mount_table};

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
    ]
    .into_iter()
    .flatten()
    .collect()
}
