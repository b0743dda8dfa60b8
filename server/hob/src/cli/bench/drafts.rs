//! `hob bench drafts`: tokens a second with drafts and without, on text that repeats itself and on text that doesn't.
//!
//! Loads the model into this process, which then opens no socket. Must not write a file, and must not judge what is said.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use engine::measure::{self, Drafted, Sample};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{
    cli::{
        absolute,
        files::{self, Source},
        out,
    },
    sandbox::{self, Role},
    settings,
};

/// Lines of a stretch that is said again.
const STRETCH: usize = 8;
/// Lines between a stretch and its repetition.
const APART: usize = 12;
/// Stretches of one file.
const EACH: usize = 3;

/// Flags of `hob bench drafts`.
#[derive(Debug, Args)]
pub(super) struct Drafts {
    /// Files or folders with code; they are read, never written. Without any, the current folder.
    files: Vec<PathBuf>,
    /// Use this GGUF file instead of Ember, the model that is built in.
    #[arg(long, value_name = "FILE", value_parser = absolute)]
    model: Option<PathBuf>,
    /// Have the model say what the files say instead of its own words: for a model whose own words mean nothing, such as one with
    /// random weights.
    #[arg(long)]
    scripted: bool,
    /// How many stretches of code to use.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..))]
    stretches: u32,
    /// How often each is decoded with drafts and without, in turns.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// At most so many tokens are decoded each time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..))]
    tokens: u32,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// What drafts are worth on one kind of text.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Worth {
    text: &'static str,
    /// Answers given both ways.
    answers: usize,
    tokens_per_s_with: f64,
    tokens_per_s_without: f64,
    /// The first divided by the second.
    speedup: f64,
    /// Share of the tokens that were drafted and right.
    drafted: f64,
    /// Answers that differ.
    flips: usize,
    /// The largest margin, a difference of logarithms, of a choice that was made differently.
    epsilon: Option<f64>,
}

