//! Middleware for Enfilade: one file each, one public type with one method each.

mod user;

pub use user::User;
