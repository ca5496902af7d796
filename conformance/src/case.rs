//! One rule, tried on a host: [`Case`].

use std::{fmt, future::Future, pin::Pin};

use enfilade_core::{App, BoxApp, Request, Response};

use crate::{Failure, Feature, Seen, Trial};

type Checking<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;
type Check = Box<dyn for<'a> Fn(&'a Trial<'a>) -> Checking<'a>>;

/// One rule, tried on a host: an app, what is asked of it, and what must be observed.
pub struct Case {
    name: String,
    about: Option<String>,
    rules: &'static [&'static str],
    needs: &'static [Feature],
    app: BoxApp,
    check: Check,
}

impl Case {
    /// A case that is called `name`, which is also a segment of a path and so has words with
    /// hyphens between them. `rules` are those of SPEC.md that it holds a host to.
    ///
    /// Its app tells what it sees of a request: see [`Seen`].
    pub(crate) fn new(name: impl Into<String>, rules: &'static [&'static str]) -> Case {
        Case {
            name: name.into(),
            about: None,
            rules,
            needs: &[],
            app: seen.boxed(),
            check: Box::new(|_| Box::pin(std::future::ready(Ok(())))),
        }
    }

    /// What it is about, where its name does not tell.
    pub(crate) fn about(mut self, about: impl Into<String>) -> Case {
        self.about = Some(about.into());
        self
    }

    /// What a target must carry, so that it can be tried.
    pub(crate) const fn needs(mut self, needs: &'static [Feature]) -> Case {
        self.needs = needs;
        self
    }

    /// The app that is asked.
    pub(crate) fn app(mut self, app: impl App + 'static) -> Case {
        self.app = app.boxed();
        self
    }

    /// What is asked, and what must be observed.
    pub(crate) fn check<C>(mut self, check: C) -> Case
    where
        C: AsyncFn(&Trial<'_>) -> Result<(), Failure> + Clone + 'static,
    {
        self.check = Box::new(move |trial| {
            let check = check.clone();
            Box::pin(async move { check(trial).await })
        });
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about, where its name does not tell.
    #[must_use]
    pub fn what(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The rules of SPEC.md that it holds a host to.
    #[must_use]
    pub const fn rules(&self) -> &'static [&'static str] {
        self.rules
    }

    /// What a target must carry, so that it can be tried.
    #[must_use]
    pub const fn features(&self) -> &'static [Feature] {
        self.needs
    }

    pub(crate) fn served(&self) -> BoxApp {
        self.app.clone()
    }

    pub(crate) async fn try_on(&self, trial: &Trial<'_>) -> Result<(), Failure> {
        (self.check)(trial).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("rules", &self.rules)
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

/// Tells what it sees.
async fn seen(request: Request) -> Response {
    Seen::of(request).await.response()
}
