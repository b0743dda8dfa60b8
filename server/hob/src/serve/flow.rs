//! The answers of one document: the one on its way, the one after it, and those that were finished.
//!
//! Keeps what still fits the text and cancels what does not. Must not hold a document, and is locked for moments only.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use assist::Plan;
use engine::{EngineClient, Ticket};
use lru::LruCache;
use model::{Kind, Request};
use text::Edit;
use tokio::task::JoinHandle;

use super::{
    debounce::Debounce,
    measure::{Place, Why},
    pace::Pace,
    stream::Stream,
    whereabouts::Whereabouts,
};
use crate::row::Source;

/// Finished answers kept for each document. Each holds the text around its place, up to some 40 kB.
const KEPT: NonZeroUsize = NonZeroUsize::new(32).expect("not zero");

/// After so many changes that no request followed, the editor doesn't ask here, and nothing is prepared until it does.
const UNASKED: u32 = 6;

/// What is shown from elsewhere stays as it is within so many lines: it stands at the head of the prompt, and when it changes everything
/// behind it is read anew.
const NEAR: usize = 8;

/// A document's answers.
#[derive(Debug)]
pub(super) struct Flow {
    current: Option<Held>,
    ahead: Vec<Held>,
    /// By what the model saw.
    finished: LruCache<u64, Arc<Stream>>,
    /// Changes of the text so far: who was told another number works on an older text.
    changes: u64,
    /// Changes since the last request.
    unasked: u32,
    /// Where its user is at work.
    whereabouts: Whereabouts,
    /// The answer on screen, if one is.
    shown: Option<Arc<Stream>>,
    debounce: Debounce,
    /// Reads the other place of [`Self::whereabouts`], once this one is calm.
    way_back: Option<AbortOnDrop>,
    /// Gathers what is shown from elsewhere, once it is calm: after which change, for which place, and who.
    gathering: Option<((u64, usize), AbortOnDrop)>,
    /// For which line that was done last.
    gathered_at: Option<usize>,
}

/// An answer on its way. Dropping it cancels its question.
#[derive(Debug)]
struct Held {
    stream: Arc<Stream>,
    _ticket: Option<Ticket>,
}

/// A task that ends with its owner.
#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer that fits a place.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) stream: Arc<Stream>,
    /// What of it is typed already.
    pub(super) typed: String,
    /// Where it comes from.
    pub(super) source: Source,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            current: None,
            ahead: Vec::new(),
            finished: LruCache::new(KEPT),
            changes: 0,
            unasked: 0,
            whereabouts: Whereabouts::default(),
            shown: None,
            debounce: Debounce::default(),
            way_back: None,
            gathering: None,
            gathered_at: None,
        }
    }
}

impl Flow {
    /// The answer for `plan` that is there or on its way; an older one that doesn't fit is cancelled.
    pub(super) fn find(&mut self, plan: &Plan) -> Option<Found> {
        let fits = |stream: &Arc<Stream>, source| {
            let typed = stream.typed_since(&plan.request)?;
            let found = Found { stream: Arc::clone(stream), typed, source };
            found.stream.answers(&found.typed, plan.least_confidence()).then_some(found)
        };
        if let Some(found) = self.current.as_ref().and_then(|held| fits(&held.stream, Source::Stream)) {
            return Some(found);
        }
        let mut foreseen = self.ahead.iter().enumerate();
        if let Some((at, found)) =
            foreseen.find_map(|(at, held)| Some((at, fits(&held.stream, Source::Ahead)?)))
        {
            self.keep_current();
            self.current = Some(self.ahead.swap_remove(at));
            return Some(found);
        }
        let same = self.finished.get(&seen(&plan.request)).and_then(|stream| fits(stream, Source::Cache));
        let found =
            same.or_else(|| self.finished.iter().find_map(|(_, stream)| fits(stream, Source::Cache)))?;
        self.keep_current();
        self.current = Some(Held { stream: Arc::clone(&found.stream), _ticket: None });
        Some(found)
    }

    /// Asks for what `plan` wants; what was on its way is cancelled. `bill`: who pays, if nobody asked for it yet.
    pub(super) fn ask(
        &mut self,
        engine: &EngineClient,
        plan: &Plan,
        place: Option<(Place, Why)>,
        bill: Option<Pace>,
    ) -> Found {
        // Asked before the older question is cancelled, so that the engine sees whether what it reads will be needed.
        let (stream, ticket) = Stream::ask(engine, plan, place, bill);
        self.keep_current();
        self.ahead.clear();
        self.current = Some(Held { stream: Arc::clone(&stream), _ticket: Some(ticket) });
        Found { stream, typed: String::new(), source: Source::Decode }
    }

