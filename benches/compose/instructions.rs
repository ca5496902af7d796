//! Calls one stack `n` times, to be counted by callgrind: `compose-instructions NAME N`.

use enfilade_benches::compose;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("NAME");
    let n: u32 = arguments.next().and_then(|n| n.parse().ok()).expect("N");
    let mut call = compose::subject(&name).expect("a name from `compose-allocations`");
    for _ in 0..n {
        call();
    }
}
