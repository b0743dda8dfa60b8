//! `hob complete`: one completion of a file on disk, by the same path that an editor's request takes, but without an editor.

use std::{
    fs, ops,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result, anyhow, bail};
use assist::{Finished, Plan, Query, Said, Settings, Silence, Suggestion, sure_enough};
use clap::Args;
use model::{Asking, ModelInfo, SessionKey, Stats};
use serde::Serialize;
use syntax::{Language, Tree};
use text::{Document, Encoding, Snapshot, WirePos};

use super::{Choice, out, ready::Ready};
use crate::row::{self, By, Row, Source};

/// Flags of `hob complete`.
#[derive(Debug, Args)]
pub(super) struct Complete {
    /// The file to complete in; it is read, never written.
    file: PathBuf,
    /// Where: line and column, both from 1, the column in characters.
    #[arg(long, value_name = "LINE:COL", value_parser = place)]
    at: (u32, u32),
    /// Show up to so many different suggestions, the likeliest first, as an editor does when it is asked by a key (up to 3).
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    alternatives: u8,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    choice: Choice,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Answered {
    /// The ghost text; empty when there is none.
    text: String,
    /// What it replaces, in lines and columns from 1.
    range: Range,
    /// `shown`, or why there is no text.
    reason: String,
    /// Who answered.
    model: String,
    /// How probable the model thinks it that the first line is what belongs there, from 0 to 1; null when it was not asked.
    confidence: Option<f64>,
    /// Other suggestions for the same place, as many as `--alternatives` asks for and the model has.
    others: Vec<Other>,
    timings: Timings,
}

/// Another suggestion.
#[derive(Debug, Serialize)]
struct Other {
    text: String,
    range: Range,
}

#[derive(Debug, Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Debug, Serialize)]
struct Position {
    line: u32,
    column: u32,
}

/// Tokens, and milliseconds since the engine had its model and was asked.
#[derive(Debug, Default, Serialize)]
struct Timings {
    prompt_tokens: u32,
    evaluated_tokens: u32,
    ttft_ms: Option<f64>,
    first_line_ms: Option<f64>,
    /// Of `total_ms`, what the other suggestions took after the first; null when none were asked for.
    others_ms: Option<f64>,
    total_ms: f64,
}

/// What came of asking.
struct Found {
    /// The cursor, in bytes.
    offset: usize,
    outcome: Result<Suggestion, Silence>,
    others: Vec<Suggestion>,
    /// What the engine says of the first.
    stats: Option<Stats>,
}

impl Complete {
    pub(super) fn run(self) -> Result<ExitCode> {
        let ready = Ready::start(&self.choice)?;
        let (snapshot, query) = self.query()?;
        let settings = Settings { max_tokens: ready.config.completion.max_tokens, ..Settings::default() };
        let asked = Instant::now();
        let mut timings = Timings::default();
        let (mut row, mut others) = (Row::begin("cli"), Vec::new());
        let outcome = assist::plan(&query, &settings).and_then(|mut plan| {
            plan.request.asking = Asking::patiently();
            row.by = Some(By::Model);
            row.wanted = Some(plan.shape.into());
            let said = self.listen(&ready, &plan, asked, &mut timings, &mut row)?;
            let heard = Instant::now();
            let said = Said { text: &said, confidence: row.stats.map(|stats| stats.confidence) };
            let place = (&snapshot, query.tree.as_ref());
            let Finished { outcome, cuts } = assist::finish(&plan, said, place.0, place.1);
            row.cuts = cuts.iter().map(Into::into).collect();
            row.check_ms = Some(ms(heard));
            let first = outcome?;
            if self.alternatives > 1 {
                let began = Instant::now();
                others = self.others(&ready, &plan, &first, place);
                timings.others_ms = Some(ms(began));
            }
            Ok(first)
        });
        timings.total_ms = ms(asked);
        row.total_ms = timings.total_ms;
        let found = Found { offset: query.offset, outcome, others, stats: row.stats };
        self.record(&ready.state, &query, &found, &ready.info, row);
        self.show(&snapshot, &found, &ready, timings)
    }

