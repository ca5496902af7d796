//! One request and its answer, over a reader and a writer: [`Exchange`].

use std::{
    future::{pending, poll_fn, ready},
    io,
    task::Poll,
    time::Duration,
};

use bytes::{Buf, Bytes};
use enfilade_core::{IntoResponse, Response};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::sleep,
};

use crate::{
    gateway::{
        BadRequest, Import, Outgoing, Style, Variables, content_length, incoming, is_chunked,
    },
    site::Site,
};

#[cfg(any(feature = "scgi", feature = "uwsgi"))]
mod packet;
mod upload;

#[cfg(any(feature = "scgi", feature = "uwsgi"))]
pub(crate) use packet::serve_packet;
use upload::{Fed, Upload};

/// How long an app whose request was cut short may go on: long enough to notice, and to say so to
/// a web server that has closed its side alone.
const CUT_PATIENCE: Duration = Duration::from_secs(1);

/// How long, after an answer, what is left of a request is read and thrown away. A connection that
/// is closed before may be reset, and then the web server may lose the answer: Apache does, whose
/// CGI programs have a socket for their standard input and output.
const LINGER: Duration = Duration::from_secs(2);

/// A request whose body follows in the same stream, and whose answer is a head and bytes.
pub(crate) struct Exchange<'a> {
    pub(crate) site: &'a Site,
    pub(crate) style: Style,
    /// Whether the reader is that of a connection, whose end is the web server's leave, and on
    /// which a body must have a length. Else it is a standard input: nothing must be read behind
    /// the body (RFC 3875, section 4.2), and a body without a length ends with it.
    pub(crate) is_connection: bool,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All of the answer was written.
    Whole,
    /// The answer broke off, and it must not look like an end.
    Cut,
    /// Nobody is there any more.
    Gone,
}

impl Exchange<'_> {
    /// Has the app answer, and writes what it answers while the request still arrives.
    pub(crate) async fn run<R, W>(
        &self,
        variables: Variables,
        import: &Import,
        reader: &mut R,
        writer: &mut W,
    ) -> Ended
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        let is_head = variables.get("REQUEST_METHOD").is_some_and(|m| m == "HEAD");
        let length = match self.length(&variables) {
            Ok(length) => length,
            // A connection may be read to its end, and a standard input may not.
            Err(refused) => {
                let left = (!self.is_connection).then_some(0);
                return self.refuse(refused, is_head, left, reader, writer).await;
            }
        };
        let (feed, body) = incoming(length);
        let request = match self.site.request(variables, import, body) {
            Ok(request) => request,
            Err(refused) => return self.refuse(refused, is_head, length, reader, writer).await,
        };
        let answering = self.site.answer(request);
        let mut upload = Upload::new(reader, Some(feed), length);
        let ended = tokio::select! {
            biased;
            ended = self.respond(is_head, answering, writer) => ended,
            () = self.feed(&mut upload) => Ended::Gone,
        };
        self.close(ended, upload, writer).await
    }

    /// Answers what is no request, behind which are `left` bytes, where that is known.
    pub(crate) async fn refuse<R, W>(
        &self,
        refused: BadRequest,
        is_head: bool,
        left: Option<u64>,
        reader: &mut R,
        writer: &mut W,
    ) -> Ended
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let answer = ready(refused.into_error().into_response());
        let ended = self.respond(is_head, answer, writer).await;
        let upload = Upload::new(reader, None, left);
        self.close(ended, upload, writer).await
    }

    /// How long the body is, where that is known.
    fn length(&self, variables: &Variables) -> Result<Option<u64>, BadRequest> {
        match content_length(variables)? {
            None if !is_chunked(variables) => Ok(Some(0)),
            None if self.is_connection => Err(BadRequest::NoLength),
            length => Ok(length),
        }
    }

    /// Ends where the client has left.
    async fn feed<R: AsyncRead + Unpin>(&self, upload: &mut Upload<'_, R>) {
        match upload.run().await {
            _ if !self.is_connection => pending().await,
            Fed::Whole => upload.discard_all().await,
            Fed::CutShort => sleep(CUT_PATIENCE).await,
        }
    }

    /// Says that this was all, and sees to it that it arrives.
    async fn close<R, W>(&self, ended: Ended, mut upload: Upload<'_, R>, writer: &mut W) -> Ended
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        if ended != Ended::Whole {
            return ended;
        }
        if self.is_connection && writer.shutdown().await.is_err() {
            return Ended::Gone;
        }
        tokio::select! {
            () = upload.discard() => {}
            () = sleep(LINGER) => {}
        }
        ended
    }

    async fn respond<W: AsyncWrite + Unpin>(
        &self,
        is_head: bool,
        answering: impl Future<Output = Response>,
        writer: &mut W,
    ) -> Ended {
        let errors = self.site.errors().clone();
        let outgoing = Outgoing::new(self.style, is_head, answering.await, errors);
        match write(outgoing, writer).await {
            Ok(ended) => ended,
            Err(_) => Ended::Gone,
        }
    }
}

/// Writes a response, each piece when it is there.
async fn write<W: AsyncWrite + Unpin>(mut outgoing: Outgoing, writer: &mut W) -> io::Result<Ended> {
    let head = outgoing.head().clone();
    // What is there already goes out with the head.
    let mut next = poll_fn(|cx| Poll::Ready(outgoing.poll_next(cx))).await;
    let first = match &next {
        Poll::Ready(Some(Ok(bytes))) => bytes.clone(),
        _ => Bytes::new(),
    };
    writer.write_all_buf(&mut head.chain(first)).await?;
    writer.flush().await?;
    loop {
        match next {
            Poll::Ready(None) => return Ok(Ended::Whole),
            Poll::Ready(Some(Err(_))) => return Ok(Ended::Cut),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        let piece = outgoing.next().await;
        if let Some(Ok(bytes)) = &piece {
            writer.write_all(bytes).await?;
            writer.flush().await?;
        }
        next = Poll::Ready(piece);
    }
}
