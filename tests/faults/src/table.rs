//! The table of what came out: as lines while it runs, and as Markdown.

use std::fmt::Write;

use crate::row::{Line, Verdict};

/// What rows came to.
#[derive(Default)]
pub(crate) struct Table(Vec<(&'static str, Line)>);

impl Table {
    pub(crate) fn add(&mut self, row: &'static str, line: Line) {
        let Line {
            done,
            figure,
            wanted,
            verdict,
        } = &line;
        println!(
            "{row:<18} {done}\n{:18} {figure} (wanted: {wanted}): {verdict}",
            ""
        );
        self.0.push((row, line));
    }

    /// How many lines came to this.
    pub(crate) fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.0.iter().filter(|(_, line)| is(&line.verdict)).count()
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = "| row | what was done | figure | wanted | verdict |\n".to_owned();
        text += "|---|---|---|---|---|\n";
        for (row, line) in &self.0 {
            let cells =
                [&line.done, &line.figure, &line.wanted].map(|cell| cell.replace('|', "\\|"));
            let [done, figure, wanted] = cells;
            // Writing into a string does not fail.
            let _ = writeln!(
                text,
                "| {row} | {done} | {figure} | {wanted} | {} |",
                line.verdict
            );
        }
        text
    }
}
