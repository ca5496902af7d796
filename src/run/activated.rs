//! The sockets that systemd has opened: [`sockets`].

use std::io;

use enfilade_core::HostError;
use listenfd::ListenFd;

use super::{Kind, Place};

/// Takes them over, each for its kind. To be called once, before there are other threads: what
/// told of the sockets is removed from the environment, so that no child takes them for its own.
pub(super) fn sockets(kinds: Vec<Kind>) -> Result<Vec<(Kind, Place)>, HostError> {
    let mut sockets = ListenFd::from_env();
    let numbered = kinds.into_iter().enumerate();
    numbered
        .map(|(index, kind)| match take(&mut sockets, index) {
            Ok(Some(place)) => Ok((kind, place)),
            Ok(None) => Err(unusable(index, io::ErrorKind::NotFound.into())),
            Err(error) => Err(unusable(index, error)),
        })
        .collect()
}

fn take(sockets: &mut ListenFd, index: usize) -> io::Result<Option<Place>> {
    if let Ok(Some(listener)) = sockets.take_tcp_listener(index) {
        return Ok(Some(Place::Tcp(listener)));
    }
    let listener = sockets.take_unix_listener(index)?;
    Ok(listener.map(Place::Unix))
}

fn unusable(index: usize, error: io::Error) -> HostError {
    HostError::new(format!(
        "socket {} of systemd is no TCP or Unix socket that listens; write `ListenStream=` and \
         `Accept=no` in its unit",
        index + 1
    ))
    .because(error)
}
