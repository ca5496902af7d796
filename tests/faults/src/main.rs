//! Does to a server what the internet does to it, and prints a table: `run` beside this package
//! starts it. `faults [--all] [--write FILE] [ROW..]`
#![allow(
    clippy::print_stdout,
    reason = "a table on the standard output is what it is for"
)]

mod bench;
mod client;
mod row;
mod rows;
mod site;
mod table;

use std::{process::ExitCode, time::Instant};

use anyhow::{Result, bail};

use bench::Bench;
use row::{Line, Verdict};
use rows::ROWS;
use table::Table;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(missed) => ExitCode::from(u8::from(missed > 0)),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// How many figures were missed.
async fn run() -> Result<usize> {
    let Asked {
        is_long,
        file,
        names,
    } = Asked::from(std::env::args().skip(1))?;
    let bench = Bench::new(is_long)?;
    let begun = Instant::now();
    let mut table = Table::default();
    for row in ROWS {
        let is_asked = match &names[..] {
            [] => is_long || row.is_quick,
            names => names.iter().any(|name| name == row.name),
        };
        if !is_asked {
            continue;
        }
        let begun = Instant::now();
        match (row.run)(&bench).await {
            Ok(lines) => lines.into_iter().for_each(|line| table.add(row.name, line)),
            Err(error) => {
                let line = Line::new("could not be tried", format!("{error:#}"), "-", false);
                table.add(row.name, line);
            }
        }
        println!("{:18} ({:.1} s)", "", begun.elapsed().as_secs_f64());
    }
    let missed = table.count(|verdict| *verdict == Verdict::Miss);
    println!(
        "{} passed, {missed} missed, {} missed by time, {} skipped, in {:.0} s",
        table.count(|verdict| *verdict == Verdict::Pass),
        table.count(|verdict| *verdict == Verdict::Slow),
        table.count(|verdict| matches!(verdict, Verdict::Skip(_))),
        begun.elapsed().as_secs_f64(),
    );
    if let Some(file) = file {
        std::fs::write(file, table.markdown())?;
    }
    Ok(missed)
}

/// What is asked for on the command line.
struct Asked {
    is_long: bool,
    file: Option<String>,
    names: Vec<String>,
}

impl Asked {
    fn from(arguments: impl IntoIterator<Item = String>) -> Result<Asked> {
        let mut asked = Asked {
            is_long: false,
            file: None,
            names: Vec::new(),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--all" => asked.is_long = true,
                "--write" => asked.file = arguments.next(),
                name if ROWS.iter().any(|row| row.name == name) => asked.names.push(argument),
                _ => {
                    let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
                    bail!("there is no row {argument}; there are: {}", names.join(" "));
                }
            }
        }
        Ok(asked)
    }
}
