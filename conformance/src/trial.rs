//! What a case has at hand: [`Trial`].

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::{
    Answer, Ask, Case, Failure, Target,
    notes::{Note, Notes},
};

/// A case that is being tried on a target.
pub struct Trial<'a> {
    case: &'a Case,
    target: &'a dyn Target,
    notes: &'a Notes,
    exchanges: AtomicU64,
}

/// How long a note is waited for. An app learns within it that its client left: the bundled server
/// takes five seconds where all it is told is that nothing more will be sent.
const PATIENCE: Duration = Duration::from_secs(15);

impl<'a> Trial<'a> {
    pub(crate) const fn new(case: &'a Case, target: &'a dyn Target, notes: &'a Notes) -> Trial<'a> {
        Trial {
            case,
            target,
            notes,
            exchanges: AtomicU64::new(0),
        }
    }

    /// A GET of `rest` below the case's app.
    pub fn get(&self, rest: &str) -> Ask {
        self.ask("GET", rest)
    }

    /// A HEAD of `rest` below the case's app.
    pub fn head(&self, rest: &str) -> Ask {
        self.ask("HEAD", rest)
    }

    /// A POST to `rest` below the case's app.
    pub fn post(&self, rest: &str) -> Ask {
        self.ask("POST", rest)
    }

    /// Any method at `rest` below the case's app.
    pub fn ask(&self, method: &str, rest: &str) -> Ask {
        self.ask_target(method, &format!("{}{rest}", self.script_name()))
    }

    /// Any method and any target.
    pub fn ask_target(&self, method: &str, target: &str) -> Ask {
        let number = self.exchanges.fetch_add(1, Relaxed);
        let id = format!("{}-{}-{number}", self.target.name(), self.case.name());
        let id = id.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let ask = Ask::new(id, method, target.to_owned());
        match self.target.host() {
            "localhost" => ask,
            host => ask.host(host),
        }
    }

    /// Where the case's app is mounted, as the client sees it.
    pub fn script_name(&self) -> String {
        format!("{}/{}", self.target.prefix(), self.case.name())
    }

    /// The path that the host's web server has in front of all.
    pub fn prefix(&self) -> &str {
        self.target.prefix()
    }

    /// The target.
    pub fn target(&self) -> &dyn Target {
        self.target
    }

    /// Sends one request.
    pub async fn send(&self, ask: Ask) -> Answer {
        let answers = self.target.exchange(vec![ask]).await;
        let answer = answers.into_iter().next();
        answer.unwrap_or_else(|| Answer::broken("the target gave no answer"))
    }

    /// Sends several requests, one after the other, over one connection.
    pub async fn send_all<const N: usize>(&self, asks: [Ask; N]) -> [Answer; N] {
        let answers = self.target.exchange(asks.to_vec()).await;
        answers.try_into().unwrap_or_else(|answers: Vec<Answer>| {
            let got = answers.len();
            std::array::from_fn(|_| Answer::broken(format_args!("the target gave {got} answers")))
        })
    }

    /// What is noted of the exchange of `ask`.
    pub(crate) fn note(&self, ask: &Ask) -> Note {
        self.notes
            .of(&ask.id)
            .expect("ids are made of letters, digits and hyphens")
    }

    /// Expects that `line` is noted, within some seconds.
    pub(crate) async fn expect_note(&self, note: &Note, line: &str) -> Result<(), Failure> {
        if note.wait_for(line, PATIENCE).await {
            return Ok(());
        }
        Err(Failure::new(
            format_args!("the app to note {line:?} within {PATIENCE:?}"),
            format_args!("the notes {:?}", note.lines()),
        ))
    }
}

impl std::fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial")
            .field("case", &self.case.name())
            .field("target", &self.target.name())
            .finish_non_exhaustive()
    }
}
