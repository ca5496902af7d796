//! The tables in the documentation of hosts: [`promised`].

use crate::Capabilities;

/// What a host promises to carry, in the table of its module's documentation: `source` is the
/// module, and of several columns of `yes` and `no` this is the one at `column`, from 1. A test
/// compares it with what the host says in the environ (H39).
///
/// Its rows begin with these words:
///
/// ```
/// use enfilade_core::testing::promised;
///
/// let docs = "
/// //! | bodies of requests stream | yes |
/// //! | bodies of responses stream | yes |
/// //! | trailers | no |
/// //! | informational responses | no |
/// //! | upgrade | no |
/// //! | files are sent by the operating system | no |
/// //! | a client that leaves drops the app | yes |
/// //! | an app that asks for it goes on without its client | no |
/// //! | the process ends after one request | no |
/// ";
/// assert!(promised(docs, 1).streaming_request);
/// ```
///
/// # Panics
///
/// If a row is missing, or is neither `yes` nor `no`.
#[must_use]
pub fn promised(source: &str, column: usize) -> Capabilities {
    let says = |row: &str| {
        let line = source
            .lines()
            .filter_map(|line| line.strip_prefix("//! | "))
            .find(|line| line.starts_with(row))
            .unwrap_or_else(|| panic!("the table has no row `{row}`"));
        match line.split('|').nth(column).map(str::trim) {
            Some("yes") => true,
            Some("no") => false,
            other => panic!("{row} is neither yes nor no: {other:?}"),
        }
    };
    Capabilities {
        streaming_request: says("bodies of requests stream"),
        streaming_response: says("bodies of responses stream"),
        trailers: says("trailers"),
        informational: says("informational responses"),
        upgrade: says("upgrade"),
        file: says("files are sent by the operating system"),
        disconnect: says("a client that leaves drops the app"),
        finish: says("an app that asks for it goes on without its client"),
        run_once: says("the process ends after one request"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, RequestExt, testing};

    #[tokio::test]
    async fn the_table_of_the_test_host_is_what_its_environ_says() {
        let app = async |request: Request| {
            let said = request.environ().connection().capabilities;
            assert_eq!(promised(include_str!("../testing.rs"), 1), said);
        };
        testing::get("/").on(&app).await.assert_status(200);
    }

    #[test]
    #[should_panic = "the table has no row `upgrade`"]
    fn a_table_without_a_row_promises_nothing() {
        let table = include_str!("../testing.rs").replace("| upgrade |", "| ugprade |");
        let _ = promised(&table, 1);
    }
}
