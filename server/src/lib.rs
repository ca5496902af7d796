//! The bundled HTTP server of Enfilade.
