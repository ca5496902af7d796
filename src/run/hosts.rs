//! Hosts that listen, several of them in one process: [`launch`].

use std::{pin::Pin, sync::Arc, time::Duration};

use enfilade_core::{App, Cause, ErrorSink, HostError, Lifecycle, Result, StandardError};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Signals, Threads, ready::Ready};

/// How long the callbacks of the lifecycle may take together.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// How long what was broken off may take to notice. What never yields does not.
const ABORT_WAIT: Duration = Duration::from_secs(1);

/// How long work that cannot be cancelled (`spawn_blocking`) may hold the end of the process up.
const BLOCKING_WAIT: Duration = Duration::from_secs(1);

/// A host that serves.
pub(super) type Serving = Pin<Box<dyn Future<Output = Result<(), HostError>> + Send>>;

/// Starts an app, and serves it at all of `hosts`.
///
/// They have one end: a signal, or the failure of one of them, stops all. Each lets its requests
/// end, within its own grace; a second signal breaks them off. What the app has registered is
/// closed when the last of them has ended.
pub(super) fn launch<A: App + 'static>(
    hosts: Vec<Ready<A>>,
    threads: Threads,
    start: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    let runtime = threads.runtime()?;
    let served = runtime.block_on(async {
        let life = Lifecycle::new();
        let served = match start(&life).await {
            Ok(app) => serve(hosts, Arc::new(app), &life).await,
            Err(error) => Err(HostError::not_started(&error)),
        };
        for error in life.stop(sleep(STOP_DEADLINE)).await {
            StandardError.report(&Cause::new(Box::new(error)).chain());
        }
        served
    });
    runtime.shutdown_timeout(BLOCKING_WAIT);
    served
}

async fn serve<A: App + 'static>(
    hosts: Vec<Ready<A>>,
    app: Arc<A>,
    life: &Lifecycle,
) -> Result<(), HostError> {
    let mut signals = Signals::install()?;
    let mut running = JoinSet::new();
    for host in hosts {
        running.spawn(host(Arc::clone(&app), life.stopping()));
    }
    let mut served = Ok(());
    loop {
        tokio::select! {
            ended = running.join_next() => match ended {
                Some(ended) => {
                    life.begin_stop();
                    served = served.and(ended.unwrap_or_else(|error| {
                        Err(HostError::new("a host ended").because(error))
                    }));
                }
                None => return served,
            },
            () = signals.next() => {
                if life.stopping().is_stopping() {
                    StandardError.report("stopping: broken off by a second signal");
                    break_off(running, &app).await;
                    return served;
                }
                life.begin_stop();
            }
        }
    }
}

/// Breaks off what runs, and waits for it to be gone: no request shall meet what a callback of the
/// lifecycle has closed.
async fn break_off<A>(mut running: JoinSet<Result<(), HostError>>, app: &Arc<A>) {
    running.abort_all();
    let gone = async {
        while running.join_next().await.is_some() {}
        // A host that is broken off does not wait for its connections, each of which has the app.
        while Arc::strong_count(app) > 1 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(ABORT_WAIT, gone).await.is_err() {
        StandardError.report("stopping: some requests do not yield, and are left behind");
    }
}
