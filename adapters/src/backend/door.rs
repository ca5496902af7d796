//! Where connections come in: [`Door`].

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use enfilade_core::{ErrorSink, HostError};
use tokio::{
    net::{TcpListener, UnixListener},
    time::{Instant, Sleep, sleep},
};

use super::{
    Address, Listen, Reader, Writer,
    address::SocketAddress,
    listen::Place,
    tcp,
    unix::{self, SocketFile},
};

/// How long to wait after the first failure, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// How often a failure that lasts is reported.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// An open socket.
pub(super) struct Door {
    socket: Socket,
    address: Address,
    /// The wait after a failure, and how long the next one will be.
    pause: Option<Pin<Box<Sleep>>>,
    next_pause: Duration,
    reported: Option<Instant>,
}

enum Socket {
    Tcp(TcpListener),
    Unix(
        UnixListener,
        #[expect(dead_code, reason = "it is there to be dropped")] Option<SocketFile>,
    ),
}

impl Door {
    /// Opens what `listen` describes.
    pub(super) fn open(listen: Listen, protocol: &'static str) -> Result<Door, HostError> {
        let (socket, path) = match listen.place {
            Place::Name(name) => (Socket::Tcp(tcp::open(&name)?), None),
            Place::Tcp(listener) => (Socket::Tcp(tcp::adopt(listener)?), None),
            Place::Path(path) => {
                let (listener, file) = unix::open(&path, listen.mode)?;
                (Socket::Unix(listener, Some(file)), Some(path))
            }
            Place::Unix(listener) => {
                let path = listener.local_addr().ok();
                let path = path.and_then(|address| address.as_pathname().map(Into::into));
                (Socket::Unix(unix::adopt(listener)?, None), path)
            }
        };
        let socket_address = match &socket {
            Socket::Tcp(listener) => {
                SocketAddress::Tcp(listener.local_addr().map_err(|error| {
                    HostError::new("cannot find out where the host listens").because(error)
                })?)
            }
            Socket::Unix(..) => SocketAddress::Unix(path),
        };
        Ok(Door {
            socket,
            address: Address {
                protocol,
                socket: socket_address,
            },
            pause: None,
            next_pause: BACK_OFF.0,
            reported: None,
        })
    }

    pub(super) const fn address(&self) -> &Address {
        &self.address
    }

    /// Waits for the next connection. It never ends by itself: out of file descriptors, or of
    /// memory, the connections that there are go on, and new ones wait in the system's queue.
    pub(super) fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
        errors: &dyn ErrorSink,
    ) -> Poll<(Reader, Writer)> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.socket.poll_accept(cx)) {
                Ok(halves) => {
                    self.next_pause = BACK_OFF.0;
                    return Poll::Ready(halves);
                }
                // The peer left while it was waiting: that is its own affair.
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    if self
                        .reported
                        .is_none_or(|then| then.elapsed() >= REPORT_EVERY)
                    {
                        self.reported = Some(Instant::now());
                        errors.report(&format!(
                            "cannot accept connections for the moment: {error}"
                        ));
                    }
                    self.pause = Some(Box::pin(sleep(self.next_pause)));
                    self.next_pause = (self.next_pause * 2).min(BACK_OFF.1);
                }
            }
        }
    }
}

impl Socket {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Reader, Writer)>> {
        Poll::Ready(match self {
            Socket::Tcp(listener) => ready!(listener.poll_accept(cx)).map(|(stream, _)| {
                let (reader, writer) = stream.into_split();
                (Reader::Tcp(reader), Writer::Tcp(writer))
            }),
            Socket::Unix(listener, _) => ready!(listener.poll_accept(cx)).map(|(stream, _)| {
                let (reader, writer) = stream.into_split();
                (Reader::Unix(reader), Writer::Unix(writer))
            }),
        })
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotConnected
    )
}
