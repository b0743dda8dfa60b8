//! Percentiles and means of what was measured.
//!
//! Must not round: that is for whoever shows them.

use serde::Serialize;

use crate::cli::interval::mean;

/// Percentiles, by nearest rank: each is a value that was measured. `None` of nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Spread {
    /// Of how many values.
    pub(super) n: usize,
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
}

impl Spread {
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values = sorted(values);
        let at = |percent| percentile(&values, percent);
        Self { n: values.len(), p50: at(50), p95: at(95), p99: at(99) }
    }
}

/// A mean, with the percentile that shows whether it hides something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Average {
    /// Of how many values.
    pub(super) n: usize,
    pub(super) mean: Option<f64>,
    pub(super) p95: Option<f64>,
}

impl Average {
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values = sorted(values);
        Self { n: values.len(), mean: mean(&values), p95: percentile(&values, 95) }
    }
}

/// In ascending order.
pub(super) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The least of the sorted values that so many per cent don't exceed.
pub(super) fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied()
}

/// A part of a whole; `None` of nothing.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let spread = Spread::of((1..=200).rev().map(f64::from));
        assert_eq!(spread, Spread { n: 200, p50: Some(100.0), p95: Some(190.0), p99: Some(198.0) });
        assert_eq!(Spread::of([7.0]), Spread { n: 1, p50: Some(7.0), p95: Some(7.0), p99: Some(7.0) });
        assert_eq!(Spread::of([2.0, 1.0]).p50, Some(1.0));
        assert_eq!(Spread::of([]), Spread::default());
        assert_eq!(Average::of([1.0, 2.0, 6.0]), Average { n: 3, mean: Some(3.0), p95: Some(6.0) });
    }
}
