//! From the first connection to the last: [`Run`].

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use enfilade_core::{ErrorSink, Lifecycle};
use futures_util::{StreamExt, stream::FuturesUnordered};
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
    /// Accepts connections until it is told to stop, and lets them end.
    /// Meanwhile, what has changed is reloaded.
    pub(crate) async fn serve(
        mut self,
        doors: Vec<Door>,
        cores: &mut Cores,
        reload: Reload,
        upkeep: Upkeep,
    ) {
        let tasks = Arc::clone(&self.site.tasks);
        // Whoever drops this future means that nothing shall go on.
        let _ending = AbortOnDrop(Arc::clone(&tasks));
        let watched = self.takeover.feed_watchdog();
        let ending = async {
            self.accept(&doors, cores, upkeep).await;
            self.takeover.stopping();
            drop(doors);
            cores.close();
            self.end(&tasks).await;
        };
        tokio::select! {
            () = ending => {}
            () = watched => {}
            () = reload.run() => {}
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

    async fn accept(&mut self, doors: &[Door], cores: &Cores, upkeep: Upkeep) {
        let mut elsewhere = cores.accept(&self.site);
        let all: Vec<&Door> = doors.iter().chain(cores.doors()).collect();
        let mut accepting: FuturesUnordered<_> =
            doors.iter().map(|door| accept(door, &self.site)).collect();
        tokio::select! {
            () = self.stop.told() => {}
            () = self.takeover.taken_over(&all) => {}
            // Accepting never ends by itself.
            Some(()) = accepting.next() => {}
            // A thread that panicked would keep its socket, and clients would wait there for ever.
            Some(Err(error)) = elsewhere.join_next() => {
                if let Ok(panic) = error.try_into_panic() {
                    resume_unwind(panic);
                }
            }
            // What only a server that accepts can do is done for as long.
            () = upkeep.run() => {}
        }
        // None shall come in behind the last that is waited for. A thread that is held up does not
        // accept either, when it goes on.
        elsewhere.abort_all();
        let none = async { while elsewhere.join_next().await.is_some() {} };
        let _ = timeout(ABORT_WAIT, none).await;
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

struct AbortOnDrop(Arc<Tasks>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.enter(Phase::Aborting);
    }
}
