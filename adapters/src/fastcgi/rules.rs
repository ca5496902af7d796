//! What a host lets a web server do: [`Rules`], and the [`Role`]s.

use crate::gateway::{MAX_BYTES, MAX_VARIABLES};

/// What an application is asked to be for a request (FastCGI 1.0, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It answers, as a CGI program does.
    Responder,
    /// It says whether a request may pass.
    Authorizer,
}

/// The bounds of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Requests at a time, on all connections.
    pub(crate) requests: usize,
    /// Requests at a time on one connection; one means that it does not multiplex.
    pub(crate) requests_per_connection: usize,
    /// Bytes of the parameters of one request.
    pub(crate) params: usize,
    /// Whether somebody plays the Authorizer.
    pub(crate) authorizes: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            requests: 1024,
            requests_per_connection: 1,
            // As many variables as fit, each with two lengths of four bytes.
            params: MAX_BYTES + 8 * MAX_VARIABLES,
            authorizes: false,
        }
    }
}

impl Rules {
    pub(crate) const fn multiplexes(&self) -> bool {
        self.requests_per_connection > 1
    }

    /// The role of this number, where it is played here. Nobody plays the Filter.
    pub(crate) const fn role(&self, number: u16) -> Option<Role> {
        match number {
            1 => Some(Role::Responder),
            2 if self.authorizes => Some(Role::Authorizer),
            _ => None,
        }
    }
}
