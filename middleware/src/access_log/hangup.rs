//! Being told of SIGHUP, by which log rotation says that the old file was moved away.

#[cfg(unix)]
mod signal {
    use std::{
        io,
        sync::{Arc, atomic::AtomicBool},
    };

    use signal_hook::{SigId, consts::SIGHUP, flag, low_level};

    /// Sets a flag at each SIGHUP, until it is dropped.
    pub(crate) struct Hangup(SigId);

    impl Hangup {
        pub(crate) fn sets(flag: &Arc<AtomicBool>) -> io::Result<Hangup> {
            flag::register(SIGHUP, Arc::clone(flag)).map(Hangup)
        }
    }

    impl Drop for Hangup {
        fn drop(&mut self) {
            low_level::unregister(self.0);
        }
    }
}

#[cfg(not(unix))]
mod signal {
    use std::{
        io,
        sync::{Arc, atomic::AtomicBool},
    };

    /// There is no SIGHUP here.
    pub(crate) struct Hangup;

    impl Hangup {
        pub(crate) fn sets(_: &Arc<AtomicBool>) -> io::Result<Hangup> {
            Ok(Hangup)
        }
    }
}

pub(super) use signal::Hangup;
