//! How sure the model has to be, learned from what became of its suggestions.
//!
//! The model's confidence says how often it is right; what somebody takes is another matter, and differs with the language and with them.
//! Must not look at a clock, and must not lower what the user asks for: what is learned comes on top.

/// Suggestions are told apart by how sure the model was of them, in tenths.
pub const DECILES: usize = 10;

/// Never is more asked of the model than this, in per cent: what it is surer of is shown whatever was learned.
pub const MOST_LEARNED: u32 = 60;

/// What is taken less often than this, in per cent, is not worth the look at it. Cursor shows what it expects to be taken one time in four
/// (cursor.com/blog/tab-rl), but is told of each rejection; here a suggestion that was merely not wanted yet counts as not taken.
const FLOOR: f64 = 0.10;

/// How certain it has to be that less is taken.
const CERTAIN: f64 = 0.95;

/// What is believed before anything was seen: Beta(1, 3), one of four is taken, with the weight of four suggestions.
const PRIOR: (u32, u32) = (1, 3);

/// After so many days a suggestion counts half.
const HALF_LIFE: f64 = 14.0;

/// What became of suggestions of one decile. Older ones count less, so these are no whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Suggestions that were read.
    pub shown: f64,
    /// Of these, those that were taken or typed to their end.
    pub accepted: f64,
}

impl Tally {
    /// Adds suggestions of which each counts `weight`.
    pub fn add(&mut self, shown: u64, accepted: u64, weight: f64) {
        #[expect(clippy::cast_precision_loss, reason = "nobody is shown 2^52 suggestions")]
        let [shown, accepted] = [shown as f64, accepted as f64];
        self.shown += shown * weight;
        self.accepted += accepted * weight;
    }
}

/// What a suggestion counts that was shown `days` ago.
///
/// What is silenced is not seen any more, so what is known of it fades, and after some weeks it is tried again.
pub fn weight(days: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let days = days as f64;
    0.5_f64.powf(days / HALF_LIFE)
}

/// The least confidence, in per cent, below which it is all but certain that suggestions are not worth showing; 0 where that can't be said.
///
/// It is the upper end of the highest decile, up to [`MOST_LEARNED`], of which both holds: less than one in ten of its suggestions is
/// taken, and the same of all up to it together. "Holds" means that with the prior Beta(1, 3) the probability that the share taken is below
/// a tenth is at least 95 %. Without one that is taken that takes 26 suggestions, with one taken 43.
pub fn least_confidence(tallies: &[Tally; DECILES]) -> u32 {
    let mut below = Tally::default();
    let mut least = 0;
    for (tally, upper) in tallies.iter().zip((10..=MOST_LEARNED).step_by(10)) {
        below.shown += tally.shown;
        below.accepted += tally.accepted;
        if is_poor(tally) && is_poor(&below) {
            least = upper;
        }
    }
    least
}

/// Whether it is certain that too few are taken.
fn is_poor(tally: &Tally) -> bool {
    // To whole suggestions, in doubt in favour of showing.
    let accepted = whole(tally.accepted.ceil());
    let refused = whole((tally.shown - tally.accepted).floor());
    below(FLOOR, PRIOR.0 + accepted, PRIOR.1 + refused) >= CERTAIN
}

/// The probability that a Beta(a, b) variable is below `x`, for whole a and b: that of at least a successes among a + b − 1 trials.
fn below(x: f64, a: u32, b: u32) -> f64 {
    let trials = f64::from(a) + f64::from(b) - 1.0;
    // Of k successes, from none up. Logarithms, because thousands of trials are no rarity.
    let mut log = trials * (1.0 - x).ln();
    let mut fewer = 0.0;
    for k in 0..a {
        fewer += log.exp();
        let k = f64::from(k);
        log += ((trials - k) / (k + 1.0)).ln() + (x / (1.0 - x)).ln();
    }
    1.0 - fewer
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn whole(n: f64) -> u32 {
    n.clamp(0.0, 1e6) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tallies of deciles: (decile, shown, accepted).
    fn tallies(seen: &[(usize, u64, u64)]) -> [Tally; DECILES] {
        let mut tallies = [Tally::default(); DECILES];
        for (decile, shown, accepted) in seen {
            tallies[*decile].add(*shown, *accepted, 1.0);
        }
        tallies
    }

    #[track_caller]
    fn check(seen: &[(usize, u64, u64)], least: u32) {
        assert_eq!(least_confidence(&tallies(seen)), least, "{seen:?}");
    }

    #[test]
    fn what_is_never_taken_is_silenced_once_that_is_certain() {
        check(&[], 0);
        check(&[(4, 25, 0)], 0);
        check(&[(4, 26, 0)], 50);
        check(&[(4, 42, 1)], 0);
        check(&[(4, 43, 1)], 50);
        check(&[(4, 1000, 100)], 0);
        check(&[(4, 1000, 80)], 50);
    }

    #[test]
    fn what_the_model_is_surer_of_is_judged_by_itself() {
        check(&[(4, 100, 0), (5, 20, 0)], 50);
        check(&[(4, 100, 0), (5, 100, 0)], 60);
        // Surer ones that are not taken say nothing about the less sure that are.
        check(&[(4, 100, 40), (5, 30, 0)], 0);
    }

    #[test]
    fn there_is_an_end_to_it() {
        check(&[(4, 5000, 0), (5, 5000, 0), (6, 5000, 0), (7, 5000, 0), (9, 5000, 0)], MOST_LEARNED);
    }

    #[test]
    fn what_was_silenced_is_tried_again_after_some_weeks() {
        let after = |days| {
            let mut tallies = tallies(&[]);
            tallies[4].add(80, 1, weight(days));
            least_confidence(&tallies)
        };
        assert_eq!([after(0), after(7), after(14), after(28)], [50, 50, 0, 0]);
    }

    #[test]
    fn the_sum_is_the_beta_distribution() {
        // P(Beta(1, b) < x) = 1 - (1 - x)^b, and Beta(2, 2) is even at a half.
        assert!((below(0.1, 1, 29) - (1.0 - 0.9_f64.powi(29))).abs() < 1e-12);
        assert!((below(0.5, 2, 2) - 0.5).abs() < 1e-12);
        assert!((below(0.25, 3, 5) - 0.243_591_308_593_75).abs() < 1e-9);
    }
}
