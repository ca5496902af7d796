//! One signature for web applications, middleware and hosts.
