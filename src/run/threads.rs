//! The threads that serve: [`Threads`].

use std::num::NonZeroUsize;

use enfilade_core::HostError;
use tokio::runtime::{Builder, Runtime};

use super::Surroundings;

pub(super) const THREADS: &str = "ENFILADE_THREADS";

/// How many threads serve, and whether each does for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Threads {
    per_core: bool,
    /// As many as there are processors, where nothing is said.
    count: Option<NonZeroUsize>,
}

impl Threads {
    /// Those that `found` asks for.
    pub(super) fn of(found: &Surroundings) -> Result<Threads, HostError> {
        let written = found.variable(THREADS)?;
        written.map_or(Ok(Threads::default()), read)
    }

    /// Refuses what hosts other than the HTTP server cannot do.
    pub(super) fn check(self, http_alone: bool) -> Result<(), HostError> {
        if self.per_core && !http_alone {
            return Err(HostError::new(format!(
                "{THREADS} asks for threads of which each is for itself, which is for HTTP alone; \
                 write a number, or unset it"
            )));
        }
        Ok(())
    }

    /// The runtime that serves. Threads that share their work are the default: see the server's
    /// `Threads` for what that costs, and saves.
    pub(super) fn runtime(self) -> Result<Runtime, HostError> {
        let mut builder = match self.per_core {
            // The server starts the others.
            true => Builder::new_current_thread(),
            false => Builder::new_multi_thread(),
        };
        if let (false, Some(count)) = (self.per_core, self.count) {
            builder.worker_threads(count.get());
        }
        builder
            .enable_all()
            .build()
            .map_err(|error| HostError::new("cannot build a tokio runtime").because(error))
    }
}

#[cfg(feature = "server")]
impl From<Threads> for enfilade_server::Threads {
    fn from(threads: Threads) -> enfilade_server::Threads {
        let kind = match threads.per_core {
            true => enfilade_server::Threads::per_core(),
            false => enfilade_server::Threads::shared(),
        };
        match threads.count {
            Some(count) => kind.with_count(count.get()),
            None => kind,
        }
    }
}

fn read(written: &str) -> Result<Threads, HostError> {
    let (per_core, count) = match written.strip_prefix("per-core") {
        Some(rest) => (true, rest.strip_prefix(':')),
        None => (false, Some(written)),
    };
    let threads = |count| Threads { per_core, count };
    let count = count.and_then(|count| count.parse().ok());
    match count {
        Some(count) => Ok(threads(Some(count))),
        None if written == "per-core" => Ok(threads(None)),
        None => Err(HostError::new(format!(
            "{THREADS} is {written:?}; write a number of threads, such as `4`, or `per-core` or \
             `per-core:4`, where each shall serve for itself"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_understood_or_told_how_to_write() {
        let count = NonZeroUsize::new;
        for (written, per_core, count) in [
            ("4", false, count(4)),
            ("per-core", true, None),
            ("per-core:2", true, count(2)),
        ] {
            let found = Surroundings::of(false, 7).with(THREADS, written);
            let threads = Threads::of(&found).expect(written);
            assert_eq!(threads, Threads { per_core, count }, "{written}");
        }
        for written in [
            "0",
            "-1",
            "four",
            "per-core:",
            "per-core:0",
            "per-core2",
            "2:per-core",
        ] {
            let found = Surroundings::of(false, 7).with(THREADS, written);
            let error = Threads::of(&found).expect_err(written).to_string();
            assert!(error.contains("write a number"), "{error}");
        }
        let none = Threads::of(&Surroundings::of(false, 7)).expect("the default");
        assert_eq!(none, Threads::default());
    }

    #[test]
    fn threads_for_themselves_are_for_http_alone() {
        let threads = Threads {
            per_core: true,
            count: None,
        };
        assert!(threads.check(true).is_ok() && threads.check(false).is_err());
        assert!(Threads::default().check(false).is_ok());
    }
}
