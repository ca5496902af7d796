use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use enfilade_core::{App, Ending, OnDisconnect, Outcome, Pipeline, Request, RequestExt};
use tokio::sync::{Notify, Semaphore, mpsc::unbounded_channel};

use crate::{
    client::{self, ABORT_REQUEST, PARAMS, RESPONDER, begin, pairs, record, stream},
    support::{Running, until},
};

/// An app that never answers, and counts the calls that began and those that were dropped.
#[derive(Clone, Default)]
struct Waiting {
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Waiting {
    fn app(&self) -> impl App + 'static {
        let waiting = self.clone();
        move |_: Request| {
            let dropped = Dropped(Arc::clone(&waiting.dropped));
            waiting.begun.fetch_add(1, SeqCst);
            async move {
                let _dropped = dropped;
                std::future::pending::<&'static str>().await
            }
        }
    }

    async fn until_begun(&self, calls: usize) {
        until(|| self.begun.load(SeqCst) == calls).await;
    }

    async fn until_dropped(&self, calls: usize) {
        until(|| self.dropped.load(SeqCst) == calls).await;
    }
}

#[tokio::test]
async fn an_abort_drops_the_call_and_ends_the_request() {
    let waiting = Waiting::default();
    let running = Running::start(waiting.app());
    let mut client = running.connect().await;
    for calls in 1..=3 {
        client.ask(7, &client::get("/"), b"").await;
        waiting.until_begun(calls).await;
        client.send(&record(ABORT_REQUEST, 7, b"")).await;
        let answer = client.answer(7).await;
        assert!(answer.stdout.is_empty() && !answer.ended);
        assert_eq!(answer.end, Some((1, 0)));
        assert_eq!(waiting.dropped.load(SeqCst), calls);
    }
}

#[tokio::test]
async fn an_abort_before_the_parameters_have_come_reaches_no_app() {
    let waiting = Waiting::default();
    let running = Running::start(waiting.app());
    let mut client = running.connect().await;
    let mut bytes = begin(1, RESPONDER, true);
    bytes.extend(record(PARAMS, 1, &pairs(&client::get("/"))));
    bytes.extend(record(ABORT_REQUEST, 1, b""));
    // Nobody is there any more for what still comes.
    bytes.extend(record(PARAMS, 1, b""));
    client.send(&bytes).await;
    assert_eq!(client.answer(1).await.end, Some((1, 0)));
    assert_eq!(waiting.begun.load(SeqCst), 0);
}

#[tokio::test]
async fn a_web_server_that_leaves_drops_the_call() {
    let waiting = Waiting::default();
    let running = Running::start(waiting.app());
    for calls in 1..=3 {
        let mut client = running.connect().await;
        client.ask(1, &client::get("/"), b"").await;
        waiting.until_begun(calls).await;
        drop(client);
        waiting.until_dropped(calls).await;
    }
    assert!(running.errors().is_empty(), "{:?}", running.errors());
}

#[tokio::test]
async fn an_app_that_asked_for_it_goes_on_and_keeps_its_place() {
    let (sender, mut outcomes) = unbounded_channel::<Outcome>();
    let (go_on, begun) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (wait, begin) = (Arc::clone(&go_on), Arc::clone(&begun));
    let app = move |request: Request| {
        let (wait, begin, sender) = (Arc::clone(&wait), Arc::clone(&begin), sender.clone());
        async move {
            request.environ().on_finish(move |outcome| {
                sender.send(*outcome).expect("the test waits");
            });
            begin.fetch_add(1, SeqCst);
            wait.notified().await;
            "done"
        }
    };
    let app = Pipeline::new().with(OnDisconnect::Finish).app(app);
    let running = Running::start_with(|host| host.with_max_requests(1), app);
    for (calls, aborts) in [(1, true), (2, false)] {
        let mut client = running.connect().await;
        client.ask(1, &client::get("/"), b"").await;
        until(|| begun.load(SeqCst) == calls).await;
        if aborts {
            client.send(&record(ABORT_REQUEST, 1, b"")).await;
            assert_eq!(client.answer(1).await.end, Some((1, 0)));
        }
        drop(client);
        // There is no room for another.
        let mut other = running.connect().await;
        other.ask(1, &client::get("/"), b"").await;
        assert_eq!(other.answer(1).await.end, Some((1, 2)));
        assert!(outcomes.try_recv().is_err());
        if !aborts {
            // The host has seen its client leave when it takes no notice of the answer.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        go_on.notify_one();
        let outcome = outcomes.recv().await.expect("it ends");
        assert_eq!(outcome.ending, Ending::Unsent);
        assert_eq!(outcome.status.map(|status| status.as_u16()), Some(200));
    }
}

/// Of a request that is cut short the app sees an error, and never a whole body.
#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let (sender, mut receiver) = unbounded_channel();
    static BEGUN: Semaphore = Semaphore::const_new(0);
    let running = Running::start(move |request: Request| {
        let sender = sender.clone();
        BEGUN.add_permits(1);
        async move {
            let body = request.into_body();
            // It outlives the call, as in a task that an app spawns.
            tokio::spawn(async move { sender.send(body.into_bytes(100).await.is_err()) });
            std::future::pending::<&'static str>().await
        }
    });
    for length in ["", "10"] {
        for abort in [false, true] {
            let mut client = running.connect().await;
            let mut bytes = begin(1, RESPONDER, true);
            let params = pairs(&client::request("POST", "/", length));
            bytes.extend(stream(PARAMS, 1, &params, 65_535));
            bytes.extend(record(client::STDIN, 1, b"hello"));
            client.send(&bytes).await;
            BEGUN.acquire().await.expect("open").forget();
            if abort {
                client.send(&record(ABORT_REQUEST, 1, b"")).await;
                client.answer(1).await;
            }
            drop(client);
            assert_eq!(receiver.recv().await, Some(true), "{length:?} {abort}");
        }
    }
}
