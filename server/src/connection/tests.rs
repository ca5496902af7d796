//! Connections that rest between their requests, second by second.

use std::{io, task::Waker};

use enfilade_core::{Request, RequestExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    time::advance,
};

use super::*;
use crate::options::Options;

struct Connected {
    serving: Pin<Box<Serving>>,
    client: DuplexStream,
    site: Arc<Site>,
}

/// A stream that never lets go.
struct Clinging(DuplexStream);

impl AsyncRead for Clinging {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Clinging {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// A connection to an app that echoes.
fn connect(options: &Options) -> Connected {
    connect_over(options, |stream| Stream::Other(Box::new(stream)))
}

fn connect_over(options: &Options, stream: impl FnOnce(DuplexStream) -> Stream) -> Connected {
    let app = async |mut request: Request| request.text().await;
    let site = Arc::new(Site::new(app, options, Vec::new()));
    let (client, server) = duplex(4096);
    let stream = stream(server);
    let task = site.tasks.register();
    let serving = Serving::new(stream, options.facts(), None, Arc::clone(&site), task);
    Connected {
        serving: Box::pin(serving),
        client,
        site,
    }
}

impl Connected {
    /// Polls it as often as it takes, and tells whether it has ended.
    fn has_ended(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        (0..4).any(|_| self.serving.as_mut().poll(&mut cx).is_ready())
    }

    async fn after(&mut self, milliseconds: u64) -> bool {
        advance(Duration::from_millis(milliseconds)).await;
        self.has_ended()
    }

    fn rests(&self) -> bool {
        matches!(self.serving.stage, Stage::Resting(_))
    }

    async fn say(&mut self, words: &str) {
        let said = self.client.write_all(words.as_bytes()).await;
        said.expect("there is room");
        assert!(!self.has_ended());
    }

    async fn answer(&mut self) -> String {
        let mut bytes = vec![0; 4096];
        let count = self.client.read(&mut bytes).await.expect("an answer");
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    }

    async fn ask(&mut self) {
        self.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi")
            .await;
        let answer = self.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nhi"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_rests_when_nothing_has_come_for_two_seconds_and_answers_again() {
    let mut connected = connect(&Options::default());
    for _ in 0..3 {
        connected.ask().await;
        assert!(!connected.after(1_999).await && !connected.rests());
        connected.ask().await;
        assert!(!connected.after(1_999).await && !connected.rests());
        assert!(!connected.after(1).await && connected.rests());
    }
    assert!(!connected.after(57_999).await && connected.rests());
    assert!(connected.after(1).await, "60 seconds without a request");
}

#[tokio::test(start_paused = true)]
async fn it_does_not_rest_amid_a_message_or_where_an_answer_is_owed() {
    let mut connected = connect(&Options::default());
    for words in [
        "POST / HTTP/1.1\r\n",
        "host: x\r\ncontent-length: 2\r\n\r\n",
        "h",
    ] {
        connected.say(words).await;
        assert!(
            !connected.after(3_000).await && !connected.rests(),
            "{words}"
        );
    }
    connected.say("i").await;
    assert!(connected.answer().await.ends_with("hi"));
}

#[tokio::test(start_paused = true)]
async fn it_wakes_at_the_first_byte_and_holds_the_head_to_its_time() {
    let mut connected = connect(&Options::default());
    connected.ask().await;
    assert!(!connected.after(5_000).await && connected.rests());
    connected.say("P").await;
    assert!(!connected.rests());
    assert!(!connected.after(9_999).await && !connected.rests());
    assert!(connected.after(1).await);
    let answer = connected.answer().await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn its_requests_and_its_age_count_on() {
    let mut options = Options::default();
    options.limits.requests = 3;
    let mut connected = connect(&options);
    for _ in 0..2 {
        connected.ask().await;
        assert!(!connected.after(2_000).await && connected.rests());
    }
    let words = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    connected
        .client
        .write_all(words.as_bytes())
        .await
        .expect("room");
    assert!(connected.has_ended());
    assert!(connected.answer().await.contains("connection: close"));

    options.limits.requests = 100;
    options.limits.age = Duration::from_secs(100);
    let mut connected = connect(&options);
    for second in 0..12 {
        connected.ask().await;
        if connected.after(10_000).await {
            assert!(second >= 8, "{second}");
            return;
        }
    }
    panic!("it is too old");
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_client_for_others_and_with_the_server() {
    let options = Options::default();
    let resting = async || {
        let mut connected = connect(&options);
        connected.ask().await;
        assert!(!connected.after(2_000).await && connected.rests());
        connected
    };
    let mut connected = resting().await;
    connected.client.shutdown().await.expect("it is open");
    assert!(connected.has_ended());

    let mut connected = resting().await;
    connected.site.crowd.make_room();
    assert!(connected.has_ended());

    let mut connected = resting().await;
    connected.site.tasks.enter(Phase::Draining);
    assert!(!connected.has_ended(), "a request may be on its way");
    let words = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let said = connected.client.write_all(words.as_bytes()).await;
    said.expect("there is room");
    assert!(connected.has_ended());
    assert!(connected.answer().await.contains("connection: close"));

    let mut connected = connect(&options);
    connected.ask().await;
    assert!(!connected.after(2_000).await && connected.rests());
    connected.site.tasks.enter(Phase::Draining);
    assert!(!connected.after(249).await);
    assert!(connected.after(1).await || connected.after(250).await);

    let mut connected = resting().await;
    connected.site.tasks.enter(Phase::Aborting);
    assert!(connected.has_ended());
}

#[tokio::test(start_paused = true)]
async fn it_goes_without_leave_where_the_client_has_no_room_for_it() {
    let clinging = |stream| Stream::Other(Box::new(Clinging(stream)));
    let mut connected = connect_over(&Options::default(), clinging);
    connected.ask().await;
    assert!(!connected.after(2_000).await && connected.rests());
    assert!(!connected.after(58_000).await && !connected.rests());
    assert!(!connected.after(999).await);
    assert!(connected.after(1).await);
}
