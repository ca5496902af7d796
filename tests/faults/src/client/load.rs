//! Clients that do nothing wrong, and measure how they are served: [`Load`].

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use super::Http1;
use crate::bench::all;

/// Keep-alive connections that ask for `/` at a steady rate, until they are told to end.
pub(crate) struct Load {
    ends: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Latencies>>,
}

/// What a [`Load`] has measured.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    micros: Vec<u32>,
    pub(crate) failed: u64,
}

impl Load {
    /// `connections`, each of which asks every `pause`.
    pub(crate) fn start(address: SocketAddr, connections: u32, pause: Duration) -> Load {
        let ends = Arc::new(AtomicBool::new(false));
        let clients = (0..connections)
            .map(|number| {
                let ends = Arc::clone(&ends);
                tokio::spawn(async move {
                    // They do not ask all at once.
                    tokio::time::sleep(pause * number / connections).await;
                    client(address, pause, &ends).await
                })
            })
            .collect();
        Load { ends, clients }
    }

    /// The same for a time of its own.
    pub(crate) async fn for_time(
        address: SocketAddr,
        connections: u32,
        pause: Duration,
        time: Duration,
    ) -> Result<Latencies> {
        let load = Load::start(address, connections, pause);
        tokio::time::sleep(time).await;
        load.end().await
    }

    pub(crate) async fn end(self) -> Result<Latencies> {
        self.ends.store(true, Relaxed);
        let mut sum = Latencies::default();
        for one in all(self.clients).await? {
            sum.micros.extend(one.micros);
            sum.failed += one.failed;
        }
        sum.micros.sort_unstable();
        Ok(sum)
    }
}

async fn client(address: SocketAddr, pause: Duration, ends: &AtomicBool) -> Latencies {
    let mut latencies = Latencies::default();
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open: Option<Http1<_>> = None;
    while !ends.load(Relaxed) {
        ticks.tick().await;
        let begun = Instant::now();
        let mut client = match open.take() {
            Some(client) => client,
            None => match Http1::connect(address).await {
                Ok(client) => client,
                Err(_) => {
                    latencies.failed += 1;
                    continue;
                }
            },
        };
        match client.get("/").await {
            Ok(answer) if answer.status == 200 => {
                let micros = begun.elapsed().as_micros();
                latencies
                    .micros
                    .push(u32::try_from(micros).unwrap_or(u32::MAX));
                open = (!answer.closes()).then_some(client);
            }
            _ => latencies.failed += 1,
        }
    }
    latencies
}

impl Latencies {
    pub(crate) fn count(&self) -> usize {
        self.micros.len()
    }

    /// What 99 of 100 requests took at most.
    pub(crate) fn p99(&self) -> Duration {
        let at = (self.micros.len() * 99 / 100).min(self.micros.len().saturating_sub(1));
        let micros = self.micros.get(at).copied().unwrap_or(0);
        Duration::from_micros(micros.into())
    }
}
