//! What showing less would buy: precision against coverage, by the confidence that the engine states, and how far that
//! can be believed.
//!
//! Must not choose a threshold: it shows what each would cost.

use serde::Serialize;

use super::{
    Measured,
    interval::{Interval, count, mean, share, wilson},
    judge::Marks,
};

/// Coverages of which there is a point, in per cent of all holes.
const COVERAGES: [usize; 12] = [5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100];
/// Parts of the scale of confidence.
const BUCKETS: usize = 10;

/// An answer, its confidence and its marks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Graded {
    pub(super) confidence: f64,
    pub(super) marks: Marks,
}

/// One point of the curve: what would be shown if only answers of at least this confidence were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Point {
    pub(super) confidence: f64,
    /// Share of all holes with an answer that is shown.
    pub(super) coverage: f64,
    /// Share of those that are what was there.
    pub(super) precision: f64,
}

/// Answers of about the same confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Bucket {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) holes: usize,
    /// The mean of what the engine stated: that the first line is right.
    pub(super) stated: Option<f64>,
    /// The share of first lines that are.
    pub(super) observed: Option<f64>,
}

/// What one threshold would show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Gate {
    pub(super) min_confidence: f64,
    pub(super) shown: usize,
    pub(super) coverage: Option<f64>,
    pub(super) precision: Option<f64>,
    /// Share of what is shown that adds to the syntax errors of the file that it is shown in, and has more than were there once.
    pub(super) added_parse_errors: Option<f64>,
    /// Share of what is shown after which the file has more syntax errors than were there once: what stops short counts, too.
    pub(super) left_parse_errors: Option<f64>,
    /// Share of what is shown that ends with what stands behind it anyhow.
    pub(super) doubled: Option<f64>,
    coverage_ci95: Option<Interval>,
    precision_ci95: Option<Interval>,
    added_parse_errors_ci95: Option<Interval>,
    left_parse_errors_ci95: Option<Interval>,
    doubled_ci95: Option<Interval>,
}

/// The answers that there are, the surest first.
pub(super) fn graded(measured: &[&Measured]) -> Vec<Graded> {
    let answered = measured.iter().filter(|one| one.answer.said.is_some());
    let answers = answered.map(|one| Graded { confidence: one.answer.stats.confidence, marks: one.marks });
    let mut answers: Vec<Graded> = answers.collect();
    answers.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    answers
}

/// The curve: a point for each coverage that the answers reach, and one for all of them.
pub(super) fn points(graded: &[Graded], holes: usize) -> Vec<Point> {
    let wanted = COVERAGES.iter().map(|percent| (holes * percent).div_ceil(100).max(1));
    let mut sizes: Vec<usize> = wanted.filter(|size| *size < graded.len()).collect();
    sizes.push(graded.len());
    sizes.dedup();
    sizes.into_iter().filter_map(|size| point(graded, size, holes)).collect()
}

/// What the surest `size` answers are worth. Among answers of one confidence no threshold can choose: they count by
/// their mean.
fn point(graded: &[Graded], size: usize, holes: usize) -> Option<Point> {
    let confidence = graded.get(size.checked_sub(1)?)?.confidence;
    let surer = graded.iter().take_while(|one| one.confidence > confidence);
    let as_sure: Vec<&Graded> =
        graded.iter().filter(|one| one.confidence.total_cmp(&confidence).is_eq()).collect();
    let before = surer.clone().count();
    let sure_hits = count(surer.filter(|one| one.marks.exact).count());
    let tied = share(as_sure.iter().filter(|one| one.marks.exact).count(), as_sure.len())?;
    let hits = sure_hits + tied * count(size - before);
    Some(Point { confidence, coverage: share(size, holes)?, precision: hits / count(size) })
}

/// The precision of the surest part of the answers, as large as `percent` of all holes; `None` if there are not as many
/// answers.
pub(super) fn precision_at(graded: &[Graded], holes: usize, percent: usize) -> Option<f64> {
    Some(point(graded, (holes * percent).div_ceil(100), holes)?.precision)
}

