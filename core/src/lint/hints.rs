//! Early hints on their way to the host, seen by a lint: [`HintWatch`].

use std::sync::{Arc, Weak};

use http::{HeaderMap, HeaderName};

use super::{
    check,
    record::{Party, Stand},
};
use crate::{Environ, Hinted, Informational, Request, RequestExt};

/// Stands between an app that hints and its host, as long as the app makes its answer.
pub(super) struct HintWatch {
    host: Option<Weak<dyn Informational>>,
    stand: Stand,
}

impl HintWatch {
    /// Puts one into `request`. It is to be kept until the answer is there.
    pub(super) fn put(request: &mut Request, stand: &Stand) -> Option<Arc<HintWatch>> {
        request.extensions().get::<Environ>()?;
        let connection = request.environ_mut().connection_mut();
        let watch = Arc::new(HintWatch {
            host: connection.informational.take(),
            stand: stand.clone(),
        });
        let shared: Arc<dyn Informational> = Arc::clone(&watch) as _;
        connection.informational = Some(Arc::downgrade(&shared));
        Some(watch)
    }
}

impl Informational for HintWatch {
    fn early_hints(&self, number: u64, fields: HeaderMap) -> Hinted {
        let Some(host) = &self.host else {
            return Hinted::Unsupported;
        };
        host.upgrade()
            .map_or(Hinted::TooLate, |host| host.early_hints(number, fields))
    }

    fn left_out(&self, number: u64, name: &HeaderName) {
        let what = format!("`{name}` is sent in early hints");
        self.stand.find(check::HINTED, Party::Callee, what);
        if let Some(host) = self.host.as_ref().and_then(Weak::upgrade) {
            host.left_out(number, name);
        }
    }
}
