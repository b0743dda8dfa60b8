//! What the decoder finds out before anybody asks: what evaluating costs on this machine, and so how much of it to do at once.
//!
//! Must not leave anything in the KV caches.

use std::time::Instant;

use prompt::{Token, Tokens as _};

use super::{Decoder, milliseconds};
use crate::{
    drafting::{self, Drafting},
    llama::{LARGEST_BATCH, Model},
    threads::Team,
};

/// Fewest and most tokens of a glance: with fewer a model knows nothing of where it is, and more are no glance.
const GLANCE_TOKENS: (usize, usize) = (96, 1024);

/// Tokens of a batch by which reading is measured.
const PAGE: usize = 64;

/// Sizes of the batches by which drafts are judged.
const BATCHES: [usize; 5] = [1, 2, 3, 5, drafting::LONGEST + 1];

impl Decoder<'_> {
    /// Evaluates a little text, so that the weights are in memory, and learns from the time it takes with how many threads to compute, and
    /// how many tokens at once.
    pub(crate) fn warm(&mut self) {
        let sample = [Token(i32::try_from(self.model.size() / 2).unwrap_or(0)); PAGE];
        // The first round reads the weights from disk.
        self.time(Team::All, &sample);
        let teams: &[Team] = if self.threads.are_many() { &[Team::Alone, Team::All] } else { &[Team::Alone] };
        for (tokens, rounds) in [(1, 3), (PAGE, 1)] {
            let batches: Vec<_> = teams.iter().map(|team| (*team, &sample[..tokens])).collect();
            for (team, ms) in teams.iter().zip(self.quickest(rounds, &batches)) {
                self.threads.measured(tokens, *team, ms);
            }
        }
        let (stepping, reading) = (self.threads.better(1), self.threads.better(PAGE));
        let batches = BATCHES.map(|tokens| (stepping, &sample[..tokens]));
        let cost: Vec<_> = BATCHES.into_iter().zip(self.quickest(3, &batches)).collect();
        self.batch = fitting_batch(self.threads.reading_ms());
        self.copies = self.context.truncates();
        self.drafting = if self.copies { Drafting::new(&cost) } else { Drafting::off() };
        self.context.clear();
        let (batch, token_ms, step_ms) = (self.batch, self.threads.reading_ms(), cost[0].1);
        let drafted = self.drafting.cost(drafting::LONGEST);
        tracing::info!(token_ms, step_ms, drafted, batch, ?stepping, ?reading, "warm");
    }

    /// The fewest milliseconds that each of `batches` took, in turns, so that a burst of somebody else's work falls on all.
    fn quickest(&mut self, rounds: usize, batches: &[(Team, &[Token])]) -> Vec<f64> {
        let mut fewest = vec![f64::INFINITY; batches.len()];
        for _ in 0..rounds {
            for (fewest, (team, tokens)) in fewest.iter_mut().zip(batches) {
                *fewest = fewest.min(self.time(*team, tokens));
            }
        }
        fewest
    }

    /// Tokens of a prompt that can be read before anybody notices.
    pub(super) fn glance(&self) -> usize {
        fitting_glance(self.threads.reading_ms())
    }

    /// Milliseconds that `team` takes to evaluate `tokens` as a prompt.
    fn time(&mut self, team: Team, tokens: &[Token]) -> f64 {
        self.context.clear();
        self.context.compute_alone(team == Team::Alone);
        let began = Instant::now();
        if let Err(failure) = self.context.evaluate(0, 0, tokens, tokens.len().min(drafting::LONGEST + 1)) {
            tracing::warn!(?failure, "the warm-up failed");
        }
        milliseconds(began)
    }
}

/// Tokens of a prompt that can be read within a moment at `token_ms` a token.
fn fitting_glance(token_ms: f64) -> usize {
    const MOMENT_MS: f64 = 10.0;
    let (fewest, most) = GLANCE_TOKENS;
    (fewest..most).find(|tokens| token_ms * as_f64(*tokens) > MOMENT_MS).unwrap_or(most)
}

/// Tokens to evaluate at once: as many as take no longer than a cancel may, where the abort flag does not reach (a GPU), but not so few
/// that reading a prompt gets slow.
fn fitting_batch(token_ms: f64) -> usize {
    const LONGEST_MS: f64 = 12.0;
    let fewest = if Model::may_use_gpu() { 32 } else { 64 };
    let fitting = [LARGEST_BATCH, 64].into_iter().find(|batch| token_ms * as_f64(*batch) <= LONGEST_MS);
    fitting.unwrap_or(fewest)
}

fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