/// Stated against observed, in ten parts of the scale.
pub(super) fn calibration(graded: &[Graded]) -> Vec<Bucket> {
    let bucket = |at: usize| {
        let (from, to) = (count(at) / count(BUCKETS), count(at + 1) / count(BUCKETS));
        let last = at + 1 == BUCKETS;
        let inside = |one: &&Graded| one.confidence >= from && (one.confidence < to || last);
        let inside: Vec<&Graded> = graded.iter().filter(inside).collect();
        let stated: Vec<f64> = inside.iter().map(|one| one.confidence).collect();
        let right = inside.iter().filter(|one| one.marks.first_line).count();
        Bucket { from, to, holes: inside.len(), stated: mean(&stated), observed: share(right, inside.len()) }
    };
    (0..BUCKETS).map(bucket).collect()
}

/// What is shown with this threshold.
pub(super) fn gate(graded: &[Graded], holes: usize, min_confidence: f64) -> Gate {
    let shown: Vec<&Graded> = graded.iter().filter(|one| one.confidence >= min_confidence).collect();
    let exact = shown.iter().filter(|one| one.marks.exact).count();
    let broken = shown.iter().filter(|one| one.marks.breaks == Some(true)).count();
    let short = shown.iter().filter(|one| one.marks.parse_ok == Some(false)).count();
    let doubled = shown.iter().filter(|one| one.marks.doubled).count();
    Gate {
        min_confidence,
        shown: shown.len(),
        coverage: share(shown.len(), holes),
        precision: share(exact, shown.len()),
        added_parse_errors: share(broken, shown.len()),
        left_parse_errors: share(short, shown.len()),
        doubled: share(doubled, shown.len()),
        coverage_ci95: wilson(shown.len(), holes),
        precision_ci95: wilson(exact, shown.len()),
        added_parse_errors_ci95: wilson(broken, shown.len()),
        left_parse_errors_ci95: wilson(short, shown.len()),
        doubled_ci95: wilson(doubled, shown.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::{
        cut::Kind,
        holes::fixture,
        judge::{Said, judge},
    };

    /// Answers with these confidences; `true` is right.
    fn answers(of: &[(f64, bool)]) -> Vec<Graded> {
        let hole = fixture(Kind::Line, "fn f() {\n    let x = $0g(y);$1\n}\n");
        let graded = |&(confidence, exact): &(f64, bool)| {
            let said = Said { text: if exact { "g(y);" } else { "g(y;" }.to_owned(), consumed: 0 };
            Graded { confidence, marks: judge(&hole, Some(&said)) }
        };
        of.iter().map(graded).collect()
    }

    #[test]
    fn the_surest_come_first() {
        let graded = answers(&[(0.9, true), (0.8, true), (0.5, false), (0.1, false)]);
        let found: Vec<(f64, f64, f64)> = points(&graded, 5)
            .iter()
            .map(|point| (point.confidence, point.coverage, point.precision))
            .collect();
        let third = 2.0 / 3.0;
        assert_eq!(found, [(0.9, 0.2, 1.0), (0.8, 0.4, 1.0), (0.5, 0.6, third), (0.1, 0.8, 0.5)]);
        assert_eq!(precision_at(&graded, 5, 20), Some(1.0));
        assert_eq!(precision_at(&graded, 5, 100), None);
    }

    #[test]
    fn answers_as_sure_as_each_other_count_by_their_mean() {
        let graded = answers(&[(0.0, true), (0.0, false), (0.0, false), (0.0, false)]);
        assert!(points(&graded, 4).iter().all(|point| (point.precision - 0.25).abs() < 1e-9));
        assert_eq!(points(&[], 4), []);
    }

    #[test]
    fn what_was_stated_against_what_came() {
        let graded = answers(&[(1.0, true), (0.95, true), (0.12, false), (0.1, true)]);
        let buckets = calibration(&graded);
        assert_eq!((buckets[9].holes, buckets[9].observed), (2, Some(1.0)));
        assert_eq!((buckets[1].holes, buckets[1].observed), (2, Some(0.5)));
        assert_eq!((buckets[5].holes, buckets[5].stated), (0, None));
    }

    #[test]
    fn a_gate_shows_what_is_as_sure_as_it_asks() {
        let graded = answers(&[(0.9, true), (0.6, false), (0.1, false)]);
        let gate = gate(&graded, 10, 0.5);
        assert_eq!((gate.shown, gate.coverage, gate.precision), (2, Some(0.2), Some(0.5)));
        assert_eq!(
            (gate.added_parse_errors, gate.left_parse_errors),
            (Some(0.0), Some(0.5)),
            "where there was an error before, there is one still"
        );
    }
}
