//! The record of one request while it is answered, and the row that becomes of it.
//!
//! Must not hold an answer up: figures that come later are waited for elsewhere. Must not hold text of a document.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use assist::{Context, Silence};
use model::Finish;
use tokio::runtime::Handle;

use super::{
    Server,
    complete::{Answered, Asker},
    session::{Asked, path},
    stream::Stream,
};
use crate::row::{self, Elsewhere, Row};

/// How long a row waits for the engine's figures after the model was stopped early.
const FIGURES: Duration = Duration::from_secs(1);

/// The row of one request; recorded as cancelled if it is dropped before it is closed.
pub(super) struct Record<'a> {
    server: &'a Server,
    arrived: Instant,
    pub(super) row: Row,
    /// What is shown from elsewhere.
    context: Option<Arc<Context>>,
    /// How the answer ended, if it has.
    pub(super) finish: Option<Finish>,
    /// Whether the answer's prompt was to show [`Self::context`]. One that was begun before may have shown something else.
    pub(super) is_ours: bool,
    /// Whether its tokens were decoded for this answer, and for none before.
    pub(super) decoded: bool,
    /// Where the figures will come from, if the answer did not wait for them.
    pub(super) late: Option<Arc<Stream>>,
    closed: bool,
}

impl<'a> Record<'a> {
    /// The row of what `asked` asks for; `None` where there was nothing to ask about.
    pub(super) fn new(server: &'a Server, asker: Asker, arrived: Instant, asked: Option<&Asked>) -> Self {
        let query = asked.map(|asked| &asked.query);
        let row = Row {
            path: query.map_or_else(String::new, |query| query.path.clone()),
            document: asked.map_or_else(String::new, |asked| document(&asked.uri)),
            language: query.map_or_else(String::new, |query| query.language.clone()),
            line: query.map_or(0, |query| query.snapshot.line_of(query.offset) + 1),
            explicit: query.is_some_and(|query| query.explicit),
            ..Row::begin(match asker {
                Asker::Inline => "inline",
                Asker::Popup => "popup",
            })
        };
        let context = asked.map(|asked| Arc::clone(&asked.context));
        Self {
            server,
            arrived,
            row,
            context,
            finish: None,
            is_ours: true,
            decoded: false,
            late: None,
            closed: false,
        }
    }

    /// Notes that words of the model have come.
    pub(super) fn heard(&mut self) {
        let arrived = self.arrived;
        self.row.first_ms.get_or_insert_with(|| arrived.elapsed().as_secs_f64() * 1e3);
    }

    /// Records what came of it.
    pub(super) fn close(&mut self, outcome: &Result<Answered, Silence>) {
        match outcome {
            Ok(answered) => {
                "shown".clone_into(&mut self.row.outcome);
                self.row.chars = answered.suggestion.text.chars().count();
                self.row.candidates = 1 + answered.others.len();
                self.row.verified = answered.suggestion.verified;
            }
            Err(silence) => {
                silence.code().clone_into(&mut self.row.outcome);
                self.row.why = silence.to_string();
            }
        }
        // Known only now: the first request of all arrives before its model is there.
        self.row.model = self.server.link.model_name();
        self.row.total_ms = self.arrived.elapsed().as_secs_f64() * 1e3;
        self.closed = true;
        tracing::info!(
            outcome = self.row.outcome,
            path = self.row.path,
            line = self.row.line,
            total_ms = self.row.total_ms,
            "completion"
        );
        let (rows, usage, decoded) = (self.server.rows.clone(), self.server.usage.clone(), self.decoded);
        let record = move |row: Row| {
            usage.answered(&row, decoded);
            rows.push(row);
        };
        let (mut row, is_ours) = (self.row.clone(), self.is_ours);
        row.context = self.context.as_deref().map(Elsewhere::from).unwrap_or_default();
        if let Some(finish) = self.finish.take() {
            row.answered(finish, is_ours);
        }
        if let (Some(stream), Ok(runtime)) = (self.late.take(), Handle::try_current()) {
            drop(runtime.spawn(async move {
                if let Some(finish) = stream.finish(FIGURES).await {
                    row.answered(finish, is_ours);
                }
                record(row);
            }));
        } else {
            record(row);
        }
    }

    /// The row as one line for the client's trace.
    pub(super) fn sentence(&self) -> String {
        let Row { outcome, path, line, total_ms, why, .. } = &self.row;
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        format!("completion at {path}:{line}: {outcome}{why} after {total_ms:.1} ms")
    }
}

/// The number of the document that a client calls `uri`.
pub(super) fn document(uri: &str) -> String {
    match path(uri) {
        Some(path) => row::document(&path.to_string_lossy()),
        None => row::document(uri),
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        if !self.closed {
            self.close(&Err(Silence::Cancelled));
        }
    }
}
