//! `hob/trace`: tells a client that measures the server when what was known, and what each question to the engine cost.
//!
//! Only for clients that announce `experimental.hobTrace`; `hob bench typing` does. Must not slow an answer down (events go through a
//! channel) and must not carry text of a document.

use std::sync::Arc;

use model::{Finish, ModelError, Stats, Stop};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tower_lsp::{
    Client,
    gen_lsp_types::{LspNotificationMethod, MessageDirection, Notification},
};

use crate::row::Source;

/// Who made the server ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// A change of the document.
    Change,
    /// The editor's own request.
    Request,
    /// A suggestion that was shown.
    Ahead,
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The first token beyond the cursor is known, at `at_us` microseconds since 1970.
    FirstToken { uri: String, version: i32, at_us: u64, source: Source, engine_ms: Option<f64> },
    /// The first line is known as a whole.
    FirstLine { uri: String, version: i32, at_us: u64 },
    /// A question to the engine has ended.
    Work { uri: String, version: i32, why: Why, stop: Stop, stats: Stats },
}

/// The notification's name.
#[derive(Debug)]
enum HobTrace {}

impl Notification for HobTrace {
    type Params = Event;
    const METHOD: LspNotificationMethod<'static> = LspNotificationMethod::Custom("hob/trace");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ServerToClient;
}

/// Sends events to the client, in order.
#[derive(Debug, Clone)]
pub(super) struct Measure(mpsc::UnboundedSender<Event>);

impl Measure {
    /// Starts the task that sends. Needs a runtime.
    pub(super) fn start(client: Client) -> Self {
        let (events, mut taken) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(event) = taken.recv().await {
                client.send_notification::<HobTrace>(event).await;
            }
        });
        Self(events)
    }

    fn tell(&self, event: Event) {
        // The task ends with the process.
        drop(self.0.send(event));
    }
}

/// One version of a document that a client measures.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) measure: Measure,
    pub(super) uri: Arc<str>,
    pub(super) version: i32,
}

impl Place {
    /// Tells what a question cost that was asked for this version.
    pub(super) fn worked(&self, why: Why, result: &Result<Finish, ModelError>) {
        if let Ok(Finish { stop, stats, .. }) = result {
            let (uri, version) = (self.uri.to_string(), self.version);
            self.measure.tell(Event::Work { uri, version, why, stop: *stop, stats: *stats });
        }
    }
}

/// Waits for the first token and the first line of one version in one answer.
#[derive(Debug)]
pub(super) struct Stopwatch {
    place: Place,
    source: Source,
    /// Bytes of the answer that are typed already.
    typed: usize,
    token_us: Option<u64>,
    line_us: Option<u64>,
}

impl Stopwatch {
    /// For a version whose text holds the first `typed` bytes of the answer.
    pub(super) fn new(place: Place, source: Source, typed: usize) -> Self {
        Self { place, source, typed, token_us: None, line_us: None }
    }

    /// Notes what is known at `at_us`: the answer so far, and whether it is complete.
    pub(super) fn heard(&mut self, text: &str, complete: bool, at_us: u64) {
        let rest = text.get(self.typed..).unwrap_or_default();
        if !rest.is_empty() && self.token_us.is_none() {
            self.token_us = Some(at_us);
            // Of what is decoded for this version the engine says at the end how long it took.
            if self.source != Source::Decode {
                self.tell_token(None);
            }
        }
        let whole = rest.trim_start().contains('\n') || (complete && !rest.trim().is_empty());
        if whole && self.line_us.is_none() {
            self.line_us = Some(at_us);
            let (uri, version) = (self.place.uri.to_string(), self.place.version);
            self.place.measure.tell(Event::FirstLine { uri, version, at_us });
        }
    }

    /// Notes the engine's own figures.
    pub(super) fn ended(&self, stats: Option<&Stats>) {
        if self.source == Source::Decode {
            self.tell_token(stats.and_then(|stats| stats.ttft_ms));
        }
    }

    fn tell_token(&self, engine_ms: Option<f64>) {
        if let Some(at_us) = self.token_us {
            let (uri, version, source) = (self.place.uri.to_string(), self.place.version, self.source);
            self.place.measure.tell(Event::FirstToken { uri, version, at_us, source, engine_ms });
        }
    }
}
