//! The server that the faults are done to, with its real defaults.
//!
//! `faults` starts it and says in the environment what differs: see [`Settings`].

mod answers;
mod counted;
mod counts;
mod settings;

use enfilade_core::{HostError, Lifecycle, Pipeline};

use settings::Settings;

fn main() -> Result<(), HostError> {
    let settings = Settings::from_environment()?;
    let log = settings.log();
    settings
        .server()?
        .launch(async move |_: &Lifecycle| Ok(Pipeline::new().with(log?).app(answers::answer)))
}
