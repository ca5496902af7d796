//! Hosts for Enfilade beside the bundled server.
