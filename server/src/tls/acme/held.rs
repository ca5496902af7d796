//! Certificates in use, and where they are stored: [`Held`].

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use enfilade_core::HostError;
use httpdate::fmt_http_date;
use tokio::time::sleep;

use super::{certificate::Certificate, storage::Storage};
use crate::tls::stamp::Stamp;

/// How long the clock is not looked at: it may be set, and a machine may sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(60 * 60);

/// The certificates for some names, each in a place of its own.
#[derive(Debug)]
pub(super) struct Held {
    /// In lower case, as they were told.
    pub(super) names: Vec<String>,
    pub(super) storage: Storage,
    places: HashMap<String, Place>,
    /// What the files looked like when they were read.
    seen: Mutex<Stamp>,
}

type Place = RwLock<Option<Arc<Certificate>>>;

impl Held {
    pub(super) fn new(names: Vec<String>, storage: Storage) -> Held {
        let places = names.iter().map(|name| (name.clone(), Place::default()));
        Held {
            places: places.collect(),
            names,
            storage,
            seen: Mutex::default(),
        }
    }

    /// Takes up what is stored. What cannot be used changes nothing, and is told last.
    pub(super) fn load(&self) -> Result<(), HostError> {
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

    /// Whether other files are stored than those that were read.
    pub(super) fn has_changed(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen != self.stamp()
    }

    fn stamp(&self) -> Stamp {
        let file = |name: &String| self.storage.path(&file_of(name));
        let files: Vec<PathBuf> = self.names.iter().map(file).collect();
        Stamp::of(files.iter().map(PathBuf::as_path))
    }

    /// What is stored for a name.
    pub(super) fn read(&self, name: &str) -> Result<Option<Certificate>, HostError> {
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
        let current = self.current(name);
        current.is_some_and(|current| stored.begin() < current.begin())
    }

    /// Shows `certificate` from the next handshake on.
    pub(super) fn take_up(&self, name: &str, certificate: Certificate) {
        if let Some(place) = self.places.get(name) {
            let mut place = place.write().unwrap_or_else(PoisonError::into_inner);
            *place = Some(Arc::new(certificate));
        }
    }

    fn place(&self, name: &str) -> Option<&Place> {
        let places = &self.places;
        places
            .get(name)
            .or_else(|| places.get(&name.to_ascii_lowercase()))
    }

    /// Whether the name is one of these, in any case.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    pub(super) fn current(&self, name: &str) -> Option<Arc<Certificate>> {
        let place = self.place(name)?.read();
        place.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the certificate for `name` is to be renewed, or there is none.
    pub(super) async fn due(&self, name: &str) {
        while let Some(current) = self.current(name) {
            match current.due().duration_since(SystemTime::now()) {
                Ok(left) if !left.is_zero() => sleep(left.min(LOOK_AGAIN)).await,
                _ => break,
            }
        }
    }

    /// What a client that asks for `name` is shown, in words.
    pub(super) fn state(&self, name: &str) -> String {
        match self.current(name) {
            None => "there is none yet, and handshakes for it are refused".to_owned(),
            Some(current) => {
                let end = fmt_http_date(current.end());
                match current.has_ended() {
                    true => format!("the one in use has ended, at {end}"),
                    false => format!("the one in use is good until {end}"),
                }
            }
        }
    }
}

/// The private key and the chain, in one file: they belong together also where it is replaced.
pub(super) fn file_of(name: &str) -> String {
    format!("{name}.pem")
}
