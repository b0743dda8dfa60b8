//! Asks the real engine about a hole, by the path of an editor's request.
//!
//! Must not improve on the product: what is measured is what would be shown, were the machine quick enough. The gate on
//! confidence is open, because what it costs is itself measured, and no deadline ends an answer.

use std::{sync::Arc, time::Instant};

use assist::{Plan, Query, Settings, Silence, Source, Suggestion, Workspace};
use model::{Asking, SessionKey, Stats};
use syntax::Tree;
use text::Snapshot;

use super::{holes::Hole, judge::Said};
use crate::cli::ready::Ready;

/// What came of asking once.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// What would be shown.
    pub(super) said: Option<Said>,
    /// `shown`, or why not.
    pub(super) reason: &'static str,
    /// What the engine says of it; zeros where it was not asked.
    pub(super) stats: Stats,
    /// From the question to what would be shown.
    pub(super) ms: f64,
    /// What would be shown beside it.
    pub(super) others: Vec<Said>,
    /// How long that took besides; `None` if nobody asked for it.
    pub(super) others_ms: Option<f64>,
}

/// Asks in one way, with what of a workspace these sources show, for up to `alternatives` suggestions; `session` tells the ways apart, so that each has a cache of its own as long as the engine has room for them.
///
/// # Errors
/// The engine is gone, or can't use its model: then there is nothing left to measure.
pub(super) fn ask(
    ready: &Ready,
    hole: &Hole,
    asking: Asking,
    session: &str,
    from: Option<(&dyn Workspace, &[Source])>,
    alternatives: u8,
) -> Result<Answer, Silence> {
    let text = [hole.before(), hole.after()].concat();
    let snapshot = Snapshot::new(&text, 0);
    let language = hole.source.language;
    let name = hole.source.name.as_str();
    let mut query = Query {
        tree: Tree::parse(language, &snapshot, None, None),
        snapshot,
        offset: hole.cut.start,
        language: language.name().to_owned(),
        path: name.to_owned(),
        repository: String::new(),
        session: SessionKey::new(u64::from(std::process::id()), &format!("{session} {name}")),
        selected: None,
        explicit: false,
        excluded: None,
        typed_over: false,
        blocks: Arc::default(),
        workspace: None,
    };
    let settings =
        Settings { max_tokens: ready.config.completion.max_tokens, min_confidence: 0, ..Settings::default() };
    if let Some((workspace, sources)) = from {
        query.blocks = assist::gather(&query, workspace, sources).blocks;
    }
    let asked = Instant::now();
    let mut stats = Stats::default();
    let outcome = assist::plan(&query, &settings).and_then(|plan| {
        let plan = Plan { request: model::Request { asking, ..plan.request }, ..plan };
        let (said, _, finish) = ready.ask(&plan, &mut |_, _| ())?;
        stats = finish.stats;
        let said = assist::Said { text: &said, confidence: Some(stats.confidence) };
        let place = (&query.snapshot, query.tree.as_ref());
        let first = assist::finish(&plan, said, place.0, place.1).outcome?;
        let ms = milliseconds(asked);
        let others = ready.others(&plan, &first, place, alternatives - 1)?;
        Ok((first, ms, others))
    });
    let all_ms = milliseconds(asked);
    let said = |shown: Suggestion| {
        let consumed = shown.range.end - query.offset;
        Said { text: shown.text, consumed }
    };
    match outcome {
        Ok((first, ms, others)) => {
            let others = others.into_iter().map(said).collect();
            let others_ms = (alternatives > 1).then_some(all_ms - ms);
            Ok(Answer { said: Some(said(first)), reason: "shown", stats, ms, others, others_ms })
        }
        Err(gone @ (Silence::EngineGone(_) | Silence::ModelUnusable(_) | Silence::ModelLoading)) => Err(gone),
        Err(silence) => {
            let (others, others_ms) = (Vec::new(), None);
            Ok(Answer { said: None, reason: silence.code(), stats, ms: all_ms, others, others_ms })
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
