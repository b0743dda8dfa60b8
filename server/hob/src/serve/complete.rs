//! From a place in a document to an answer: ask the engine, stop it where the place ends, verify, and record why.
//!
//! Works on the snapshot that [`super::session::Asked`] took on arrival. Must not touch the session: the text may have moved on.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use assist::{Collector, Finished, Plan, Said, Shape, Silence, Suggestion};
use model::{Finish, Sink, Stop};
use text::Snapshot;
use tokio::time::{sleep_until, timeout};

use super::{
    Server,
    acceptance::next_id,
    alternatives,
    flow::{Flow, Found, lock},
    foresee,
    gathering::gather_in_the_calm,
    measure::{Place, Why},
    pace::Effort,
    record::Record,
    session::Asked,
    stream::{Heard, Stream},
};
use crate::row::{By, Ended};

/// However slow the model, nobody looks for ghost text after this.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer waits for the parse of its own text, which has had the model's time to finish. Where it has not (a quote was
/// opened in a large file) the older tree, edited along with the text, is good enough to find the item to check.
const PARSE_PATIENCE: Duration = Duration::from_millis(2);

/// How long an answer waits for the engine's figures, where how sure the model is decides what is shown: a little longer than a cancel takes.
const CONFIDENCE: Duration = Duration::from_millis(20);

/// Who asks, and so how long they wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Ghost text.
    Inline,
    /// The completion popup, which holds up the user's other servers.
    Popup,
}

/// An answer: the suggestion, other readings beside it, and the snapshot that their ranges count in.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) suggestion: Suggestion,
    /// Only for who asked by a key.
    pub(super) others: Vec<Suggestion>,
    pub(super) snapshot: Snapshot,
    /// What its command names it by.
    pub(super) id: u64,
}

/// Completes at the place of `asked`, or says why not. Either way one row is recorded, also when the client cancels, which drops this
/// future. The answer on its way is the document's own: the next change or request keeps it or cancels it.
pub(super) async fn complete(
    server: &Server,
    mut asked: Result<Asked, Silence>,
    asker: Asker,
    arrived: Instant,
) -> Option<Answered> {
    let mut record = Record::new(server, asker, arrived, asked.as_ref().ok());
    // Still in the handler's first poll: the session is not looked at again.
    let (config, trace, measure) = {
        let session = server.session();
        let measure = session.client.measures.then(|| server.measure.clone());
        (Arc::clone(&session.config), session.trace, measure)
    };
    let seen = asked.as_mut().ok().map(|asked| {
        server.asked(asked, asker);
        asked.query.typed_over = asked.acceptance.is_typed_over(asked.query.offset);
        (Arc::clone(&asked.acceptance), asked.query.offset, asked.query.explicit)
    });
    let outcome = match asked {
        Ok(asked) => {
            gather_in_the_calm(server, &asked, &config);
            let snapshot = asked.query.snapshot.clone();
            let version = snapshot.version();
            let place = measure.map(|measure| Place { measure, uri: Arc::clone(&asked.uri), version });
            let found = work(server, asked, place, (asker, arrived), &config, &mut record).await;
            found.map(|(suggestion, others)| Answered { suggestion, others, snapshot, id: next_id() })
        }
        Err(silence) => Err(silence),
    };
    let confidence = record.finish.as_ref().map(|finish| finish.stats.confidence);
    record.close(&outcome);
    if let (Ok(answered), Some((acceptance, at, explicit))) = (&outcome, &seen) {
        server.shows(acceptance, answered, *at, asker, confidence.filter(|_| !explicit));
    }
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
    place: Option<Place>,
    (asker, arrived): (Asker, Instant),
    config: &config::Config,
    record: &mut Record<'_>,
) -> Result<(Suggestion, Vec<Suggestion>), Silence> {
    let completion = &config.completion;
    let settings = server.settings(config, &asked.query.language);
    let plan = assist::plan(&asked.query, &settings)?;
    record.row.by = Some(By::Model);
    record.row.wanted = Some(plan.shape.into());
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
    let Asked { query, mut superseded, parsed, flow, .. } = asked;
    let (said, stream) = tokio::select! {
        biased;
        _ = &mut superseded => return Err(Silence::Superseded),
        said = listen(server, &plan, &flow, place.clone(), limits, record) => said?,
    };
    let said_at = Instant::now();
    record.decoded = stream.is_counted_now();
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
    let confidence = record.finish.as_ref().map(|finish| finish.stats.confidence);
    let Finished { outcome, cuts } =
        assist::finish(&plan, Said { text: &said, confidence }, &query.snapshot, tree);
    record.row.said = said.chars().count();
    record.row.cuts = cuts.iter().map(Into::into).collect();
    record.row.check_ms = Some(said_at.elapsed().as_secs_f64() * 1e3);
    let suggestion = outcome?;
    let mut others = Vec::new();
    if asker == Asker::Popup {
        return Ok((suggestion, others));
    }
    if query.explicit {
        let place = (&query.snapshot, tree);
        tokio::select! {
            biased;
            _ = &mut superseded => return Err(Silence::Superseded),
            found = alternatives::beside(server, &plan, &suggestion, place, limits.soft) => others = found,
        }
    } else {
        let ready = Instant::now();
        let held = lock(&flow).held_until(completion.debounce).filter(|held| *held > ready);
        // A timer rounds up to the next millisecond, also one that has run out: who needs none waits for none.
        if let Some(held) = held {
            tokio::select! {
                biased;
                _ = &mut superseded => return Err(Silence::Superseded),
                () = sleep_until(held.into()) => {}
            }
            record.row.held_ms = Some(ready.elapsed().as_secs_f64() * 1e3);
        }
    }
    let now = Instant::now();
    lock(&flow).show(stream, now);
    if server.pace.effort(config.engine.pace, now) == Effort::Ahead
        && let Some(engine) = server.link.connected()
    {
        let next = foresee::accepted(&query, suggestion.range.clone(), &suggestion.text);
        let plans = next.iter().filter_map(|next| assist::plan(next, &settings).ok()).collect();
        // What the editor sees as the next version is not known; the version on screen is.
        lock(&flow).look_ahead(&engine, plans, place.as_ref(), &server.pace);
    }
    Ok((suggestion, others))
}

