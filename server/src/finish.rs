//! What is done to an answer before it goes out: [`Finish`].

use std::sync::Arc;

use enfilade_core::{Body, Connection, Error, IntoResponse, Response, Upgrading};
use http::{StatusCode, header};
use hyper::upgrade::OnUpgrade;

use crate::{exchange::Answering, outgoing::Outgoing, site::Site, upgrade};

/// What is kept of a request until it is answered.
pub(crate) struct Finish {
    pub(crate) site: Arc<Site>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) on_upgrade: Option<OnUpgrade>,
    pub(crate) answering: Answering,
}

impl Finish {
    pub(crate) fn apply(mut self, mut response: Response) -> Response {
        if response.status().is_informational() {
            response = self.switch(response);
        }
        if let Some(server) = &self.site.server_header {
            let headers = response.headers_mut();
            headers
                .entry(header::SERVER)
                .or_insert_with(|| server.clone());
        }
        if response.body().in_memory_len().is_some() {
            return response;
        }
        let (connection, answering) = (self.connection, self.answering);
        response.map(|body| Body::new(Outgoing::new(body, connection, answering)))
    }

    /// Of the informational statuses, 101 alone ends an exchange, and only where it was offered.
    fn switch(&mut self, mut response: Response) -> Response {
        let status = response.status();
        match self.on_upgrade.take() {
            Some(on_upgrade) if status == StatusCode::SWITCHING_PROTOCOLS => {
                // Without a handler of ours it is a mounted framework's, which took the extension.
                if let Some(upgrading) = response.extensions_mut().remove::<Upgrading>() {
                    let connection = Arc::clone(&self.connection);
                    let task = self.site.tasks.register();
                    upgrade::take_over(upgrading, on_upgrade, connection, task);
                }
                response
            }
            _ => {
                let line =
                    format!("the app answered {status} to a request that did not ask for it");
                self.connection.errors.report(&line);
                Error::status(500).into_response()
            }
        }
    }
}
