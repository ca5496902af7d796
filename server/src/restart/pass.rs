//! Sockets on their way from one process to another.

use std::{
    io::{self, ErrorKind, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// A byte that brings a socket, and the byte behind the last one.
const SOCKET: u8 = b's';
const END: u8 = b'.';

/// Nobody listens at more, and a predecessor that sends without end is none.
const MOST: usize = 256;

/// Sends `sockets` in their order.
pub(super) fn send(to: &UnixStream, sockets: &[impl AsFd]) -> io::Result<()> {
    for socket in sockets {
        let rights = [socket.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&rights));
        sendmsg(
            to,
            &[IoSlice::new(&[SOCKET])],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        )?;
    }
    let mut none = SendAncillaryBuffer::default();
    sendmsg(to, &[IoSlice::new(&[END])], &mut none, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives what [`send`] has sent.
pub(super) fn receive(from: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut sockets = Vec::new();
    while sockets.len() < MOST {
        let mut byte = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let message = recvmsg(
            from,
            &mut [IoSliceMut::new(&mut byte)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        if message.bytes == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let rights = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut rights) => rights.next(),
            _ => None,
        });
        match (byte[0], rights) {
            (SOCKET, Some(socket)) => sockets.push(socket),
            (END, None) => return Ok(sockets),
            _ => return Err(ErrorKind::InvalidData.into()),
        }
    }
    Err(ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpListener};

    use super::*;

    #[test]
    fn sockets_arrive_in_their_order_and_are_the_same() {
        let (to, from) = UnixStream::pair().expect("a pair");
        let sent = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        send(&to, &sent).expect("there is room");
        let received = receive(&from).expect("all of them");
        assert_eq!(received.len(), sent.len());
        for (sent, received) in sent.iter().zip(received) {
            let received = TcpListener::from(received);
            assert_eq!(
                sent.local_addr().expect("bound"),
                received.local_addr().expect("bound")
            );
        }
    }

    #[test]
    fn what_is_cut_short_or_brings_no_sockets_is_refused() {
        for (bytes, kind) in [
            (&b""[..], ErrorKind::UnexpectedEof),
            (b"s", ErrorKind::InvalidData),
            (b"GET / HTTP/1.1\r\n", ErrorKind::InvalidData),
        ] {
            let (mut to, from) = UnixStream::pair().expect("a pair");
            to.write_all(bytes).expect("there is room");
            drop(to);
            assert_eq!(receive(&from).expect_err("refused").kind(), kind);
        }
    }
}
