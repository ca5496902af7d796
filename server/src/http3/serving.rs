//! A connection of QUIC, from its handshake on: [`serve`].

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use enfilade_core::{Connection, Informational, Peer, Tls};
use h3::error::Code;
use quinn::crypto::rustls::HandshakeData;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{driver::Driver, hints::Hints, link::Link, transport::Transport};
use crate::{
    breach::Limit,
    session::Session,
    site::Site,
    tasks::{Phase, Task},
};

/// How long quinn may take to send the last word.
const LAST_WORD: Duration = Duration::from_millis(250);

/// Handshakes that have yet to end.
#[derive(Clone, Default)]
pub(super) struct Pending(Arc<AtomicUsize>);

impl Pending {
    pub(super) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// One more, until it is dropped.
    pub(super) fn begin(&self) -> Handshaking {
        self.0.fetch_add(1, Relaxed);
        Handshaking(self.clone())
    }
}

pub(super) struct Handshaking(Pending);

impl Drop for Handshaking {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

/// Serves `site` on a connection that begins. `facts` are those of its socket; `named` says whether
/// they have the server's name.
pub(super) async fn serve(
    connecting: quinn::Connecting,
    handshaking: Handshaking,
    facts: Connection,
    named: bool,
    site: Arc<Site>,
    mut task: Task,
) {
    let limit = site.limits.tls_handshake;
    let peer = facts.peer.clone();
    let quic = match unless_stopped(&mut task, timeout(limit, connecting)).await {
        // Who cannot agree is told so by QUIC.
        None | Some(Ok(Err(_))) => return,
        Some(Ok(Ok(quic))) => quic,
        Some(Err(_)) => {
            site.breaches
                .report(Limit::TlsHandshake, &site.limits, &peer);
            return;
        }
    };
    drop(handshaking);
    let facts = describe(&quic, facts, named);
    let (limit, fields) = (site.limits.first_byte, site.limits.http3_header_list());
    let hints = Arc::new(Hints::default());
    let link = link(quic, facts, hints, Arc::clone(&site));
    // A client that leaves no room for the streams of the server's own would hold it here.
    let mut builder = h3::server::builder();
    builder.max_field_section_size(fields).send_grease(false);
    let transport = Transport::new(Arc::clone(&link));
    let built = timeout(limit, builder.build(transport));
    match unless_stopped(&mut task, built).await {
        Some(Ok(Ok(h3))) => {
            let mut driver = pin!(Driver::new(h3, Arc::clone(&link), &mut task));
            driver.as_mut().await;
            close(&link).await;
        }
        Some(Err(_)) => link.breach(Limit::FirstByte),
        // The server stops, or the client has left.
        None | Some(Ok(Err(_))) => close(&link).await,
    }
}

/// Closes the connection, and waits until the client is being told: quinn does so in a task of its
/// own, which would end with the server.
async fn close(link: &Link) {
    let sent = || link.quic.stats().udp_tx.datagrams;
    let before = sent();
    let is_open = link.quic.close_reason().is_none();
    link.close(Code::H3_NO_ERROR);
    let told = async {
        while is_open && sent() == before {
            sleep(Duration::from_millis(1)).await;
        }
    };
    // What comes of it is not to be waited for any longer.
    let _ = timeout(LAST_WORD, told).await;
}

/// The end of `future`; nothing where the server stops before.
async fn unless_stopped<F: Future>(task: &mut Task, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match task.phase(cx) {
        Phase::Serving => future.as_mut().poll(cx).map(Some),
        Phase::Draining | Phase::Aborting => Poll::Ready(None),
    })
    .await
}

fn link(
    quic: quinn::Connection,
    mut facts: Connection,
    hints: Arc<Hints>,
    site: Arc<Site>,
) -> Arc<Link> {
    if facts.capabilities.informational {
        let informational: Arc<dyn Informational> = Arc::clone(&hints) as _;
        facts.informational = Some(Arc::downgrade(&informational));
    }
    // No protocol can be switched to; many requests run at once, as with HTTP/2.
    facts.capabilities.upgrade = false;
    let session = Session::new(site, facts, true);
    Arc::new(Link::new(quic, session, hints))
}

/// The facts of a connection that was agreed on.
fn describe(quic: &quinn::Connection, mut facts: Connection, named: bool) -> Connection {
    facts.peer = Peer::inet(quic.remote_address());
    if let (Peer::Unknown, Some(ip)) = (&facts.local, quic.local_ip()) {
        facts.local = Peer::inet((ip, facts.server_port).into());
        // On a socket for all addresses each connection has its own.
        if let (false, Some(ip)) = (named, facts.local.ip()) {
            facts.server_name = Arc::from(ip.to_string());
        }
    }
    let mut tls = Tls::default();
    // QUIC has no other (RFC 9001, section 4.2).
    tls.version = Some(Arc::from("TLSv1.3"));
    let agreed = quic.handshake_data();
    if let Some(agreed) = agreed.and_then(|agreed| agreed.downcast::<HandshakeData>().ok()) {
        tls.alpn = agreed.protocol.as_deref().map(Arc::from);
        tls.sni = agreed.server_name.as_deref().map(Arc::from);
    }
    let shown = quic.peer_identity();
    let shown = shown.and_then(|shown| shown.downcast::<Vec<CertificateDer<'static>>>().ok());
    tls.client_certificates = shown
        .iter()
        .flat_map(|chain| chain.iter())
        .map(|certificate| certificate.to_vec())
        .collect();
    facts.tls = Some(Arc::new(tls));
    facts
}
