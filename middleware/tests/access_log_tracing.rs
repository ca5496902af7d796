//! The access log as events of the `tracing` crate.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use enfilade_core::{Error, Pipeline, Request, lint::Lint, testing};
use enfilade_middleware::AccessLog;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Writes each event down as `name=value` lines.
struct Notes(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{field}={value:?}\n");
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "enfilade::access"
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().expect("no panic").push(fields.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn a_record_is_an_event_with_escaped_fields() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let _guard = tracing::subscriber::set_default(Notes(notes.clone()));
    let app = Pipeline::new()
        .with(Lint::panicking().around(AccessLog::tracing()))
        .app(async |_: Request| Error::status(503).because("a\r\nb"));
    testing::get("/\"?é")
        .header("user-agent", b"\x80")
        .on(&app)
        .await;
    let notes = notes.lock().expect("no panic");
    assert_eq!(notes.len(), 1);
    let lines: Vec<_> = notes[0].lines().collect();
    for expected in [
        r"target=/\x22?\xc3\xa9",
        r"agent=\x80",
        "status=503",
        "outcome=\"complete\"",
        r"cause=a\x0d\x0ab",
    ] {
        assert!(lines.contains(&expected), "{expected} in {lines:?}");
    }
    assert!(!notes[0].contains("user="), "{notes:?}");
}
