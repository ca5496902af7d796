//! Answers to management records (FastCGI 1.0, section 4).

use bytes::{Bytes, BytesMut};

use super::{
    pairs::{CutPair, Pairs, write_short},
    record::{MANAGEMENT, kind, write_record},
    rules::Rules,
};

/// The longest GET_VALUES that is read: three names are known, so most of a longer one would be
/// unknown.
pub(crate) const LONGEST_QUERY: u16 = 4096;

/// Answers GET_VALUES. What is unknown is left out, as section 4.1 asks.
pub(crate) fn values(out: &mut BytesMut, query: Bytes, rules: &Rules) -> Result<(), CutPair> {
    let mut values = BytesMut::new();
    for pair in Pairs::new(query) {
        let (name, _) = pair?;
        // A web server takes the bound on requests for that of a connection where it multiplexes.
        let requests = match rules.multiplexes() {
            true => rules.requests.min(rules.requests_per_connection),
            false => rules.requests,
        };
        match &name[..] {
            b"FCGI_MAX_CONNS" => {
                write_short(&mut values, "FCGI_MAX_CONNS", &rules.requests.to_string());
            }
            b"FCGI_MAX_REQS" => write_short(&mut values, "FCGI_MAX_REQS", &requests.to_string()),
            b"FCGI_MPXS_CONNS" => {
                let value = if rules.multiplexes() { "1" } else { "0" };
                write_short(&mut values, "FCGI_MPXS_CONNS", value);
            }
            _ => {}
        }
    }
    write_record(out, kind::GET_VALUES_RESULT, MANAGEMENT, &values);
    Ok(())
}

/// Says that management records of this type are unknown.
pub(crate) fn unknown_type(out: &mut BytesMut, kind: u8) {
    write_record(
        out,
        kind::UNKNOWN_TYPE,
        MANAGEMENT,
        &[kind, 0, 0, 0, 0, 0, 0, 0],
    );
}
