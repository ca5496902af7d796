//! Protocols that send the variables in one packet, then the body: SCGI and uwsgi.

use std::{pin::pin, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    time::sleep,
};

use super::{Ended, Exchange};
use crate::{
    gateway::{BadRequest, Import, Style, Variables},
    site::Site,
};

/// How long a web server may take to send the variables.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same when the host stops: a request that was sent before is here by then.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// How many bytes are read at once.
const PIECE: usize = 8 * 1024;

/// Serves the one request of a connection. `decode` takes the packet from the front of what has
/// arrived, when it is complete.
pub(crate) async fn serve_packet<R, W, D>(
    site: &Site,
    style: Style,
    decode: D,
    mut reader: R,
    mut writer: W,
) -> Ended
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
    D: Fn(&mut BytesMut) -> Result<Option<(Variables, Import)>, BadRequest> + Send,
{
    let mut buffer = BytesMut::new();
    let read = tokio::select! {
        read = read(&mut reader, &mut buffer, decode) => read,
        () = too_late(site) => Ok(None),
    };
    let exchange = Exchange {
        site,
        style,
        is_connection: true,
    };
    match read {
        Ok(Some((variables, import))) => {
            let arrived = buffer.freeze();
            let mut reader = (&arrived[..]).chain(reader);
            exchange
                .run(variables, &import, &mut reader, &mut writer)
                .await
        }
        Ok(None) => Ended::Gone,
        Err(refused) => {
            site.errors()
                .report(&format!("a web server was refused: {refused}"));
            match refused {
                // Whatever is there, it does not speak this protocol.
                BadRequest::Frame(_) => Ended::Gone,
                refused => {
                    exchange
                        .refuse(refused, false, None, &mut reader, &mut writer)
                        .await
                }
            }
        }
    }
}

/// Reads the packet; nothing where the connection ends without one.
async fn read<R, D>(
    reader: &mut R,
    buffer: &mut BytesMut,
    decode: D,
) -> Result<Option<(Variables, Import)>, BadRequest>
where
    R: AsyncRead + Unpin,
    D: Fn(&mut BytesMut) -> Result<Option<(Variables, Import)>, BadRequest>,
{
    loop {
        if let Some(packet) = decode(buffer)? {
            return Ok(Some(packet));
        }
        // The memory grows with what has arrived, and not with what was announced.
        buffer.reserve(PIECE);
        match (&mut *reader).take(PIECE as u64).read_buf(buffer).await {
            Ok(0) | Err(_) if buffer.is_empty() => return Ok(None),
            Ok(0) | Err(_) => {
                return Err(BadRequest::Frame("the connection ended in the variables"));
            }
            Ok(_) => {}
        }
    }
}

async fn too_late(site: &Site) {
    let stopping = pin!(async {
        site.facts().stopping.clone().await;
        sleep(LAST_PATIENCE).await;
    });
    tokio::select! {
        () = stopping => {}
        () = sleep(PATIENCE) => {}
    }
}
