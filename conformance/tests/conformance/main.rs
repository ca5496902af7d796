//! The kit, on the hosts of this workspace.

mod in_memory;
#[cfg(feature = "tls")]
mod server;

use enfilade_conformance::Report;

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
