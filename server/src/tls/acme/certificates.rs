//! The certificates of some names, from storage and from an authority: [`Certificates`].

use std::sync::{Arc, OnceLock};

use enfilade_core::{ErrorSink, HostError};
use futures_util::future::join_all;
use tokio::{sync::Semaphore, time::sleep};
use tokio_rustls::rustls::{ServerConfig, server::ClientHello, sign::CertifiedKey};

use super::{
    Acme, Challenge, account,
    attempt::{Failure, attempt},
    certificate::Certificate,
    challenges::Challenges,
    held::{Held, file_of},
    names,
    patience::Patience,
    storage::Storage,
};
use crate::{proofs::Proofs, tls::keeper::Keeper, upkeep::Work};

/// How many certificates are asked for at once.
const AT_ONCE: usize = 4;

/// What all listeners with one [`Acme`] share.
#[derive(Debug)]
pub(super) struct Certificates {
    acme: Acme,
    challenges: Arc<Challenges>,
    held: OnceLock<Held>,
    /// Of several servers one at a time asks for certificates.
    turn: tokio::sync::Mutex<()>,
}

impl Certificates {
    pub(super) fn new(acme: Acme) -> Arc<Certificates> {
        Arc::new(Certificates {
            acme,
            challenges: Arc::default(),
            held: OnceLock::new(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// Has a certificate for `name`, and renews it in time, for ever.
    async fn keep(&self, held: &Held, name: &str, places: &Semaphore, errors: &dyn ErrorSink) {
        let directory = &self.acme.directory;
        let mut patience = Patience::new(self.acme.first_wait, self.acme.longest_wait);
        let mut waited_for = held.current(name).is_none_or(|one| one.has_ended());
        if waited_for {
            let state = held.state(name);
            errors.report(&format!(
                "waiting for a certificate for {name} from {directory}: {state}"
            ));
        }
        loop {
            held.due(name).await;
            let renewed = {
                // The semaphore is never closed.
                let _place = places.acquire().await;
                self.renew(held, name, errors).await
            };
            let Err(failure) = renewed else {
                patience.succeed();
                if std::mem::take(&mut waited_for) {
                    let state = held.state(name);
                    errors.report(&format!("got a certificate for {name}: {state}"));
                }
                continue;
            };
            waited_for = true;
            let wait = patience.fail(failure.rest());
            let (state, seconds) = (held.state(name), wait.as_secs_f64().ceil());
            errors.report(&format!(
                "cannot get a certificate for {name} from {directory}: {failure}; {state}; \
                 trying again in {seconds} s"
            ));
            sleep(wait).await;
        }
    }

    async fn renew(&self, held: &Held, name: &str, errors: &dyn ErrorSink) -> Result<(), Failure> {
        let file = file_of(name);
        let _lock = held.storage.lock(&file).await?;
        // Another process may have got one while this one waited.
        match held.read(name) {
            Ok(Some(stored)) if !stored.is_due() => {
                held.take_up(name, stored);
                return Ok(());
            }
            Ok(_) => {}
            // What cannot be used is replaced, or the one in use would run out.
            Err(error) => errors.report(&format!("a certificate is replaced: {error:?}")),
        }
        let pem = attempt(&self.acme, name, &held.storage, &self.challenges).await?;
        let certificate = Certificate::read(&pem, name)?;
        let is_due = certificate.is_due();
        held.take_up(name, certificate);
        let storage = held.storage.clone();
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
        if self.held.get().is_some() {
            return self.reload(true);
        }
        let names = names::check(&self.acme.names)?;
        self.acme.check()?;
        let storage = Storage::open(&self.acme.storage, &self.acme.directory)?;
        account::check(&self.acme, &storage)?;
        let held = self.held.get_or_init(|| Held::new(names, storage));
        held.load()
    }

    fn reload(&self, forced: bool) -> Result<(), HostError> {
        match self.held.get() {
            Some(held) if held.has_changed() || forced => held.load(),
            _ => Ok(()),
        }
    }

    fn keeps(&self, name: &str) -> bool {
        self.held.get().is_some_and(|held| held.knows(name))
    }

    fn find(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let certificate = self.held.get()?.current(name)?;
        Some(Arc::clone(&certificate.key))
    }

    fn first(&self) -> Option<Arc<CertifiedKey>> {
        let held = self.held.get()?;
        let mut certificates = held.names.iter().filter_map(|name| held.current(name));
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
            let Some(held) = self.held.get() else { return };
            let places = Semaphore::new(AT_ONCE);
            let names = held.names.iter();
            join_all(names.map(|name| self.keep(held, name, &places, &*errors))).await;
        })
    }
}
