//! A host at work: [`Running`].

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    time::Duration,
};

use enfilade_adapters::FastCgi;
use enfilade_core::{App, ErrorSink};
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle};

use crate::client::Client;

/// Long enough for whatever must happen, on a machine with other things to do.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A host that runs until it is dropped or stopped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    errors: Arc<Lines>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl ErrorSink for Lines {
    fn report(&self, line: &str) {
        self.0.lock().expect("lines").push(line.to_owned());
    }
}

impl Running {
    pub(crate) fn start(app: impl App + 'static) -> Running {
        Running::start_with(|host| host, app)
    }

    pub(crate) fn start_with(
        options: impl FnOnce(FastCgi) -> FastCgi,
        app: impl App + 'static,
    ) -> Running {
        let errors = Arc::new(Lines::default());
        let (stop, stopped) = oneshot::channel();
        let sink = Arc::clone(&errors);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let host = FastCgi::bind(listener)
            .with_error_sink(Sink(sink))
            .with_announcement(|_| {})
            .with_shutdown(async {
                // A host that is not stopped runs as long as its test.
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
            });
        let host = options(host);
        let served = tokio::spawn(async move {
            host.serve(app).await.expect("served");
        });
        Running {
            address,
            errors,
            stop: Some(stop),
            served,
        }
    }

    pub(crate) async fn connect(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(self.address).await.expect("connected");
        Client::new(stream)
    }

    /// What was reported to the host, and not to the web server.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.0.lock().expect("lines").clone()
    }

    /// Tells the host to stop, without waiting for it.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).expect("the host runs");
        }
    }

    pub(crate) async fn stopped(&mut self) {
        tokio::time::timeout(SOON, &mut self.served)
            .await
            .expect("it stops")
            .expect("it did not panic");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.served.abort();
    }
}

struct Sink(Arc<Lines>);

impl ErrorSink for Sink {
    fn report(&self, line: &str) {
        self.0.report(line);
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SOON, waiting)
        .await
        .expect("it happens");
}
