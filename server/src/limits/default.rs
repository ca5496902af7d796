//! The limits of a server that faces the internet.

use std::time::Duration;

use super::Limits;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            first_byte: seconds(10),
            tls_handshake: seconds(10),
            head: seconds(10),
            body_idle: seconds(20),
            body_rate: 500,
            body_grace: seconds(10),
            body_total: seconds(300),
            body_bytes: 1 << 30,
            write_idle: seconds(30),
            write_rate: 500,
            keep_alive: seconds(60),
            http2_keep_alive: seconds(60),
            requests: 10_000,
            age: seconds(3600),
            head_bytes: 32 * 1024,
            line_bytes: 8 * 1024,
            uri_bytes: 8 * 1024,
            fields: 100,
            http2_streams: 100,
            http2_header_list: 16 * 1024,
            http2_stream_window: 256 * 1024,
            http2_connection_window: 1024 * 1024,
            http2_local_resets: 256,
            http2_pending_resets: 20,
            http2_resets: 128,
            http2_idle_frames: 1_000,
            http2_ping: seconds(30),
            http2_pong: seconds(20),
            connections: None,
            connections_per_address: None,
            requests_in_flight: 1_024,
        }
    }
}
