//! A stand-in for Lambda: its runtime interface, on loopback.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use enfilade_adapters::lambda::Lambda;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
};

/// What a function tells Lambda.
#[derive(Debug)]
pub(crate) enum Told {
    /// A request begins: the last part of its path, and its fields.
    Head(String, HeaderMap),
    Chunk(Bytes),
    Trailers(HeaderMap),
    End,
    Cut,
}

/// Lambda, as far as a function sees it.
pub(crate) struct StandIn {
    pub(crate) address: String,
    shared: Arc<Shared>,
    told: mpsc::UnboundedReceiver<Told>,
}

struct Shared {
    events: Mutex<VecDeque<Vec<u8>>>,
    more: Notify,
    told: mpsc::UnboundedSender<Told>,
    /// How the next answers are received.
    statuses: Mutex<VecDeque<StatusCode>>,
    invocations: AtomicUsize,
    breaks_extension: AtomicBool,
}

impl StandIn {
    pub(crate) async fn start() -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (sender, told) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            events: Mutex::default(),
            more: Notify::new(),
            told: sender,
            statuses: Mutex::default(),
            invocations: AtomicUsize::new(0),
            breaks_extension: AtomicBool::new(false),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        StandIn {
            address,
            shared,
            told,
        }
    }

    /// A host that answers here.
    pub(crate) fn host(&self) -> Lambda {
        Lambda::at(&self.address)
    }

    /// Hands an event to whoever asks next.
    pub(crate) fn invoke(&self, event: impl Into<Vec<u8>>) {
        lock(&self.shared.events).push_back(event.into());
        self.shared.more.notify_one();
    }

    /// Receives the next answer with `status`.
    pub(crate) fn receive_with(&self, status: StatusCode) {
        lock(&self.shared.statuses).push_back(status);
    }

    /// Closes the connection of an extension that waits for events.
    pub(crate) fn break_extension(&self) {
        self.shared.breaks_extension.store(true, Ordering::SeqCst);
    }

    /// What comes next from the function.
    pub(crate) async fn told(&mut self) -> Told {
        self.told.recv().await.expect("the stand-in is there")
    }

    /// The next answer, whole: the last part of its path, its fields, its bytes, and how it ended.
    pub(crate) async fn answer(&mut self) -> (String, HeaderMap, Vec<u8>, Told) {
        let Told::Head(path, fields) = self.told().await else {
            panic!("an answer begins with its head");
        };
        let mut bytes = Vec::new();
        loop {
            match self.told().await {
                Told::Chunk(chunk) => bytes.extend(chunk),
                end => return (path, fields, bytes, end),
            }
        }
    }

    /// The next answer as JSON.
    pub(crate) async fn json(&mut self) -> serde_json::Value {
        let (path, _, bytes, _) = self.answer().await;
        assert_eq!(path, "response");
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.serve(request).await }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Shared {
    async fn serve(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        Ok(match request.uri().path() {
            "/2018-06-01/runtime/invocation/next" => self.next().await,
            "/2020-01-01/extension/register" => {
                assert_eq!(request.headers()["lambda-extension-name"], "enfilade");
                let id = ("lambda-extension-identifier", "extension-1");
                respond(StatusCode::OK, &[id], Bytes::new())
            }
            "/2020-01-01/extension/event/next" => {
                assert_eq!(
                    request.headers()["lambda-extension-identifier"],
                    "extension-1"
                );
                if self.breaks_extension.load(Ordering::SeqCst) {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                pending().await
            }
            path => {
                let path = path.rsplit('/').next().unwrap_or_default().to_owned();
                self.receive(path, request).await;
                let status = lock(&self.statuses).pop_front();
                respond(status.unwrap_or(StatusCode::ACCEPTED), &[], Bytes::new())
            }
        })
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        loop {
            let waiting = self.more.notified();
            if let Some(event) = lock(&self.events).pop_front() {
                let id = self.invocations.fetch_add(1, Ordering::SeqCst);
                let fields = [
                    ("lambda-runtime-aws-request-id", &*format!("request-{id}")),
                    ("lambda-runtime-deadline-ms", "1542409706888"),
                    ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:f"),
                    ("lambda-runtime-trace-id", "Root=1-5bef4de7"),
                    ("lambda-runtime-invocation-id", &*format!("invocation-{id}")),
                ];
                return respond(StatusCode::OK, &fields, event.into());
            }
            waiting.await;
        }
    }

    async fn receive(&self, path: String, request: Request<Incoming>) {
        let (head, mut body) = request.into_parts();
        self.tell(Told::Head(path, head.headers));
        while let Some(frame) = body.frame().await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(chunk)) => self.tell(Told::Chunk(chunk)),
                Ok(Err(frame)) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    return self.tell(Told::Trailers(trailers));
                }
                Err(_) => return self.tell(Told::Cut),
            }
        }
        self.tell(Told::End);
    }

    /// A test that has seen enough does not listen any more.
    fn tell(&self, told: Told) {
        drop(self.told.send(told));
    }
}

fn respond(status: StatusCode, fields: &[(&str, &str)], body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(Full::new(body)).expect("a response")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics with it")
}
