//! Where a host's errors go: [`ErrorSink`].

use std::io;

/// A host's error stream.
pub trait ErrorSink: Send + Sync {
    /// Writes one line, without its end. Control characters in it are the sink's to escape.
    fn report(&self, line: &str);
}

/// The standard error stream: one line a report, control characters escaped.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardError;

impl ErrorSink for StandardError {
    fn report(&self, line: &str) {
        use io::Write;
        let escaped: String = line
            .chars()
            .flat_map(|c| {
                let escape = c.is_control().then(|| c.escape_default());
                let plain = (!c.is_control()).then_some(c);
                escape.into_iter().flatten().chain(plain)
            })
            .collect();
        // There is nowhere left to tell that the error stream is gone.
        let _ = writeln!(io::stderr().lock(), "{escaped}");
    }
}
