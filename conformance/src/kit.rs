//! The app that a host serves, and the cases that are tried on it: [`Kit`].

use std::{
    io,
    path::{Path, PathBuf},
};

use enfilade_core::{App, BoxApp, Lifecycle, Mounts, Request};
use futures_util::{StreamExt, stream};

use crate::{
    Case, Deviation, Difference, Failure, Feature, InMemory, Report, Target, Trial, Verdict, cases,
    differential,
    failure::equal,
    mount_table::Sites,
    notes::{Note, Notes},
};

/// The app that a host serves, and the cases that are tried on it.
#[derive(Clone, Debug)]
pub struct Kit {
    notes: Notes,
    deviations: &'static [Deviation],
    only: Option<Vec<String>>,
}

impl Kit {
    /// A kit for a host in this process.
    ///
    /// # Errors
    ///
    /// If no temporary folder can be made: apps write down there what no answer tells.
    pub fn new() -> io::Result<Kit> {
        Ok(Kit {
            notes: Notes::temporary()?,
            deviations: &[],
            only: None,
        })
    }

    /// The kit of another process, whose [`folder`](Kit::folder) this is: for the program that
    /// serves the app where a web server, or the kit, starts it.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Kit {
        Kit {
            notes: Notes::in_folder(folder),
            deviations: &[],
            only: None,
        }
    }

    /// What is expected of web servers that break rules themselves. Nothing by default.
    #[must_use]
    pub const fn with_deviations(mut self, deviations: &'static [Deviation]) -> Kit {
        self.deviations = deviations;
        self
    }

    /// Tries the cases of these names alone. All by default.
    #[must_use]
    pub fn with_only(mut self, cases: &[&str]) -> Kit {
        self.only = Some(cases.iter().map(|case| (*case).to_owned()).collect());
        self
    }

    /// Where the app writes down what no answer tells. It must be able to write there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.notes.folder()
    }

    /// The one app of all cases.
    #[must_use]
    pub fn app(&self) -> BoxApp {
        let site = cases::all().into_iter().fold(Mounts::new(), |site, case| {
            site.mount(&format!("/{}", case.name()), case.served())
        });
        let site = site.mount(&format!("/{}", differential::NAME), differential::app);
        let (notes, sites) = (self.notes.clone(), Sites::new());
        let site = site.boxed();
        let app = move |mut request: Request| {
            let id = request.headers().get("x-exchange");
            let note = id.and_then(|id| notes.of(id.to_str().ok()?));
            if let Some(note) = note {
                request.extensions_mut().insert(note);
            }
            let site = sites.asked_for(&request).unwrap_or_else(|| site.clone());
            async move { site.respond(request).await }
        };
        app.boxed()
    }

    /// The lifecycle that the host is to run, where it has one: it notes when its callbacks run.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        let lifecycle = Lifecycle::new();
        for line in ["first", "second", "third"] {
            let note = self.stop_note();
            lifecycle.on_stop(async move || note.write(line));
        }
        lifecycle
    }

    /// Adds to `report` whether the callbacks of the [`lifecycle`](Kit::lifecycle) ran, once the
    /// host has been told to stop and has ended.
    #[must_use]
    pub fn stopped(&self, mut report: Report) -> Report {
        let ran = equal(
            "the callbacks",
            self.stop_note().lines(),
            ["third", "second", "first"],
        );
        for (case, verdict) in &mut report.verdicts {
            if case == cases::STOP {
                *verdict = judge(ran.clone(), None);
            }
        }
        report
    }

    fn stop_note(&self) -> Note {
        self.notes.of(cases::STOP).expect("letters and hyphens")
    }

    /// Tries all cases on `target`.
    pub async fn run(&self, target: &dyn Target) -> Report {
        let wanted = |case: &Case| match &self.only {
            Some(only) => only.iter().any(|name| name == case.name()),
            None => true,
        };
        let cases: Vec<Case> = cases::all().into_iter().filter(wanted).collect();
        let verdicts = stream::iter(&cases)
            .map(async |case: &Case| (case.name().to_owned(), self.verdict(target, case).await));
        Report {
            target: target.name().to_owned(),
            verdicts: verdicts
                .buffered(target.concurrency().max(1))
                .collect()
                .await,
        }
    }

    /// Sends `count` requests, made from `seed`, to `target` and to the app itself, and tells which
    /// were answered differently: by another status, another body, or other fields, less those of
    /// the connection, `Date`, `Server` and the framing.
    pub async fn differences(
        &self,
        target: &dyn Target,
        seed: u64,
        count: usize,
    ) -> Vec<Difference> {
        let native = InMemory::new(self.app());
        differential::differences(&native, target, &self.notes, seed, count).await
    }

    async fn verdict(&self, target: &dyn Target, case: &Case) -> Verdict {
        let deviation = self
            .deviations
            .iter()
            .find(|deviation| deviation.target == target.name() && deviation.case == case.name());
        let lacking = case.features().iter().find_map(|feature| {
            let why = match feature {
                Feature::Stop => "the kit was not told that the host has stopped",
                feature => target.lacks(*feature)?,
            };
            Some(format!("{feature}: {why}"))
        });
        match (lacking, deviation) {
            (None, deviation) => {
                let outcome = case.try_on(&Trial::new(case, target, &self.notes)).await;
                judge(outcome, deviation)
            }
            (Some(reason), None) => Verdict::NotApplicable { reason },
            (Some(reason), Some(deviation)) => Verdict::Fail {
                expected: format!("the deviation {:?}, {}", deviation.got, deviation.reason),
                got: format!("a case that cannot be tried: {reason}"),
            },
        }
    }
}

