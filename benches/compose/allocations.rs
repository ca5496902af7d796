//! Prints `name allocations bytes` for one call of each stack.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use enfilade_benches::compose;

fn main() {
    for name in compose::NAMES {
        let mut call = compose::subject(name).expect("every listed name has a stack");
        // What is made once, such as lazily made tables, is not a request's.
        call();
        let info = allocation_counter::measure(call);
        println!("{name} {} {}", info.count_total, info.bytes_total);
    }
}
