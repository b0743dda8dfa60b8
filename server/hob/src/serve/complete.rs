//! From a place in a document to an answer: ask the engine, stop it where the place ends, verify, and record why.
//!
//! Works on the snapshot that [`super::session::Asked`] took on arrival. Must not touch the session: the text may have moved on.

use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use assist::{Collector, Plan, Said, Settings, Shape, Silence, Suggestion};
use engine::Answer;
use model::{Finish, ModelError, Sink, Stats};
use text::Snapshot;
use tokio::{
    runtime::Handle,
    sync::mpsc,
    time::{sleep_until, timeout},
};

use super::{Server, session::Asked};
use crate::row::{self, Row};

/// However slow the model, nobody looks for ghost text after this.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer waits for the parse of its own text, which has had the model's time to finish. Where it has not (a quote was
/// opened in a large file) the older tree, edited along with the text, is good enough to find the item to check.
const PARSE_PATIENCE: Duration = Duration::from_millis(2);

/// How long a row waits for the engine's figures after the model was stopped early.
const FIGURES: Duration = Duration::from_secs(1);

/// How long an answer waits for them, where how sure the model is decides what is shown: a little longer than a cancel takes.
const CONFIDENCE: Duration = Duration::from_millis(20);

/// Who asks, and so how long they wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Ghost text.
    Inline,
    /// The completion popup, which holds up the user's other servers.
    Popup,
}

/// An answer: the suggestion, and the snapshot that its range counts in.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) suggestion: Suggestion,
    pub(super) snapshot: Snapshot,
}

/// Completes at the place of `asked`, or says why not. Either way one row is recorded, also when the client cancels (which drops
/// this future, and with it the request to the engine).
pub(super) async fn complete(
    server: &Server,
    asked: Result<Asked, Silence>,
    asker: Asker,
    arrived: Instant,
) -> Option<Answered> {
    let mut record = Record::new(server, asker, arrived, asked.as_ref().ok());
    // Still in the handler's first poll: the session is not looked at again.
    let (config, trace) = {
        let session = server.session();
        (Arc::clone(&session.config), session.trace)
    };
    let outcome = match asked {
        Ok(asked) => {
            let snapshot = asked.query.snapshot.clone();
            let suggestion = work(server, asked, asker, arrived, &config, &mut record).await;
            suggestion.map(|suggestion| Answered { suggestion, snapshot })
        }
        Err(silence) => Err(silence),
    };
    record.close(&outcome);
    if trace {
        let message = record.sentence();
        server
            .client
            .send_notification::<tower_lsp::gen_lsp_types::LogTraceNotification>(
                tower_lsp::gen_lsp_types::LogTraceParams { message, verbose: None },
            )
            .await;
    }
    outcome.ok()
}

async fn work(
    server: &Server,
    asked: Asked,
    asker: Asker,
    arrived: Instant,
    config: &config::Config,
    record: &mut Record<'_>,
) -> Result<Suggestion, Silence> {
    let completion = &config.completion;
    let settings = Settings {
        enabled: completion.enabled,
        languages_off: completion.languages_off.iter().cloned().collect(),
        max_tokens: completion.max_tokens,
        min_confidence: completion.min_confidence,
    };
    let plan = assist::plan(&asked.query, &settings)?;
    let limits = match asker {
        Asker::Inline => Limits { soft: arrived + completion.deadline, hard: arrived + PATIENCE },
        Asker::Popup => {
            let hard = arrived + completion.popup_deadline;
            // The popup's deadline holds for the wait after the model was stopped, too.
            Limits {
                soft: hard.checked_sub(CONFIDENCE).unwrap_or(arrived).min(arrived + completion.deadline),
                hard,
            }
        }
    };
    let Asked { query, superseded, parsed } = asked;
    let said = tokio::select! {
        biased;
        _ = superseded => return Err(Silence::Superseded),
        said = listen(server, &plan, limits, record) => said?,
    };
    let said_at = Instant::now();
    let fresh = match parsed {
        Some(mut parsed) => {
            let version = query.snapshot.version();
            let ours =
                parsed.wait_for(|parsed| parsed.as_ref().is_some_and(|parsed| parsed.version == version));
            timeout(PARSE_PATIENCE, ours).await.ok().and_then(Result::ok).and_then(|parsed| parsed.clone())
        }
        None => None,
    };
    let tree = fresh.as_ref().map(|parsed| &parsed.tree).or(query.tree.as_ref());
    let said = Said { text: &said, confidence: record.stats.map(|stats| stats.confidence) };
    let outcome = assist::finish(&plan, said, &query.snapshot, tree);
    record.row.check_ms = Some(said_at.elapsed().as_secs_f64() * 1e3);
    outcome
}

/// When to stop listening.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// From here on what is there is enough, if it has a whole line.
    soft: Instant,
    /// From here on nobody listens.
    hard: Instant,
}

/// What the engine says, on its way from the connection's thread to the handler's task.
enum Part {
    Chunk(String),
    Done(Result<Finish, ModelError>),
}

struct Forward(mpsc::UnboundedSender<Part>);

