//! What sums mean: rates, percentiles, and keys saved. The names of counters that are not `assist`'s are made here.
//!
//! Must not read a file.

use std::{borrow::Cow, collections::BTreeMap};

use assist::Counter;
use serde::Serialize;

/// Upper ends of the times by which answers are told apart, in milliseconds.
const BOUNDS: [u32; 28] = [
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000,
    10_000, 15_000, 20_000, 30_000, 60_000, 120_000,
];

/// Tokens of prompts.
pub(crate) const PROMPT: &str = "tokens_prompt";
/// Of these, the ones that did not have to be read for the answer: they were in a cache.
pub(crate) const KNOWN: &str = "tokens_known";
/// Tokens of answers.
pub(crate) const DECODED: &str = "tokens_decoded";
/// Nano-dollars that requests cost.
pub(crate) const SPENT: &str = "spent_nanousd";
/// Nano-dollars that they take of the budgets.
pub(crate) const HELD: &str = "held_nanousd";
/// Requests whose cost is a guess.
pub(crate) const ESTIMATED: &str = "estimated";
/// Attempts that no answer came of.
pub(crate) const UNANSWERED: &str = "unanswered";

const LATENCY: &str = "shown_within_ms.";
const SILENT: &str = "silent.";

/// The counter of answers that were shown after `ms` milliseconds.
pub(crate) fn latency(ms: f64) -> Cow<'static, str> {
    let bound = BOUNDS.iter().find(|bound| ms <= f64::from(**bound));
    bound.map_or_else(|| format!("{LATENCY}more"), |bound| format!("{LATENCY}{bound}")).into()
}

/// The counter of a silence, by its code.
pub(crate) fn silence(code: &str) -> Cow<'static, str> {
    format!("{SILENT}{code}").into()
}

/// Sums by the name of their counter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums(BTreeMap<String, u64>);

/// What a number of suggestions came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// Answers, silences among them.
    pub(crate) requests: u64,
    /// Suggestions that came to be on screen; one that is typed along is one.
    pub(crate) shown: u64,
    /// Of these, those that were gone within 0.4 s: nobody can have read them.
    pub(crate) unread: u64,
    pub(crate) accepted: Accepted,
    /// Suggestions of which something was taken, of those that could be read. `None` where none could.
    pub(crate) acceptance_rate: Option<f64>,
    /// Suggestions that were typed to their end, key by key: right, but spared none.
    pub(crate) typed_through: u64,
    pub(crate) typed_over: u64,
    pub(crate) characters_shown: u64,
    pub(crate) characters_accepted: u64,
    /// Keys that changed a text, those that took a suggestion not counted.
    pub(crate) keys: u64,
    /// See [`Sums::saved`].
    pub(crate) keystrokes_saved_per_100: Option<f64>,
    pub(crate) kept_30s: Kept,
    pub(crate) kept_5min: Kept,
    /// Empty answers, by the code of the reason.
    pub(crate) silences: BTreeMap<String, u64>,
    pub(crate) latency: Latency,
    pub(crate) tokens_prompt: u64,
    /// Of these, the ones that were known from before.
    pub(crate) tokens_known: u64,
    pub(crate) tokens_decoded: u64,
    /// Nano-dollars.
    pub(crate) spent_nanousd: u64,
    /// Nano-dollars.
    pub(crate) held_nanousd: u64,
    /// Requests of which nobody counted the tokens.
    pub(crate) estimated: u64,
    /// Attempts that no answer came of.
    pub(crate) unanswered: u64,
}

/// Suggestions of which something was taken, by what was taken first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Accepted {
    pub(crate) total: u64,
    pub(crate) whole: u64,
    pub(crate) by_line: u64,
    pub(crate) by_word: u64,
}

/// Whether what was taken was still there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names that programs read")]
pub(crate) struct Kept {
    /// At least four fifths of it.
    pub(crate) kept: u64,
    /// Of so many that were looked at.
    pub(crate) judged: u64,
    /// Of these, so many were looked at sooner, because their document was closed.
    pub(crate) early: u64,
    pub(crate) rate: Option<f64>,
}

/// From the request to its answer, of answers that showed something. Milliseconds, rounded up to the next bound that is counted by;
/// `None` where there were none, or it was more than 2 min.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50_ms_at_most: Option<u32>,
    pub(crate) p95_ms_at_most: Option<u32>,
}

impl Sums {
    /// Adds to a sum.
    pub(crate) fn add(&mut self, counter: &str, value: u64) {
        let sum = self.0.entry(counter.to_owned()).or_default();
        *sum = sum.saturating_add(value);
    }

    fn get(&self, counter: Counter) -> u64 {
        self.named(counter.name())
    }

    fn named(&self, counter: &str) -> u64 {
        self.0.get(counter).copied().unwrap_or(0)
    }

    /// Keystrokes saved per 100: of a hundred keys that the user would have had to press, so many were not pressed.
    ///
    /// - *Without* Hob: the keys that were typed (a character, Enter, Tab or a deletion is one), and one key for each character of what was
    ///   taken; a line break and the indentation behind it are one key together, as editors indent. Text that was taken and was gone
    ///   again when it was looked at for the last time (after 5 minutes, or as its document was closed) does not count.
    /// - *With* it: the keys that were typed, and one key for each time that something was taken, whether it was a word or all of it.
    ///
    /// `100 × (without − with) / without`. Negative where what was taken did not stay. Keys that delete what was taken are in both. What
    /// was pasted, or written by other programs, is in neither; nor is what it costs to read a suggestion. `None` where nothing was
    /// written.
    #[expect(clippy::cast_precision_loss, reason = "nobody presses 2^52 keys")]
    fn saved(&self) -> Option<f64> {
        let taken = self.get(Counter::KeysTaken).saturating_sub(self.get(Counter::KeysLost));
        let keys = self.get(Counter::Keys) as f64;
        let (without, with) = (keys + taken as f64, keys + self.get(Counter::Takes) as f64);
        (without > 0.0).then(|| tenths(100.0 * (without - with) / without))
    }

