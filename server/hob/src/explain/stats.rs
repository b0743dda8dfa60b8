//! What came of many requests: how many of each outcome, with what it means, and how long those took that were shown.
//!
//! Every reason is listed, also those that never occurred: who looks for one finds it.

use std::{collections::BTreeMap, fmt};

use assist::{Silence, Stage};
use serde::Serialize;

use super::{age, inert};
use crate::row::Row;

/// Counts of rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Statistics {
    /// All of them.
    answers: usize,
    /// When the oldest was asked, in milliseconds since 1970.
    since: Option<u64>,
    /// The age of the oldest, in milliseconds.
    span_ms: u64,
    shown: Shown,
    /// In the order in which a request meets them.
    silences: Vec<Counted>,
    /// By LSP language id.
    languages: BTreeMap<String, Language>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Shown {
    count: usize,
    share: f64,
    /// From the request to the answer.
    total_ms: Option<Spread>,
    /// The engine's time to its first token.
    ttft_ms: Option<Spread>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Counted {
    code: String,
    count: usize,
    share: f64,
    /// The name of `of`, or `unknown`.
    stage: &'static str,
    #[serde(skip)]
    of: Option<Stage>,
    meaning: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Language {
    answers: usize,
    shown: usize,
    /// The code of the most frequent silence.
    silence: Option<String>,
}

/// The middle, and what 95 of 100 stay below; milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Spread {
    median: f64,
    p95: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |percent: usize| values.get((values.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Self { median: at(50)?, p95: at(95)? })
    }
}

impl Statistics {
    /// Of these rows, as of `now`, in milliseconds since 1970.
    pub(crate) fn of(rows: &[Row], now: u64) -> Self {
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows {
            *codes.entry(row.outcome.as_str()).or_default() += 1;
        }
        let shown = || rows.iter().filter(|row| row.outcome == "shown");
        let count = codes.remove("shown").unwrap_or_default();
        let known = Silence::all().into_iter().map(|silence| {
            let count = codes.remove(silence.code()).unwrap_or_default();
            Counted {
                code: silence.code().to_owned(),
                count,
                share: share(count, rows.len()),
                stage: silence.stage().name(),
                of: Some(silence.stage()),
                meaning: silence.meaning(),
            }
        });
        let mut silences: Vec<_> = known.collect();
        silences.extend(codes.into_iter().map(|(code, count)| Counted {
            code: code.to_owned(),
            count,
            share: share(count, rows.len()),
            stage: "unknown",
            of: None,
            meaning: "a reason of another version of Hob",
        }));
        let since = rows.iter().map(|row| row.at).min();
        Self {
            answers: rows.len(),
            since,
            span_ms: since.map_or(0, |since| now.saturating_sub(since)),
            shown: Shown {
                count,
                share: share(count, rows.len()),
                total_ms: Spread::of(shown().map(|row| row.total_ms)),
                ttft_ms: Spread::of(shown().filter_map(|row| row.stats?.ttft_ms)),
            },
            silences,
            languages: languages(rows),
        }
    }
}

fn languages(rows: &[Row]) -> BTreeMap<String, Language> {
    let mut of_language: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for row in rows {
        *of_language.entry(&row.language).or_default().entry(&row.outcome).or_default() += 1;
    }
    let counted = of_language.into_iter().map(|(language, mut codes)| {
        let answers = codes.values().sum();
        let shown = codes.remove("shown").unwrap_or_default();
        let silence = codes.into_iter().max_by_key(|(_, count)| *count).map(|(code, _)| code.to_owned());
        (language.to_owned(), Language { answers, shown, silence })
    });
    counted.collect()
}

/// From 0 to 1.
fn share(count: usize, all: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if all == 0 { 0.0 } else { number(count) / number(all) }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} answers and silences in {}\n", self.answers, age(self.span_ms))?;
        let spreads = [("in all", self.shown.total_ms), ("to the first token", self.shown.ttft_ms)];
        let spreads = spreads.into_iter().filter_map(|(what, spread)| {
            let Spread { median, p95 } = spread?;
            Some(format!("{what} {median:.1} ms (median), {p95:.1} ms (95 %)"))
        });
        let spreads = spreads.collect::<Vec<_>>().join("; ");
        line(f, "shown", self.shown.count, self.shown.share, &spreads)?;
        let mut stage = None;
        for silence in &self.silences {
            if stage != Some(silence.of) {
                stage = Some(silence.of);
                let heading = silence.of.map_or_else(|| "other".to_owned(), |stage| stage.to_string());
                writeln!(f, "\n{heading}")?;
            }
            line(f, &silence.code, silence.count, silence.share, silence.meaning)?;
        }
        if self.languages.len() > 1 {
            writeln!(f, "\nby language")?;
            for (language, Language { answers, shown, silence }) in &self.languages {
                let often = silence.as_ref().map(|code| format!(", mostly {}", inert(code)));
                let silent = answers - shown;
                let silent = if silent == 0 {
                    String::new()
                } else {
                    format!(", {silent} silent{}", often.unwrap_or_default())
                };
                let language = if language.is_empty() { "?".to_owned() } else { inert(language) };
                writeln!(
                    f,
                    "  {language:<16} {answers:>6}  {:>5.1} % shown{silent}",
                    share(*shown, *answers) * 100.0
                )?;
            }
        }
        Ok(())
    }
}

/// One outcome.
fn line(f: &mut fmt::Formatter<'_>, code: &str, count: usize, share: f64, meaning: &str) -> fmt::Result {
    let code = inert(code);
    let text = if count == 0 {
        format!("  {code:<16} {:>6}  {:>7}  {meaning}", "-", "")
    } else {
        format!("  {code:<16} {count:>6}  {:>5.1} %  {meaning}", share * 100.0)
    };
    writeln!(f, "{}", text.trim_end())
}
