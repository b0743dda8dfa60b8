//! `--context`: the same holes asked with different parts of the workspace on show, to see what each source is worth.
//!
//! Must not show the answer: of the file that the hole is cut into nothing comes from the index, which has read it whole.

use std::{path::Path, time::Instant};

use anyhow::Result;
use assist::{Source, Workspace};
use index::{Cancel, Index, Options, Reader};
use serde::Serialize;

use super::{
    Judged, Measured,
    holes::Hole,
    interval::{Interval, bootstrap, mean, share},
    judge::Marks,
};

/// What is shown in each way; they are compared with the product's answer, which an evaluation asks for with nothing from elsewhere. Nobody
/// edits during a measurement, so what was edited lately is not among them.
pub(super) const SHOWN: [&[Source]; 5] = [
    &[Source::Definition],
    &[Source::Use],
    &[Source::Neighbour],
    &[Source::Use, Source::Neighbour],
    &[Source::Definition, Source::Use, Source::Neighbour],
];

/// The workspace that holes are cut into, indexed for as long as this lives.
pub(super) struct Indexed {
    reader: Reader,
    // In this order: the cache is removed after the index has let go of it.
    _index: Index,
    _cache: tempfile::TempDir,
    /// How long that took, in seconds.
    pub(super) seconds: f64,
}

impl Indexed {
    /// Indexes `root`, or the folder of the file that it is, into a folder of its own.
    pub(super) fn new(root: &Path) -> Result<Self> {
        let folder = if root.is_file() { root.parent().unwrap_or(root) } else { root };
        let cache = tempfile::tempdir()?;
        let began = Instant::now();
        let index = Index::open(Options::new(folder, cache.path()))?;
        index.build(&mut |_| (), &Cancel::default())?;
        let seconds = began.elapsed().as_secs_f64();
        Ok(Self { reader: index.reader(), _index: index, _cache: cache, seconds })
    }

    /// What is known of the workspace.
    pub(super) fn workspace(&self) -> &dyn Workspace {
        &self.reader
    }

    /// Whether what was taken out calls something that another file defines and its own doesn't.
    pub(super) fn crosses(&self, hole: &Hole) -> bool {
        let own = hole.source.name.as_str();
        called(hole.truth()).any(|name| {
            let found = self.reader.definitions(name, None, own, 8);
            !found.is_empty() && found.iter().all(|definition| *definition.place.path != *own)
        })
    }
}

/// Names with an opening bracket behind them.
fn called(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices('(').filter_map(move |(at, _)| {
        let before = &text[..at];
        let name = &before[before.trim_end_matches(is_word).len()..];
        name.starts_with(|c: char| !c.is_numeric()).then_some(name)
    })
}

/// What came of one hole.
#[derive(Debug)]
pub(super) struct Shown {
    /// In the order of [`SHOWN`].
    pub(super) answers: Vec<Judged>,
    /// [`Indexed::crosses`].
    pub(super) crosses: bool,
}

impl Shown {
    /// The answers with the names of their ways.
    pub(super) fn named(&self) -> impl Iterator<Item = (String, &Judged)> {
        SHOWN.into_iter().map(name).zip(&self.answers)
    }
}

/// What each source is worth, on all holes and on those that call into another file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ablation {
    pub(super) all: Vec<Row>,
    pub(super) cross_file: Vec<Row>,
}

/// One way of showing something, against showing nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    /// The sources, with `+` between them; `nothing`.
    pub(super) shown: String,
    pub(super) holes: usize,
    pub(super) exact: Option<f64>,
    pub(super) identifier_f1: Option<f64>,
    /// Its share of exact answers less that of showing nothing.
    pub(super) exact_difference: Option<f64>,
    pub(super) exact_difference_ci95: Option<Interval>,
    pub(super) f1_difference: Option<f64>,
    pub(super) f1_difference_ci95: Option<Interval>,
}

impl Ablation {
    /// Of holes that were all asked in every way; `None` if they were not.
    pub(super) fn of(measured: &[Measured], seed: u64) -> Option<Self> {
        let asked = measured.iter().map(|one| Some((one.marks, one.shown.as_ref()?)));
        let all = asked.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())?;
        let crossing: Vec<_> = all.iter().copied().filter(|(_, shown)| shown.crosses).collect();
        Some(Self { all: rows(&all, seed), cross_file: rows(&crossing, seed) })
    }
}

fn rows(holes: &[(Marks, &Shown)], seed: u64) -> Vec<Row> {
    let nothing: Vec<Marks> = holes.iter().map(|(marks, _)| *marks).collect();
    let mut rows = vec![Row::of("nothing".to_owned(), &nothing, &nothing, seed)];
    for (way, sources) in SHOWN.iter().enumerate() {
        let marks: Vec<Marks> = holes.iter().map(|(_, shown)| shown.answers[way].marks).collect();
        rows.push(Row::of(name(sources), &marks, &nothing, seed));
    }
    rows
}

fn name(sources: &[Source]) -> String {
    sources.iter().map(|source| source.name()).collect::<Vec<_>>().join(" + ")
}

impl Row {
    fn of(shown: String, marks: &[Marks], nothing: &[Marks], seed: u64) -> Self {
        let exact = |marks: &Marks| f64::from(u8::from(marks.exact));
        let differences = |figure: &dyn Fn(&Marks) -> f64| -> Vec<f64> {
            marks.iter().zip(nothing).map(|(with, without)| figure(with) - figure(without)).collect()
        };
        let f1: Vec<f64> = marks.iter().map(|marks| marks.identifier_f1).collect();
        let (exacts, f1s) = (differences(&exact), differences(&|marks| marks.identifier_f1));
        Self {
            shown,
            holes: marks.len(),
            exact: share(marks.iter().filter(|marks| marks.exact).count(), marks.len()),
            identifier_f1: mean(&f1),
            exact_difference: mean(&exacts),
            exact_difference_ci95: bootstrap(&exacts, seed),
            f1_difference: mean(&f1s),
            f1_difference_ci95: bootstrap(&f1s, seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::{cut::Kind, holes::fixture};

    #[test]
    fn a_call_into_another_file_crosses() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.rs"), "fn own() {}\nfn f() {\n    other(own(1));\n}\n").unwrap();
        std::fs::write(folder.path().join("b.rs"), "pub fn other(x: u32) {}\npub fn own() {}\n").unwrap();
        let indexed = Indexed::new(folder.path()).unwrap();
        let crosses = |text: &str| indexed.crosses(&fixture(Kind::Line, text));
        assert!(crosses("fn own() {}\nfn f() {\n    $0other(own(1));$1\n}\n"));
        assert!(!crosses("fn own() {}\nfn f() {\n    other($0own(1));$1\n}\n"), "its own file has one, too");
        assert!(
            !crosses("fn f() {\n    $0unheard_of(other);$1\n}\n"),
            "nobody defines it, and `other` is not called"
        );
    }

    #[test]
    fn names_are_called_by_brackets() {
        let names: Vec<_> = called("a(b.c(1), Self::d (2), 3(4), if (x) { é(y) })").collect();
        assert_eq!(names, ["a", "c", "é"]);
    }
}
