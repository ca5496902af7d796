//! HTTP/1.1, byte by byte: [`Http1`].

use super::{Exchanging, Place, Target, client::Client};
use crate::{Answer, Ask, Feature};

mod wire;

use wire::Wire;

/// A host that speaks HTTP/1.1, and a client that sends what a case says, byte by byte.
#[derive(Clone, Debug)]
pub struct Http1 {
    name: String,
    place: Place,
    lacks: Vec<(Feature, &'static str)>,
    prefix: String,
    host: String,
}

impl Http1 {
    /// The host at `place`, called `name` in the matrix.
    pub fn new(name: impl Into<String>, place: impl Into<Place>) -> Http1 {
        Http1 {
            name: name.into(),
            place: place.into(),
            lacks: vec![(
                Feature::ScriptName,
                "HTTP names no script name: the host's deployer does",
            )],
            prefix: String::new(),
            host: "localhost".to_owned(),
        }
    }

    /// Says that `feature` cannot be carried, and why. By default all can that HTTP/1.1 has.
    #[must_use]
    pub fn without(mut self, feature: Feature, why: &'static str) -> Http1 {
        self.lacks.push((feature, why));
        self
    }

    /// The path under which a web server has the app: empty by default.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Http1 {
        self.prefix = prefix.into();
        self
    }

    /// The `Host` field that reaches the app: `localhost` by default.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Http1 {
        self.host = host.into();
        self
    }
}

impl Target for Http1 {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, feature: Feature) -> Option<&str> {
        let mut lacks = self.lacks.iter();
        lacks.find(|(own, _)| *own == feature).map(|(_, why)| *why)
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn is_tls(&self) -> bool {
        self.place.is_tls()
    }

    fn exchange(&self, asks: Vec<Ask>) -> Exchanging<'_> {
        Box::pin(async {
            match self.place.connect(b"http/1.1").await {
                Ok(stream) => Client::new(Wire::default(), stream).exchange(asks).await,
                Err(error) => asks.iter().map(|_| Answer::broken(&error)).collect(),
            }
        })
    }
}
