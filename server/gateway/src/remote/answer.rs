//! An answer as it comes from a host: bound to what was typed, cut where a line ends, counted.
//!
//! Must not trust the host to keep to what it was told: what does not begin with what is typed is no answer, and is not shown.

use std::time::Instant;

use model::{Stats, Stop};
use prompt::{Fim, Healing, Lines, Prompt};

use super::speech::{Said, Told};

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answer {
    arrived: Instant,
    healing: Healing,
    lines: Lines,
    most: usize,
    /// Tokens beyond the cursor.
    answered: usize,
    line_is_whole: bool,
    /// Log-probability of all that was said up to the end of the first line; `None`: the host said nothing of it.
    line_logprob: Option<f64>,
    /// Sum of the log-probabilities of tokens beyond the cursor, and their number.
    logprobs: (f64, u32),
    /// What it costs so far.
    pub(super) stats: Stats,
}

impl Answer {
    /// The beginning of an answer to a request that `arrived` then.
    pub(super) fn new(prompt: &Prompt, single_line: bool, arrived: Instant) -> Self {
        let prompt_tokens = u32::try_from(prompt.tokens.len()).unwrap_or(u32::MAX);
        Self {
            arrived,
            healing: prompt.healing.clone(),
            lines: Lines::new(single_line),
            most: prompt.answer_tokens,
            answered: 0,
            line_is_whole: false,
            line_logprob: None,
            logprobs: (0.0, 0),
            stats: Stats { prompt_tokens, ..Stats::default() },
        }
    }

    /// Takes in what the host tells, and appends what is to be shown of it to `text`. Says when there is to be no more.
    pub(super) fn take(&mut self, told: Told, fim: &Fim, text: &mut String) -> Option<Stop> {
        match told {
            Told::Said(said) => self.say(&said, fim, text),
            Told::Evaluated(tokens) => {
                self.stats.evaluated_tokens = tokens;
                None
            }
            Told::Step(ms) => {
                self.stats.step_ms = Some(ms);
                None
            }
            Told::Ended(stop) => Some(stop),
        }
    }

    fn say(&mut self, said: &Said, fim: &Fim, text: &mut String) -> Option<Stop> {
        if said.token.is_some_and(|token| fim.ends(token)) {
            return Some(Stop::EndOfText);
        }
        let says_nothing = said.bytes.is_empty() && self.healing.is_done();
        if !says_nothing && !self.healing.allows(&said.bytes) {
            return Some(Stop::EndOfText);
        }
        self.stats.decoded_tokens += 1;
        let logprob = given_what_is_typed(said, &self.healing);
        let beyond = self.healing.say(&said.bytes);
        if let Some(logprob) = logprob.filter(|_| !self.line_is_whole) {
            *self.line_logprob.get_or_insert(0.0) += logprob;
        }
        if beyond.is_empty() {
            return None;
        }
        self.answered += 1;
        if self.stats.ttft_ms.is_none() {
            self.stats.ttft_ms = Some(self.arrived.elapsed().as_secs_f64() * 1e3);
        }
        if let Some(logprob) = logprob {
            self.logprobs = (self.logprobs.0 + logprob, self.logprobs.1 + 1);
        }
        let stop = self.lines.push(beyond, text);
        self.line_is_whole |= self.lines.has_line();
        stop.or((self.answered >= self.most).then_some(Stop::Length))
    }

    /// The figures of an answer that ended with `stop`.
    pub(super) fn close(mut self, stop: Stop) -> Stats {
        let (sum, count) = self.logprobs;
        self.stats.mean_logprob = if count == 0 { 0.0 } else { sum / f64::from(count) };
        // A line that was cut off in the middle is not what belongs there, however sure its beginning is.
        let line = self.line_logprob.filter(|_| self.line_is_whole || stop == Stop::EndOfText);
        self.stats.confidence = line.map_or(0.0, f64::exp);
        self.stats.total_ms = self.arrived.elapsed().as_secs_f64() * 1e3;
        self.stats
    }
}

/// The logarithm of how probable a token was, given that it had to go on with what is typed: its share of those of the likeliest that do.
fn given_what_is_typed(said: &Said, healing: &Healing) -> Option<f64> {
    let logprob = said.logprob?;
    if healing.is_done() {
        return Some(logprob);
    }
    let mut known = false;
    let mut all: f64 = 0.0;
    for (bytes, logprob) in said.likeliest.iter().filter(|(bytes, _)| healing.allows(bytes)) {
        known |= *bytes == said.bytes;
        all += logprob.exp();
    }
    let own = logprob.exp();
    let all = if known { all } else { all + own };
    Some(if all > 0.0 { (own / all).min(1.0).ln() } else { logprob })
}
