//! All that was measured, as `--json` prints it; programs rely on these names.
//!
//! Must not hold text of a document.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Measured,
    alternatives::Beside,
    compare::Comparison,
    context::Ablation,
    curve::{self, Bucket, Gate, Point},
    figures::Figures,
    judge::Marks,
};

/// Figures of one who answers: of everything, by language, by kind, and by both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Answerer {
    #[serde(flatten)]
    pub(super) all: Figures,
    pub(super) by_language: BTreeMap<&'static str, Figures>,
    pub(super) by_kind: BTreeMap<&'static str, Figures>,
    /// By language, then by kind.
    pub(super) tables: BTreeMap<&'static str, BTreeMap<&'static str, Figures>>,
}

/// What `hob eval` found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Who answered.
    pub(super) model: String,
    /// Draws the same holes again.
    pub(super) seed: u64,
    /// How many holes were to be measured.
    pub(super) asked: usize,
    /// How many files they were cut into.
    pub(super) files: usize,
    #[serde(flatten)]
    pub(super) product: Answerer,
    /// Precision against coverage, by confidence.
    pub(super) shown: Vec<Point>,
    /// Precision of the surest answers, as many as a fifth of the holes; `None` if there are fewer.
    pub(super) precision_at_20: Option<f64>,
    /// How well the stated confidence fits what came of it.
    pub(super) calibration: Vec<Bucket>,
    /// What the user's configuration would have shown.
    pub(super) default_gate: Gate,
    pub(super) default_gate_by_language: BTreeMap<&'static str, Gate>,
    /// How often each reason for silence was given.
    pub(super) silences: BTreeMap<&'static str, usize>,
    /// Milliseconds.
    pub(super) ms: Times,
    pub(super) baselines: Baselines,
    /// With `--alternatives`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alternatives: Option<Beside>,
    /// With `--compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compare: Option<Comparison>,
    /// With `--context`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<Ablation>,
}

/// The two that answer without a model.
#[derive(Debug, Serialize)]
pub(super) struct Baselines {
    pub(super) ngram: Answerer,
    pub(super) copy: Answerer,
}

/// What a clock says, in milliseconds: percentiles of whole answers, and a part of them.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    pub(super) p50: f64,
    pub(super) p95: f64,
    /// Of choosing and drafting, without the model, for each token that was decoded: the mean.
    pub(super) choosing: f64,
}

/// What is known of a run apart from its answers.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) model: String,
    pub(super) seed: u64,
    pub(super) asked: usize,
    /// `completion.min_confidence`, from 0 to 1.
    pub(super) threshold: f64,
    /// `engine.order`.
    pub(super) order: &'static str,
    /// Suggestions asked for at each hole.
    pub(super) most: u8,
}

impl Report {
    pub(super) fn of(measured: &[Measured], run: Run) -> Self {
        let files: std::collections::BTreeSet<&str> =
            measured.iter().map(|one| one.hole.source.name.as_str()).collect();
        let mut silences = BTreeMap::new();
        for one in measured.iter().filter(|one| one.answer.said.is_none()) {
            *silences.entry(one.answer.reason).or_insert(0) += 1;
        }
        let all: Vec<&Measured> = measured.iter().collect();
        let graded = curve::graded(&all);
        let of_language = grouped(&all, |one| one.hole.source.language.name()).into_iter();
        let default_gate_by_language = of_language
            .map(|(name, group)| (name, curve::gate(&curve::graded(&group), group.len(), run.threshold)))
            .collect();
        Self {
            files: files.len(),
            product: Answerer::of(measured, |one| one.marks, run.seed),
            shown: curve::points(&graded, measured.len()),
            precision_at_20: curve::precision_at(&graded, measured.len(), 20),
            calibration: curve::calibration(&graded),
            default_gate: curve::gate(&graded, measured.len(), run.threshold),
            default_gate_by_language,
            silences,
            ms: Times::of(measured),
            baselines: Baselines {
                ngram: Answerer::of(measured, |one| one.ngram.marks, run.seed),
                copy: Answerer::of(measured, |one| one.copy.marks, run.seed),
            },
            alternatives: Beside::of(measured, run.most),
            compare: Comparison::of(measured, run.order, run.seed),
            context: Ablation::of(measured, run.seed),
            model: run.model,
            seed: run.seed,
            asked: run.asked,
        }
    }
}

impl Answerer {
    fn of(measured: &[Measured], marks: impl Fn(&Measured) -> Marks, seed: u64) -> Self {
        let figures =
            |group: &[&Measured]| Figures::of(&group.iter().map(|one| marks(one)).collect::<Vec<_>>(), seed);
        let all: Vec<&Measured> = measured.iter().collect();
        let kind = |one: &Measured| one.hole.kind.name();
        let by_language = grouped(&all, |one| one.hole.source.language.name());
        let each = |groups: BTreeMap<&'static str, Vec<&Measured>>| -> BTreeMap<&'static str, Figures> {
            groups.into_iter().map(|(name, group)| (name, figures(&group))).collect()
        };
        Self {
            all: figures(&all),
            by_kind: each(grouped(&all, kind)),
            tables: by_language.iter().map(|(name, group)| (*name, each(grouped(group, kind)))).collect(),
            by_language: each(by_language),
        }
    }
}

fn grouped<'a>(
    group: &[&'a Measured],
    name: impl Fn(&Measured) -> &'static str,
) -> BTreeMap<&'static str, Vec<&'a Measured>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in group {
        groups.entry(name(one)).or_default().push(*one);
    }
    groups
}

impl Times {
    fn of(measured: &[Measured]) -> Self {
        let mut ms: Vec<f64> = measured.iter().map(|one| one.answer.ms).collect();
        ms.sort_by(f64::total_cmp);
        let stats = || measured.iter().map(|one| one.answer.stats);
        let chosen: u32 = stats().map(|stats| stats.decoded_tokens).sum();
        let choosing = stats().map(|stats| stats.choosing_ms).sum::<f64>() / f64::from(chosen.max(1));
        Self { p50: percentile(&ms, 50), p95: percentile(&ms, 95), choosing }
    }
}

/// What so many per cent of `sorted` do not exceed; 0 of nothing.
pub(super) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or_default()
}
