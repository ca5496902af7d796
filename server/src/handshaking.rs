//! A connection on which TLS is being agreed on: [`Handshaking`].

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use enfilade_core::Peer;
use tokio::time::Instant;

use crate::{
    alarm::Alarm, breach::Limit, door::Shaking, opening::Opening, site::Site, sniff::Spoken,
};

/// A handshake, and by when it must have ended.
pub(crate) struct Handshaking {
    shaking: Shaking,
    site: Arc<Site>,
    peer: Peer,
    due: Option<Instant>,
    alarm: Alarm,
}

impl Handshaking {
    pub(crate) fn new(shaking: Shaking, peer: Peer, site: Arc<Site>) -> Handshaking {
        Handshaking {
            shaking,
            peer,
            due: Instant::now().checked_add(site.limits.tls_handshake),
            site,
            alarm: Alarm::default(),
        }
    }

    /// The connection behind it; `None` where it failed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Opening, Spoken)>> {
        if let Poll::Ready(shaken) = self.shaking.as_mut().poll(cx) {
            return Poll::Ready(shaken.map(|(stream, facts, spoken)| {
                let alarm = std::mem::take(&mut self.alarm);
                let site = Arc::clone(&self.site);
                (Opening::new(stream, facts, site, alarm), spoken)
            }));
        }
        match self.due {
            Some(due) if Instant::now() >= due => {
                let site = &self.site;
                site.breaches
                    .report(Limit::TlsHandshake, &site.limits, &self.peer);
                Poll::Ready(None)
            }
            Some(due) => {
                self.alarm.by(cx, due);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}
