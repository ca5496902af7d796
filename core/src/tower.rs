//! tower's side of the gateway: its layers in pipelines, its services as apps, apps as its
//! services.

mod layer;

pub use layer::{FitService, Inner, Tower, tower};
