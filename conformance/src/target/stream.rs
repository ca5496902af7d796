//! Where a host listens: [`Place`].

use std::{io, net::SocketAddr, path::PathBuf};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// Where a host listens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Place {
    /// At an address and a port.
    Tcp(SocketAddr),
    /// At a Unix socket.
    Unix(PathBuf),
    /// At an address and a port, by TLS.
    #[cfg(feature = "tls")]
    Tls(SocketAddr, super::Authority),
}

impl From<SocketAddr> for Place {
    fn from(address: SocketAddr) -> Place {
        Place::Tcp(address)
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Place {
        Place::Unix(path)
    }
}

/// Bytes in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Place {
    pub(super) const fn is_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return matches!(self, Place::Tls(..));
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Connects, and agrees on `alpn` where TLS is spoken.
    pub(super) async fn connect(&self, alpn: &[u8]) -> io::Result<Box<dyn Stream>> {
        let _ = alpn;
        Ok(match self {
            Place::Tcp(address) => Box::new(tcp(address).await?),
            #[cfg(unix)]
            Place::Unix(path) => Box::new(tokio::net::UnixStream::connect(path).await?),
            #[cfg(not(unix))]
            Place::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
            #[cfg(feature = "tls")]
            Place::Tls(address, authority) => {
                Box::new(authority.handshake(tcp(address).await?, alpn).await?)
            }
        })
    }
}

/// A connection that is reset when it is dropped before its end: so a host learns at once that its
/// client has left.
async fn tcp(address: &SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    Ok(stream)
}
