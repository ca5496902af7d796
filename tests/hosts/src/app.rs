//! The kit's app, behind a web server.

use std::{io, path::Path};

use enfilade_conformance::Kit;
use enfilade_server::{Listen, Server};
use tokio::task::JoinHandle;

use crate::{Front, Protocol};

/// Serves the kit's app at the socket at which `front` expects it, for as long as the task runs.
///
/// # Errors
///
/// If the socket cannot be bound.
pub fn serve(kit: &Kit, front: &Front, protocol: Protocol) -> io::Result<Option<JoinHandle<()>>> {
    let Some(socket) = front.socket(protocol) else {
        return Ok(None);
    };
    let serving = match protocol {
        Protocol::Http => http(kit, &socket)?,
        _ => return Ok(None),
    };
    front.open_to_all(protocol)?;
    Ok(Some(serving))
}

fn http(kit: &Kit, socket: &Path) -> io::Result<JoinHandle<()>> {
    let listening = Server::bind(Listen::at(socket))
        .listen()
        .map_err(io::Error::other)?;
    let app = kit.app();
    Ok(tokio::spawn(async move {
        if let Err(error) = listening.serve(app).await {
            eprintln!("{error}");
        }
    }))
}