fn judge(outcome: Result<(), Failure>, deviation: Option<&Deviation>) -> Verdict {
    match (outcome, deviation) {
        (Ok(()), None) => Verdict::Pass,
        (Err(failure), Some(deviation)) if failure.got.contains(deviation.got) => {
            Verdict::Deviates {
                reason: deviation.reason.to_owned(),
            }
        }
        (Ok(()), Some(deviation)) if deviation.sometimes => Verdict::Deviates {
            reason: deviation.reason.to_owned(),
        },
        (Ok(()), Some(deviation)) => Verdict::Fail {
            expected: format!("the deviation {:?}, {}", deviation.got, deviation.reason),
            got: "what the rule asks for: the deviation is out of date".to_owned(),
        },
        (Err(failure), _) => Verdict::Fail {
            expected: failure.expected,
            got: failure.got,
        },
    }
}

/// The notes of a request, for the apps of cases.
pub(crate) fn note_of(request: &Request) -> Note {
    let note = request.extensions().get::<Note>();
    note.cloned().expect("the kit's app is in front of all")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVIATION: Deviation = Deviation {
        target: "in-memory",
        case: "a-case",
        got: "200",
        reason: "it is old",
        sometimes: false,
    };

    #[test]
    fn a_deviation_excuses_what_it_names_and_must_occur() {
        let failure = |got: &str| Err(Failure::new("status 400", got));
        let deviates = Verdict::Deviates {
            reason: DEVIATION.reason.to_owned(),
        };
        assert_eq!(judge(Ok(()), None), Verdict::Pass);
        assert_eq!(judge(failure("200, whole"), Some(&DEVIATION)), deviates);
        let sometimes = Deviation {
            sometimes: true,
            ..DEVIATION
        };
        assert_eq!(judge(Ok(()), Some(&sometimes)), deviates);
        for (outcome, deviation) in [
            (failure("200, whole"), None),
            (failure("500, whole"), Some(&DEVIATION)),
            (Ok(()), Some(&DEVIATION)),
        ] {
            let verdict = judge(outcome, deviation);
            assert!(matches!(verdict, Verdict::Fail { .. }), "{verdict:?}");
        }
    }

    #[tokio::test]
    async fn a_case_whose_callbacks_ran_passes_once_the_host_has_stopped() {
        for (stops, passes) in [(false, false), (true, true)] {
            let kit = Kit::new().expect("a folder").with_only(&[cases::STOP]);
            let lifecycle = kit.lifecycle();
            let report = kit.run(&InMemory::new(kit.app())).await;
            assert!(matches!(
                report.verdicts[0].1,
                Verdict::NotApplicable { .. }
            ));
            if stops {
                lifecycle.stop(std::future::pending()).await;
            }
            assert_eq!(kit.stopped(report).is_conforming(), passes);
        }
    }
}
