//! A function's answer, as its sender hands it on: [`whole`], or [`streamed`].

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{event::Sender, runtime::Told};
use crate::target::progress::{Event, Progress};

/// The JSON of an answer, or of its head.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Reply {
    fn read(json: &[u8]) -> Result<Reply, String> {
        serde_json::from_slice(json).map_err(|error| format!("an answer that is none: {error}"))
    }

    /// The head, for a client to whom `sender` tells how long the body is.
    fn head_of(&self, sender: Sender, body: &[u8]) -> Event {
        let mut head = match sender {
            Sender::RestApi | Sender::LoadBalancer => self.head_with_lists(),
            Sender::HttpApi | Sender::FunctionUrl => self.head(),
        };
        if let Event::Head(_, fields) = &mut head
            && !body.is_empty()
            && fields.iter().all(|(name, _)| name != "content-length")
        {
            let length = body.len().to_string().into_bytes();
            fields.push(("content-length".to_owned(), length));
        }
        head
    }

    /// The head: one value a field, and cookies apart.
    fn head(&self) -> Event {
        let one = self.headers.iter().map(|(name, value)| (&**name, value));
        let cookies = self.cookies.iter().map(|cookie| ("set-cookie", cookie));
        self.head_with(one.chain(cookies))
    }

    /// The head: all values of a field in a list.
    fn head_with_lists(&self) -> Event {
        let fields = self.multi_value_headers.iter();
        self.head_with(fields.flat_map(|(name, values)| values.iter().map(|v| (&**name, v))))
    }

    fn head_with<'a>(&self, fields: impl Iterator<Item = (&'a str, &'a String)>) -> Event {
        let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), latin(value)));
        Event::Head(self.status_code, fields.collect())
    }

    fn take_body(&mut self) -> Result<Bytes, String> {
        let body = std::mem::take(&mut self.body);
        if !self.is_base64_encoded {
            return Ok(body.into());
        }
        let bytes = STANDARD.decode(body);
        bytes
            .map(Bytes::from)
            .map_err(|error| format!("a body that is no base64: {error}"))
    }
}

/// Fields have bytes, and JSON has text.
fn latin(text: &str) -> Vec<u8> {
    let bytes = text.chars().map(|c| u8::try_from(c).ok());
    bytes
        .collect::<Option<Vec<u8>>>()
        .unwrap_or_else(|| text.as_bytes().to_vec())
}

/// An answer that is one piece of JSON. Where there is none, the client gets a 502.
pub(super) async fn whole(
    progress: &Progress,
    sender: Sender,
    mut told: mpsc::Receiver<Told>,
) -> Result<(), String> {
    let mut json = Vec::new();
    loop {
        match told.recv().await {
            Some(Told::Bytes(bytes)) => json.extend_from_slice(&bytes),
            Some(Told::End) => break,
            Some(Told::Failed) | None => {
                progress.take(Event::Head(502, Vec::new()));
                return Ok(());
            }
        }
    }
    let mut reply = Reply::read(&json)?;
    let body = reply.take_body()?;
    progress.take(reply.head_of(sender, &body));
    progress.take(Event::Data(body));
    Ok(())
}

/// An answer whose head is JSON, and whose body stands behind eight zeros. One that fails has no
/// end for its client.
pub(super) async fn streamed(
    progress: &Progress,
    mut told: mpsc::Receiver<Told>,
) -> Result<(), String> {
    let mut prelude = Vec::new();
    let mut has_head = false;
    loop {
        let bytes = match told.recv().await {
            Some(Told::Bytes(bytes)) => bytes,
            Some(Told::End) if has_head => return Ok(()),
            Some(Told::End) => return Err("an answer without a head".to_owned()),
            Some(Told::Failed) if !has_head => {
                progress.take(Event::Head(502, Vec::new()));
                return Ok(());
            }
            Some(Told::Failed) | None => return Err("the function failed".to_owned()),
        };
        if has_head {
            progress.take(Event::Data(bytes));
            continue;
        }
        prelude.extend_from_slice(&bytes);
        if let Some(at) = prelude.windows(8).position(|eight| eight == [0; 8]) {
            progress.take(Reply::read(&prelude[..at])?.head());
            progress.take(Event::Data(prelude.split_off(at + 8).into()));
            has_head = true;
        }
    }
}
