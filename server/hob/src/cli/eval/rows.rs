//! `--rows`: one JSON line for each hole, for looking at what happened.
//!
//! The one place where text of the measured files is written, and it goes to the file that the user named and nowhere
//! else.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Serialize;

use super::{
    Judged, Measured, compare,
    context::Shown,
    cut::Kind,
    judge::{Marks, Said},
};

/// A file of rows.
pub(super) struct Rows {
    path: PathBuf,
    file: BufWriter<File>,
}

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    kind: Kind,
    language: &'static str,
    truth: &'a str,
    #[serde(flatten)]
    product: Told<'a>,
    /// `shown`, or why nothing was.
    reason: &'static str,
    confidence: f64,
    ms: f64,
    /// With `--alternatives`: the suggestions after the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Other<'a>>,
    /// And how long they took.
    #[serde(skip_serializing_if = "Option::is_none")]
    others_ms: Option<f64>,
    baselines: Baselines<'a>,
    /// With `--compare`: each way of asking.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ways: Vec<Way<'a>>,
    /// With `--context`: each way of showing something from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Elsewhere<'a>>,
}

#[derive(Serialize)]
struct Elsewhere<'a> {
    cross_file: bool,
    ways: Vec<Way<'a>>,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "marks that have nothing to do with one another")]
struct Told<'a> {
    /// `None` for silence.
    answer: Option<&'a str>,
    exact: bool,
    first_line: bool,
    edit_similarity: f64,
    identifier_f1: f64,
    parse_ok: Option<bool>,
    breaks: Option<bool>,
    over_run: bool,
    doubled: bool,
}

#[derive(Serialize)]
struct Baselines<'a> {
    ngram: Told<'a>,
    copy: Told<'a>,
}

#[derive(Serialize)]
struct Other<'a> {
    answer: Option<&'a str>,
    exact: bool,
}

#[derive(Serialize)]
struct Way<'a> {
    asked: String,
    answer: Option<&'a str>,
    exact: bool,
}

impl<'a> Told<'a> {
    fn of(said: Option<&'a Said>, marks: Marks) -> Self {
        let Marks { exact, first_line, edit_similarity, identifier_f1, parse_ok, breaks, over_run, doubled } =
            marks;
        let answer = said.map(|said| said.text.as_str());
        Self {
            answer,
            exact,
            first_line,
            edit_similarity,
            identifier_f1,
            parse_ok,
            breaks,
            over_run,
            doubled,
        }
    }

    fn by(judged: &'a Judged) -> Self {
        Self::of(judged.said.as_ref(), judged.marks)
    }
}

impl Rows {
    /// A new file; one that is there is replaced.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("can't write {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    /// Writes one hole's row, at once: what was measured is there even if the rest never is.
    pub(super) fn write<'m>(&mut self, measured: &'m Measured) -> Result<()> {
        let Measured { hole, answer, marks, others, ngram, copy, ways, shown } = measured;
        let (line, column) = hole.place();
        let way = |asked: String, judged: &'m Judged| Way {
            asked,
            answer: judged.said.as_ref().map(|said| said.text.as_str()),
            exact: judged.marks.exact,
        };
        let elsewhere = |shown: &'m Shown| Elsewhere {
            cross_file: shown.crosses,
            ways: shown.named().map(|(name, judged)| way(name, judged)).collect(),
        };
        let row = Row {
            path: &hole.source.name,
            line,
            column,
            kind: hole.kind,
            language: hole.source.language.name(),
            truth: hole.truth(),
            product: Told::of(answer.said.as_ref(), *marks),
            reason: answer.reason,
            confidence: answer.stats.confidence,
            ms: answer.ms,
            others: others
                .iter()
                .map(|other| Other {
                    answer: other.said.as_ref().map(|said| said.text.as_str()),
                    exact: other.marks.exact,
                })
                .collect(),
            others_ms: answer.others_ms,
            baselines: Baselines { ngram: Told::by(ngram), copy: Told::by(copy) },
            ways: compare::WAYS
                .iter()
                .zip(ways)
                .map(|(asked, judged)| way(asked.name.to_owned(), judged))
                .collect(),
            context: shown.as_ref().map(elsewhere),
        };
        let mut text = serde_json::to_string(&row)?;
        text.push('\n');
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush());
        written.with_context(|| format!("can't write {}", self.path.display()))
    }
}
