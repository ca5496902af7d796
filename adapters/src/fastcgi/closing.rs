//! How a connection is closed: [`linger`].

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::backend::{Reader, Writer};

/// How long a web server may go on sending what nobody reads.
const PATIENCE: Duration = Duration::from_secs(5);

/// Closes a connection whose last answer has been written.
///
/// A web server may still be sending the body of a request that was answered early. To close with
/// unread bytes resets the connection, and the answer may be lost with it. So what still comes is
/// read and dropped, until the web server closes, for five seconds at most.
pub(super) async fn linger(reader: &mut Reader, writer: &mut Writer) {
    // A web server that has gone by now has what it wanted.
    if writer.shutdown().await.is_err() {
        return;
    }
    let mut unread = [0; 4096];
    let reading = async { while matches!(reader.read(&mut unread).await, Ok(1..)) {} };
    let _ = timeout(PATIENCE, reading).await;
}
