//! One answer on its way from the engine: what was asked, what has been said so far, and what of it still fits.
//!
//! A person who types what the answer says is answered from it, without the model: the answer to the longer text is the rest of this one.
//! Must not know a document: it compares requests.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use assist::{Collector, Plan};
use engine::{Answer, EngineClient, Ticket, now_us};
use model::{Finish, Kind, ModelError, Request, Sink, Stop};
use tokio::{sync::watch, time::timeout};

use super::{
    measure::{Place, Stopwatch, Why},
    pace::Pace,
};
use crate::row::Source;

/// One question and its answer so far.
#[derive(Debug)]
pub(super) struct Stream {
    request: Request,
    said: Mutex<Said>,
    /// Marked at each piece and at the end.
    changed: watch::Sender<()>,
    /// Whether its tokens were counted: several answers may come from it.
    is_counted: AtomicBool,
}

#[derive(Debug)]
struct Said {
    collector: Collector,
    end: Option<Result<Finish, ModelError>>,
    asked_for: Option<(Place, Why)>,
    /// Who pays for an answer that nobody asked for yet.
    bill: Option<Pace>,
    stopwatches: Vec<Stopwatch>,
    /// Versions that have, or had, a stopwatch.
    timed: Vec<i32>,
}

/// What an answer holds for a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    /// The answer so far, what is typed already left out; `None` if it says something else than was typed.
    pub(super) rest: Option<String>,
    /// How it ended, if it has.
    pub(super) end: Option<Result<Finish, ModelError>>,
}

impl Stream {
    /// Asks `engine` for what `plan` wants. Dropping the ticket cancels the question; the stream then ends as cancelled.
    pub(super) fn ask(
        engine: &EngineClient,
        plan: &Plan,
        place: Option<(Place, Why)>,
        bill: Option<Pace>,
    ) -> (Arc<Self>, Ticket) {
        let (mut stopwatches, mut timed) = (Vec::new(), Vec::new());
        if let Some((place, Why::Change | Why::Request)) = &place {
            stopwatches.push(Stopwatch::new(place.clone(), Source::Decode, 0));
            timed.push(place.version);
        }
        let said =
            Said { collector: Collector::new(plan), end: None, asked_for: place, bill, stopwatches, timed };
        let stream = Arc::new(Self {
            request: plan.request.clone(),
            said: Mutex::new(said),
            changed: watch::Sender::new(()),
            is_counted: AtomicBool::new(false),
        });
        let ticket = engine.ask(plan.request.clone(), Listener(Arc::clone(&stream)));
        (stream, ticket)
    }

    /// Marked whenever more is known.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// What is typed in the text of `request` beyond this answer's own question, if nothing else is different in this document; empty for
    /// the same text. What is shown from elsewhere may have changed: a suggestion on screen is not taken back for that.
    pub(super) fn typed_since(&self, request: &Request) -> Option<String> {
        let own = &self.request;
        let same = own.suffix == request.suffix
            && own.path == request.path
            && own.asking == request.asking
            && own.max_tokens == request.max_tokens
            // The rest of a line is the beginning of a block, but not the other way round.
            && (own.single_line == request.single_line || !own.single_line);
        let lines = request.prefix.strip_prefix(own.prefix.as_str()).filter(|_| same)?;
        if lines.is_empty() {
            return request.typed.strip_prefix(own.typed.as_str()).map(str::to_owned);
        }
        // Whole lines were typed: the cursor's line is another now.
        let typed = format!("{lines}{}", request.typed);
        typed.strip_prefix(own.typed.as_str()).map(str::to_owned)
    }

    /// How the answer ended, if it ends well and within `patience`.
    pub(super) async fn finish(&self, patience: Duration) -> Option<Finish> {
        let mut changes = self.changes();
        let done = async {
            loop {
                changes.mark_unchanged();
                if let Some(end) = self.beyond("").end {
                    return end.ok();
                }
                changes.changed().await.ok()?;
            }
        };
        timeout(patience, done).await.ok().flatten()
    }