impl Drafts {
    pub(super) fn run(self) -> Result<ExitCode> {
        let sources = self.sources()?;
        let options = settings::engine(&config::Config::default(), self.model.as_deref())?;
        sandbox::enter(Role::Serve)?;
        let rows = [("repeats", true), ("does not repeat", false)]
            .map(|(text, repeats)| Ok(worth(text, &self.measure(&options, &sources, repeats)?)));
        let rows = rows.into_iter().collect::<Result<Vec<_>>>()?;
        let model = options.model.name();
        if self.json {
            out::json(&serde_json::json!({ "model": model, "scripted": self.scripted, "drafts": rows }))?;
        } else {
            out::piece(&table(&model, self.scripted, &rows));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn sources(&self) -> Result<Vec<String>> {
        let here = [PathBuf::from(".")];
        let mut texts = Vec::new();
        for path in if self.files.is_empty() { &here[..] } else { &self.files } {
            let read = files::find(path)?.into_iter().filter_map(|file| Source::read(&file));
            texts.extend(read.map(|source| source.text.clone()));
        }
        texts.retain(|text| text.lines().count() > 4 * (STRETCH + APART));
        if texts.is_empty() {
            bail!("no file has {} lines or more: name longer ones", 4 * (STRETCH + APART));
        }
        Ok(texts)
    }

    fn measure(
        &self,
        options: &engine::EngineOptions,
        sources: &[String],
        repeats: bool,
    ) -> Result<Vec<Drafted>> {
        let mut samples: Vec<Sample> =
            sources.iter().flat_map(|text| samples(text, repeats, self.scripted)).collect();
        samples.truncate(self.stretches as usize);
        let bar = ProgressBar::new(samples.len() as u64);
        bar.set_style(ProgressStyle::with_template("{bar:30} {pos} of {len} stretches, {eta} left")?);
        let mut told = |done: usize| bar.set_position(done as u64);
        let measured = measure::drafts(options, &samples, (self.rounds as usize, self.tokens), &mut told);
        bar.finish_and_clear();
        measured.map_err(|problem| anyhow!("the model {problem}"))
    }
}

/// Places in `text` where its next lines are to be said; `repeats`: they stand a little further up as well.
fn samples(text: &str, repeats: bool, scripted: bool) -> Vec<Sample> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let places = (1..=EACH).map(|part| lines.len() * part / (EACH + 1));
    let sample = |at: usize| {
        let end = (at + STRETCH).min(lines.len());
        // Somebody who says a line again has typed its beginning: the first line stands there already.
        let (typed, said) = lines[at..end].split_at(1);
        let copy = if repeats { lines[at..end].concat() } else { String::new() };
        let above = at.saturating_sub(APART);
        Sample {
            before: [&lines[..above].concat(), &copy, &lines[above..at].concat(), &typed.concat()]
                .map(String::as_str)
                .concat(),
            after: lines[end..].concat(),
            script: scripted.then(|| said.concat()),
        }
    };
    places.map(sample).collect()
}

fn worth(text: &'static str, measured: &[Drafted]) -> Worth {
    let sum = |of: fn(&Drafted) -> f64| measured.iter().map(of).sum::<f64>();
    let with = sum(|one| one.tokens.0.into()) / sum(|one| one.ms.0) * 1e3;
    let without = sum(|one| one.tokens.1.into()) / sum(|one| one.ms.1) * 1e3;
    let flips: Vec<f64> = measured.iter().filter_map(|one| one.flip).collect();
    Worth {
        text,
        answers: measured.len(),
        tokens_per_s_with: with,
        tokens_per_s_without: without,
        speedup: with / without,
        drafted: sum(|one| one.drafted.into()) / sum(|one| one.tokens.0.into()),
        flips: flips.len(),
        epsilon: flips.into_iter().reduce(f64::max),
    }
}

fn table(model: &str, scripted: bool, rows: &[Worth]) -> String {
    let words = if scripted { "the files' own text" } else { "the model's own words" };
    let head = format!(
        "{model}, {words}\n\n{:<16} {:>7} {:>12} {:>12} {:>8} {:>8} {:>6} {:>9}\n",
        "text", "answers", "tokens/s", "without", "speedup", "drafted", "flips", "epsilon"
    );
    let line = |row: &Worth| {
        let epsilon = row.epsilon.map_or_else(|| "-".to_owned(), |epsilon| format!("{epsilon:.4}"));
        format!(
            "{:<16} {:>7} {:>12.0} {:>12.0} {:>8.2} {:>6.0} % {:>6} {epsilon:>9}\n",
            row.text,
            row.answers,
            row.tokens_per_s_with,
            row.tokens_per_s_without,
            row.speedup,
            row.drafted * 100.0,
            row.flips,
        )
    };
    head + &rows.iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_that_repeats_stands_above_and_is_said_again() {
        let text = (0..100).map(|line| format!("let x{line} = {line};\n")).collect::<Vec<_>>().concat();
        let [plain, repeated] = [false, true].map(|repeats| samples(&text, repeats, true).remove(0));
        let script = plain.script.clone().unwrap();
        assert_eq!(script.lines().next(), Some("let x26 = 26;"), "the line at the place is typed already");
        assert_eq!(format!("{}{script}{}", plain.before, plain.after), text);
        assert!(!plain.before.contains(&script) && repeated.before.contains(&script));
        assert_eq!((repeated.script, repeated.after), (plain.script, plain.after));
    }

    #[test]
    fn speeds_are_of_all_tokens_together_and_the_worst_flip_counts() {
        let one = Drafted { tokens: (10, 10), ms: (10.0, 20.0), drafted: 4, flip: None };
        let other = Drafted { tokens: (30, 30), ms: (10.0, 20.0), drafted: 0, flip: Some(0.01) };
        let worth = worth("x", &[one, other]);
        assert!((worth.tokens_per_s_with - 2000.0).abs() < 1e-9 && (worth.speedup - 2.0).abs() < 1e-9);
        assert_eq!((worth.flips, worth.epsilon, worth.drafted), (1, Some(0.01), 0.1));
    }
}
