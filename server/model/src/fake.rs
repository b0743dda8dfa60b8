//! A model that answers from a script: for faults, for volume, and for tests that must not depend on what weights say.
//!
//! Must not be reachable from the product: `hob` never names this module.

use std::{collections::VecDeque, ops::ControlFlow};

use crate::{Finish, ModelError, Request, Shown, Sink, Stats, Stop};

/// One scripted answer: these chunks, then this end.
#[derive(Debug, Clone)]
pub struct Script {
    /// Pushed into the sink one by one, until it breaks.
    pub chunks: Vec<String>,
    /// What follows the last chunk.
    pub end: Result<Stop, ModelError>,
}

impl Script {
    /// An answer that the model ends by itself after `chunks`.
    pub fn says(chunks: &[&str]) -> Self {
        Self { chunks: chunks.iter().map(ToString::to_string).collect(), end: Ok(Stop::EndOfText) }
    }

    /// A refusal with nothing said before it.
    pub fn fails(error: ModelError) -> Self {
        Self { chunks: Vec::new(), end: Err(error) }
    }
}

/// Answers each request with the next script and keeps the requests for the test to look at.
#[derive(Debug, Default)]
pub struct ScriptedModel {
    scripts: VecDeque<Script>,
    /// Every request, in the order asked.
    pub asked: Vec<Request>,
}

impl ScriptedModel {
    /// A model that will answer with `scripts`, in that order, and then fail.
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self { scripts: scripts.into_iter().collect(), asked: Vec::new() }
    }

    /// Answers `request` with the next script.
    pub fn answer(&mut self, request: &Request, sink: &mut dyn Sink) -> Result<Finish, ModelError> {
        self.asked.push(request.clone());
        let script =
            self.scripts.pop_front().ok_or_else(|| ModelError::Failed("the script is over".into()))?;
        let mut stats = Stats::default();
        for chunk in &script.chunks {
            stats.decoded_tokens += 1;
            if sink.chunk(chunk) == ControlFlow::Break(()) {
                return Ok(Finish { stop: Stop::Sink, stats, shown: Shown::default() });
            }
        }
        script.end.map(|stop| Finish { stop, stats, shown: Shown::default() })
    }
}
