//! What went to a cloud, as sums like those of this machine: from the gateway's ledger, where this build has a gateway.
//!
//! Must not make a ledger, and must not hide that one can't be read: it holds money.

use std::path::Path;

use anyhow::Result;

use super::store::Sum;

/// Sums of what was sent from `day` on, by day, task and destination.
#[cfg(not(feature = "gateway"))]
#[expect(clippy::unnecessary_wraps, reason = "where there is a gateway, its ledger may be unreadable")]
pub(crate) fn sums(_: &Path, _: i64) -> Result<Vec<Sum>> {
    Ok(Vec::new())
}

/// Sums of what was sent from `day` on, by day, task and destination.
#[cfg(feature = "gateway")]
pub(crate) fn sums(state: &Path, day: i64) -> Result<Vec<Sum>> {
    let Some(ledger) = gateway::ledger::Reader::open(state)? else { return Ok(Vec::new()) };
    let from = u64::try_from(day).unwrap_or(0) * 86_400_000;
    Ok(ledger.attempts(from)?.iter().flat_map(counts).collect())
}

/// What one attempt adds to the sums.
#[cfg(feature = "gateway")]
fn counts(attempt: &gateway::ledger::Attempt) -> Vec<Sum> {
    use super::{day, figures};

    let sum = |counter: &str, value: u64| Sum {
        day: day::of(attempt.at),
        task: attempt.task.clone(),
        destination: attempt.target.clone(),
        language: String::new(),
        counter: counter.to_owned(),
        value,
    };
    let count = |counter, tokens: Option<u64>| tokens.map(|tokens| sum(counter, tokens));
    let has_answered = matches!(attempt.outcome.as_deref(), Some("ok" | "partial"));
    #[expect(clippy::cast_precision_loss, reason = "nobody waits 2^52 milliseconds")]
    let latency = attempt.total_ms.filter(|_| has_answered).map(|ms| sum(&figures::latency(ms as f64), 1));
    let tokens = &attempt.tokens;
    [
        Some(sum("requests", 1)),
        latency,
        (!has_answered).then(|| sum(figures::UNANSWERED, 1)),
        count(figures::PROMPT, tokens.input),
        count(figures::KNOWN, tokens.cached_input),
        count(figures::DECODED, tokens.output),
        Some(sum(figures::SPENT, attempt.cost.unwrap_or_default().0)),
        Some(sum(figures::HELD, attempt.held.0)),
        attempt.is_estimated().then(|| sum(figures::ESTIMATED, 1)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
