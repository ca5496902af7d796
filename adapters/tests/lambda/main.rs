//! The Lambda host, against a stand-in for Lambda's runtime interface.

mod senders;
mod serving;
mod stand_in;
mod streams;

use std::sync::{Arc, Mutex};

use enfilade_core::{App, ErrorSink, HostError};
use serde_json::Value;
use tokio::{sync::Notify, task::JoinHandle};

use stand_in::StandIn;

pub(crate) const REST_API: &str = include_str!("../fixtures/lambda/rest_api.json");
pub(crate) const REST_API_BASE_PATH: &str =
    include_str!("../fixtures/lambda/rest_api_base_path.json");
pub(crate) const HTTP_API: &str = include_str!("../fixtures/lambda/http_api.json");
pub(crate) const FUNCTION_URL: &str = include_str!("../fixtures/lambda/function_url.json");
pub(crate) const LOAD_BALANCER: &str = include_str!("../fixtures/lambda/load_balancer.json");
pub(crate) const LOAD_BALANCER_MULTI_VALUE: &str =
    include_str!("../fixtures/lambda/load_balancer_multi_value.json");

pub(crate) fn serve(
    stand_in: &StandIn,
    app: impl App + 'static,
) -> JoinHandle<Result<(), HostError>> {
    tokio::spawn(stand_in.host().serve(app))
}

pub(crate) async fn answered(event: &str, app: impl App + 'static) -> Value {
    let mut stand_in = StandIn::start().await;
    let host = serve(&stand_in, app);
    stand_in.invoke(event);
    let answer = stand_in.json().await;
    host.abort();
    answer
}

/// An error stream that a test can read.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<String>>, Arc<Notify>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }

    /// All of it, as soon as there is some.
    pub(crate) async fn first(&self) -> String {
        while self.text().is_empty() {
            self.1.notified().await;
        }
        self.text()
    }
}

impl ErrorSink for Lines {
    fn report(&self, line: &str) {
        let mut text = self.0.lock().expect("no panic");
        text.push_str(line);
        text.push('\n');
        self.1.notify_one();
    }
}