impl Answer for Forward {
    fn chunk(&mut self, text: &str, _at_us: u64) -> ControlFlow<()> {
        // A handler that is gone wants no more.
        self.0.send(Part::Chunk(text.to_owned())).map_or(ControlFlow::Break(()), ControlFlow::Continue)
    }

    fn done(self: Box<Self>, result: Result<Finish, ModelError>) {
        drop(self.0.send(Part::Done(result)));
    }
}

/// Asks the engine and gathers its words until the place has enough or the time is up.
async fn listen(
    server: &Server,
    plan: &Plan,
    limits: Limits,
    record: &mut Record<'_>,
) -> Result<String, Silence> {
    let engine = server.link.client(limits.hard.saturating_duration_since(Instant::now())).await?;
    let (send, mut answers) = mpsc::unbounded_channel();
    let ticket = engine.ask(plan.request.clone(), Forward(send));
    let mut collector = Collector::new(plan);
    let result = loop {
        let limit =
            if plan.shape == Shape::Block && collector.has_line() { limits.soft } else { limits.hard };
        tokio::select! {
            answer = answers.recv() => match answer {
                Some(Part::Chunk(text)) => {
                    if collector.chunk(&text) == ControlFlow::Break(()) {
                        // The engine is told to stop; its figures still come.
                        ticket.cancel();
                        break Ok(());
                    }
                }
                Some(Part::Done(done)) => break done.map(|finish| record.stats = Some(finish.stats)),
                None => break Err(ModelError::EngineGone("it closed the connection".into())),
            },
            () = sleep_until(limit.into()) => {
                ticket.cancel();
                if collector.has_line() { break Ok(()) }
                return Err(Silence::Deadline);
            }
        }
    };
    result?;
    if record.stats.is_none() && plan.min_confidence > 0 {
        // Of an engine that says nothing in this time nobody knows how sure it is, and what it said is shown.
        let patience = CONFIDENCE.min(limits.hard.saturating_duration_since(Instant::now()));
        record.stats = figures(&mut answers, patience).await;
    }
    // Else the engine's figures of a request that was stopped early are for the record, not for the user: the answer does not wait.
    record.late = record.stats.is_none().then_some(answers);
    Ok(collector.text().to_owned())
}

/// The figures of a request that was stopped early, if they come within `patience`.
async fn figures(answers: &mut mpsc::UnboundedReceiver<Part>, patience: Duration) -> Option<Stats> {
    let done = async {
        loop {
            match answers.recv().await? {
                Part::Done(done) => return done.ok().map(|finish| finish.stats),
                Part::Chunk(_) => {}
            }
        }
    };
    timeout(patience, done).await.ok().flatten()
}

/// The row of one request; recorded as cancelled if it is dropped before it is closed.
struct Record<'a> {
    server: &'a Server,
    arrived: Instant,
    row: Row,
    stats: Option<Stats>,
    /// Where the figures will come from, if the answer did not wait for them.
    late: Option<mpsc::UnboundedReceiver<Part>>,
    closed: bool,
}

impl<'a> Record<'a> {
    fn new(server: &'a Server, asker: Asker, arrived: Instant, asked: Option<&Asked>) -> Self {
        let query = asked.map(|asked| &asked.query);
        let row = Row {
            at: row::now(),
            asked: match asker {
                Asker::Inline => "inline".to_owned(),
                Asker::Popup => "popup".to_owned(),
            },
            path: query.map_or_else(String::new, |query| query.path.clone()),
            language: query.map_or_else(String::new, |query| query.language.clone()),
            line: query.map_or(0, |query| query.snapshot.line_of(query.offset) + 1),
            outcome: String::new(),
            why: String::new(),
            chars: 0,
            verified: false,
            model: String::new(),
            total_ms: 0.0,
            check_ms: None,
            stats: None,
        };
        Self { server, arrived, row, stats: None, late: None, closed: false }
    }

    fn close(&mut self, outcome: &Result<Answered, Silence>) {
        match outcome {
            Ok(answered) => {
                "shown".clone_into(&mut self.row.outcome);
                self.row.chars = answered.suggestion.text.chars().count();
                self.row.verified = answered.suggestion.verified;
            }
            Err(silence) => {
                silence.code().clone_into(&mut self.row.outcome);
                self.row.why = silence.to_string();
            }
        }
        self.row.stats = self.stats;
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
        let (rows, mut row) = (self.server.rows.clone(), self.row.clone());
        match (self.late.take(), Handle::try_current()) {
            (Some(mut answers), Ok(runtime)) => drop(runtime.spawn(async move {
                row.stats = figures(&mut answers, FIGURES).await;
                rows.push(row);
            })),
            _ => rows.push(row),
        }
    }

    /// The row as one line for the client's trace.
    fn sentence(&self) -> String {
        let Row { outcome, path, line, total_ms, why, .. } = &self.row;
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        format!("completion at {path}:{line}: {outcome}{why} after {total_ms:.1} ms")
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        if !self.closed {
            self.close(&Err(Silence::Cancelled));
        }
    }
}
