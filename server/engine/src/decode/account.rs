//! What an answer costs, counted while it is being made.
//!
//! Must not decide anything: it is told, and says it back as [`Stats`].

use std::time::Instant;

use model::{Stats, Stop};

use super::{Timing, milliseconds};
use crate::mixture::{Calibration, Choice};

/// What an answer costs, while it is being made.
pub(super) struct Account {
    timing: Timing,
    pub(super) stats: Stats,
    /// Sum of the log-probabilities of tokens beyond the cursor, and their number.
    logprobs: (f64, u32),
    /// Log-probability of the first line: of all that was chosen up to its end, and of the end. `None` as long as nothing was.
    line_logprob: Option<f64>,
    /// Whether the first line has ended.
    pub(super) line_is_whole: bool,
    /// Milliseconds of the decode steps that evaluated one token, and their number.
    steps: (f64, u32),
}

impl Account {
    pub(super) fn new(timing: Timing, prompt_tokens: usize) -> Self {
        let queued_ms = timing.began.saturating_duration_since(timing.arrived).as_secs_f64() * 1e3;
        let prompt_tokens = u32::try_from(prompt_tokens).unwrap_or(u32::MAX);
        let stats = Stats { prompt_tokens, queued_ms, ..Stats::default() };
        Self { timing, stats, logprobs: (0.0, 0), line_logprob: None, line_is_whole: false, steps: (0.0, 0) }
    }

    /// Notes a choice, and whether it reached beyond the cursor.
    pub(super) fn decoded(&mut self, choice: Choice, beyond: bool) {
        self.stats.decoded_tokens += u32::from(choice.token.is_some());
        if !self.line_is_whole {
            *self.line_logprob.get_or_insert(0.0) += choice.logprob;
        }
        if beyond {
            let since = self.timing.arrived;
            self.stats.ttft_ms.get_or_insert_with(|| milliseconds(since));
            self.logprobs = (self.logprobs.0 + choice.logprob, self.logprobs.1 + 1);
        }
    }

    /// Notes a decode step that began `since` and evaluated one token.
    pub(super) fn step(&mut self, since: Instant) {
        self.steps = (self.steps.0 + milliseconds(since), self.steps.1 + 1);
    }

    /// The figures of an answer that ended with `stop`.
    pub(super) fn close(mut self, stop: Stop, calibration: Calibration) -> Stats {
        let (sum, count) = self.logprobs;
        self.stats.mean_logprob = if count == 0 { 0.0 } else { sum / f64::from(count) };
        // A line that was cut off in the middle is not what belongs there, however sure its beginning is.
        let line = self.line_logprob.filter(|_| self.line_is_whole || stop != Stop::Length);
        self.stats.confidence = line.map_or(0.0, |logprob| calibration.probability(logprob));
        let (spent, steps) = self.steps;
        self.stats.step_ms = (steps > 0).then(|| spent / f64::from(steps));
        self.stats.total_ms = milliseconds(self.timing.arrived);
        self.stats
    }
}
