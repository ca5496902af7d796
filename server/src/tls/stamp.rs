//! Whether files have changed: [`Stamp`].

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What tells that a file is another one than before: when it was written, and how long it is. A
/// file that is not there differs from any that is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(Vec<(PathBuf, Option<(SystemTime, u64)>)>);

impl Stamp {
    pub(super) fn of<'a>(paths: impl Iterator<Item = &'a Path>) -> Stamp {
        let state = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        Stamp(paths.map(|path| (path.to_owned(), state(path))).collect())
    }
}
