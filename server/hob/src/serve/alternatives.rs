//! Other readings beside an answer, for who asked by a key: their editor shows one, and goes through the rest by another key.
//!
//! Must not hold the answer up beyond the time that it has anyway. Dropping the question ends the engine's work on it.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use assist::{Plan, Suggestion};
use engine::Answer;
use model::{Finish, ModelError};
use syntax::Tree;
use text::Snapshot;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout_at,
};

use super::Server;

/// Suggestions beside the first, at most.
const OTHERS: u8 = 2;

/// How long an engine may take to say what it has when it is stopped: a little longer than a decode step.
const LAST_WORDS: Duration = Duration::from_millis(20);

/// What is found at the place of `plan` beside the suggestion `first`, until the time is up at `soft`.
pub(super) async fn beside(
    server: &Server,
    plan: &Plan,
    first: &Suggestion,
    place: (&Snapshot, Option<&Tree>),
    soft: Instant,
) -> Vec<Suggestion> {
    let Some(stop) = soft.checked_sub(LAST_WORDS).filter(|stop| *stop > Instant::now()) else {
        return Vec::new();
    };
    let Some(engine) = server.link.connected() else { return Vec::new() };
    let (texts, mut heard) = unbounded_channel();
    let question = engine.ask(plan.other_readings(OTHERS), Texts(texts));
    let mut shown = vec![first.clone()];
    if timeout_at(stop.into(), gather(&mut heard, plan, place, &mut shown)).await.is_err() {
        // Stopped, it tells the whole lines of what it is about to say.
        question.cancel();
        let _late = timeout_at(soft.into(), gather(&mut heard, plan, place, &mut shown)).await;
    }
    shown.split_off(1)
}

/// Adds what is heard to what is `shown`, until there is enough or nothing more comes.
async fn gather(
    heard: &mut UnboundedReceiver<String>,
    plan: &Plan,
    (snapshot, tree): (&Snapshot, Option<&Tree>),
    shown: &mut Vec<Suggestion>,
) {
    while shown.len() <= usize::from(OTHERS) {
        let Some(text) = heard.recv().await else { return };
        shown.extend(assist::alternative(plan, &text, snapshot, tree, shown));
    }
}

/// Takes the engine's words, on the connection's thread.
struct Texts(UnboundedSender<String>);

impl Answer for Texts {
    fn chunk(&mut self, text: &str, _at_us: u64) -> ControlFlow<()> {
        match self.0.send(text.to_owned()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn done(self: Box<Self>, _result: Result<Finish, ModelError>) {
        // Dropped, it says that nothing more comes.
    }
}
