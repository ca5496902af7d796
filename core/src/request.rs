//! What a request can be asked: [`RequestExt`].

use http::Uri;

use crate::{Environ, Peer, Request};

/// What a request can be asked, beside what [`http::Request`] tells.
pub trait RequestExt {
    /// What the host knows about this call.
    fn environ(&self) -> &Environ;

    /// The same, to be changed by hosts and middleware.
    fn environ_mut(&mut self) -> &mut Environ;

    /// Who is at the other end of the connection.
    fn peer(&self) -> &Peer;

    /// The part of the path under which this app is mounted: empty at the root, else it begins
    /// with `/` and does not end in it. `script_name` and [`path_info`](RequestExt::path_info)
    /// together are the path, always.
    fn script_name(&self) -> &str;

    /// The part of the path that is this app's own: empty, or it begins with `/`.
    fn path_info(&self) -> &str;

    /// `path`, which begins with `/`, as seen from outside: behind the app's script name.
    fn url_for(&self, path: &str) -> String;

    /// The target as the client sent it, before it was made canonical.
    fn original_target(&self) -> &Uri;
}

impl RequestExt for Request {
    fn environ(&self) -> &Environ {
        Environ::of(self.extensions())
    }

    fn environ_mut(&mut self) -> &mut Environ {
        Environ::of_mut(self.extensions_mut())
    }

    fn peer(&self) -> &Peer {
        &self.environ().connection().peer
    }

    fn script_name(&self) -> &str {
        self.uri()
            .path()
            .get(..self.environ().script_name as usize)
            .unwrap_or("")
    }

    fn path_info(&self) -> &str {
        let path = self.uri().path();
        path.get(self.environ().script_name as usize..)
            .unwrap_or(path)
    }

    fn url_for(&self, path: &str) -> String {
        [self.script_name(), path].concat()
    }

    fn original_target(&self) -> &Uri {
        self.environ().original().unwrap_or_else(|| self.uri())
    }
}
