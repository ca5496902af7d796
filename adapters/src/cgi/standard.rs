//! The standard input and output, as a reader and a writer.

use std::{fs::File, io, os::fd::AsFd};

use enfilade_core::HostError;
use tokio::fs::File as AsyncFile;

/// How many bytes go to the operating system at once, at most.
const PIECE: usize = 64 * 1024;

/// The standard input and the standard output.
///
/// They may be pipes, sockets or files, and they may be shared with other processes, so they stay
/// blocking, and are read and written on threads of their own. They are not those of the standard
/// library, which would hold the last line back.
pub(super) fn streams() -> Result<(AsyncFile, AsyncFile), HostError> {
    let input = own(io::stdin(), "input")?;
    let output = own(io::stdout(), "output")?;
    Ok((input, output))
}

fn own(stream: impl AsFd, which: &str) -> Result<AsyncFile, HostError> {
    let descriptor = stream.as_fd().try_clone_to_owned().map_err(|error| {
        HostError::new(format!("the standard {which} cannot be used")).because(error)
    })?;
    let mut file = AsyncFile::from_std(File::from(descriptor));
    file.set_max_buf_size(PIECE);
    Ok(file)
}
