//! From the first connection to the last: [`Run`].

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use enfilade_core::{BoxError, ErrorSink, HostError, Lifecycle, Panicked};
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::time::{sleep, timeout};

use crate::{
    accept::accept,
    cores::Cores,
    door::Door,
    reload::Reload,
    site::Site,
    stop::Stop,
    takeover::Takeover,
    tasks::{Phase, Tasks},
    upkeep::Upkeep,
};

/// How long a task that was broken off may take to notice. One that never yields does not.
const ABORT_WAIT: Duration = Duration::from_secs(1);

/// A server at work.
pub(crate) struct Run<'a> {
    pub(crate) site: Arc<Site>,
    pub(crate) stop: Stop,
    pub(crate) takeover: Takeover,
    pub(crate) lifecycle: &'a Lifecycle,
    pub(crate) grace: Duration,
    pub(crate) errors: &'a dyn ErrorSink,
}

impl Run<'_> {
    /// Accepts connections until it is told to stop, and lets them end. Meanwhile, what has changed
    /// is reloaded.
    pub(crate) async fn serve(
        mut self,
        doors: Vec<Door>,
        cores: &mut Cores,
        reload: Reload,
        upkeep: Upkeep,
    ) -> Result<(), HostError> {
        let tasks = Arc::clone(&self.site.tasks);
        // Whoever drops this future means that nothing shall go on.
        let _ending = AbortOnDrop(Arc::clone(&tasks));
        let watched = self.takeover.feed_watchdog();
        let ending = async {
            let ended = self.accept(&doors, cores, upkeep).await;
            self.takeover.stopping();
            drop(doors);
            cores.close();
            self.end(&tasks).await;
            ended
        };
        tokio::select! {
            ended = ending => ended,
            () = watched => Ok(()),
            () = reload.run() => Ok(()),
        }
    }

    async fn end(&mut self, tasks: &Tasks) {
        self.lifecycle.begin_stop();
        tasks.enter(Phase::Draining);
        self.drain(tasks).await;
        tasks.enter(Phase::Aborting);
        tokio::select! {
            () = tasks.ended() => {}
            () = sleep(ABORT_WAIT) => {}
        }
    }

    /// Accepts connections until the server is to stop.
    async fn accept(
        &mut self,
        doors: &[Door],
        cores: &Cores,
        upkeep: Upkeep,
    ) -> Result<(), HostError> {
        let mut elsewhere = cores.accept(&self.site);
        let all: Vec<&Door> = doors.iter().chain(cores.doors()).collect();
        let accepts = |door| AssertUnwindSafe(accept(door, &self.site)).catch_unwind();
        let mut accepting: FuturesUnordered<_> = doors.iter().map(accepts).collect();
        let ended = tokio::select! {
            () = self.stop.told() => Ok(()),
            () = self.takeover.taken_over(&all) => Ok(()),
            // Accepting never ends by itself, and clients would wait for ever at a socket that is
            // still there.
            Some(Err(panic)) = accepting.next() => Err(not_accepting(Panicked::new(&*panic))),
            Some(Err(error)) = elsewhere.join_next() => Err(not_accepting(error)),
            // What only a server that accepts can do is done for as long.
            () = upkeep.run() => Ok(()),
        };
        // None shall come in behind the last that is waited for. A thread that is held up does not
        // accept either, when it goes on.
        elsewhere.abort_all();
        let none = async { while elsewhere.join_next().await.is_some() {} };
        let _ = timeout(ABORT_WAIT, none).await;
        ended
    }

    async fn drain(&mut self, tasks: &Tasks) {
        let why = tokio::select! {
            () = tasks.ended() => return,
            () = sleep(self.grace) => format!("had not ended after {:?}", self.grace),
            () = self.stop.told() => "were broken off by a second signal".to_owned(),
        };
        let count = tasks.count();
        self.errors
            .report(&format!("stopping: {count} connections {why}"));
    }
}

fn not_accepting(why: impl Into<BoxError>) -> HostError {
    HostError::new("a thread does not accept connections any more").because(why)
}

struct AbortOnDrop(Arc<Tasks>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.enter(Phase::Aborting);
    }
}