/// When to stop listening.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// From here on what is there is enough, if it has a whole line.
    soft: Instant,
    /// From here on nobody listens.
    hard: Instant,
}

/// Finds the answer that is there or on its way, or asks for one, and follows it until the place has enough or the time is up. Says
/// what it said, and which it is.
async fn listen(
    server: &Server,
    plan: &Plan,
    flow: &Mutex<Flow>,
    place: Option<Place>,
    limits: Limits,
    record: &mut Record<'_>,
) -> Result<(String, Arc<Stream>), Silence> {
    let asked = Instant::now();
    let (found, changes) = {
        let mut flow = lock(flow);
        flow.asked();
        (flow.find(plan), flow.changes())
    };
    let said = match found {
        Some(found) => {
            if let Some(place) = &place {
                found.stream.time(place.clone(), found.source, &found.typed);
            }
            record.row.source = Some(found.source);
            follow(&found, plan, limits, record).await?.map(|said| (said, found.stream))
        }
        None => None,
    };
    let said = if let Some(said) = said {
        said
    } else {
        let waiting = Instant::now();
        let engine = server.link.client(limits.hard.saturating_duration_since(waiting)).await;
        record.row.engine_ms = Some(waiting.elapsed().as_secs_f64() * 1e3);
        let engine = engine?;
        let found = {
            let mut flow = lock(flow);
            // The answer to the newer text is on its way, and to ask about this one would cancel it.
            if flow.changes() != changes {
                return Err(Silence::Superseded);
            }
            flow.ask(&engine, plan, place.map(|place| (place, Why::Request)), None)
        };
        record.row.source = Some(found.source);
        let said = follow(&found, plan, limits, record).await?.ok_or(Silence::Superseded)?;
        (said, found.stream)
    };
    record.row.model_ms = Some(asked.elapsed().as_secs_f64() * 1e3);
    Ok(said)
}

/// Follows an answer until the place has enough of it or the time is up. `None` if the answer turned out to say something else than was
/// typed, or nothing that can be shown where the question was an older one.
async fn follow(
    found: &Found,
    plan: &Plan,
    limits: Limits,
    record: &mut Record<'_>,
) -> Result<Option<String>, Silence> {
    let mut changes = found.stream.changes();
    let mut collector = Collector::new(plan);
    record.is_ours = found.stream.request().blocks == plan.request.blocks;
    record.row.first_ms = None;
    loop {
        changes.mark_unchanged();
        let Heard { rest, end } = found.stream.beyond(&found.typed);
        let Some(rest) = rest else { return Ok(None) };
        let new = rest.get(collector.text().len()..).unwrap_or_default();
        let full = !new.is_empty() && collector.chunk(new) == ControlFlow::Break(());
        if !new.is_empty() {
            record.heard();
        }
        match end {
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(Finish { stop: Stop::Cancelled, .. })) if !full => return Ok(None),
            Some(Ok(finish)) => {
                let stopped = Some(Ended::by(finish.stop)).filter(|_| !full);
                record.row.ended = stopped.or_else(|| Some(Ended::stopped(&collector)));
                record.finish = Some(finish);
                let usable = found.stream.answers(&found.typed, plan.least_confidence());
                return Ok(usable.then(|| collector.text().to_owned()));
            }
            None if full => {
                record.row.ended = Some(Ended::stopped(&collector));
                break;
            }
            None => {}
        }
        let limit =
            if plan.shape == Shape::Block && collector.has_line() { limits.soft } else { limits.hard };
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { break },
            () = sleep_until(limit.into()) => {
                record.row.ended = Some(Ended::Deadline);
                if collector.has_line() { break }
                return Err(Silence::Deadline);
            }
        }
    }
    if plan.least_confidence() > 0 {
        // Of an engine that says nothing in this time nobody knows how sure it is, and what it said is shown.
        let patience = CONFIDENCE.min(limits.hard.saturating_duration_since(Instant::now()));
        record.finish = found.stream.finish(patience).await;
    }
    // Else the engine's figures of a request that was stopped early are for the record, not for the user: the answer does not wait.
    record.late = record.finish.is_none().then(|| Arc::clone(&found.stream));
    Ok(Some(collector.text().to_owned()))
}