    /// The place in the file, as an editor would have sent it.
    fn query(&self) -> Result<(Snapshot, Query)> {
        let name = self.file.display();
        let bytes = fs::read(&self.file).with_context(|| format!("can't read {name}"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            anyhow!("{name} is not UTF-8: byte {} is not text", error.utf8_error().valid_up_to())
        })?;
        let snapshot = Document::new(&text, 0).snapshot();
        let (line, column) = self.at;
        if line as usize > snapshot.line_count() {
            bail!("{name} has {} lines, so there is no line {line}", snapshot.line_count());
        }
        let length = snapshot.line(line as usize - 1).chars().count();
        if column as usize > length + 1 {
            bail!("line {line} of {name} has {length} characters, so its last column is {}", length + 1);
        }
        let at = WirePos { line: line - 1, character: column - 1 };
        let offset = snapshot.offset(at, Encoding::Utf32).map_err(|error| anyhow!("{name}: {error}"))?;
        let path = self.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let language = Language::from_path(&path);
        let query = Query {
            tree: language.and_then(|language| Tree::parse(language, &snapshot, None, None)),
            snapshot: snapshot.clone(),
            offset,
            language: language.map_or_else(String::new, |language| language.name().to_owned()),
            session: SessionKey::new(0, &self.file.to_string_lossy()),
            path,
            repository: String::new(),
            selected: None,
            explicit: true,
            // Whoever names a file in a shell means it.
            excluded: None,
            typed_over: false,
            blocks: Arc::default(),
            workspace: None,
        };
        Ok((snapshot, query))
    }

    /// Asks the engine and gathers what it says; on a terminal's behalf prints each piece as it comes.
    fn listen(
        &self,
        ready: &Ready,
        plan: &Plan,
        asked: Instant,
        timings: &mut Timings,
        row: &mut Row,
    ) -> Result<String, Silence> {
        let mut first_line = None;
        let (said, ended, finish) = ready.ask(plan, &mut |text, has_line| {
            if !self.json {
                out::piece(text);
            }
            row.first_ms.get_or_insert_with(|| ms(asked));
            if has_line && first_line.is_none() {
                first_line = Some(ms(asked));
            }
        })?;
        timings.prompt_tokens = finish.stats.prompt_tokens;
        timings.evaluated_tokens = finish.stats.evaluated_tokens;
        timings.ttft_ms = finish.stats.ttft_ms;
        row.answered(finish, true);
        (row.source, row.ended) = (Some(Source::Decode), Some(ended));
        (row.said, row.model_ms) = (said.chars().count(), Some(ms(asked)));
        // An answer that the model ended itself is a whole line too.
        timings.first_line_ms = first_line.or_else(|| (!said.is_empty()).then(|| ms(asked)));
        Ok(said)
    }

    /// The other suggestions. Without an engine to ask any more there are none; the first is there.
    fn others(
        &self,
        ready: &Ready,
        plan: &Plan,
        first: &Suggestion,
        place: (&Snapshot, Option<&Tree>),
    ) -> Vec<Suggestion> {
        ready.others(plan, first, place, self.alternatives - 1).unwrap_or_else(|silence| {
            out::note(&format!("hob: there are no other suggestions: {silence}"));
            Vec::new()
        })
    }

    fn record(&self, state: &Path, query: &Query, found: &Found, info: &ModelInfo, row: Row) {
        let Found { outcome, others, .. } = found;
        let path = std::path::absolute(&self.file).unwrap_or_else(|_| self.file.clone());
        let row = Row {
            path: query.path.clone(),
            document: row::document(&path.to_string_lossy()),
            explicit: query.explicit,
            language: query.language.clone(),
            line: self.at.0 as usize,
            outcome: outcome.as_ref().map_or_else(Silence::code, |_| "shown").to_owned(),
            why: outcome.as_ref().err().map_or_else(String::new, ToString::to_string),
            chars: outcome.as_ref().map_or(0, |suggestion| suggestion.text.chars().count()),
            candidates: outcome.as_ref().map_or(0, |_| 1 + others.len()),
            verified: outcome.as_ref().is_ok_and(|suggestion| suggestion.verified),
            model: info.name.clone(),
            ..row
        };
        if let Err(error) = row::append(&row::file(state), &row) {
            out::note(&format!("hob: this answer could not be recorded for `hob why`: {error}"));
        }
    }

