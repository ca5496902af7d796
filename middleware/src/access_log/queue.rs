//! Lines on their way to the thread that writes them: [`Queue`].

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Lines that wait to be written: bounded, and never waited for by whoever adds one.
pub(super) struct Queue {
    limit: usize,
    state: Mutex<State>,
    /// The writer has something to do.
    wake: Condvar,
    /// The writer has done something.
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// The bytes that were ever added, and those of them that are written.
    added: u64,
    written: u64,
    hurry: bool,
    closed: bool,
    /// The lines for which there was no room, and those of them that the log does not tell yet.
    lost: u64,
    untold: u64,
}

/// What a first line waits for others, so that they share a system call.
const GATHER: Duration = Duration::from_millis(100);
/// The bytes at which lines wait no longer.
const FULL: usize = 64 * 1024;
/// How often the writer looks around when nobody wakes it, and tries again what failed.
const TICK: Duration = Duration::from_secs(1);

impl Queue {
    /// Room for `limit` bytes.
    pub(super) fn new(limit: usize) -> Queue {
        Queue {
            limit,
            state: Mutex::default(),
            wake: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// Adds a line, or counts it as lost where there is no room. `tell` writes a line about those
    /// that were lost before.
    pub(super) fn push(&self, line: &[u8], tell: impl FnOnce(u64, &mut Vec<u8>)) {
        let mut state = self.lock();
        let before = state.waiting.len();
        if state.closed || before + line.len() > self.limit {
            state.lost += 1;
            state.untold += 1;
            return;
        }
        if state.untold > 0 {
            let untold = std::mem::take(&mut state.untold);
            tell(untold, &mut state.waiting);
        }
        state.waiting.extend_from_slice(line);
        let after = state.waiting.len();
        state.added += (after - before) as u64;
        drop(state);
        if before == 0 || (before < FULL && after >= FULL) {
            self.wake.notify_one();
        }
    }

    /// For the writer: waits until there is something to do, and moves the lines that wait into
    /// `batch`, unless that holds some which are to be tried again. Whether these are the last.
    pub(super) fn gather(&self, batch: &mut Vec<u8>) -> bool {
        let again = !batch.is_empty();
        let begun = Instant::now();
        let mut state = self.lock();
        if !again {
            state.written = state.added - state.waiting.len() as u64;
            self.done.notify_all();
        }
        while !state.closed && !std::mem::take(&mut state.hurry) {
            let gathering = !again && !state.waiting.is_empty();
            if begun.elapsed() >= TICK || (gathering && state.waiting.len() >= FULL) {
                break;
            }
            let (next, timeout) = self
                .wake
                .wait_timeout(state, if gathering { GATHER } else { TICK })
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
            if gathering && timeout.timed_out() {
                break;
            }
        }
        if !again {
            std::mem::swap(batch, &mut state.waiting);
        }
        state.closed && !again
    }

    /// For the writer: it ends, and writes no line of these any more, nor of those that wait.
    pub(super) fn abandon(&self, batch: &[u8]) {
        let mut state = self.lock();
        let lines = count_lines(batch) + count_lines(&state.waiting);
        state.lost += lines;
        state.untold += lines;
        state.waiting = Vec::new();
        state.closed = true;
        state.written = state.added;
        self.done.notify_all();
    }

    /// Wakes the writer.
    pub(super) fn hurry(&self) {
        self.lock().hurry = true;
        self.wake.notify_one();
    }

    /// Has the lines that wait written now, and waits for it at most this long. Whether it was.
    pub(super) fn flush(&self, at_most: Duration) -> bool {
        self.hurry();
        self.wait_for_written(at_most)
    }

    /// Takes no more lines, and has those that wait written. Whether it was within that time.
    pub(super) fn close(&self, at_most: Duration) -> bool {
        self.lock().closed = true;
        self.wake.notify_one();
        self.wait_for_written(at_most)
    }

    fn wait_for_written(&self, at_most: Duration) -> bool {
        let state = self.lock();
        let goal = state.added;
        let (state, _) = self
            .done
            .wait_timeout_while(state, at_most, |state| state.written < goal)
            .unwrap_or_else(PoisonError::into_inner);
        state.written >= goal
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How many lines were lost.
    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// How many lines were lost since the log was last told.
    pub(super) fn untold(&self) -> u64 {
        self.lock().untold
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn tell(lost: u64, line: &mut Vec<u8>) {
        line.extend_from_slice(format!("lost {lost}\n").as_bytes());
    }

    #[test]
    fn what_does_not_fit_is_counted_and_told_once_there_is_room() {
        let queue = Queue::new(8);
        for line in [b"111\n", b"222\n", b"333\n", b"444\n"] {
            queue.push(line, tell);
        }
        assert_eq!(queue.lost(), 2);
        let mut batch = Vec::new();
        assert!(!queue.gather(&mut batch));
        assert_eq!(batch, b"111\n222\n");
        batch.clear();
        queue.push(b"555\n", tell);
        queue.push(b"6\n", tell);
        queue.gather(&mut batch);
        assert_eq!(batch, b"lost 2\n555\n");
        assert_eq!(queue.lost(), 3);
    }

    #[test]
    fn what_is_to_be_tried_again_keeps_its_place() {
        let queue = Queue::new(100);
        let mut batch = b"old\n".to_vec();
        queue.push(b"new\n", tell);
        queue.hurry();
        queue.gather(&mut batch);
        assert_eq!(batch, b"old\n");
        batch.clear();
        queue.gather(&mut batch);
        assert_eq!(batch, b"new\n");
    }

    #[test]
    fn a_flush_fails_where_nobody_writes_and_ends_while_others_go_on_adding() {
        let queue = Queue::new(usize::MAX);
        queue.push(b"1\n", tell);
        assert!(!queue.flush(Duration::from_millis(1)));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    queue.push(b"more\n", tell);
                }
            });
            scope.spawn(|| {
                let mut batch = Vec::new();
                while !queue.gather(&mut batch) {
                    batch.clear();
                }
            });
            assert!(queue.flush(Duration::from_secs(60)));
            stop.store(true, Ordering::Relaxed);
            queue.close(Duration::ZERO);
        });
    }

    #[test]
    fn a_closed_queue_gives_what_waits_and_takes_no_more() {
        let queue = Queue::new(100);
        queue.push(b"1\n", tell);
        assert!(!queue.close(Duration::ZERO));
        queue.push(b"2\n", tell);
        let mut batch = Vec::new();
        assert!(queue.gather(&mut batch));
        assert_eq!(batch, b"1\n");
        queue.abandon(&batch);
        assert_eq!((queue.lost(), queue.untold()), (2, 2));
        assert!(
            queue.close(Duration::ZERO),
            "nothing is waited for any more"
        );
    }
}
