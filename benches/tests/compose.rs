//! What composition may cost, where it can be told exactly.

use std::{pin::pin, thread};

use enfilade_benches::{
    compose::{NAMES, ready, set_header, subject},
    twenty_five,
};
use enfilade_core::{App, Pipeline, Request};

fn allocations(name: &str) -> u64 {
    let mut call = subject(name).expect("a listed name");
    call();
    allocation_counter::measure(call).count_total
}

#[test]
fn a_layer_allocates_nothing_but_one_box_at_every_eighth() {
    for layers in [0, 1, 5, 7, 8, 25, 50] {
        let found = allocations(&format!("enfilade/noop/{layers}"));
        assert_eq!(found, layers / 8, "{layers} layers");
    }
}

#[test]
fn a_function_allocates_once() {
    assert_eq!(allocations("enfilade/from-fn/5"), 5);
}

#[test]
fn five_set_header_allocate_what_the_fields_need() {
    let fields = allocations("tower/set-header/5");
    assert_eq!(allocations("enfilade/set-header/5"), fields);
}

#[test]
fn every_listed_stack_answers() {
    for name in NAMES {
        subject(name).expect("a stack for every name")();
    }
}

/// The stack of a thread of tokio's; unoptimised frames are the large ones.
#[test]
fn fifty_layers_run_on_a_stack_of_two_mebibytes() {
    let run = || {
        let new = Pipeline::new();
        let fifty = twenty_five!(twenty_five!(new, set_header), set_header);
        let app = fifty.app(async |_: Request| "hello");
        ready(pin!(app.respond(Request::default()))).status()
    };
    let thread = thread::Builder::new().stack_size(2 << 20).spawn(run);
    let status = thread.expect("a thread").join().expect("no panic");
    assert_eq!(status, 200);
}