    fn show(&self, snapshot: &Snapshot, found: &Found, ready: &Ready, timings: Timings) -> Result<ExitCode> {
        let Found { offset, outcome, others, stats } = found;
        let confidence = stats.map(|stats| stats.confidence);
        if self.json {
            let range = outcome.as_ref().map_or(*offset..*offset, |suggestion| suggestion.range.clone());
            let position = |offset| {
                let WirePos { line, character } = snapshot.wire(offset, Encoding::Utf32);
                Position { line: line + 1, column: character + 1 }
            };
            let span =
                |range: &ops::Range<usize>| Range { start: position(range.start), end: position(range.end) };
            out::json(&Answered {
                text: outcome.as_ref().map_or_else(|_| String::new(), |suggestion| suggestion.text.clone()),
                range: span(&range),
                reason: outcome.as_ref().map_or_else(Silence::code, |_| "shown").to_owned(),
                model: ready.info.name.clone(),
                confidence,
                others: others
                    .iter()
                    .map(|other| Other { text: other.text.clone(), range: span(&other.range) })
                    .collect(),
                timings,
            })?;
        } else {
            out::line("");
            for other in others {
                out::note("or");
                out::line(&other.text);
            }
            let Timings { prompt_tokens, evaluated_tokens, ttft_ms, first_line_ms, others_ms, total_ms } =
                timings;
            let ttft = ttft_ms.map_or("none".to_owned(), |ms| format!("{ms:.1} ms"));
            let first_line = first_line_ms.map_or("none".to_owned(), |ms| format!("{ms:.1} ms"));
            let sure = confidence.filter(|_| outcome.is_ok());
            let sure = sure.map_or_else(String::new, |sure| format!(" · {:.0} % sure", sure * 100.0));
            let beside = others_ms.map_or_else(String::new, |ms| format!(" · other suggestions {ms:.1} ms"));
            out::note(&format!(
                "{}: {prompt_tokens} prompt tokens, {evaluated_tokens} evaluated · first token {ttft} · first line {first_line}{beside} · \
                 total {total_ms:.1} ms{sure}",
                ready.info.name,
            ));
            let doubt = sure_enough(confidence, ready.config.completion.min_confidence).err();
            match outcome {
                Ok(_) if let Some(doubt) = doubt => out::note(&format!(
                    "an editor would show it when asked by a key, but not by itself: {doubt} [{}]",
                    doubt.code()
                )),
                Ok(suggestion) if suggestion.verified => {
                    out::note("an editor would show it: the syntax holds");
                }
                Ok(_) => out::note(
                    "an editor would show it (its syntax was not checked: no grammar for this file)",
                ),
                Err(silence) => {
                    out::note(&format!("an editor would show nothing: {silence} [{}]", silence.code()));
                }
            }
        }
        // Silence is an answer; only an engine that could not be asked is a failure.
        let failed = matches!(
            outcome,
            Err(Silence::EngineGone(_)
                | Silence::ModelFailed(_)
                | Silence::ModelUnusable(_)
                | Silence::ModelLoading)
        );
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// `LINE:COL`, both from 1.
fn place(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("`{text}` is not LINE:COL, for example 12:8; both count from 1");
    let (line, column) = text.split_once(':').ok_or_else(wrong)?;
    match (line.parse(), column.parse()) {
        (Ok(line @ 1..), Ok(column @ 1..)) => Ok((line, column)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one() {
        assert_eq!(place("12:8"), Ok((12, 8)));
        for wrong in ["0:1", "1:0", "12", "a:b", "1:-1", ""] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
