//! Rows as a table, one line each.
//!
//! Must not say all that a row knows: that is `detail`.

use std::fmt::Write;

use super::{age, inert};
use crate::row::{Row, Source};

/// The rows as a table; ages count back from `now`, in milliseconds since 1970.
pub(crate) fn table(rows: &[Row], now: u64) -> String {
    let mut text = format!(
        "{:<6}  {:>8}  {:<7} {:>9}  {:>9}  where, and what came of it\n",
        "id", "ago", "asked", "ttft", "total"
    );
    for row in rows {
        let ttft =
            row.stats.and_then(|stats| stats.ttft_ms).map_or("-".to_owned(), |ms| format!("{ms:.1} ms"));
        let total = format!("{:.1} ms", row.total_ms);
        let outcome = match row.outcome.as_str() {
            "shown" => {
                let checked = if row.verified { ", syntax checked" } else { "" };
                format!(
                    "shown, {} characters{checked}{}{}{}",
                    row.chars,
                    sure(row),
                    source(row),
                    elsewhere(row)
                )
            }
            code => format!("silent: {} [{code}]", row.why),
        };
        let place = if row.path.is_empty() { "?".to_owned() } else { format!("{}:{}", row.path, row.line) };
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{:<6}  {:>8}  {:<7} {ttft:>9}  {total:>9}  {}",
            inert(&row.id),
            age(now.saturating_sub(row.at)),
            inert(&row.asked),
            inert(&format!("{place}: {outcome}")),
        );
    }
    text
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
