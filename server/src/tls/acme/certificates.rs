//! The certificates of some names, from storage and from an authority: [`Certificates`].

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use enfilade_core::{ErrorSink, HostError};
use futures_util::future::join_all;
use httpdate::fmt_http_date;
use tokio::{sync::Semaphore, time::sleep};
use tokio_rustls::rustls::{ServerConfig, server::ClientHello, sign::CertifiedKey};

use super::{
    Acme, Challenge, account,
    attempt::{Failure, attempt},
    certificate::Certificate,
    challenges::Challenges,
    names,
    patience::Patience,
    storage::Storage,
};
use crate::{
    proofs::Proofs,
    tls::{keeper::Keeper, stamp::Stamp},
    upkeep::Work,
};

/// How many certificates are asked for at once.
const AT_ONCE: usize = 4;

/// How long the clock is not looked at: it may be set, and a machine may sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(60 * 60);

/// What all listeners with one [`Acme`] share.
#[derive(Debug)]
pub(super) struct Certificates {
    acme: Acme,
    challenges: Arc<Challenges>,
    open: OnceLock<Open>,
    /// Of several servers one at a time asks for certificates.
    turn: tokio::sync::Mutex<()>,
}

impl Certificates {
    pub(super) fn new(acme: Acme) -> Arc<Certificates> {
        Arc::new(Certificates {
            acme,
            challenges: Arc::default(),
            open: OnceLock::new(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// Has a certificate for `name`, and renews it in time, for ever.
    async fn keep(&self, open: &Open, name: &str, places: &Semaphore, errors: &dyn ErrorSink) {
        let directory = &self.acme.directory;
        let mut patience = Patience::new(self.acme.first_wait, self.acme.longest_wait);
        let mut waited_for = open.current(name).is_none_or(|held| held.has_ended());
        if waited_for {
            let state = open.state(name);
            errors.report(&format!(
                "waiting for a certificate for {name} from {directory}: {state}"
            ));
        }
        loop {
            open.due(name).await;
            let renewed = {
                // The semaphore is never closed.
                let _place = places.acquire().await;
                self.renew(open, name, errors).await
            };
            let Err(failure) = renewed else {
                patience.succeed();
                if std::mem::take(&mut waited_for) {
                    let state = open.state(name);
                    errors.report(&format!("got a certificate for {name}: {state}"));
                }
                continue;
            };
            waited_for = true;
            let wait = patience.fail(failure.rest());
            let (state, seconds) = (open.state(name), wait.as_secs_f64().ceil());
            errors.report(&format!(
                "cannot get a certificate for {name} from {directory}: {failure}; {state}; \
                 trying again in {seconds} s"
            ));
            sleep(wait).await;
        }
    }

    async fn renew(&self, open: &Open, name: &str, errors: &dyn ErrorSink) -> Result<(), Failure> {
        let file = file_of(name);
        let _lock = open.storage.lock(&file).await?;
        // Another process may have got one while this one waited.
        if let Some(stored) = open.read(name)?
            && !stored.is_due()
        {
            open.take_up(name, stored);
            return Ok(());
        }
        let pem = attempt(&self.acme, name, &open.storage, &self.challenges).await?;
        let certificate = Certificate::read(&pem, name)?;
        let is_due = certificate.is_due();
        open.take_up(name, certificate);
        let storage = open.storage.clone();
        let stored = tokio::task::spawn_blocking(move || storage.write(&file, &pem)).await;
        if let Ok(Err(error)) = stored {
            errors.report(&format!(
                "the certificate for {name} is used, and lost when the server stops: {error:?}"
            ));
        }
        if is_due {
            let message = "it gave one that is to be renewed already: is the clock right?";
            return Err(HostError::new(message).into());
        }
        Ok(())
    }
}

impl Keeper for Certificates {
    fn open(&self) -> Result<(), HostError> {
        if self.open.get().is_some() {
            return self.reload(true);
        }
        let names = names::check(&self.acme.names)?;
        self.acme.check()?;
        let storage = Storage::open(&self.acme.storage, &self.acme.directory)?;
        account::check(&self.acme, &storage)?;
        let open = self.open.get_or_init(|| Open::new(names, storage));
        open.load()
    }

    fn reload(&self, forced: bool) -> Result<(), HostError> {
        match self.open.get() {
            Some(open) if open.has_changed() || forced => open.load(),
            _ => Ok(()),
        }
    }

    fn keeps(&self, name: &str) -> bool {
        self.open
            .get()
            .is_some_and(|open| open.held(name).is_some())
    }

    fn find(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let certificate = self.open.get()?.current(name)?;
        Some(Arc::clone(&certificate.key))
    }

    fn first(&self) -> Option<Arc<CertifiedKey>> {
        let open = self.open.get()?;
        let mut certificates = open.names.iter().filter_map(|name| open.current(name));
        Some(Arc::clone(&certificates.next()?.key))
    }

    fn is_examined(&self) -> bool {
        self.challenges.are_shown_by_tls()
    }

    fn examination(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        self.challenges.examination(hello)
    }

    fn proofs(&self) -> Option<Arc<dyn Proofs>> {
        (self.acme.challenge == Challenge::Http01)
            .then(|| Arc::clone(&self.challenges) as Arc<dyn Proofs>)
    }

    fn work(self: Arc<Certificates>, errors: Arc<dyn ErrorSink>) -> Work {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            let Some(open) = self.open.get() else { return };
            let places = Semaphore::new(AT_ONCE);
            let names = open.names.iter();
            join_all(names.map(|name| self.keep(open, name, &places, &*errors))).await;
        })
    }
}

/// Names that were checked, where their certificates are stored, and those in use.
#[derive(Debug)]
struct Open {
    names: Vec<String>,
    storage: Storage,
    held: HashMap<String, Held>,
    /// What the files looked like when they were read.
    seen: Mutex<Stamp>,
}

type Held = RwLock<Option<Arc<Certificate>>>;

impl Open {
    fn new(names: Vec<String>, storage: Storage) -> Open {
        let held = names.iter().map(|name| (name.clone(), Held::default()));
        Open {
            held: held.collect(),
            names,
            storage,
            seen: Mutex::default(),
        }
    }

    fn has_changed(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen != self.stamp()
    }

    fn stamp(&self) -> Stamp {
        let files = self
            .names
            .iter()
            .map(|name| self.storage.path(&file_of(name)));
        let files: Vec<_> = files.collect();
        Stamp::of(files.iter().map(std::path::PathBuf::as_path))
    }

    /// Takes up what is stored. What cannot be used changes nothing, and is told last.
    fn load(&self) -> Result<(), HostError> {
        // Kept also where one cannot be used, so that it is reported once.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = self.stamp();
        let mut loaded = Ok(());
        for name in &self.names {
            match self.read(name) {
                // One that could not be stored is newer than the file.
                Ok(Some(stored)) if self.is_older(name, &stored) => {}
                Ok(Some(stored)) => self.take_up(name, stored),
                Ok(None) => {}
                Err(error) => loaded = Err(error),
            }
        }
        loaded
    }

    fn read(&self, name: &str) -> Result<Option<Certificate>, HostError> {
        let file = file_of(name);
        let Some(pem) = self.storage.read(&file)? else {
            return Ok(None);
        };
        let certificate = Certificate::read(&pem, name).map_err(|error| {
            let path = self.storage.path(&file);
            HostError::new(format!(
                "cannot use {}; where it is moved away, a new one is asked for",
                path.display()
            ))
            .because(error)
        });
        certificate.map(Some)
    }

    fn is_older(&self, name: &str, stored: &Certificate) -> bool {
        let held = self.current(name);
        held.is_some_and(|held| stored.begin() < held.begin())
    }

    fn take_up(&self, name: &str, certificate: Certificate) {
        if let Some(held) = self.held.get(name) {
            let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
            *held = Some(Arc::new(certificate));
        }
    }

    /// What is held for a name, in any case.
    fn held(&self, name: &str) -> Option<&Held> {
        self.held
            .get(name)
            .or_else(|| self.held.get(&name.to_ascii_lowercase()))
    }

    fn current(&self, name: &str) -> Option<Arc<Certificate>> {
        self.held(name).and_then(current)
    }

    /// Waits until the certificate for `name` is to be renewed, or there is none.
    async fn due(&self, name: &str) {
        while let Some(held) = self.current(name) {
            match held.due().duration_since(SystemTime::now()) {
                Ok(left) if !left.is_zero() => sleep(left.min(LOOK_AGAIN)).await,
                _ => break,
            }
        }
    }

    /// What a client that asks for `name` is shown, in words.
    fn state(&self, name: &str) -> String {
        let mut state = String::new();
        let _ = match self.current(name) {
            None => write!(
                state,
                "there is none yet, and handshakes for it are refused"
            ),
            Some(held) if held.has_ended() => {
                write!(
                    state,
                    "the one in use has ended, at {}",
                    fmt_http_date(held.end())
                )
            }
            Some(held) => {
                write!(
                    state,
                    "the one in use is good until {}",
                    fmt_http_date(held.end())
                )
            }
        };
        state
    }
}

fn current(held: &Held) -> Option<Arc<Certificate>> {
    held.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The private key and the chain, in one file: they belong together also where it is replaced.
fn file_of(name: &str) -> String {
    format!("{name}.pem")
}
