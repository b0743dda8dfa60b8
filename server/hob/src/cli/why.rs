//! `hob why`: the last answers and silences, newest last.

use std::{fmt::Write, process::ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use super::out;
use crate::{
    paths,
    row::{self, Row, Source},
};

/// Flags of `hob why`.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// How many.
    #[arg(short = 'n', long, default_value_t = 20)]
    count: usize,
    /// One JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

impl Why {
    pub(super) fn run(self) -> Result<ExitCode> {
        let state = paths::state_dir()?;
        let rows = row::last(&state, self.count)
            .with_context(|| format!("can't read {}", row::file(&state).display()))?;
        if self.json {
            out::json(&rows)?;
        } else if rows.is_empty() {
            out::note(
                "Nothing was asked yet. Type in an editor that runs hob, or try: hob complete FILE --at LINE:COLUMN",
            );
        } else {
            out::piece(&table(&rows, row::now()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The rows as a table; ages count back from `now`, in milliseconds since 1970.
fn table(rows: &[Row], now: u64) -> String {
    let mut text =
        format!("{:>8}  {:<7} {:>9}  {:>9}  where, and what came of it\n", "ago", "asked", "ttft", "total");
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
            "{:>8}  {:<7} {ttft:>9}  {total:>9}  {place}: {outcome}",
            age(now.saturating_sub(row.at)),
            row.asked
        );
    }
    text
}

/// How sure the model was; empty where nothing said so, as in rows of older versions.
fn sure(row: &Row) -> String {
    let known = row.stats.map(|stats| stats.confidence).filter(|confidence| *confidence > 0.0);
    known.map_or_else(String::new, |confidence| format!(", {:.0} % sure", confidence * 100.0))
}

/// Where the words came from, if they were not decoded for just this text.
fn source(row: &Row) -> &'static str {
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

/// A span of milliseconds in the largest unit that fits.
fn age(ms: u64) -> String {
    match ms / 1000 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86_400 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::Stats;

    use super::*;
    use crate::row::{Elsewhere, Excerpt};

    #[test]
    fn a_table_that_a_person_can_read() {
        let shown = Row {
            at: 100_000,
            asked: "inline".into(),
            path: "src/main.rs".into(),
            language: "rust".into(),
            line: 12,
            outcome: "shown".into(),
            why: String::new(),
            chars: 17,
            candidates: 1,
            verified: true,
            model: "ember".into(),
            total_ms: 7.25,
            source: None,
            model_ms: None,
            check_ms: None,
            stats: Some(Stats { ttft_ms: Some(2.5), confidence: 0.83, ..Stats::default() }),
            context: Elsewhere::default(),
        };
        let excerpt = |path: &str, line| Excerpt { from: "uses".into(), path: path.into(), line, bytes: 90 };
        let knowing = Row {
            source: Some(Source::Stream),
            context: Elsewhere {
                shown: vec![excerpt("src/a.rs", 3), excerpt("src/b.rs", 120)],
                ..Elsewhere::default()
            },
            ..shown.clone()
        };
        let silent = Row {
            at: 160_000,
            outcome: "inside_word".into(),
            why: "the cursor is inside a word".into(),
            stats: None,
            ..shown.clone()
        };
        expect![[r#"
                 ago  asked        ttft      total  where, and what came of it
               1 min  inline     2.5 ms     7.2 ms  src/main.rs:12: shown, 17 characters, syntax checked, 83 % sure
               1 min  inline     2.5 ms     7.2 ms  src/main.rs:12: shown, 17 characters, syntax checked, 83 % sure, from the answer that was on its way, knowing src/a.rs:3 src/b.rs:120
                 3 s  inline          -     7.2 ms  src/main.rs:12: silent: the cursor is inside a word [inside_word]
            |"#]]
        // The bar marks the margin: the snapshot's own indentation would be taken for the source's.
        .assert_eq(&(table(&[shown, knowing, silent], 163_000) + "|"));
    }
}
