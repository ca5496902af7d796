//! Connections with sockets of their own kind.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::{TcpSocket, TcpStream};

use super::Http1;

/// How many connections come from one address: there are not ports enough for all.
const EACH: usize = 2000;

/// Connection number `number`, from 127.0.1.1, 127.0.1.2 and so on: the whole of 127/8 is loopback.
pub(crate) async fn connect_from(number: usize, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let last = u8::try_from(number / EACH + 1).map_err(io::Error::other)?;
    socket.bind((Ipv4Addr::new(127, 0, 1, last), 0).into())?;
    socket.connect(address).await
}

/// A connection whose system buffers little of what comes.
pub(crate) async fn narrow(address: SocketAddr) -> io::Result<Http1<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(16 * 1024)?;
    Ok(Http1::of(socket.connect(address).await?))
}
