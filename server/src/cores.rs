//! Threads that serve beside the one that a server is served in: [`Cores`].

use std::{sync::Arc, thread};

use enfilade_core::HostError;
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
    task::JoinSet,
};

use crate::{accept::accept, door::Door, runtime::BLOCKING_WAIT, site::Site};

/// Threads, each with a runtime and doors of its own.
///
/// They end when this is dropped, and break off what they still run.
pub(crate) struct Cores(Vec<Core>);

struct Core {
    runtime: Handle,
    doors: Vec<Arc<Door>>,
    /// Its end is the thread's.
    _running: oneshot::Sender<()>,
}

impl Cores {
    /// Starts `count` threads.
    pub(crate) fn start(count: usize) -> Result<Cores, HostError> {
        let cores = (0..count).map(|_| Core::start());
        cores.collect::<Result<_, _>>().map(Cores)
    }

    /// Opens a door beside `door` for each thread.
    pub(crate) fn open_beside(&mut self, door: &Door) -> Result<(), HostError> {
        for core in &mut self.0 {
            let _entered = core.runtime.enter();
            core.doors.push(Arc::new(door.another()?));
        }
        Ok(())
    }

    pub(crate) fn doors(&self) -> impl Iterator<Item = &Door> {
        let doors = self.0.iter().flat_map(|core| &core.doors);
        doors.map(|door| &**door)
    }

    /// Accepts connections in each thread. It never ends by itself.
    pub(crate) fn accept(&self, site: &Arc<Site>) -> JoinSet<()> {
        let mut accepting = JoinSet::new();
        for core in &self.0 {
            for door in &core.doors {
                let (door, site) = (Arc::clone(door), Arc::clone(site));
                let accepts = async move { accept(&door, &site).await };
                accepting.spawn_on(accepts, &core.runtime);
            }
        }
        accepting
    }

    /// Closes the doors.
    pub(crate) fn close(&mut self) {
        self.0.iter_mut().for_each(|core| core.doors.clear());
    }
}

impl Core {
    fn start() -> Result<Core, HostError> {
        let failed = |error| HostError::new("cannot start a thread that serves").because(error);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel();
        let serve = move || {
            // It ends with its sender: nothing is ever sent.
            let _ = runtime.block_on(ended);
            runtime.shutdown_timeout(BLOCKING_WAIT);
        };
        let builder = thread::Builder::new().name("enfilade-core".to_owned());
        builder.spawn(serve).map_err(failed)?;
        Ok(Core {
            runtime: handle,
            doors: Vec::new(),
            _running: running,
        })
    }
}
