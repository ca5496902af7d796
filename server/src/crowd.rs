//! How many connections there may be: [`Crowd`], and [`Addresses`] for those of one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use enfilade_core::Peer;

/// How many connections there may be, unless said otherwise and where files do not run out.
const MOST: usize = 10_000;

/// How much room is made at once: one connection of so many.
const SHARE: usize = 16;

/// The most connections, and how many are asked to leave.
///
/// Without that, clients that keep connections for later would keep others out for now.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) most: usize,
    wanted: AtomicUsize,
}

impl Crowd {
    /// At most `most`, by default as many as the process may open files for, and some to spare.
    pub(crate) fn new(most: Option<usize>) -> Crowd {
        let files = open_files().map_or(MOST, |files| (files / 5).saturating_mul(4));
        Crowd {
            most: most.unwrap_or(files.min(MOST)).max(1),
            wanted: AtomicUsize::new(0),
        }
    }

    /// Connections that rest shall leave, and others after their answers.
    pub(crate) fn make_room(&self) {
        self.wanted.store(self.most / SHARE + 1, Relaxed);
    }

    /// Nobody has to leave.
    pub(crate) fn has_room(&self) {
        self.wanted.store(0, Relaxed);
    }

    /// Whether the one that asks, and could leave, shall.
    pub(crate) fn shall_leave(&self) -> bool {
        self.wanted.load(Relaxed) > 0
            && self
                .wanted
                .fetch_update(Relaxed, Relaxed, |wanted| wanted.checked_sub(1))
                .is_ok()
    }
}

/// How many files the process may open; `None` where the system does not tell, or has no limit.
#[cfg(unix)]
fn open_files() -> Option<usize> {
    use rustix::process::{Resource, getrlimit};
    usize::try_from(getrlimit(Resource::Nofile).current?).ok()
}

#[cfg(not(unix))]
fn open_files() -> Option<usize> {
    None
}

/// The connections of each address, or of each IPv6 network of 64 bits: a client has all of it.
#[derive(Debug)]
pub(crate) struct Addresses {
    most: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

impl Addresses {
    pub(crate) fn new(most: Option<usize>) -> Option<Arc<Addresses>> {
        most.map(|most| {
            let counts = Mutex::default();
            Arc::new(Addresses { most, counts })
        })
    }

    /// Counts one more from `peer`; an error where it has as many as it may have. Peers without an
    /// address are not counted.
    pub(crate) fn enter(self: &Arc<Addresses>, peer: &Peer) -> Result<Option<Place>, Full> {
        let Some(network) = peer.ip().map(network) else {
            return Ok(None);
        };
        let mut counts = self.lock();
        let count = counts.entry(network).or_default();
        if *count >= self.most {
            return Err(Full);
        }
        *count += 1;
        let addresses = Arc::clone(self);
        Ok(Some(Place { addresses, network }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
    }
}

/// An address has as many connections as it may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    addresses: Arc<Addresses>,
    network: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.lock();
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::inet((address.parse::<IpAddr>().expect("an address"), 1).into())
    }

    #[test]
    fn a_network_has_so_many_places_and_nothing_is_kept_of_it_afterwards() {
        let addresses = Addresses::new(Some(2)).expect("there is a limit");
        let enter = |address| addresses.enter(&peer(address));
        let first = enter("2001:db8::1").expect("a place");
        let second = enter("2001:db8::ffff:0:0:2").expect("a place");
        assert_eq!(enter("2001:db8::3").expect_err("no place"), Full);
        let other = enter("2001:db8:0:1::1").expect("another network");
        let mapped = [enter("::ffff:192.0.2.1"), enter("192.0.2.1")];
        assert!(enter("192.0.2.1").is_err() && enter("192.0.2.2").is_ok());
        drop(first);
        let third = enter("2001:db8::3").expect("a place again");
        drop((second, third, other, mapped));
        assert!(addresses.lock().is_empty());
        let unknown = addresses.enter(&Peer::Unknown).expect("it is not counted");
        assert!(unknown.is_none());
    }

    #[test]
    fn as_many_leave_as_are_asked_to() {
        let crowd = Crowd::new(Some(32));
        assert!(!crowd.shall_leave());
        crowd.make_room();
        let left = (0..10).filter(|_| crowd.shall_leave()).count();
        assert_eq!(left, 3);
        crowd.make_room();
        crowd.has_room();
        assert!(!crowd.shall_leave());
    }
}
