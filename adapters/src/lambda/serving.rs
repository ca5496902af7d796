//! From the first invocation to the last: [`Serving`].

use std::sync::Arc;

use enfilade_core::{App, Connection, Gateway, HostError, IntoResponse, Stopping, host::commit};
use http::Method;
use tokio::select;

use super::{
    Invocation,
    answer::Answer,
    api::Api,
    event::Event,
    next::Next,
    reply::Form,
    request::{method, request},
};

/// An app, and how it is served; shared by all workers.
pub(super) struct Serving<A> {
    pub(super) gateway: Gateway<A>,
    pub(super) facts: Connection,
    pub(super) base: Option<String>,
    pub(super) is_streaming: bool,
}

impl<A: App> Serving<A> {
    /// Answers one invocation after the other until it is told to stop.
    pub(super) async fn work(&self, mut api: Api, stopping: Stopping) -> Result<(), HostError> {
        loop {
            let next = select! {
                biased;
                () = stopping.clone() => return Ok(()),
                next = api.next() => next?,
            };
            let answer = match Event::read(&next.payload) {
                Ok(event) => self.answer(event, &next).await,
                Err(error) => Answer::Failed("Enfilade.NotHttp", error.to_string()),
            };
            api.answer(&next.id, answer).await?;
        }
    }

    /// Ends when the host begins to stop.
    pub(super) fn stopping(&self) -> Stopping {
        self.facts.stopping.clone()
    }

    async fn answer(&self, mut event: Event, next: &Next) -> Answer {
        let form = Form::of(&event);
        let is_streaming = self.is_streaming && event.can_stream();
        let mut facts = self.facts.clone();
        facts.capabilities.streaming_response = is_streaming;
        // One that is malformed is refused, as that of a GET would be.
        let method = method(&event).unwrap_or_default();
        let is_head = method == Method::HEAD;
        let response = match request(&mut event, self.base.as_deref(), facts) {
            Ok(mut request) => {
                let invocation = Invocation::new(next, event.context);
                request.extensions_mut().insert(Arc::new(invocation));
                self.gateway.answer(request).await
            }
            Err(error) => commit(&method, error.into_response()).await,
        };
        let errors = Arc::clone(&self.facts.errors);
        if is_streaming {
            Answer::streamed(response, is_head, errors)
        } else {
            Answer::whole(response, is_head, form, errors).await
        }
    }
}
