//! The protocols between web servers and programs, as a web server speaks them: [`WebServer`].

use std::{ffi::OsString, path::PathBuf};

use tokio::process::Command;

use super::{
    Exchanging, Place, Target,
    client::{Client, Protocol},
};
use crate::{Answer, Ask, Feature};

mod cgi;
mod fastcgi;
mod head;
mod packets;
mod variables;

use fastcgi::FastCgi;
use packets::{Scgi, Uwsgi};

/// A host that speaks the protocol of a web server, and a client that stands for one.
///
/// It sends what nginx does, by the book: the target as it came in `REQUEST_URI`, fields as
/// `HTTP_` variables, and no field whose name has an underscore.
#[derive(Clone, Debug)]
pub struct WebServer {
    name: String,
    spoken: Spoken,
    lacks: Vec<(Feature, &'static str)>,
}

#[derive(Clone, Debug)]
enum Spoken {
    Cgi(PathBuf, Vec<(OsString, OsString)>),
    FastCgi(Place),
    Scgi(Place),
    Uwsgi(Place),
}

impl WebServer {
    /// CGI: `program` is started for each request, with these variables beside those of CGI.
    pub fn cgi(
        name: impl Into<String>,
        program: impl Into<PathBuf>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> WebServer {
        let spoken = Spoken::Cgi(program.into(), variables.into_iter().collect());
        WebServer::new(name, spoken, cgi::LACKS)
    }

    /// FastCGI, with a host at `place`.
    pub fn fastcgi(name: impl Into<String>, place: impl Into<Place>) -> WebServer {
        WebServer::new(name, Spoken::FastCgi(place.into()), fastcgi::LACKS)
    }

    /// SCGI, with a host at `place`.
    pub fn scgi(name: impl Into<String>, place: impl Into<Place>) -> WebServer {
        let place = place.into();
        let lacks = packets::lacks(&place);
        WebServer::new(name, Spoken::Scgi(place), lacks)
    }

    /// The protocol of uWSGI, with a host at `place`.
    pub fn uwsgi(name: impl Into<String>, place: impl Into<Place>) -> WebServer {
        let place = place.into();
        let lacks = packets::lacks(&place);
        WebServer::new(name, Spoken::Uwsgi(place), lacks)
    }

    fn new(
        name: impl Into<String>,
        spoken: Spoken,
        lacks: &[(Feature, &'static str)],
    ) -> WebServer {
        WebServer {
            name: name.into(),
            spoken,
            lacks: [COMMON, lacks].concat(),
        }
    }

    /// Says that `feature` cannot be carried, and why, beside what the protocol cannot carry.
    #[must_use]
    pub fn without(mut self, feature: Feature, why: &'static str) -> WebServer {
        self.lacks.push((feature, why));
        self
    }

    async fn exchanges(&self, asks: Vec<Ask>) -> Vec<Answer> {
        match &self.spoken {
            Spoken::FastCgi(place) => on(place, FastCgi::default, &asks, true).await,
            Spoken::Scgi(place) => on(place, Scgi::default, &asks, false).await,
            Spoken::Uwsgi(place) => on(place, Uwsgi::default, &asks, false).await,
            Spoken::Cgi(program, variables) => {
                let mut answers = Vec::new();
                for ask in asks {
                    let mut command = Command::new(program);
                    command.env_clear().envs(cgi::environment(&ask));
                    command.envs(variables.iter().cloned());
                    answers.extend(cgi::run(command, ask).await);
                }
                answers
            }
        }
    }
}

/// Over one connection, or over one for each.
async fn on<P: Protocol>(
    place: &Place,
    protocol: impl Fn() -> P,
    asks: &[Ask],
    kept: bool,
) -> Vec<Answer> {
    let exchanges = if kept { asks.len().max(1) } else { 1 };
    let mut answers = Vec::new();
    for asks in asks.chunks(exchanges) {
        match place.connect(b"").await {
            Ok(stream) => {
                let client = Client::new(protocol(), stream);
                answers.extend(client.exchange(asks.to_vec()).await);
            }
            Err(error) => answers.extend(asks.iter().map(|_| Answer::broken(&error))),
        }
    }
    answers
}

const COMMON: &[(Feature, &str)] = &[
    (Feature::RawHead, "the web server reads the head"),
    (
        Feature::UnderscoredFields,
        "the web server drops them, since a host could not tell them from others",
    ),
    (Feature::Expect, "the web server answers it"),
    (Feature::EarlyHints, "there is no place for them"),
    (Feature::RequestTrailers, "there is no place for them"),
    (Feature::Trailers, "there is no place for them"),
    (Feature::Upgrade, "the connection is the web server's"),
    (Feature::OriginServer, "the web server adds them"),
];

impl Target for WebServer {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, feature: Feature) -> Option<&str> {
        let mut lacks = self.lacks.iter();
        lacks.find(|(own, _)| *own == feature).map(|(_, why)| *why)
    }

    fn concurrency(&self) -> usize {
        match self.spoken {
            Spoken::Cgi(..) => 4,
            _ => 16,
        }
    }

    fn exchange(&self, asks: Vec<Ask>) -> Exchanging<'_> {
        Box::pin(self.exchanges(asks))
    }
}
