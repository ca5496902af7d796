//! The tables in the hosts' documentation, read for tests: [`capabilities_in`].

use enfilade_core::Capabilities;

/// The capabilities that the table of a module's documentation promises.
pub(crate) fn capabilities_in(source: &str) -> Capabilities {
    let says = |row: &str| {
        let line = source
            .lines()
            .filter_map(|line| line.strip_prefix("//! | "))
            .find(|line| line.starts_with(row))
            .unwrap_or_else(|| panic!("the table has no row `{row}`"));
        match line.split('|').nth(1).map(str::trim) {
            Some("yes") => true,
            Some("no") => false,
            other => panic!("{row} is neither yes nor no: {other:?}"),
        }
    };
    let mut capabilities = Capabilities::default();
    capabilities.streaming_request = says("bodies of requests stream");
    capabilities.streaming_response = says("bodies of responses stream");
    capabilities.trailers = says("trailers");
    capabilities.informational = says("informational responses");
    capabilities.upgrade = says("upgrade");
    capabilities.file = says("files are sent by the operating system");
    capabilities.disconnect = says("a client that leaves drops the app");
    capabilities.finish = says("an app that asks for it goes on without its client");
    capabilities.run_once = says("the process ends after one request");
    capabilities
}
