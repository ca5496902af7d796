//! The app without a wire.

use enfilade_conformance::{InMemory, Kit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_in_memory_host_conforms() {
    let kit = Kit::new().expect("a folder");
    let report = kit.run(&InMemory::new(kit.app())).await;
    crate::check(report);
}