    /// Asks for what follows once the suggestion on screen is accepted: for the places of `plans`, the likeliest first.
    pub(super) fn look_ahead(
        &mut self,
        engine: &EngineClient,
        plans: Vec<Plan>,
        place: Option<&Place>,
        bill: &Pace,
    ) {
        let known =
            |held: &Held, plan: &Plan| held.stream.typed_since(&plan.request).is_some_and(|t| t.is_empty());
        if self.ahead.iter().zip(&plans).any(|(held, plan)| known(held, plan)) {
            return;
        }
        let ask = |mut plan: Plan| {
            plan.request.kind = Kind::Ahead;
            let place = place.map(|place| (place.clone(), Why::Ahead));
            let (stream, ticket) = Stream::ask(engine, &plan, place, Some(bill.clone()));
            Held { stream, _ticket: Some(ticket) }
        };
        self.ahead = plans.into_iter().map(ask).collect();
    }

    /// Has `work` done once the document is calm, instead of what was to be done then.
    pub(super) fn in_the_calm(&mut self, work: Option<JoinHandle<()>>) {
        self.way_back = work.map(AbortOnDrop);
    }

    /// Whether what is shown from elsewhere was gathered near this line, or is about to be gathered for the place at byte `offset` of the
    /// text as it is now.
    pub(super) fn is_gathered(&self, line: usize, offset: usize) -> bool {
        let place = (self.changes, offset);
        let coming = self.gathering.as_ref().is_some_and(|(at, work)| *at == place && !work.0.is_finished());
        coming || self.gathered_at.is_some_and(|at| at.abs_diff(line) < NEAR)
    }

    /// Has `work` gather that, instead of what was to be gathered before.
    pub(super) fn gathers(&mut self, offset: usize, work: JoinHandle<()>) {
        self.gathering = Some(((self.changes, offset), AbortOnDrop(work)));
    }

    /// Notes that it was gathered for this line.
    pub(super) fn gathered(&mut self, line: usize) {
        self.gathered_at = Some(line);
    }

    /// What is shown from elsewhere is gathered anew, and no answer that was made with it is shown.
    pub(super) fn forget_elsewhere(&mut self) {
        self.gathered_at = None;
        self.gathering = None;
        self.current = None;
        self.ahead.clear();
        self.finished.clear();
    }

    /// The text has changed in a way that nothing on its way can fit.
    pub(super) fn abandon(&mut self) {
        self.keep_current();
        self.ahead.clear();
    }

    /// Notes that the text has changed by `edits`, after which the cursor is at `cursor`, if that is known.
    pub(super) fn moved(&mut self, edits: &[Edit], cursor: Option<usize>) {
        self.changes += 1;
        self.whereabouts.moved(edits, cursor);
    }

    /// Notes that a key has made the text what `plan` is for, and what becomes of the suggestion on screen.
    pub(super) fn typed(&mut self, plan: Option<&Plan>, now: Instant) {
        let agrees = self.shown.as_ref().zip(plan).is_some_and(|(shown, plan)| {
            let typed = shown.typed_since(&plan.request);
            typed.is_some_and(|typed| shown.beyond(&typed).rest.is_some())
        });
        self.debounce.typed(now, agrees);
        self.shown.take_if(|_| !agrees);
    }

    /// Notes that the answer of `stream` is shown.
    pub(super) fn show(&mut self, stream: Arc<Stream>, now: Instant) {
        self.debounce.shown(now);
        self.shown = Some(stream);
    }

    /// Until when a suggestion is to wait for a pause, at most `most` after the last key; `None`: not at all.
    pub(super) fn held_until(&self, most: Duration) -> Option<Instant> {
        self.debounce.until(most)
    }

    /// Where the user was before and may soon be again, in bytes.
    pub(super) fn before(&self) -> Option<usize> {
        self.whereabouts.before()
    }

    /// The number of the text's last change.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Notes a change that nothing was there for; says whether the editor has asked here of late, so that an answer is worth preparing.
    pub(super) fn is_asked_for(&mut self) -> bool {
        self.unasked += 1;
        self.unasked <= UNASKED
    }

    /// Notes a request.
    pub(super) fn asked(&mut self) {
        self.unasked = 0;
    }

    /// Puts the current answer away: among the finished ones if it is one.
    fn keep_current(&mut self) {
        if let Some(held) = self.current.take().filter(|held| held.stream.is_finished()) {
            self.finished.put(seen(held.stream.request()), held.stream);
        }
    }
}

/// A document's answers, for a moment.
pub(super) fn lock(flow: &Mutex<Flow>) -> MutexGuard<'_, Flow> {
    flow.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number for what the model sees of a request. Equal requests have equal numbers; who finds one compares.
fn seen(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&request.prefix, &request.typed, &request.suffix, request.single_line).hash(&mut hasher);
    hasher.finish()
}
