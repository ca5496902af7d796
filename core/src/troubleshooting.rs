//! What the compiler says, and what to write instead; what fits from tower, and what does not.
//!
//! Most of what does not fit is refused with the fix in a note. Here is the rest, and the whole
//! list, each by what the compiler says.
//!
//! # `..` is not a response
//!
//! The function returns what is not [`IntoResponse`](crate::IntoResponse). Return a
//! [`Response`](crate::Response), text, bytes, `Json(value)`, a pair with a status in front, or a
//! [`Result`](crate::Result) of any of them. For a type of your own, implement `IntoResponse`.
//!
//! # the method `boxed` exists .., but its trait bounds were not satisfied
//!
//! The function on which it is called is not an app, and a method call does not say why. Ask in
//! another way, and the compiler does: `App::boxed(hello)`. Then look for what it says on this page.
//!
//! ```compile_fail
//! # use enfilade_core::{App, Request};
//! async fn count(_: Request) -> u32 {
//!     7
//! }
//! let app = App::boxed(count); // `u32` is not a response
//! ```
//!
//! # this function is not async
//!
//! Write `async fn`, also where nothing is awaited; or, where a future is there already, return it:
//! `fn hello(_: Request) -> impl Future<Output = Response> + Send`.
//!
//! # type annotations needed
//!
//! A closure must name the type of its argument before it uses it:
//!
//! ```
//! # use enfilade_core::{Pipeline, Request};
//! let app = Pipeline::new().app(async |request: Request| request.uri().to_string());
//! # let _ = app;
//! ```
//!
//! # future cannot be sent between threads safely
//!
//! Hosts move the future of an app from thread to thread, so nothing that is tied to one may live
//! across an `.await`; the message names it, and the place. Take `Arc` for `Rc`, `Mutex` for
//! `RefCell`, and end the life of a guard before the `.await`, with a block around it:
//!
//! ```
//! # use std::{future::ready, sync::Mutex};
//! # use enfilade_core::Request;
//! # static HITS: Mutex<u64> = Mutex::new(0);
//! async fn count(_: Request) -> String {
//!     let hits = {
//!         let mut hits = HITS.lock().unwrap();
//!         *hits += 1;
//!         *hits
//!     }; // the guard ends here
//!     ready(()).await;
//!     hits.to_string()
//! }
//! ```
//!
//! # `..` is not an application
//!
//! A struct is an app once it implements [`App`](crate::App), `async fn respond(&self, request:
//! Request) -> Response`. A reference to an app is not one: give the app away, or share it as
//! `Arc<A>`, or as the [`BoxApp`](crate::BoxApp) that `boxed()` makes.
//!
//! # `..` cannot stand in a pipeline
//!
//! [`with`](crate::Pipeline::with) takes steps. A function becomes one with
//! [`from_fn(f)`](crate::from_fn()), a tower layer with `tower(layer)`, a struct by implementing
//! [`Middleware`](crate::Middleware).
//!
//! # type mismatch in function arguments
//!
//! The arguments are in another order, or of other types, than the expected signature says: for
//! `from_fn` the request first, `async fn(Request, Next<'_>)`; for `from_fn_with` the state before
//! it, `async fn(S, Request, Next<'_>)`.
//!
//! # a closure is not an application, or cannot serve as middleware
//!
//! An async closure that owns what it captures lends it to its future, which no app and no `from_fn`
//! can carry. Pass it as a state instead, which is cloned for each request:
//!
//! ```
//! # use std::sync::Arc;
//! # use enfilade_core::{Next, Pipeline, Request, from_fn_with};
//! let name: Arc<str> = Arc::from("log");
//! let app = Pipeline::new()
//!     .with(from_fn_with(name, async |name: Arc<str>, request: Request, next: Next<'_>| {
//!         println!("{name}: {}", request.uri());
//!         next.respond(request).await
//!     }))
//!     .app(async |_: Request| "hello");
//! # let _ = app;
//! ```
//!
//! For an app it is [`with_state`](crate::with_state), or a closure that is not async and returns a
//! future that owns:
//!
//! ```
//! # use std::sync::Arc;
//! # use enfilade_core::{Pipeline, Request};
//! let name: Arc<str> = Arc::from("you");
//! let app = Pipeline::new().app(move |_: Request| {
//!     let name = name.clone();
//!     async move { format!("hello {name}") }
//! });
//! # let _ = app;
//! ```
//!
//! # this tower service does not fit in the gateway
//!
//! See below.
//!
//! # Does it fit from tower?
//!
//! With feature `tower`, `tower(layer)` makes a layer a step of a pipeline, and
//! `from_service(service)` makes a service an app. What fits:
//!
//! * **Layers** whose service takes `http::Request<Body>`, is `Clone + Send + 'static`, and gives
//!   `http::Response<B>` with any body `B` over `Bytes` that is `Send + 'static`. The layer may
//!   change the type of the request's body. So fit tower-http's, and those of tower that clone.
//! * **Services** of the same kind: an axum `Router`, a `tonic` server, tower-http's `ServeDir`.
//!
//! What does not, and why:
//!
//! * **axum's own `from_fn` layers.** axum's middleware functions take `axum::extract::Request`,
//!   that is, axum's own body type, and nothing else. Put them on the axum `Router` that they were
//!   written for, and mount that. Or give them their body type, one tuple as one step:
//!   `tower((MapRequestBodyLayer::new(axum::body::Body::new), axum::middleware::from_fn(f)))`, with
//!   tower-http's `MapRequestBodyLayer`. Or write [`from_fn(f)`](crate::from_fn()): the same
//!   function with this gateway's types.
//! * **Services that are not `Clone`**, such as the one of tower's `RateLimitLayer`: a clone would
//!   count on its own. Put tower's `BufferLayer` outside of it, in one tuple; it starts a task, so
//!   the pipeline is then closed inside of a tokio runtime.
//! * **Layers that rewrite the path**, such as tower-http's `NormalizePathLayer`. They compile, but
//!   in a pipeline no one may change the path: it is canonical since the host, and the mount is a
//!   place in it. Put them around the service that wants them, `from_service(layer.layer(router))`.
//! * **Layers for one service type**, such as a `BoxCloneServiceLayer<Router, ..>`: in a pipeline
//!   every layer wraps an `InnerService`.
