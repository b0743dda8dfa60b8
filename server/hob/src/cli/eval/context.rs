//! `--context`: the same holes asked with different parts of the workspace on show, to see what each source is worth.
//!
//! Must not show the answer: of the file that the hole is cut into nothing comes from the index, which has read it whole.

use std::{
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use assist::{Source, Workspace};
use engine::EngineClient;
use index::{Cancel, Index, Options, Reader};
use model::{Asking, WorkspaceKey};
use serde::Serialize;

use super::{
    Judged, Measured,
    holes::Hole,
    interval::{Interval, bootstrap, mean, share},
    judge::Marks,
};
use crate::teaching::Teacher;

/// However slow the tokenizer, a piece of a file takes less.
const LEARNING: Duration = Duration::from_mins(1);

/// One way of asking: what is shown, and whether the mixture knows what all files repeat.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) sources: &'static [Source],
    pub(super) ngrams: bool,
}

/// The ways; they are compared with the product's answer, which an evaluation asks for with nothing from elsewhere. Nobody edits during a
/// measurement, so what was edited lately is not among them.
pub(super) const WAYS: [Way; 7] = [
    shown(&[Source::Definition]),
    shown(&[Source::Use]),
    shown(&[Source::Neighbour]),
    shown(DEFAULT),
    shown(&[Source::Definition, Source::Use, Source::Neighbour]),
    Way { sources: &[], ngrams: true },
    Way { sources: DEFAULT, ngrams: true },
];

/// What the defaults show.
const DEFAULT: &[Source] = &[Source::Use, Source::Neighbour];

/// The ways with what the defaults show: without n-grams and with them.
const WITHOUT_AND_WITH: (usize, usize) = (3, 6);

const fn shown(sources: &'static [Source]) -> Way {
    Way { sources, ngrams: false }
}

/// The workspace that holes are cut into, indexed for as long as this lives.
pub(super) struct Indexed {
    reader: Reader,
    /// What the engine calls it.
    key: WorkspaceKey,
    // In this order: the cache is removed after the index has let go of it.
    index: Index,
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
        // Nobody else is to learn from a measurement, nor it from anybody else.
        let key = WorkspaceKey::new(cache.path(), "eval");
        Ok(Self { reader: index.reader(), key, index, _cache: cache, seconds })
    }

    /// Has the engine learn all of it, and waits until it has. A file's own part is not counted where the file is asked about.
    pub(super) fn teach(&self, engine: &EngineClient) -> Result<()> {
        let (wants, wanted) = mpsc::channel();
        engine.tell(self.key, move |wanted| drop(wants.send(wanted)));
        let mut teacher = Teacher::new(self.index.reader(), self.key);
        teacher.tell(engine, &[]);
        // It says so when it lacks nothing of what it has heard; with the second time it has heard of all.
        for _ in 0..2 {
            while let Some(wanted) = wanted.recv_timeout(LEARNING).context("the engine does not learn")? {
                teacher.give(engine, wanted);
            }
            engine.files(self.key, Vec::new(), Vec::new());
        }
        Ok(())
    }

    /// Asks in this way where `asking` says how else.
    pub(super) fn asking(&self, way: Way, asking: Asking) -> Asking {
        Asking { workspace: way.ngrams.then_some(self.key), ..asking }
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
    /// In the order of [`WAYS`].
    pub(super) answers: Vec<Judged>,
    /// [`Indexed::crosses`].
    pub(super) crosses: bool,
}

impl Shown {
    /// The answers with the names of their ways.
    pub(super) fn named(&self) -> impl Iterator<Item = (String, &Judged)> {
        WAYS.into_iter().map(name).zip(&self.answers)
    }
}

/// What each source is worth, on all holes and on those that call into another file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ablation {
    pub(super) all: Vec<Row>,
    pub(super) cross_file: Vec<Row>,
    /// With n-grams and what the defaults show, against what they show alone: what n-grams add.
    pub(super) ngrams: Row,
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
        let marks = |way: usize| all.iter().map(|(_, shown)| shown.answers[way].marks).collect::<Vec<_>>();
        let (without, with) = WITHOUT_AND_WITH;
        let ngrams = Row::of(name(WAYS[with]), &marks(with), &marks(without), seed);
        Some(Self { all: rows(&all, seed), cross_file: rows(&crossing, seed), ngrams })
    }
}

fn rows(holes: &[(Marks, &Shown)], seed: u64) -> Vec<Row> {
    let nothing: Vec<Marks> = holes.iter().map(|(marks, _)| *marks).collect();
    let mut rows = vec![Row::of("nothing".to_owned(), &nothing, &nothing, seed)];
    for (at, way) in WAYS.into_iter().enumerate() {
        let marks: Vec<Marks> = holes.iter().map(|(_, shown)| shown.answers[at].marks).collect();
        rows.push(Row::of(name(way), &marks, &nothing, seed));
    }
    rows
}

fn name(way: Way) -> String {
    let ngrams = way.ngrams.then_some("ngrams");
    way.sources.iter().map(|source| source.name()).chain(ngrams).collect::<Vec<_>>().join(" + ")
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
