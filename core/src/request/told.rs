//! What a client is told of its own mistakes.

use std::fmt::{self, Write};

/// No message to a client is longer, in bytes: much of it may be the client's own words.
const LONGEST: usize = 300;

/// `message` as it may be told: cut where it is long, its control characters escaped.
pub(super) fn told(message: impl fmt::Display) -> String {
    let mut told = Told(String::new());
    // It fails when there is no more room, which stops whoever writes into it.
    if write!(told, "{message}").is_err() {
        told.0.push('…');
    }
    told.0
}

struct Told(String);

impl Write for Told {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.0.len() + c.len_utf8() > LONGEST {
                return Err(fmt::Error);
            }
            if c.is_control() {
                self.0.extend(c.escape_default());
            } else {
                self.0.push(c);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_neither_grows_without_end_nor_controls_a_terminal() {
        assert_eq!(told("a\x1b[2J\r\n\u{9b}"), r"a\u{1b}[2J\r\n\u{9b}");
        let long = told("ü".repeat(1_000_000));
        assert_eq!(long, format!("{}…", "ü".repeat(150)));
        assert_eq!(told("short"), "short");
    }
}
