//! Lambda's runtime interface of 2018-06-01, as far as a host sees it: [`Runtime`].

use std::{
    collections::HashMap,
    future::pending,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::{Mutex as AsyncMutex, mpsc},
    task::JoinSet,
};

/// What a host tells of an invocation.
pub(super) enum Told {
    Bytes(Bytes),
    /// All was told.
    End,
    /// There is no answer, or no rest of it.
    Failed,
}

/// The interface, at a port of loopback. Dropping it closes the port and all connections.
pub(super) struct Runtime {
    address: SocketAddr,
    invocations: mpsc::UnboundedSender<Invocation>,
    _accepting: JoinSet<()>,
}

/// An event, and whoever waits for what becomes of it.
struct Invocation {
    event: String,
    teller: mpsc::Sender<Told>,
}

/// What the connections share.
struct Shared {
    invocations: AsyncMutex<mpsc::UnboundedReceiver<Invocation>>,
    /// Who waits, by the identifier of the invocation.
    tellers: Mutex<HashMap<String, mpsc::Sender<Told>>>,
    count: AtomicU64,
}

impl Runtime {
    pub(super) async fn listen() -> io::Result<Runtime> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (sender, invocations) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            invocations: AsyncMutex::new(invocations),
            tellers: Mutex::default(),
            count: AtomicU64::new(0),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, shared));
        Ok(Runtime {
            address,
            invocations: sender,
            _accepting: accepting,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands `event` to whoever asks next; what is told of it comes piece by piece.
    pub(super) fn invoke(&self, event: String) -> mpsc::Receiver<Told> {
        let (teller, told) = mpsc::channel(1);
        // Where nobody accepts any more, nothing is told.
        drop(self.invocations.send(Invocation { event, teller }));
        told
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.serve(request).await }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connections.spawn(async {
            // A host that stops closes its connections, and that is no error of the kit.
            drop(connection.await);
        });
    }
}

type Reply = Response<Full<Bytes>>;

impl Shared {
    async fn serve(&self, request: Request<Incoming>) -> http::Result<Reply> {
        let path = request.uri().path().to_owned();
        match path.strip_prefix("/2018-06-01/runtime/invocation/") {
            Some("next") => return self.next().await,
            Some(rest) => {
                let (id, verb) = rest.split_once('/').unwrap_or((rest, ""));
                let teller = lock(&self.tellers).remove(id);
                return match (teller, verb) {
                    (Some(teller), "response") => {
                        relay(request.into_body(), teller).await;
                        empty(StatusCode::ACCEPTED)
                    }
                    (Some(teller), "error") => {
                        drop(teller.send(Told::Failed).await);
                        empty(StatusCode::ACCEPTED)
                    }
                    _ => empty(StatusCode::BAD_REQUEST),
                };
            }
            None => {}
        }
        match &*path {
            "/2020-01-01/extension/register" => Response::builder()
                .header("lambda-extension-identifier", "kit")
                .body(Full::default()),
            // A function that is not stopped has no event.
            "/2020-01-01/extension/event/next" => pending().await,
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    async fn next(&self) -> http::Result<Reply> {
        let Some(invocation) = self.invocations.lock().await.recv().await else {
            return empty(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let id = format!("kit-{}", self.count.fetch_add(1, Relaxed));
        lock(&self.tellers).insert(id.clone(), invocation.teller);
        Response::builder()
            .header("lambda-runtime-aws-request-id", id)
            // In the year 2100.
            .header("lambda-runtime-deadline-ms", "4102444800000")
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:kit")
            .body(invocation.event.into())
    }
}

/// Tells what comes, to its end. A client that has left is not told, and the host does not learn.
async fn relay(mut body: Incoming, teller: mpsc::Sender<Told>) {
    while let Some(frame) = body.frame().await {
        let told = match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) => Told::Bytes(bytes),
            Ok(Err(frame)) if frame.trailers_ref().is_some_and(is_error) => Told::Failed,
            Ok(Err(_)) => continue,
            Err(_) => Told::Failed,
        };
        let is_over = matches!(told, Told::Failed);
        drop(teller.send(told).await);
        if is_over {
            return;
        }
    }
    drop(teller.send(Told::End).await);
}

/// Whether a stream says at its end that it failed.
fn is_error(trailers: &HeaderMap) -> bool {
    trailers.contains_key("lambda-runtime-function-error-type")
}

fn empty(status: StatusCode) -> http::Result<Reply> {
    Response::builder().status(status).body(Full::default())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
