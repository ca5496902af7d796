//! The hosts behind web servers, each spoken to as a web server speaks.

use std::net::TcpListener;

use enfilade_adapters::{FastCgi, Listen, Scgi, Uwsgi, gateway::Import};
use enfilade_conformance::{Kit, WebServer};
use enfilade_core::{Host, Lifecycle};
use tokio::sync::oneshot;

use crate::{check, same_answers};

/// What a host is made with: where it listens, what it runs when it stops, and what stops it.
struct Start {
    listen: Listen,
    lifecycle: Lifecycle,
    stopped: oneshot::Receiver<()>,
}

/// Serves the kit's app, tries all cases, and stops the host.
async fn conforms<H: Host + Send + 'static>(
    listen: impl Into<Listen>,
    host: impl FnOnce(Start) -> H,
    target: &WebServer,
) {
    let kit = Kit::new().expect("a folder");
    let (stop, stopped) = oneshot::channel();
    let host = host(Start {
        listen: listen.into(),
        lifecycle: kit.lifecycle(),
        stopped,
    });
    let serving = tokio::spawn(host.serve(kit.app()));
    let report = kit.run(target).await;
    same_answers(&kit, target).await;
    drop(stop);
    serving.await.expect("no panic").expect("it served");
    check(kit.stopped(report));
}

macro_rules! start {
    ($host:ident) => {
        |start: Start| {
            $host::bind(start.listen)
                // The kit stands for a web server that sets it to a prefix.
                .with_import(Import::new().with_script_name())
                .with_lifecycle(start.lifecycle)
                .with_announcement(|_| ())
                .with_shutdown(async {
                    // A sender that is dropped stops the host as well.
                    let _ = start.stopped.await;
                })
        }
    };
}

fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// A process for each request: one of the package's examples, which are built with its tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_cgi() {
    let kit = Kit::new().expect("a folder");
    let own = std::env::current_exe().expect("a path");
    let examples = own.ancestors().nth(2).expect("a folder").join("examples");
    let folder = ("KIT_FOLDER".into(), kit.folder().into());
    let target = WebServer::cgi("cgi", examples.join("conformance_cgi"), [folder]);
    check(kit.run(&target).await);
    same_answers(&kit, &target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_fastcgi() {
    let port = port();
    let target = WebServer::fastcgi("fastcgi", port.local_addr().expect("a port"));
    conforms(port, start!(FastCgi), &target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_fastcgi_on_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let target = WebServer::fastcgi("fastcgi-unix", path);
    conforms(socket, start!(FastCgi), &target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_scgi() {
    let port = port();
    let target = WebServer::scgi("scgi", port.local_addr().expect("a port"));
    conforms(port, start!(Scgi), &target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_uwsgi() {
    let port = port();
    let target = WebServer::uwsgi("uwsgi", port.local_addr().expect("a port"));
    conforms(port, start!(Uwsgi), &target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_scgi_on_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    conforms(socket, start!(Scgi), &WebServer::scgi("scgi-unix", path)).await;
}
