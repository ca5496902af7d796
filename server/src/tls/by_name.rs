//! Which certificate a client is shown: that of the name it asks for.

use std::{collections::HashMap, sync::Arc};

use tokio_rustls::rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::keeper::Keeper;

/// Certificates by the names that they are for, in lower case; `*.` stands for one label.
#[derive(Debug)]
pub(super) struct ByName {
    names: HashMap<String, Arc<CertifiedKey>>,
    /// For who asks for no name, or for an unknown one: its client tells what is wrong better than
    /// an alert could.
    first: Option<Arc<CertifiedKey>>,
    keepers: Vec<Arc<dyn Keeper>>,
}

impl ByName {
    /// Of several for one name the first is shown, and those of keepers last.
    pub(super) fn new(
        certificates: Vec<(CertifiedKey, Vec<String>)>,
        keepers: Vec<Arc<dyn Keeper>>,
    ) -> ByName {
        let (mut names, mut first) = (HashMap::new(), None);
        for (certificate, own) in certificates {
            let certificate = Arc::new(certificate);
            for name in own {
                names
                    .entry(name)
                    .or_insert_with(|| Arc::clone(&certificate));
            }
            first.get_or_insert(certificate);
        }
        ByName {
            names,
            first,
            keepers,
        }
    }

    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        let wildcard = || {
            let (_, rest) = name.split_once('.')?;
            self.names.get(&format!("*.{rest}"))
        };
        self.names.get(&name).or_else(wildcard)
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let Some(name) = hello.server_name() {
            if let Some(certificate) = self.find(name) {
                return Some(Arc::clone(certificate));
            }
            if let Some(keeper) = self.keepers.iter().find(|keeper| keeper.keeps(name)) {
                // Where there is none yet, an alert tells more than another's would.
                return keeper.find(name);
            }
        }
        let kept = || self.keepers.iter().find_map(|keeper| keeper.first());
        self.first.clone().or_else(kept)
    }
}