    /// The bound below which this share of the shown answers lies.
    fn percentile(&self, share: f64) -> Option<u32> {
        let within = |bound: &u32| self.named(&format!("{LATENCY}{bound}"));
        let all = BOUNDS.iter().map(within).sum::<u64>() + self.named(&format!("{LATENCY}more"));
        let mut so_far = 0;
        BOUNDS.into_iter().find(|bound| {
            so_far += within(bound);
            rate(so_far, all).is_some_and(|rate| rate >= share)
        })
    }

    fn kept(&self, kept: Counter, judged: Counter, early: Counter) -> Kept {
        let [kept, judged, early] = [kept, judged, early].map(|counter| self.get(counter));
        Kept { kept, judged, early, rate: rate(kept, judged).map(thousandths) }
    }

    /// How many answers took how long: the bound in milliseconds, `None` for more than the last, and how many lie between it and the one
    /// before. Only those with any.
    pub(crate) fn latencies(&self) -> Vec<(Option<u32>, u64)> {
        let bounds = BOUNDS.into_iter().map(|bound| (Some(bound), self.named(&format!("{LATENCY}{bound}"))));
        let more = (None, self.named(&format!("{LATENCY}more")));
        bounds.chain([more]).filter(|(_, count)| *count > 0).collect()
    }

    /// What they mean.
    pub(crate) fn figures(&self) -> Figures {
        let [whole, by_line, by_word] =
            [Counter::Whole, Counter::ByLine, Counter::ByWord].map(|counter| self.get(counter));
        let accepted = Accepted { total: whole + by_line + by_word, whole, by_line, by_word };
        let (shown, unread) = (self.get(Counter::Shown), self.get(Counter::Unread));
        let silences = self.0.iter().filter_map(|(counter, value)| {
            counter.strip_prefix(SILENT).map(|code| (code.to_owned(), *value))
        });
        Figures {
            requests: self.named("requests"),
            shown,
            unread,
            accepted,
            acceptance_rate: rate(accepted.total, shown.saturating_sub(unread)).map(thousandths),
            typed_through: self.get(Counter::TypedThrough),
            typed_over: self.get(Counter::TypedOver),
            characters_shown: self.get(Counter::CharactersShown),
            characters_accepted: self.get(Counter::CharactersTaken),
            keys: self.get(Counter::Keys),
            keystrokes_saved_per_100: self.saved(),
            kept_30s: self.kept(Counter::Kept30s, Counter::Judged30s, Counter::Early30s),
            kept_5min: self.kept(Counter::Kept5min, Counter::Judged5min, Counter::Early5min),
            silences: silences.collect(),
            latency: Latency { p50_ms_at_most: self.percentile(0.5), p95_ms_at_most: self.percentile(0.95) },
            tokens_prompt: self.named(PROMPT),
            tokens_known: self.named(KNOWN),
            tokens_decoded: self.named(DECODED),
            spent_nanousd: self.named(SPENT),
            held_nanousd: self.named(HELD),
            estimated: self.named(ESTIMATED),
            unanswered: self.named(UNANSWERED),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn rate(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

fn thousandths(rate: f64) -> f64 {
    (rate * 1e3).round() / 1e3
}

fn tenths(n: f64) -> f64 {
    (n * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(counts: &[(&str, u64)]) -> Sums {
        let mut sums = Sums::default();
        for (counter, value) in counts {
            sums.add(counter, *value);
        }
        sums
    }

    #[test]
    fn a_hundred_keys_of_which_some_were_not_pressed() {
        // 60 typed, 40 taken with 4 keys: 64 instead of 100.
        let taken = [("keys", 60), ("keys_taken", 40), ("takes", 4)];
        assert_eq!(sums(&taken).saved(), Some(36.0));
        // Half of it went again.
        assert_eq!(sums(&[&taken[..], &[("keys_lost", 20)]].concat()).saved(), Some(20.0));
        assert_eq!(
            sums(&[("keys", 9), ("keys_taken", 1), ("keys_lost", 1), ("takes", 1)]).saved(),
            Some(-11.1)
        );
        assert_eq!(sums(&[("keys", 9)]).saved(), Some(0.0));
        assert_eq!(sums(&[]).saved(), None);
    }

    #[test]
    fn who_could_not_read_it_did_not_refuse_it() {
        let figures = sums(&[("shown", 12), ("unread", 2), ("whole", 3), ("by_word", 1)]).figures();
        assert_eq!((figures.accepted.total, figures.acceptance_rate), (4, Some(0.4)));
        assert_eq!(sums(&[("shown", 2), ("unread", 2)]).figures().acceptance_rate, None);
    }

    #[test]
    fn percentiles_are_bounds() {
        let mut sums = Sums::default();
        for ms in [0.4, 4.0, 4.9, 5.0, 5.1, 80.0, 90.0, 1e5] {
            sums.add(&latency(ms), 1);
        }
        assert_eq!(sums.percentile(0.5), Some(5));
        assert_eq!(sums.percentile(0.8), Some(100));
        assert_eq!(sums.percentile(0.95), Some(120_000));
        assert_eq!(Sums::default().percentile(0.5), None);
    }

    #[test]
    fn silences_keep_their_codes() {
        assert_eq!(
            sums(&[(&silence("superseded"), 2), ("shown", 1)]).figures().silences,
            BTreeMap::from([("superseded".to_owned(), 2)])
        );
    }
}
