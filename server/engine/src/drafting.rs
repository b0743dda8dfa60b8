//! How many tokens are worth drafting: by what a batch costs on this machine and how often drafts were right of late.
//!
//! A draft of `k` tokens, each right with probability `p`, yields `1 + p + … + pᵏ` tokens for the price of a batch of `k + 1` (Leviathan et al.,
//! 2023). Where no `k` beats one token at a time nothing is drafted, but for a try now and then. Must not look at a clock or at tokens.

/// Tokens of a draft at most. Longer ones are seldom right to their end.
pub(crate) const LONGEST: usize = 8;

/// Lengths of match, in tokens, from which on a draft is of the next class. The last class is that of [`TYPED`].
const CLASSES: [usize; 4] = [0, 6, 12, TYPED];

/// The match of a draft that is no guess about the future: what healing took back is likely said again as it was.
pub(crate) const TYPED: usize = usize::MAX;

/// How much a new judgement counts.
const NEWEST: f64 = 0.06;

/// After so many drafts not made one is made to see whether it would be right by now.
const PROBE: u32 = 24;

/// How much better than one token at a time a draft has to promise to be: what it costs besides its batch.
const WORTH: f64 = 1.1;

/// Decides it for one model on one machine.
#[derive(Debug, Clone)]
pub(crate) struct Drafting {
    /// What a batch of `1 + k` tokens costs, in decode steps.
    costs: [f64; LONGEST + 1],
    /// How often a drafted token is right, by the class of its match.
    rates: [f64; CLASSES.len()],
    /// Drafts not made since the last.
    skipped: [u32; CLASSES.len()],
}

impl Drafting {
    /// No drafts at all.
    pub(crate) fn off() -> Self {
        Self { costs: [f64::INFINITY; LONGEST + 1], rates: [0.0; CLASSES.len()], skipped: [0; CLASSES.len()] }
    }

    /// For a machine on which batches of so many tokens cost so many milliseconds: pairs in order, the first for one token. What lies
    /// between is interpolated.
    pub(crate) fn new(measured: &[(usize, f64)]) -> Self {
        let Some(&(_, step)) = measured.first() else { return Self::off() };
        let at = |tokens: usize| -> f64 {
            let above = measured.iter().position(|(known, _)| *known >= tokens).unwrap_or(measured.len() - 1);
            let (to, cost) = measured[above];
            let (from, lower) = measured[above.saturating_sub(1)];
            if to <= from || tokens >= to {
                return cost / step;
            }
            let share = f64::from(number(tokens - from)) / f64::from(number(to - from));
            (lower + (cost - lower) * share) / step
        };
        let mut costs = [1.0; LONGEST + 1];
        for (drafted, cost) in costs.iter_mut().enumerate().skip(1) {
            *cost = at(drafted + 1).max(1.0);
        }
        // Before anything is judged a match of some length is taken to be right more often than not.
        Self { costs, rates: [0.55, 0.7, 0.85, 0.85], skipped: [0; CLASSES.len()] }
    }

    /// Whether drafts can ever pay here.
    pub(crate) fn is_on(&self) -> bool {
        self.costs[LONGEST.min(2)].is_finite()
    }

    /// Tokens to draft behind a match of `matched` tokens; 0: none.
    pub(crate) fn length(&mut self, matched: usize) -> usize {
        if !self.is_on() {
            return 0;
        }
        let class = class(matched);
        let gain = |drafted: usize| expected(self.rates[class], drafted) / self.costs[drafted];
        let best = (1..=LONGEST).max_by(|a, b| gain(*a).total_cmp(&gain(*b))).unwrap_or(1);
        if gain(best) >= WORTH {
            self.skipped[class] = 0;
            return best;
        }
        self.skipped[class] += 1;
        if self.skipped[class] < PROBE {
            return 0;
        }
        self.skipped[class] = 0;
        // One token more costs the least, and tells as much about the rate.
        1
    }

    /// Notes whether a token drafted behind a match of `matched` tokens was right.
    pub(crate) fn judged(&mut self, matched: usize, right: bool) {
        let rate = &mut self.rates[class(matched)];
        *rate += (f64::from(u8::from(right)) - *rate) * NEWEST;
    }

    /// Decode steps that a batch of one and `drafted` more tokens costs.
    pub(crate) fn cost(&self, drafted: usize) -> f64 {
        self.costs[drafted.min(LONGEST)]
    }
}

/// Tokens that a draft of `drafted` tokens yields, the one before it included, if each is right with probability `rate`.
fn expected(rate: f64, drafted: usize) -> f64 {
    (0..=drafted).map(|length| rate.powi(i32::try_from(length).unwrap_or(i32::MAX))).sum()
}

fn class(matched: usize) -> usize {
    CLASSES.partition_point(|from| *from <= matched) - 1
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine where a batch costs no more than a token, as with a large model whose weights have to be read anyway.
    const FREE: [(usize, f64); 3] = [(1, 10.0), (5, 10.5), (9, 11.0)];
    /// One where each token costs what a token costs.
    const DEAR: [(usize, f64); 3] = [(1, 10.0), (5, 50.0), (9, 90.0)];

    #[test]
    fn where_a_batch_is_cheap_drafts_are_long_and_where_it_is_dear_there_are_none() {
        assert_eq!(Drafting::new(&FREE).length(20), LONGEST);
        assert_eq!(Drafting::new(&DEAR).length(20), 0);
        assert_eq!(Drafting::off().length(20), 0);
        assert!((Drafting::new(&FREE).cost(2) - 1.025).abs() < 1e-9, "interpolated");
    }

    #[test]
    fn drafts_that_are_never_right_are_given_up_and_tried_again() {
        let mut drafting = Drafting::new(&[(1, 10.0), (5, 14.0), (9, 18.0)]);
        let mut made = 0;
        for _ in 0..400 {
            let length = drafting.length(4);
            made += u32::from(length > 0);
            if length > 0 {
                drafting.judged(4, false);
            }
        }
        assert!((10..40).contains(&made), "{made} of 400");
        for _ in 0..60 {
            drafting.judged(4, true);
        }
        assert!(drafting.length(4) > 1, "they are right again");
    }

    #[test]
    fn a_short_match_is_not_blamed_for_a_long_one() {
        let mut drafting = Drafting::new(&FREE);
        let before = drafting.length(20);
        for _ in 0..100 {
            drafting.judged(3, false);
        }
        assert_eq!(drafting.length(20), before);
    }
}
