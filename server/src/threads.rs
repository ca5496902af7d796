//! The threads that serve: [`Threads`].

use std::{num::NonZeroUsize, thread::available_parallelism};

use enfilade_core::HostError;
use tokio::runtime::{Builder, Runtime};

/// The threads that serve connections: see [`Server::with_threads`](crate::Server::with_threads).
///
/// By default there are as many as the process may use processors: those that it is bound to, or
/// fewer where its control group has a smaller share of processor time (`cpu.max`).
///
/// | | shared (default) | per core |
/// |---|---|---|
/// | a thread that is held up, by an app that computes or waits without `.await` | its other work goes to the next thread | its connections wait, and new ones that are assigned to it |
/// | `tokio::task::block_in_place` | works | panics |
/// | few connections, or few that are busy | are spread by work | stay where the system put them |
///
/// For a short request over HTTP/1.1, three instructions in a hundred are the price of sharing. That
/// nobody waits for a neighbour is worth more, so shared threads are the default, also of
/// [`run`](crate::Server::run).
///
/// ```no_run
/// # fn main() -> Result<(), enfilade_core::HostError> {
/// use enfilade_core::Request;
/// use enfilade_server::{Server, Threads};
///
/// Server::bind("[::]:8000")
///     .with_threads(Threads::per_core())
///     .run(async |_: Request| "hello")
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threads {
    apart: bool,
    count: Option<NonZeroUsize>,
}

impl Threads {
    /// Threads that share their work: tokio's multi-threaded runtime. The default.
    ///
    /// Without a count, `TOKIO_WORKER_THREADS` is heard, as tokio does.
    #[must_use]
    pub const fn shared() -> Threads {
        Threads {
            apart: false,
            count: None,
        }
    }

    /// Threads of which each has a runtime, connections, and where possible sockets of its own.
    ///
    /// A connection stays with the thread that accepted it. On Linux each thread has a listening
    /// socket at the same TCP address, and the system spreads connections over them by their
    /// addresses and ports (`SO_REUSEPORT`). Unix sockets, sockets that another program has opened,
    /// and all sockets elsewhere are one, at which all threads accept.
    ///
    /// It remains one server: all limits are those of all threads together, and a stop or a restart
    /// is one. HTTP/3 is served by the first thread alone.
    #[must_use]
    pub const fn per_core() -> Threads {
        Threads {
            apart: true,
            count: None,
        }
    }

    /// Sets how many there are. By default there are as many as processors.
    ///
    /// # Panics
    ///
    /// If `count` is 0.
    #[must_use]
    pub const fn with_count(mut self, count: usize) -> Threads {
        self.count = Some(NonZeroUsize::new(count).expect("nothing runs without a thread"));
        self
    }

    /// How many there are beside the one that a server is served in, where each is for itself.
    pub(crate) fn others(self) -> usize {
        if !self.apart {
            return 0;
        }
        let processors = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.count.unwrap_or_else(processors).get() - 1
    }

    /// The runtime of the thread that a server is served in.
    pub(crate) fn runtime(self) -> Result<Runtime, HostError> {
        let mut builder = match self.apart {
            true => Builder::new_current_thread(),
            false => Builder::new_multi_thread(),
        };
        if let (false, Some(count)) = (self.apart, self.count) {
            builder.worker_threads(count.get());
        }
        builder
            .enable_all()
            .build()
            .map_err(|error| HostError::new("cannot build a tokio runtime").because(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_apart_are_counted_with_the_one_that_serves() {
        assert_eq!(Threads::shared().with_count(4).others(), 0);
        assert_eq!(Threads::per_core().with_count(4).others(), 3);
        assert_eq!(Threads::per_core().with_count(1).others(), 0);
        let processors = available_parallelism().expect("the system tells").get();
        assert_eq!(Threads::per_core().others(), processors - 1);
    }

    #[test]
    fn shared_threads_are_as_many_as_was_said() {
        let runtime = Threads::shared().with_count(3).runtime();
        let runtime = runtime.expect("a runtime");
        assert_eq!(runtime.metrics().num_workers(), 3);
    }
}
