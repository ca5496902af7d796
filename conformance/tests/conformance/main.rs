//! The kit, on the hosts of this workspace.

#[cfg(unix)]
mod adapters;
mod breaches;
mod in_memory;
#[cfg(feature = "lambda")]
mod lambda;
#[cfg(feature = "tls")]
mod server;
mod tower;

use enfilade_conformance::{Kit, Report, Target};

/// Fails unless the host conforms, and keeps the report for the matrix where `KIT_REPORTS` names a
/// folder.
fn check(report: Report) {
    if let Some(folder) = std::env::var_os("KIT_REPORTS") {
        report
            .save(folder.as_ref())
            .expect("a report that is saved");
    }
    eprintln!("{}", report.conforming().expect("a conforming host"));
}

/// From which the requests of [`same_answers`] are made.
const SEED: u64 = 0x656e_6669_6c61_6465;

/// Fails unless the host answers 500 requests as the app itself does.
async fn same_answers(kit: &Kit, target: &impl Target) {
    eprintln!("500 requests, made from the seed {SEED:#x}");
    let differences = kit.differences(target, SEED, 500).await;
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(
        lines.is_empty(),
        "{} of 500 differ:\n{}",
        lines.len(),
        lines.join("\n")
    );
}
