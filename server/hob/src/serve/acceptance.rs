//! Hands what happens in a document to its observer, and what the observer counts to the counters.
//!
//! Must not decide what counts as taken: that is `assist`'s. Locked for moments, and in no other order than after the session.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use assist::{Change, Noted, Observer, Shown, Task};
use serde_json::json;
use text::{Edit, Snapshot};
use tokio::{runtime::Handle, time::sleep_until};
use tower_lsp::gen_lsp_types as lsp;

use super::{
    Server,
    complete::{Answered, Asker},
    session::Asked,
};

/// The command that an item carries: its editor says by it that the item was taken. Arguments: the document's URI, and a number.
pub(super) const ACCEPTED: &str = "hob.accepted";

/// How long the end of the process may wait for the last counts to be written.
const FAREWELL: Duration = Duration::from_millis(500);

/// One document's observer.
#[derive(Debug)]
pub(super) struct Acceptance {
    language: Arc<str>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    observer: Observer,
    /// Whether somebody waits for what was taken to come of age.
    is_awaited: bool,
}

impl Acceptance {
    /// For a document that was opened with this version.
    pub(super) fn new(language: &str, version: i32) -> Self {
        let state = State { observer: Observer::new(version), is_awaited: false };
        Self { language: language.into(), state: Mutex::new(state) }
    }

    /// Whether a suggestion at byte `at` of the text as it is now was typed over a moment ago.
    pub(super) fn is_typed_over(&self, at: usize) -> bool {
        self.state().observer.is_typed_over(at, Instant::now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// The text of a document has changed by `edits`; `texts` are the one before, and the one after each.
    pub(super) fn changed(&self, acceptance: &Arc<Acceptance>, edits: &[Edit], texts: &[Snapshot]) {
        let steps = edits.iter().zip(texts.windows(2));
        let changes: Vec<Change<'_>> =
            steps.map(|(edit, text)| Change::new(&text[0], &text[1], edit)).collect();
        self.observe(acceptance, |observer, now| observer.changed(&changes, now));
    }

    /// A completion was asked for.
    pub(super) fn asked(&self, asked: &Asked, asker: Asker) {
        let (task, at) = (task(asker), asked.query.offset);
        self.observe(&asked.acceptance, |observer, now| observer.asked(task, at, now));
    }

    /// An answer goes out. `confidence`: how sure the model is of it, where nobody asked for it.
    pub(super) fn shows(
        &self,
        acceptance: &Arc<Acceptance>,
        answered: &Answered,
        at: usize,
        asker: Asker,
        confidence: Option<f64>,
    ) {
        let suggestions: Vec<_> =
            [&answered.suggestion].into_iter().chain(&answered.others).cloned().collect();
        let shown = Shown {
            id: answered.id,
            task: task(asker),
            snapshot: &answered.snapshot,
            at,
            suggestions: &suggestions,
            confidence,
        };
        self.observe(acceptance, |observer, now| observer.shows(&shown, now));
    }

    /// The editor says that the suggestion with this number was taken.
    pub(super) fn accepted(&self, acceptance: &Arc<Acceptance>, id: u64) {
        self.observe(acceptance, |observer, now| observer.accepted(id, now));
    }

    /// A document is closed.
    pub(super) fn closed(&self, acceptance: &Arc<Acceptance>) {
        self.observe(acceptance, Observer::close);
    }

    /// The process ends: what is still on screen or too young to be looked at is looked at now.
    pub(super) fn count_the_rest(&self) {
        let open = self.session().acceptances();
        for acceptance in open {
            self.closed(&acceptance);
        }
        self.usage.flush(FAREWELL);
    }

    fn observe(&self, acceptance: &Arc<Acceptance>, watch: impl FnOnce(&mut Observer, Instant) -> Noted) {
        let mut state = acceptance.state();
        let noted = watch(&mut state.observer, Instant::now());
        let wait = !state.is_awaited && state.observer.due().is_some();
        let runtime = Handle::try_current().ok().filter(|_| wait);
        state.is_awaited |= runtime.is_some();
        drop(state);
        if let Some(runtime) = runtime {
            drop(runtime.spawn(judge(self.clone(), Arc::downgrade(acceptance))));
        }
        self.usage.noted(&acceptance.language, || self.link.model_name(), noted);
    }
}

/// Waits for what was taken in a document to come of age, as long as there is such a thing and the document is open. The runtime's end
/// ends it.
async fn judge(server: Server, acceptance: Weak<Acceptance>) {
    loop {
        let due = {
            let Some(acceptance) = acceptance.upgrade() else { return };
            let mut state = acceptance.state();
            let due = state.observer.due();
            state.is_awaited = due.is_some();
            due
        };
        let Some(due) = due else { return };
        sleep_until(due.into()).await;
        let Some(acceptance) = acceptance.upgrade() else { return };
        server.observe(&acceptance, Observer::judge);
    }
}

/// The command of an item of the answer with this number, about the document that its client calls `uri`.
pub(super) fn command(uri: &str, id: u64) -> lsp::Command {
    let arguments = serde_json::from_value(json!([uri, id])).ok();
    lsp::Command { title: "Count it".to_owned(), tooltip: None, command: ACCEPTED.to_owned(), arguments }
}

/// A number for an answer, of which there is no second in this process.
pub(super) fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn task(asker: Asker) -> Task {
    match asker {
        Asker::Inline => Task::Inline,
        Asker::Popup => Task::Popup,
    }
}
