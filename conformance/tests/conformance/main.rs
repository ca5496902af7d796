//! The kit, on the hosts of this workspace.

mod in_memory;
mod server;
