//! From a request to a sequence that holds its prompt: how the place is shown, where it is read, and only what is not there yet.
//!
//! Must not choose a token, nor end an answer but by a cancel or a fault.

use std::time::Instant;

use model::{Kind, ModelError, Request, SessionKey, Stop};
use prompt::{Hole, Prompt, Token, View};

use super::{Decoder, End, milliseconds};
use crate::{
    kv::Claim,
    llama::{Context, Failure},
    threads::Team,
};

impl<'m> Decoder<'m> {
    /// The prompt for `request`. A place is shown as it was shown before; one that is new from the start of its line, and in a glance
    /// if it would be noticed how long the whole takes.
    pub(super) fn lay_out(&mut self, request: &Request) -> Prompt {
        if !request.asking.glance {
            self.idle.is_read(request);
        }
        let known = self.views.find(&mut self.builder, request);
        // Who has the time is shown everything as it is now.
        let good = |hole: &Hole<'_>, view| request.asking.glance || (view == View::Whole && !hole.is_dated());
        if let Some((hole, view, behind)) = known.filter(|(hole, view, _)| good(hole, *view)) {
            self.note(request, behind || view != View::Whole);
            return self.builder.build_view(&hole, view);
        }
        let hole = Hole::of(request);
        let mut view = View::Whole;
        let mut prompt = self.builder.build_view(&hole, view);
        let missing = self.missing(&prompt);
        let tokens = self.glance();
        if request.asking.glance && missing > tokens {
            let short = View::Glance(tokens);
            let glance = self.builder.build_view(&hole, short);
            if self.missing(&glance) * 4 < missing * 3 {
                (prompt, view) = (glance, short);
            }
        }
        self.views.put(&hole, view);
        self.note(request, view != View::Whole);
        prompt
    }

    /// Remembers the place that somebody is at, and whether there is a better view of it to read in the calm.
    fn note(&mut self, request: &Request, unsettled: bool) {
        if request.kind == Kind::Fim {
            self.idle.note(request, unsettled);
        }
    }

    /// Tokens of `prompt` that no sequence holds.
    fn missing(&self, prompt: &Prompt) -> usize {
        prompt.tokens.len() - self.sequences.held(&prompt.tokens)
    }

    /// The sequence in which to read `prompt`, with what is known of it copied there.
    pub(super) fn claim(&mut self, session: SessionKey, prompt: &[Token]) -> usize {
        let Claim { sequence, copy } = self.sequences.claim(session, prompt);
        if let Some(from) = copy.filter(|_| self.copies) {
            self.context.copy(from, sequence);
            self.sequences.copy(from, sequence);
        }
        sequence
    }

    /// Brings `sequence` to hold exactly `tokens` and to know the logits after them, evaluating only what it doesn't hold yet; counts
    /// that in `evaluated`.
    pub(super) fn read(&mut self, sequence: usize, tokens: &[Token], evaluated: &mut u32) -> Result<(), End> {
        let Some(last) = tokens.len().checked_sub(1) else {
            return Err(End::Failed(ModelError::Failed("the prompt is empty".into())));
        };
        let common = self.sequences.common(sequence, tokens);
        let known = common == tokens.len() && self.sequences.ending(sequence, tokens.len()).is_some();
        let wanted = if known { common } else { common.min(last) };
        let keep = if wanted < self.sequences.len(sequence) {
            self.context.truncate(sequence, wanted)
        } else {
            wanted
        };
        self.sequences.truncate(sequence, keep);
        for part in tokens[keep..].chunks(self.batch) {
            self.evaluate(sequence, part)?;
            *evaluated += u32::try_from(part.len()).unwrap_or(u32::MAX);
        }
        if keep < tokens.len()
            && let Some(logits) = self.context.logits(0)
        {
            self.sequences.set_ending(sequence, logits);
        }
        Ok(())
    }

    /// Appends `tokens` to `sequence`, unless there is a cancel.
    pub(super) fn evaluate(&mut self, sequence: usize, tokens: &[Token]) -> Result<(), End> {
        if self.interrupt.is_set() {
            return Err(End::Stopped(Stop::Cancelled));
        }
        let position = self.sequences.len(sequence);
        match self.compute(sequence, position, tokens, 1) {
            Ok(()) => {
                self.sequences.extend(sequence, tokens);
                Ok(())
            }
            Err(Failure::Aborted) => {
                // What was finished of the batch stays in the cache and is as good as any.
                let done = self.context.length(sequence).saturating_sub(position).min(tokens.len());
                self.sequences.extend(sequence, &tokens[..done]);
                Err(End::Stopped(Stop::Cancelled))
            }
            Err(Failure::Broken(text)) => Err(End::Failed(ModelError::Failed(text))),
        }
    }

    /// [`Context::evaluate`] with as many threads as have been quickest of late.
    pub(super) fn compute(
        &mut self,
        sequence: usize,
        position: usize,
        tokens: &[Token],
        rows: usize,
    ) -> Result<(), Failure> {
        self.timed(tokens.len(), |context| context.evaluate(sequence, position, tokens, rows))
    }

    /// Has `evaluate` compute so many tokens with as many threads as have been quickest of late.
    pub(super) fn timed(
        &mut self,
        tokens: usize,
        evaluate: impl FnOnce(&mut Context<'m>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let team = self.threads.choose(tokens);
        self.context.compute_alone(team == Team::Alone);
        let began = Instant::now();
        evaluate(&mut self.context)?;
        self.threads.took(tokens, team, milliseconds(began));
        Ok(())
    }
}
