//! What three candidates cost beside one: copies of the answer's sequence, and steps of two sequences at once.
//!
//! Must not say what they are worth: `hob eval --alternatives` does.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use prompt::Token;

use super::{CONTEXT, SEQUENCES, any_token, fill};
use crate::{
    llama::{Context, Failure, Model},
    options::default_threads,
};

/// Tokens of the prompt, tokens of an answer.
const HELD: usize = 512;
const ANSWER: usize = 12;

/// One round, in milliseconds. The prompt has been read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidates {
    /// Whether one thread computed, or all that Hob would use.
    pub alone: bool,
    /// An answer of twelve tokens.
    pub one: f64,
    /// The same, and then two others as long in copies of its sequence, both in one batch a step.
    pub three: f64,
}

/// Measures one candidate and three, `rounds` times in turns, by one thread and by all, with the model at `path`, or Ember.
///
/// # Errors
/// What llama.cpp says against the model or an evaluation.
pub fn candidates(path: Option<&Path>, rounds: usize) -> Result<Vec<Candidates>, String> {
    let (model, _file) = super::model(path)?;
    measure(&model, rounds).map_err(|failure| format!("{failure:?}"))
}

fn measure(model: &Model, rounds: usize) -> Result<Vec<Candidates>, Failure> {
    let abort = Arc::new(AtomicBool::new(false));
    let mut context = model.context(SEQUENCES, CONTEXT, default_threads(), abort).map_err(Failure::Broken)?;
    let token = any_token(model);
    fill(&mut context, 0, token, HELD)?;
    let mut measured = Vec::new();
    for round in 0..rounds {
        for alone in [true, false] {
            context.compute_alone(alone);
            // Which comes first changes, so that a burst of somebody else's work falls on both.
            let (one, three) = if round % 2 == 0 {
                let one = answer(&mut context, token, 1)?;
                (one, answer(&mut context, token, 3)?)
            } else {
                let three = answer(&mut context, token, 3)?;
                (answer(&mut context, token, 1)?, three)
            };
            measured.push(Candidates { alone, one, three });
        }
    }
    context.compute_alone(false);
    Ok(measured)
}

/// Milliseconds of so many candidates, one or three.
fn answer(context: &mut Context<'_>, token: Token, candidates: usize) -> Result<f64, Failure> {
    let began = Instant::now();
    context.truncate(0, HELD);
    (0..ANSWER).try_for_each(|step| context.evaluate(0, HELD + step, &[token], 1))?;
    let forks = 1..candidates;
    for fork in forks.clone() {
        context.copy(0, fork);
        context.truncate(fork, HELD);
    }
    for step in 0..if forks.is_empty() { 0 } else { ANSWER } {
        let each: Vec<_> = forks.clone().map(|fork| (fork, HELD + step, token)).collect();
        context.evaluate_each(&each)?;
    }
    for fork in forks {
        context.truncate(fork, 0);
    }
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
