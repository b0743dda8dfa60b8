//! Decisions about the cloud, out of the gateway's ledger, for `hob why`. A build without a gateway has none.
//!
//! Must not put one into words: `explain` does. Must not let a ledger that can't be read hide what is known of this machine.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

/// A line of the list, and the same for programs.
pub(super) struct Told {
    /// In milliseconds since 1970.
    pub(super) at: u64,
    pub(super) line: String,
    pub(super) value: Value,
}

/// Tells the decision that is called `id`, and whether there is one.
#[cfg(feature = "gateway")]
pub(super) fn tell(state: &Path, id: &str, as_json: bool) -> Result<bool> {
    use crate::{
        cli::out,
        explain::{Style, sent},
        row,
        settings::Sources,
    };

    if !gateway::ledger::is_decision(id) {
        return Ok(false);
    }
    let Some(ledger) = gateway::ledger::Reader::open(state)? else { return Ok(false) };
    let Some(entry) = ledger.entry(id)? else { return Ok(false) };
    let now = row::now();
    let (config, _) = Sources::read(None).resolve(None);
    let left = ledger.left(&config.cloud.budget, now)?;
    if as_json {
        let mut value = value(&entry);
        value["left_nanousd"] = serde_json::json!({ "day": left.day, "month": left.month });
        out::json(&[value])?;
    } else {
        out::piece(&sent(&entry, Some(left), now, Style::Plain));
    }
    Ok(true)
}

/// The newest decisions, oldest first.
#[cfg(feature = "gateway")]
pub(super) fn newest(state: &Path, most: usize) -> Vec<Told> {
    use crate::{cli::out, explain::sent_line, row};

    let entries = gateway::ledger::Reader::open(state)
        .and_then(|ledger| ledger.map_or(Ok(Vec::new()), |ledger| ledger.newest(most)));
    let entries = entries.unwrap_or_else(|error| {
        out::note(&format!("hob: {error}"));
        Vec::new()
    });
    let now = row::now();
    entries
        .iter()
        .map(|entry| Told { at: entry.at, line: sent_line(entry, now), value: value(entry) })
        .collect()
}

/// Beside the rows of this machine: what both have, and the rest apart.
#[cfg(feature = "gateway")]
fn value(entry: &gateway::ledger::Entry) -> Value {
    serde_json::json!({ "id": entry.id, "at": entry.at, "asked": "cloud", "cloud": entry })
}

/// There is no ledger.
#[cfg(not(feature = "gateway"))]
#[expect(clippy::unnecessary_wraps, reason = "where there is a gateway, its ledger may be unreadable")]
pub(super) fn tell(_: &Path, _: &str, _: bool) -> Result<bool> {
    Ok(false)
}

/// There is no ledger.
#[cfg(not(feature = "gateway"))]
pub(super) fn newest(_: &Path, _: usize) -> Vec<Told> {
    Vec::new()
}
