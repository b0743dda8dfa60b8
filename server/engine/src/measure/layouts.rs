//! What the KV cache's layout costs: one buffer for all documents against one for each. For docs/decisions/0003-key-path.md.
//!
//! Must not be used to choose a layout at run time: that is decided.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use prompt::Token;

use super::{CONTEXT, SEQUENCES, any_token, fill};
use crate::llama::{Context, Failure, Model};

/// Tokens of each document.
const HELD: usize = 1024;
const STEPS: usize = 64;

/// One round with one layout, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Whether all documents shared one buffer.
    pub unified: bool,
    /// A decode step, the mean of many, with no other document there.
    pub step_alone: f64,
    /// The same among six others.
    pub step_among: f64,
    /// Copying one document's sequence to another.
    pub copy: f64,
}

/// Measures both layouts, `rounds` times in turns, with the model at `path`, or Ember.
///
/// # Errors
/// What llama.cpp says against the model or an evaluation.
pub fn layouts(path: Option<&Path>, rounds: usize) -> Result<Vec<Layout>, String> {
    let (model, _file) = super::model(path)?;
    let mut measured = Vec::new();
    for _ in 0..rounds {
        for unified in [false, true] {
            let layout = measure(&model, unified);
            measured.push(layout.map_err(|failure| format!("{failure:?}"))?);
        }
    }
    Ok(measured)
}

fn measure(model: &Model, unified: bool) -> Result<Layout, Failure> {
    let abort = Arc::new(AtomicBool::new(false));
    let mut context = model.context_of((SEQUENCES, CONTEXT), 1, abort, unified).map_err(Failure::Broken)?;
    let token = any_token(model);
    fill(&mut context, 0, token, HELD)?;
    let step_alone = step_ms(&mut context, token)?;
    for other in 1..SEQUENCES - 1 {
        fill(&mut context, other, token, HELD)?;
    }
    let step_among = step_ms(&mut context, token)?;
    let began = Instant::now();
    context.copy(0, SEQUENCES - 1);
    // The copy itself is made at the next evaluation.
    context.evaluate(SEQUENCES - 1, HELD, &[token], 1)?;
    let copy = began.elapsed().as_secs_f64() * 1e3 - step_among;
    Ok(Layout { unified, step_alone, step_among, copy })
}

/// Milliseconds of a decode step of the first sequence.
fn step_ms(context: &mut Context<'_>, token: Token) -> Result<f64, Failure> {
    let began = Instant::now();
    for step in 0..STEPS {
        context.evaluate(0, HELD + step, &[token], 1)?;
    }
    let ms = began.elapsed().as_secs_f64() * 1e3 / f64::from(u32::try_from(STEPS).unwrap_or(u32::MAX));
    context.truncate(0, HELD);
    Ok(ms)
}
