//! How sure a figure is: 95 % intervals of rates, of means and of differences.
//!
//! Must not be used to choose holes: its chance is drawn apart from theirs.

use super::random::Random;

/// Two-sided 95 % of a normal distribution.
const Z: f64 = 1.959_964;
/// Samples of a bootstrap.
const SAMPLES: usize = 1000;

/// From, to.
pub(super) type Interval = [f64; 2];

/// Counts are far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "counts of what was measured")]
pub(super) fn count(n: usize) -> f64 {
    n as f64
}

/// A share of `n`; `None` of none.
pub(super) fn share(hits: usize, n: usize) -> Option<f64> {
    (n > 0).then(|| count(hits) / count(n))
}

/// The arithmetic mean; `None` of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

/// Wilson's interval of a rate: right for small counts and near 0 and 1, too.
pub(super) fn wilson(hits: usize, n: usize) -> Option<Interval> {
    let rate = share(hits, n)?;
    let n = count(n);
    let scale = 1.0 + Z * Z / n;
    let middle = (rate + Z * Z / (2.0 * n)) / scale;
    let half = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    Some([(middle - half).max(0.0), (middle + half).min(1.0)])
}

/// The interval of a mean, by drawing the values anew; of a mean of differences as well.
pub(super) fn bootstrap(values: &[f64], seed: u64) -> Option<Interval> {
    let mut random = Random::new(seed);
    let n = values.len();
    let drawn = |random: &mut Random| (0..n).map(|_| values[random.below(n)]).sum::<f64>() / count(n);
    if n == 0 {
        return None;
    }
    let mut means: Vec<f64> = (0..SAMPLES).map(|_| drawn(&mut random)).collect();
    means.sort_by(f64::total_cmp);
    let tail = SAMPLES / 40;
    Some([means[tail], means[SAMPLES - 1 - tail]])
}

/// How probable it is that chance alone divides holes like this, of which one way fills some that another doesn't and the other way
/// round: `McNemar`'s exact test, two-sided.
pub(super) fn chance(only_one: usize, only_other: usize) -> f64 {
    let n = only_one + only_other;
    // Halves by logarithm: 2^-n is no number any more where n is a thousand.
    let mut log = -count(n) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=only_one.min(only_other) {
        tail += log.exp();
        log += (count(n - k) / count(k + 1)).ln();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<Interval>, wanted: Interval, by: f64) {
        let found = found.unwrap();
        assert!((0..2).all(|at| (found[at] - wanted[at]).abs() < by), "{found:?} {wanted:?}");
    }

    #[test]
    fn rates() {
        // R: prop.test(…, correct = FALSE)
        near(wilson(10, 100), [0.0552, 0.1744], 1e-4);
        near(wilson(0, 20), [0.0, 0.1611], 1e-4);
        near(wilson(20, 20), [0.8389, 1.0], 1e-4);
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn what_chance_does() {
        // R: binom.test(c(1, 9))
        assert!((chance(1, 9) - 0.021_484).abs() < 1e-6);
        assert!((chance(9, 1) - 0.021_484).abs() < 1e-6);
        assert!((chance(5, 5) - 1.0).abs() < 1e-9 && (chance(0, 0) - 1.0).abs() < 1e-9);
        assert!(chance(900, 1100) < 1e-4);
    }

    #[test]
    fn means() {
        let values: Vec<f64> = (0..200).map(|n| if n % 4 == 0 { 1.0 } else { 0.0 }).collect();
        near(bootstrap(&values, 1), [0.19, 0.31], 0.02);
        assert_eq!(bootstrap(&values, 1), bootstrap(&values, 1));
        assert_eq!(bootstrap(&[0.5; 10], 1), Some([0.5, 0.5]));
        assert_eq!(bootstrap(&[], 1), None);
    }
}
