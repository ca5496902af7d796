//! From the first connection to the last: [`Run`].

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use enfilade_core::Lifecycle;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use super::{Protocol, Reader, Writer, door::Door, unix::BACKLOG};
use crate::{answered::Rest, site::Site, stop::Stop};

/// How long a task that was broken off may take to notice. One that never yields does not.
const ABORT_WAIT: Duration = Duration::from_secs(1);

/// A backend at work.
pub(super) struct Run<P> {
    pub(super) protocol: Arc<P>,
    pub(super) site: Arc<Site>,
    /// What goes on without its client.
    pub(super) left: UnboundedReceiver<Rest>,
    pub(super) stop: Stop,
    pub(super) lifecycle: Lifecycle,
    pub(super) grace: Duration,
}

impl<P: Protocol> Run<P> {
    /// Serves connections until it is told to stop, and lets them end.
    pub(super) async fn serve(mut self, mut doors: Vec<Door>) {
        // Whoever drops this future drops the set, and that breaks off what runs.
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                halves = accept(&mut doors, &self.site) => self.spawn(halves, &mut tasks),
                Some(ended) = tasks.join_next() => self.ended(ended),
                Some(rest) = self.left.recv() => drop(tasks.spawn(rest.finish())),
                () = self.stop.told() => break,
            }
        }
        // The web server has sent their requests, and would tell its clients of an error.
        for _ in 0..BACKLOG {
            match waiting(&mut doors, &self.site).await {
                Some(halves) => self.spawn(halves, &mut tasks),
                None => break,
            }
        }
        drop(doors);
        self.lifecycle.begin_stop();
        self.drain(&mut tasks).await;
        tasks.abort_all();
        // What has not noticed by then is left to the end of the process.
        let _ = timeout(ABORT_WAIT, async {
            while tasks.join_next().await.is_some() {}
        })
        .await;
    }

    fn spawn(&self, (reader, writer): (Reader, Writer), tasks: &mut JoinSet<()>) {
        let (protocol, site) = (Arc::clone(&self.protocol), Arc::clone(&self.site));
        tasks.spawn(async move { protocol.serve(reader, writer, &site).await });
    }

    /// What an app panics with is caught where it is called; this is for what is not an app's.
    fn ended(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended {
            self.site
                .errors()
                .report(&format!("a connection ended: {error}"));
        }
    }

    async fn drain(&mut self, tasks: &mut JoinSet<()>) {
        let grace = sleep(self.grace);
        tokio::pin!(grace);
        let why = loop {
            tokio::select! {
                Some(rest) = self.left.recv() => drop(tasks.spawn(rest.finish())),
                ended = tasks.join_next() => match (ended, self.left.try_recv()) {
                    (Some(ended), Err(_)) => self.ended(ended),
                    (None, Err(_)) => return,
                    // The connection that ended has left one.
                    (ended, Ok(rest)) => {
                        tasks.spawn(rest.finish());
                        if let Some(ended) = ended {
                            self.ended(ended);
                        }
                    }
                },
                () = &mut grace => break format!("had not ended after {:?}", self.grace),
                () = self.stop.told() => break "were broken off by a second signal".to_owned(),
            }
        };
        let count = tasks.len();
        let line = format!("stopping: {count} connections {why}");
        self.site.errors().report(&line);
    }
}

/// Waits for the next connection at any of the doors.
async fn accept(doors: &mut [Door], site: &Site) -> (Reader, Writer) {
    poll_fn(|cx| {
        let ready =
            doors
                .iter_mut()
                .find_map(|door| match door.poll_accept(cx, &**site.errors()) {
                    Poll::Ready(halves) => Some(halves),
                    Poll::Pending => None,
                });
        // So that a door at which there is always somebody does not shut the others.
        doors.rotate_left(1);
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// A connection that waits at one of the doors already.
async fn waiting(doors: &mut [Door], site: &Site) -> Option<(Reader, Writer)> {
    let accepting = accept(doors, site);
    tokio::select! {
        biased;
        halves = accepting => Some(halves),
        () = std::future::ready(()) => None,
    }
}
