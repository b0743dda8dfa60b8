//! From the probability of a line to how often such lines are right.
//!
//! A model that is sure of each token of a line is not as sure of the line: its mistakes come together. How much, is measured on code
//! that it was not trained on, and stands in its file. Must not change an order: a surer line stays the surer one.

/// A straight line between the log-odds of a line and the log-odds of its being right (Platt 1999). The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Calibration {
    slope: f64,
    offset: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0 }
    }
}

impl Calibration {
    /// The calibration of a file's metadata; the default for what is missing or makes no sense.
    pub(crate) fn new(slope: Option<f32>, offset: Option<f32>) -> Self {
        match (slope.map(f64::from), offset.map(f64::from)) {
            (Some(slope), Some(offset)) if slope.is_finite() && slope > 0.0 && offset.is_finite() => {
                Self { slope, offset }
            }
            _ => Self::default(),
        }
    }

    /// How probable it is that a line is right whose tokens have this log-probability together.
    pub(crate) fn probability(self, line_logprob: f64) -> f64 {
        // Away from 0 and 1, whose log-odds are infinite.
        let line = line_logprob.exp().clamp(1e-9, 1.0 - 1e-9);
        let odds = (line / (1.0 - line)).ln();
        1.0 / (1.0 + (-(self.slope * odds + self.offset)).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_calibration_a_probability_stays_what_it_is() {
        for line in [0.01_f64, 0.5, 0.99] {
            assert!((Calibration::default().probability(line.ln()) - line).abs() < 1e-9);
        }
        assert!(Calibration::default().probability(f64::NEG_INFINITY) < 1e-6);
    }

    #[test]
    fn a_calibration_that_makes_no_sense_is_none() {
        for (slope, offset) in [
            (None, Some(0.0)),
            (Some(f32::NAN), Some(0.0)),
            (Some(-1.0), Some(0.0)),
            (Some(1.0), Some(f32::INFINITY)),
        ] {
            assert_eq!(Calibration::new(slope, offset), Calibration::default());
        }
    }

    #[test]
    fn a_surer_line_stays_the_surer_one() {
        let calibration = Calibration::new(Some(1.4), Some(-0.7));
        let stated: Vec<f64> =
            [-9.0, -3.0, -1.0, -0.1, 0.0].iter().map(|line| calibration.probability(*line)).collect();
        assert!(stated.is_sorted() && stated[0] > 0.0 && stated[4] <= 1.0, "{stated:?}");
        assert!(calibration.probability(0.5_f64.ln()) < 0.5);
    }
}
