//! A tower layer as a step of a pipeline: [`tower()`].

use std::{fmt, future::Future, sync::Arc};

use tower_layer::Layer;

use super::{
    FitService, InnerService,
    fit_service::{OnError, Prototype},
};
use crate::{App, BoxError, Error, Request, Response, Step, Wrap, short_name::short_name};

/// A tower layer as a step of a [`Pipeline`](crate::Pipeline), at any place, in reading order.
///
/// It is applied once, when the pipeline is closed, so what it shares is shared: a
/// `ConcurrencyLimitLayer` limits.
///
/// Each costs one allocation a request, a clone of its service, and what the layer itself costs.
/// Layers that stand next to each other are cheaper as one step, a tuple, in reading order too:
/// `tower((a, b, c))`.
///
/// An error of the layer is answered as [`with_error`](Tower::with_error) says. What does not fit
/// is in [`troubleshooting`](crate::troubleshooting#does-it-fit-from-tower).
///
/// ```
/// use std::time::Duration;
/// use enfilade_core::{Pipeline, Request, tower};
/// use tower::{load_shed::LoadShedLayer, timeout::TimeoutLayer};
///
/// let app = Pipeline::new()
///     .with(tower((LoadShedLayer::new(), TimeoutLayer::new(Duration::from_secs(30)))))
///     .app(async |_: Request| "hello");
/// # let _ = app;
/// ```
pub fn tower<L>(layer: L) -> Tower<L>
where
    L: Layer<InnerService>,
    L::Service: FitService,
{
    Tower {
        layer,
        on_error: None,
    }
}

/// A tower layer in a [`Pipeline`](crate::Pipeline). Made by [`tower()`].
#[derive(Clone)]
pub struct Tower<L> {
    layer: L,
    on_error: Option<OnError>,
}

impl<L> Tower<L> {
    /// Says how an error of the layer is answered.
    ///
    /// By default a timeout of the crate `tower` is a 504, its load shedding a 503, and anything
    /// else a 500, unless it carries an [`Error`]; it is kept as the response's
    /// [`Cause`](crate::Cause).
    #[must_use]
    pub fn with_error(mut self, error: impl Fn(BoxError) -> Error + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(error));
        self
    }
}

impl<L> fmt::Debug for Tower<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl<L> Step for Tower<L> {
    fn name(&self) -> String {
        format!("tower({})", short_name(std::any::type_name::<L>()))
    }
}

impl<A: App + fmt::Debug + 'static, L> Wrap<A> for Tower<L>
where
    L: Layer<InnerService>,
    L::Service: FitService,
{
    type Out = Layered<L::Service>;

    fn wrap(self, app: A) -> Self::Out {
        let chain = format!("{} -> {app:?}", self.name());
        let service = self.layer.layer(InnerService::new(app));
        Layered {
            service: Prototype::new(service, self.on_error),
            chain,
        }
    }
}

/// An app with a tower layer around it.
pub struct Layered<S> {
    service: Prototype<S>,
    /// What `Debug` prints: behind the service nobody can look any more.
    chain: String,
}

impl<S: FitService> App for Layered<S> {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.service.answer(request)
    }
}

impl<S> fmt::Debug for Layered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain)
    }
}
