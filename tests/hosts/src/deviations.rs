//! Where the web servers themselves break a rule, or have nothing to carry it with.

use std::sync::LazyLock;

use enfilade_conformance::{Deviation, Feature};

use crate::{Door, WEB_SERVERS};

mod known;
mod lacks;

/// What some web servers do in place of what some cases expect.
#[derive(Clone, Copy)]
struct Known {
    targets: &'static [&'static str],
    place: Place,
    cases: &'static [&'static str],
    /// A part of what is got.
    got: &'static str,
    reason: &'static str,
    sometimes: bool,
}

/// Where the app is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    Root,
    BelowPrefix,
}

/// What the doors whose names begin with these words do.
const fn known(
    targets: &'static [&'static str],
    cases: &'static [&'static str],
    got: &'static str,
    reason: &'static str,
) -> Known {
    Known {
        targets,
        place: Place::Anywhere,
        cases,
        got,
        reason,
        sometimes: false,
    }
}

impl Known {
    const fn at_root(mut self) -> Known {
        self.place = Place::Root;
        self
    }

    const fn below_prefix(mut self) -> Known {
        self.place = Place::BelowPrefix;
        self
    }

    /// Timing decides.
    const fn sometimes(mut self) -> Known {
        self.sometimes = true;
        self
    }

    /// The deviations of the targets of a door, where it is one of these.
    fn of(self, door: &Door) -> impl Iterator<Item = Deviation> {
        let places = [(Place::Root, door.name), (Place::BelowPrefix, door.below)];
        let is_one = is_one_of(door, self.targets);
        let targets = places.into_iter().filter(move |(place, _)| {
            is_one && (self.place == Place::Anywhere || self.place == *place)
        });
        targets.flat_map(move |(_, target)| {
            self.cases.iter().map(move |case| Deviation {
                target,
                case,
                got: self.got,
                reason: self.reason,
                sometimes: self.sometimes,
            })
        })
    }
}

/// All of them; the kit fails where one does not occur.
pub static DEVIATIONS: LazyLock<Vec<Deviation>> = LazyLock::new(|| {
    let doors: Vec<&Door> = WEB_SERVERS.iter().flat_map(|server| server.doors).collect();
    known::KNOWN
        .iter()
        .flat_map(|known| doors.iter().flat_map(|door| known.of(door)))
        .collect()
});

/// What a door does not carry, and why.
pub fn lacks(door: &Door) -> impl Iterator<Item = (Feature, &'static str)> {
    let lacks = lacks::LACKS.iter();
    let own = lacks.filter(|(targets, _, _)| is_one_of(door, targets));
    own.flat_map(|(_, features, why)| features.iter().map(|feature| (*feature, *why)))
}

/// Whether the door's name begins with these words: `nginx` is all of nginx.
fn is_one_of(door: &Door, targets: &[&str]) -> bool {
    targets.iter().any(|words| {
        let rest = door.name.strip_prefix(words);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_deviates_is_a_door_and_what_deviates_is_a_case() {
        let cases = enfilade_conformance::cases();
        for known in known::KNOWN {
            for name in known.cases {
                assert!(cases.iter().any(|case| case.name() == *name), "{name}");
            }
        }
        let doors: Vec<&Door> = WEB_SERVERS.iter().flat_map(|server| server.doors).collect();
        let targets = known::KNOWN.iter().map(|known| known.targets);
        let lacking = lacks::LACKS.iter().map(|(targets, _, _)| *targets);
        for words in targets.chain(lacking).flatten() {
            assert!(
                doors.iter().any(|door| is_one_of(door, &[words])),
                "{words}"
            );
        }
    }
}
