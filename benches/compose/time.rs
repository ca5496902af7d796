//! The time of one call of each stack.

use criterion::{Criterion, criterion_group, criterion_main};
use enfilade_benches::compose;

fn stacks(criterion: &mut Criterion) {
    for name in compose::NAMES {
        let mut call = compose::subject(name).expect("every listed name has a stack");
        criterion.bench_function(name, |bencher| bencher.iter(&mut call));
    }
}

criterion_group!(benches, stacks);
criterion_main!(benches);
