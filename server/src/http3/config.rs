//! How QUIC is spoken: [`server_config`].

use std::{sync::Arc, time::Duration};

use enfilade_core::HostError;
use quinn::{IdleTimeout, ServerConfig, TransportConfig, VarInt, crypto::rustls::QuicServerConfig};
use tokio_rustls::rustls::{self, quic};

use crate::Limits;

/// Connections that wait for one to be accepted, and what is kept of what they send meanwhile:
/// enough for a handshake that takes several packets.
const INCOMING: (usize, u64) = (256, 16 * 1024);

/// Streams of a client's own: three that HTTP/3 has, and some that mean nothing (RFC 9114, section
/// 6.2.3).
const CONTROLS: u32 = 8;

/// What may be on its way to a client that has not confirmed it.
const SEND_WINDOW: u64 = 1024 * 1024;

/// `tls`, for HTTP/3 and nothing else.
pub(super) fn server_config(
    tls: &rustls::ServerConfig,
    limits: &Limits,
) -> Result<ServerConfig, HostError> {
    let mut tls = tls.clone();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    // Whoever has seen early data could send it again.
    tls.max_early_data_size = 0;
    let tls = Arc::new(tls);
    let unfit = || {
        HostError::new(
            "HTTP/3 cannot be spoken with this configuration of TLS: it needs TLS 1.3, with \
             AES-128-GCM",
        )
    };
    // quinn takes it for granted.
    quic::ServerConnection::new(Arc::clone(&tls), quic::Version::V1, Vec::new())
        .map_err(|error| unfit().because(error))?;
    let crypto = QuicServerConfig::try_from(tls).map_err(|error| unfit().because(error))?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config
        .max_incoming(INCOMING.0)
        .incoming_buffer_size(INCOMING.1)
        .incoming_buffer_size_total(INCOMING.0 as u64 * INCOMING.1)
        .transport_config(Arc::new(transport(limits)));
    Ok(config)
}

fn transport(limits: &Limits) -> TransportConfig {
    let window = |bytes: u32| VarInt::from_u32(bytes);
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(window(limits.http2_streams))
        .max_concurrent_uni_streams(window(CONTROLS))
        .stream_receive_window(window(limits.http2_stream_window))
        .receive_window(window(limits.http2_connection_window))
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(None)
        // A client that says nothing is asked whether it is there.
        .keep_alive_interval(finite(limits.http2_ping))
        .max_idle_timeout(idle(limits));
    transport
}

/// How long a client may say nothing at all: it is asked, and has so long to answer.
fn idle(limits: &Limits) -> Option<IdleTimeout> {
    let patience = limits.http2_ping.checked_add(limits.http2_pong)?;
    // What does not fit is as good as never.
    IdleTimeout::try_from(patience).ok()
}

fn finite(time: Duration) -> Option<Duration> {
    (time < Duration::from_secs(1 << 32)).then_some(time)
}
