//! A lint on both sides of one step: [`Linted`].

use std::{fmt, sync::Arc};

use super::{
    Lint,
    exchange::Declared,
    record::Parties,
    sides::{self, Place},
};
use crate::{App, Request, Response, Step, Wrap};

/// A step of a pipeline with a [`Lint`] on both sides of it. Made by [`Lint::around`].
///
/// Other lints may stand inside of the step, alone or around a part of it. What is declared here is
/// true of the whole step, whatever its parts declare.
#[derive(Clone, Debug)]
pub struct Linted<S> {
    lint: Lint,
    step: S,
    declared: Declared,
}

impl<S: Step> Linted<S> {
    pub(super) fn new(lint: Lint, step: S) -> Linted<S> {
        Linted {
            lint,
            step,
            declared: Declared::default(),
        }
    }

    /// Declares that the step buffers: that it may hold a frame back until later ones come (M2).
    #[must_use]
    pub fn with_buffering(mut self) -> Linted<S> {
        self.declared.buffers = true;
        self
    }

    /// Declares that the step replays: that it may call what is inside several times (M5).
    #[must_use]
    pub fn with_replay(mut self) -> Linted<S> {
        self.declared.replays = true;
        self
    }
}

impl<S: Step> Step for Linted<S> {
    fn name(&self) -> String {
        format!("Lint({})", self.step.name())
    }
}

impl<A, S> Wrap<A> for Linted<S>
where
    A: App + fmt::Debug,
    S: Wrap<Watched<A>>,
{
    type Out = Watched<S::Out>;

    fn wrap(self, app: A) -> Watched<S::Out> {
        let name = self.step.name();
        let inside = Watched {
            lint: self.lint.clone(),
            place: Place::Inside,
            parties: Arc::new(Parties {
                caller: format!("`{name}`"),
                callee: format!("the app inside of `{name}`"),
            }),
            app,
        };
        Watched {
            lint: self.lint,
            place: Place::Outside(self.declared),
            parties: Arc::new(Parties {
                caller: format!("what is outside of `{name}`"),
                callee: format!("`{name}`"),
            }),
            app: self.step.wrap(inside),
        }
    }
}

/// An app with a lint in front of it, which knows where it stands.
#[derive(Clone)]
pub struct Watched<A> {
    lint: Lint,
    place: Place,
    parties: Arc<Parties>,
    app: A,
}

impl<A: App> App for Watched<A> {
    async fn respond(&self, request: Request) -> Response {
        sides::watch(&self.lint, &self.parties, self.place, request, &self.app).await
    }
}

impl<A: fmt::Debug> fmt::Debug for Watched<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lint -> {:?}", self.app)
    }
}