    /// What the answer holds beyond `typed`.
    pub(super) fn beyond(&self, typed: &str) -> Heard {
        let said = self.said();
        let text = said.collector.text();
        let behind = said.end.is_none() && typed.starts_with(text);
        let rest = if behind { Some("") } else { text.strip_prefix(typed) };
        Heard { rest: rest.map(str::to_owned), end: said.end.clone() }
    }

    /// Whether a place where `typed` has been typed since can be answered from here: the answer agrees, and either it may still grow or
    /// what is left of it is an answer of its own, of which the model is `least` per cent sure.
    pub(super) fn answers(&self, typed: &str, least: u32) -> bool {
        let Heard { rest, end } = self.beyond(typed);
        let Some(rest) = rest else { return false };
        match end {
            // What is only read says nothing, but whoever asks for just that text waits for it.
            None => self.request.kind != Kind::Prefill || typed.is_empty(),
            Some(Err(_)) => false,
            // The very same question has the very same answer.
            Some(Ok(finish)) if typed.is_empty() => !matches!(finish.stop, Stop::Cancelled | Stop::Prefilled),
            Some(Ok(Finish { stop, stats, .. })) => match stop {
                Stop::Cancelled | Stop::Prefilled => false,
                // How sure the model was of all of it, it is at least of a part: what was typed was right.
                Stop::EndOfText | Stop::Line => stats.confidence * 100.0 >= f64::from(least),
                Stop::Length | Stop::Sink => {
                    !rest.trim().is_empty() && stats.confidence * 100.0 >= f64::from(least)
                }
            },
        }
    }

    /// Whether it has ended with something that can be said again.
    pub(super) fn is_finished(&self) -> bool {
        match &self.said().end {
            Some(Ok(finish)) => !matches!(finish.stop, Stop::Cancelled | Stop::Prefilled),
            Some(Err(_)) | None => false,
        }
    }

    /// Whether its tokens are counted from now on, and were not before.
    pub(super) fn is_counted_now(&self) -> bool {
        !self.is_counted.swap(true, Ordering::Relaxed)
    }

    /// The question.
    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// Has the client told when `place`, where `typed` has been typed since, knows its first token and line.
    pub(super) fn time(&self, place: Place, source: Source, typed: &str) {
        let mut said = self.said();
        if said.timed.contains(&place.version) {
            return;
        }
        said.timed.push(place.version);
        let mut stopwatch = Stopwatch::new(place, source, typed.len());
        stopwatch.heard(said.collector.text(), said.end.is_some(), now_us());
        said.stopwatches.push(stopwatch);
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the engine's words for a stream, on the connection's thread.
struct Listener(Arc<Stream>);

impl Answer for Listener {
    fn chunk(&mut self, text: &str, at_us: u64) -> ControlFlow<()> {
        let mut said = self.0.said();
        let flow = said.collector.chunk(text);
        let Said { collector, stopwatches, .. } = &mut *said;
        for stopwatch in stopwatches {
            stopwatch.heard(collector.text(), false, at_us);
        }
        drop(said);
        self.0.changed.send_replace(());
        flow
    }

    fn done(self: Box<Self>, result: Result<Finish, ModelError>) {
        let mut said = self.0.said();
        let stats = result.as_ref().ok().map(|finish| finish.stats);
        if let (Some(pace), Some(stats)) = (said.bill.take(), &stats) {
            pace.spend((stats.total_ms - stats.queued_ms) / 1e3, Instant::now());
        }
        let complete = result.as_ref().is_ok_and(|finish| finish.stop != Stop::Cancelled);
        let Said { collector, stopwatches, .. } = &mut *said;
        for mut stopwatch in stopwatches.drain(..) {
            stopwatch.heard(collector.text(), complete, now_us());
            stopwatch.ended(stats.as_ref());
        }
        if let Some((place, why)) = said.asked_for.take() {
            place.worked(why, &result);
        }
        said.end = Some(result);
        drop(said);
        self.0.changed.send_replace(());
    }
}
