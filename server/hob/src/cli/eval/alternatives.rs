//! `--alternatives`: how often what was there is among the first few suggestions, and what those cost besides the first.
//!
//! Must not count a hole that the first suggestion is silent about as anything but missed: an editor then shows none.

use serde::Serialize;

use super::{
    Measured,
    interval::{Interval, mean, share, wilson},
    report::percentile,
};

/// The first suggestion against the first few.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Beside {
    /// Suggestions at a hole where there is one, on average.
    pub(super) suggestions: Option<f64>,
    /// For the first alone, the first two, and so on.
    pub(super) among: Vec<Among>,
    /// Milliseconds until the first is there.
    pub(super) first_ms: Span,
    /// Milliseconds that the others take besides, at holes where there is a first.
    pub(super) others_ms: Span,
}

/// How often one of the first `count` suggestions is what was there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Among {
    pub(super) count: usize,
    pub(super) exact: Option<f64>,
    pub(super) exact_ci95: Option<Interval>,
}

/// The middle of some times, and what 95 % of them stay below.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Span {
    pub(super) p50: f64,
    pub(super) p95: f64,
}

impl Span {
    fn of(mut ms: Vec<f64>) -> Self {
        ms.sort_by(f64::total_cmp);
        Self { p50: percentile(&ms, 50), p95: percentile(&ms, 95) }
    }
}

impl Beside {
    /// Of holes at which up to `most` suggestions were asked for; `None` if it was one.
    pub(super) fn of(measured: &[Measured], most: u8) -> Option<Self> {
        let most = usize::from(most);
        // Of each hole: whether the first is what was there, the second, and so on.
        let exact = |one: &Measured| -> Vec<bool> {
            let others = one.others.iter().map(|other| other.marks.exact);
            [one.marks.exact].into_iter().chain(others).collect()
        };
        let holes: Vec<Vec<bool>> = measured.iter().map(exact).collect();
        let shown: Vec<&Measured> = measured.iter().filter(|one| one.answer.said.is_some()).collect();
        let counts: Vec<f64> =
            shown.iter().map(|one| 1.0 + super::interval::count(one.others.len())).collect();
        (most > 1).then(|| Self {
            suggestions: mean(&counts),
            among: (1..=most).map(|count| Among::of(&holes, count)).collect(),
            first_ms: Span::of(measured.iter().map(|one| one.answer.ms).collect()),
            others_ms: Span::of(shown.iter().filter_map(|one| one.answer.others_ms).collect()),
        })
    }
}

impl Among {
    fn of(holes: &[Vec<bool>], count: usize) -> Self {
        let hits = holes.iter().filter(|exact| exact.iter().take(count).any(|exact| *exact)).count();
        Self { count, exact: share(hits, holes.len()), exact_ci95: wilson(hits, holes.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_among_the_first_is_among_the_first_few() {
        let holes = [vec![true], vec![false, true], vec![false, false, true], vec![false]];
        let among = |count| Among::of(&holes, count).exact;
        assert_eq!([1, 2, 3].map(among), [Some(0.25), Some(0.5), Some(0.75)]);
    }
}
