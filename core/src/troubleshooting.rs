//! What the compiler says, and what to write instead; what fits from tower, and what does not.
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
