//! Streaming both ways: server-sent events that arrive one by one, and an upload that is on disk
//! before it has ended.
//!
//! ```text
//! cargo run --example streaming
//!
//! $ curl -N http://127.0.0.1:8000/clock
//! data: tick 1
//!
//! data: tick 2
//! $ head -c 100M /dev/urandom | curl -T - http://127.0.0.1:8000/upload
//! 104857600 bytes are on disk, in /tmp/enfilade-upload-4711-0
//! ```

use std::{
    env::temp_dir,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use enfilade::core::{Body, HostError};
use enfilade::{Request, RequestExt, Response, Result, Router};
use futures_util::stream;
use http::header;
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;

/// One event a second, until the client leaves or the server stops.
async fn clock(request: Request) -> Response {
    let stopping = request.environ().stopping().clone();
    let events = stream::unfold((0_u64, stopping), async |(ticks, mut stopping)| {
        tokio::select! {
            () = &mut stopping => None,
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                let event = format!("data: tick {}\n\n", ticks + 1);
                Some((Ok::<_, std::io::Error>(Bytes::from(event)), (ticks + 1, stopping)))
            }
        }
    });
    let mut response = Response::new(Body::stream(events));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/event-stream"),
    );
    response
}

/// Each block is written as it arrives; what is slow here slows the client, and fills no memory.
async fn upload(request: Request) -> Result<String> {
    static UPLOADS: AtomicU64 = AtomicU64::new(0);
    let number = UPLOADS.fetch_add(1, Ordering::Relaxed);
    let path = temp_dir().join(format!("enfilade-upload-{}-{number}", std::process::id()));
    let mut file = tokio::fs::File::create_new(&path).await?;
    let mut body = request.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        // A client that leaves half-way is an error here, never a clean end.
        if let Ok(data) = frame?.into_data() {
            bytes += data.len();
            file.write_all(&data).await?;
        }
    }
    file.flush().await?;
    Ok(format!(
        "{bytes} bytes are on disk, in {}\n",
        path.display()
    ))
}

fn main() -> Result<(), HostError> {
    enfilade::run(Router::new().get("/clock", clock).put("/upload", upload))
}
