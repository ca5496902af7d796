//! A server in a process of its own: [`Site`].

use std::{
    fs,
    net::SocketAddr,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::{sleep, timeout},
};

use crate::{bench::Bench, client::Http1};

/// A server that runs, with the app of `site/`; it is killed when this is dropped.
pub(crate) struct Site {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) tls: SocketAddr,
    errors: Arc<Mutex<Vec<String>>>,
}

/// What the app has counted.
#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    /// Requests that reached the app.
    pub(crate) begun: u64,
    /// Requests that came out of the body of another one.
    pub(crate) smuggled: u64,
    /// Bytes of bodies that the app was given.
    pub(crate) received: u64,
    /// Futures and bodies that wait for their end.
    pub(crate) held: u64,
    /// Tasks of the runtime.
    pub(crate) tasks: i64,
}

/// How to start a [`Site`], beside its defaults.
pub(crate) struct Starting<'a> {
    bench: &'a Bench,
    variables: Vec<(&'static str, String)>,
    files: Option<u64>,
    stdout: Stdio,
}

impl<'a> Starting<'a> {
    pub(crate) fn new(bench: &'a Bench) -> Starting<'a> {
        Starting {
            bench,
            variables: Vec::new(),
            files: None,
            stdout: Stdio::null(),
        }
    }

    /// Limits other than the defaults.
    pub(crate) fn limits(self, limits: &serde_json::Value) -> Starting<'a> {
        self.with("SITE_LIMITS", limits.to_string())
    }

    /// One of the variables that the site knows.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Starting<'a> {
        self.variables.push((name, value.into()));
        self
    }

    /// How many files the site may open.
    pub(crate) const fn files(mut self, count: u64) -> Starting<'a> {
        self.files = Some(count);
        self
    }

    /// Its standard output is kept for [`Site::stdout`].
    pub(crate) fn piped(mut self) -> Starting<'a> {
        self.stdout = Stdio::piped();
        self
    }

    pub(crate) async fn start(self) -> Result<Site> {
        let program = self.bench.program()?;
        let mut command = match self.files {
            None => Command::new(program),
            Some(count) => {
                let mut command = Command::new("prlimit");
                command.arg(format!("--nofile={count}")).arg(program);
                command
            }
        };
        let mut child = command
            .env("SITE_CERTIFICATE", self.bench.path(""))
            .envs(self.variables)
            .stdin(Stdio::null())
            .stdout(self.stdout)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("the site does not start")?;
        let mut lines = BufReader::new(child.stderr.take().context("it is piped")?).lines();
        let first = timeout(Duration::from_secs(30), lines.next_line())
            .await
            .context("the site does not announce itself")??
            .context("the site ended")?;
        let errors = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&errors);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        let place = |scheme: &str| -> Result<SocketAddr> {
            let place = first.split(scheme).nth(1).context(first.clone())?;
            let place = place.split(',').next().unwrap_or_default();
            Ok(place.trim().parse()?)
        };
        Ok(Site {
            address: place("http://")?,
            tls: place("https://")?,
            child,
            errors,
        })
    }
}

impl Site {
    /// A site with its defaults.
    pub(crate) async fn start(bench: &Bench) -> Result<Site> {
        Starting::new(bench).start().await
    }

    pub(crate) async fn connect(&self) -> Result<Http1<TcpStream>> {
        Ok(Http1::connect(self.address).await?)
    }

    pub(crate) async fn counts(&self) -> Result<Counts> {
        let answer = self.connect().await?.get("/counts").await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Waits until no guard is held, and says how long that took. `None` if it is longer than
    /// `at_most`.
    pub(crate) async fn until_released(&self, at_most: Duration) -> Result<Option<Duration>> {
        let begun = Instant::now();
        let mut client = self.connect().await?;
        loop {
            let counts: Counts = serde_json::from_slice(&client.get("/counts").await?.body)?;
            if counts.held == 0 {
                return Ok(Some(begun.elapsed()));
            }
            if begun.elapsed() > at_most {
                return Ok(None);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it has written to its error stream, but for the announcement.
    pub(crate) fn errors(&self) -> Vec<String> {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.clone()
    }

    pub(crate) fn process(&self) -> Result<u32> {
        self.child.id().context("the site has ended")
    }

    /// Bytes of memory that it has in use.
    pub(crate) fn memory(&self) -> Result<i64> {
        memory_of(self.process()?)
    }

    pub(crate) fn descriptors(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.process()?))?.count())
    }

    /// The time that its threads have had a core.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process()?))? {
            // A thread may have ended in between.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            let first = text.split_whitespace().next().unwrap_or_default();
            nanoseconds += first.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    pub(crate) fn stdout(&mut self) -> Result<ChildStdout> {
        self.child.stdout.take().context("it was not piped")
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        send(self.process()?, signal)
    }

    /// How long it takes to end, once it was told to.
    pub(crate) async fn end(&mut self, at_most: Duration) -> Result<Option<Duration>> {
        let begun = Instant::now();
        match timeout(at_most, self.child.wait()).await {
            Ok(status) => {
                ensure!(
                    status?.success(),
                    "the site ended badly: {:?}",
                    self.errors()
                );
                Ok(Some(begun.elapsed()))
            }
            Err(_) => Ok(None),
        }
    }

    /// Whether the process that was started is gone.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }
}

pub(crate) fn send(process: u32, signal: Signal) -> Result<()> {
    let process = Pid::from_raw(i32::try_from(process)?).context("no process")?;
    Ok(kill_process(process, signal)?)
}

/// Bytes of memory that a process has in use.
pub(crate) fn memory_of(process: u32) -> Result<i64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.context("no memory")?.trim().trim_end_matches(" kB");
    Ok(kilobytes.parse::<i64>()? * 1024)
}

/// Whether a process runs that nobody may have waited for yet.
pub(crate) fn is_alive(process: u32) -> Result<bool> {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else {
        return Ok(false);
    };
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    Ok(!state.context("no state")?.trim().starts_with('Z'))
}
