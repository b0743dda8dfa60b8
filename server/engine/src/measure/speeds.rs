//! What one thread and all of them take, side by side. For docs/decisions/0004-threads.md.
//!
//! Must not be used to choose at run time: `crate::threads` does that, from what real evaluations take.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use super::any_token;
use crate::{
    llama::{Failure, Model},
    options::default_threads,
};

const CONTEXT: usize = 512;

/// How many tokens a second one thread evaluates, and all that Hob would use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speeds {
    /// How many all are.
    pub threads: usize,
    /// Of one and of all, one token at a time.
    pub steps: (f64, f64),
    /// Of one and of all, 64 at once.
    pub reading: (f64, f64),
}

/// Measures the model at `path`, or Ember, for `time` each in turns of an evaluation.
///
/// # Errors
/// What llama.cpp says against the model or an evaluation.
pub fn speeds(path: Option<&Path>, time: Duration) -> Result<Speeds, String> {
    let (model, _file) = super::model(path)?;
    let threads = default_threads();
    let steps = in_turns(&model, threads, 1, time).map_err(|failure| format!("{failure:?}"))?;
    let reading = in_turns(&model, threads, 64, time).map_err(|failure| format!("{failure:?}"))?;
    Ok(Speeds { threads, steps, reading })
}

/// Tokens a second of one thread and of all `threads`, which evaluate `tokens` at once, one after the other.
fn in_turns(model: &Model, threads: usize, tokens: usize, time: Duration) -> Result<(f64, f64), Failure> {
    let mut context =
        model.context(1, CONTEXT, threads, Arc::new(AtomicBool::new(false))).map_err(Failure::Broken)?;
    let sample = vec![any_token(model); tokens];
    context.evaluate(0, 0, &sample, 1)?;
    let (mut spent, mut evaluations) = ([Duration::ZERO; 2], 0.0);
    while spent[0] + spent[1] < time * 2 {
        for (spent, alone) in spent.iter_mut().zip([true, false]) {
            // Some dozen in a row, as an answer has them.
            context.compute_alone(alone);
            let began = Instant::now();
            for _ in 0..(24 / tokens).max(1) {
                let length = context.length(0);
                let length = if length + tokens > CONTEXT { context.truncate(0, 0) } else { length };
                context.evaluate(0, length, &sample, 1)?;
            }
            *spent += began.elapsed();
        }
        evaluations += f64::from(u32::try_from((24 / tokens).max(1) * tokens).unwrap_or(0));
    }
    Ok((evaluations / spent[0].as_secs_f64(), evaluations / spent[1].as_secs_f64()))
}
