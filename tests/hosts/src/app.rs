//! The kit's app, behind a web server.

use std::{future::pending, io};

use enfilade_adapters::{FastCgi, Scgi, Uwsgi, gateway::Import};
use enfilade_conformance::Kit;
use enfilade_core::HostError;
use enfilade_server::{Listen, Server};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{Door, Front, Protocol};

/// Serves the kit's app where `front` expects that of `door`, below `prefix`, for as long as the task
/// runs. Where the web server starts the app itself, nothing is to be served.
///
/// # Errors
///
/// If the host does not start.
pub async fn serve(
    kit: &Kit,
    front: &Front,
    door: &Door,
    prefix: &str,
) -> io::Result<Option<JoinHandle<()>>> {
    let Some(place) = front.place(door.protocol) else {
        return Ok(None);
    };
    let (app, import) = (kit.app(), import(door, prefix));
    let (ready, listening) = oneshot::channel();
    // Web servers have workers of another user.
    const MODE: u32 = 0o666;
    macro_rules! backend {
        ($host:ident) => {
            tokio::spawn(ended(
                $host::bind(enfilade_adapters::Listen::at(place).with_mode(MODE))
                    .with_import(import)
                    .with_shutdown(pending())
                    .with_announcement(|_| _ = ready.send(()))
                    .serve(app),
            ))
        };
    }
    let serving = match door.protocol {
        Protocol::Http => tokio::spawn(ended(
            Server::bind(Listen::at(place).with_mode(MODE))
                .with_shutdown(pending())
                .with_announcement(|_| _ = ready.send(()))
                .serve(app),
        )),
        Protocol::Scgi => backend!(Scgi),
        Protocol::Uwsgi => backend!(Uwsgi),
        Protocol::FastCgi => backend!(FastCgi),
        Protocol::Cgi | Protocol::FastCgiSpawned => return Ok(None),
    };
    match listening.await {
        Ok(()) => Ok(Some(serving)),
        Err(_) => Err(io::Error::other("the host did not start")),
    }
}

async fn ended(serving: impl Future<Output = Result<(), HostError>>) {
    if let Err(error) = serving.await {
        eprintln!("{error}");
    }
}

/// At the root, what the web server says of the prefix is not looked at. Below one, it is trusted,
/// but that of Apache by SCGI, which says the whole path.
fn import(door: &Door, prefix: &str) -> Import {
    match (prefix, door.name) {
        ("", _) => Import::new(),
        (prefix, "apache-scgi") => Import::new().with_mount(prefix),
        _ => Import::new().with_script_name(),
    }
}
