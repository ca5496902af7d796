//! The cut at every eighth step, without which the compiler ends long pipelines.

use std::{fmt, future::Future, sync::Arc};

use super::{Step, Wrap};
use crate::{App, Request, Response, app::ErasedApp};

/// Counts steps to eight in types; the eighth is cut off from the rest by a box.
#[doc(hidden)]
pub trait Depth {
    type Step<S: Step>: Step;
    type Next: Depth;
    fn step<S: Step>(step: S) -> Self::Step<S>;
}

macro_rules! plain_depths {
    ($($here:ident -> $next:ident),*) => {$(
        #[doc(hidden)]
        pub struct $here;
        impl Depth for $here {
            type Step<S: Step> = S;
            type Next = $next;
            fn step<S: Step>(step: S) -> S {
                step
            }
        }
    )*};
}
plain_depths!(D0 -> D1, D1 -> D2, D2 -> D3, D3 -> D4, D4 -> D5, D5 -> D6, D6 -> D7);

#[doc(hidden)]
pub struct D7;

impl Depth for D7 {
    type Step<S: Step> = Cut<S>;
    type Next = D0;

    fn step<S: Step>(step: S) -> Cut<S> {
        Cut(step)
    }
}

/// The step whose future is boxed.
#[doc(hidden)]
#[derive(Clone)]
pub struct Cut<S>(S);

impl<S: Step> Step for Cut<S> {
    fn name(&self) -> String {
        self.0.name()
    }
}

impl<A, S> Wrap<A> for Cut<S>
where
    A: App + fmt::Debug,
    S: Wrap<A, Out: 'static>,
{
    type Out = CutApp;

    fn wrap(self, app: A) -> CutApp {
        CutApp(Arc::new(self.0.wrap(app)))
    }
}

/// Eight steps and what stands behind them, erased: the compiler looks no deeper.
#[doc(hidden)]
#[derive(Clone)]
pub struct CutApp(Arc<dyn Link>);

/// What can be cut off: an erased app that still prints its chain.
trait Link: ErasedApp + fmt::Debug {}

impl<A: App + fmt::Debug> Link for A {}

impl App for CutApp {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.0.respond_erased(request)
    }
}

impl fmt::Debug for CutApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
