//! Rows as a table, one line each.
//!
//! Must not say all that a row knows: that is `detail`.

use super::{age, inert};
use crate::row::{Row, Source};

/// What stands above the lines.
pub(crate) fn head() -> String {
    format!(
        "{:<8}  {:>8}  {:<7} {:>9}  {:>9}  where, and what came of it\n",
        "id", "ago", "asked", "ttft", "total"
    )
}

/// `row` as a line; its age counts back from `now`, in milliseconds since 1970.
pub(crate) fn line(row: &Row, now: u64) -> String {
    let ttft = row.stats.and_then(|stats| stats.ttft_ms).map_or("-".to_owned(), |ms| format!("{ms:.1} ms"));
    let total = format!("{:.1} ms", row.total_ms);
    let outcome = match row.outcome.as_str() {
        "shown" => {
            let checked = if row.verified { ", syntax checked" } else { "" };
            format!("shown, {} characters{checked}{}{}{}", row.chars, sure(row), source(row), elsewhere(row))
        }
        code => format!("silent: {} [{code}]", row.why),
    };
    let place = if row.path.is_empty() { "?".to_owned() } else { format!("{}:{}", row.path, row.line) };
    format!(
        "{:<8}  {:>8}  {:<7} {ttft:>9}  {total:>9}  {}\n",
        inert(&row.id),
        age(now.saturating_sub(row.at)),
        inert(&row.asked),
        inert(&format!("{place}: {outcome}")),
    )
}

/// How sure the model was; empty where nothing said so, as in rows of older versions.
pub(super) fn sure(row: &Row) -> String {
    let known = row.stats.map(|stats| stats.confidence).filter(|confidence| *confidence > 0.0);
    known.map_or_else(String::new, |confidence| format!(", {:.0} % sure", confidence * 100.0))
}

/// Where the words came from, if they were not decoded for just this text.
pub(super) fn source(row: &Row) -> &'static str {
    match row.source {
        Some(Source::Stream) => ", from the answer that was on its way",
        Some(Source::Cache) => ", from an earlier answer",
        Some(Source::Ahead) => ", decoded ahead",
        Some(Source::Decode) | None => "",
    }
}

/// What the model was shown from elsewhere.
fn elsewhere(row: &Row) -> String {
    let places: Vec<String> =
        row.context.shown.iter().map(|excerpt| format!("{}:{}", excerpt.path, excerpt.line)).collect();
    if places.is_empty() { String::new() } else { format!(", knowing {}", places.join(" ")) }
}
