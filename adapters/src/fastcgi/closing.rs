//! How a connection is closed: [`linger`] and [`cut`].

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

/// What no application says: a record of version 0, of type 0, for nobody, with nothing in it.
const NO_RECORD: [u8; 8] = [0; 8];

/// Closes a connection on which an answer is not whole, so that it cannot be taken for one that is.
///
/// The protocol has no words for it, and web servers do not miss END_REQUEST: nginx takes the end of
/// a connection that it did not ask to be kept, and any end where it does not buffer, for the end of
/// an answer without a length. What none of them takes for an answer is a record that is none;
/// `between_records` says that one may be written now. Over TCP a reset says the same.
pub(super) fn cut(writer: Writer, between_records: bool) {
    if between_records {
        // A web server that does not read is told by the reset, or by nothing.
        let _ = writer.try_write(&NO_RECORD);
    }
    writer.reset();
}
