//! Which tokens lie in which sequence of the KV cache, and which document each sequence belongs to.
//!
//! Must not talk to llama.cpp: [`crate::decode`] keeps the two in step, and re-reads the length after an abort.

use model::SessionKey;
use prompt::Token;

/// One sequence per document, the least recently used one evicted.
#[derive(Debug)]
pub(crate) struct Sequences {
    slots: Vec<Slot>,
    clock: u64,
}

#[derive(Debug, Default)]
struct Slot {
    session: Option<SessionKey>,
    tokens: Vec<Token>,
    used: u64,
    /// How long the newest prompt was, and the logits after it.
    ending: Option<(usize, Box<[f32]>)>,
}

impl Sequences {
    /// `count` empty sequences.
    pub(crate) fn new(count: usize) -> Self {
        Self { slots: (0..count).map(|_| Slot::default()).collect(), clock: 0 }
    }

    /// The sequence of `session`: its own, or a free one, or the one that was not asked for longest. An evicted sequence keeps its
    /// tokens: what the two documents share, context blocks for instance, is found by [`Self::common`] like anything else.
    pub(crate) fn claim(&mut self, session: SessionKey) -> usize {
        self.clock += 1;
        let own = self.slots.iter().position(|slot| slot.session == Some(session));
        let at = own.unwrap_or_else(|| {
            // A sequence without an owner was never used or was forgotten: its clock is behind every other's.
            let oldest =
                self.slots.iter().enumerate().min_by_key(|(_, slot)| (slot.session.is_some(), slot.used));
            oldest.map_or(0, |(at, _)| at)
        });
        self.slots[at].session = Some(session);
        self.slots[at].used = self.clock;
        at
    }

    /// How many tokens at the start of `prompt` the sequence already holds.
    pub(crate) fn common(&self, sequence: usize, prompt: &[Token]) -> usize {
        self.slots[sequence].tokens.iter().zip(prompt).take_while(|(held, wanted)| held == wanted).count()
    }

    /// The tokens in the sequence.
    #[cfg(test)]
    pub(crate) fn tokens(&self, sequence: usize) -> &[Token] {
        &self.slots[sequence].tokens
    }

    /// Tokens in the sequence.
    pub(crate) fn len(&self, sequence: usize) -> usize {
        self.slots[sequence].tokens.len()
    }

    /// Notes that `tokens` were appended.
    pub(crate) fn extend(&mut self, sequence: usize, tokens: &[Token]) {
        self.slots[sequence].tokens.extend_from_slice(tokens);
    }

    /// Notes that only the first `keep` tokens are left.
    pub(crate) fn truncate(&mut self, sequence: usize, keep: usize) {
        let slot = &mut self.slots[sequence];
        slot.tokens.truncate(keep);
        slot.ending.take_if(|(length, _)| *length > keep);
    }

    /// Keeps `logits` as those after the tokens that the sequence holds now, the end of a prompt. Within a word the next key's prompt
    /// is the same, for healing takes the word back: then there is nothing to evaluate at all.
    pub(crate) fn set_ending(&mut self, sequence: usize, logits: &[f32]) {
        let slot = &mut self.slots[sequence];
        slot.ending = Some((slot.tokens.len(), logits.into()));
    }

    /// The logits after the first `length` tokens, if they are those kept.
    pub(crate) fn ending(&self, sequence: usize, length: usize) -> Option<&[f32]> {
        self.slots[sequence]
            .ending
            .as_ref()
            .filter(|(known, _)| *known == length)
            .map(|(_, logits)| logits.as_ref())
    }

    /// Gives up the sequence of `session`; returns it for clearing.
    pub(crate) fn forget(&mut self, session: SessionKey) -> Option<usize> {
        let at = self.slots.iter().position(|slot| slot.session == Some(session))?;
        self.slots[at] = Slot::default();
        Some(at)
    }

    /// Gives up everything, after a failure that leaves the cache in an unknown state.
    pub(crate) fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| *slot = Slot::default());
    }

    /// Documents with a sequence.
    pub(crate) fn sessions(&self) -> usize {
        self.slots.iter().filter(|slot| slot.session.is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(range: std::ops::Range<i32>) -> Vec<Token> {
        range.map(Token).collect()
    }

    #[test]
    fn a_document_finds_its_own_sequence_again() {
        let mut sequences = Sequences::new(2);
        let (a, b) = (sequences.claim(SessionKey(1)), sequences.claim(SessionKey(2)));
        assert_ne!(a, b);
        sequences.extend(a, &tokens(0..10));
        assert_eq!(sequences.claim(SessionKey(1)), a);
        assert_eq!(sequences.common(a, &tokens(0..20)), 10);
        assert_eq!(sequences.common(a, &tokens(5..20)), 0);
        assert_eq!(sequences.sessions(), 2);
    }

    #[test]
    fn the_logits_after_a_prompt_are_kept_while_the_prompt_is() {
        let mut sequences = Sequences::new(1);
        sequences.extend(0, &tokens(0..10));
        sequences.set_ending(0, &[0.5]);
        sequences.extend(0, &tokens(10..20));
        assert_eq!(sequences.ending(0, 10), Some([0.5].as_slice()));
        assert_eq!(sequences.ending(0, 20), None);
        sequences.truncate(0, 10);
        assert!(sequences.ending(0, 10).is_some());
        sequences.truncate(0, 9);
        sequences.extend(0, &tokens(9..10));
        assert!(sequences.ending(0, 10).is_none(), "another token may stand there now");
    }

    #[test]
    fn the_document_not_asked_for_longest_is_evicted() {
        let mut sequences = Sequences::new(2);
        let (a, b) = (sequences.claim(SessionKey(1)), sequences.claim(SessionKey(2)));
        sequences.claim(SessionKey(1));
        assert_eq!(sequences.claim(SessionKey(3)), b);
        assert_eq!(sequences.claim(SessionKey(2)), a);
    }

    #[test]
    fn a_forgotten_sequence_goes_first() {
        let mut sequences = Sequences::new(2);
        let (a, _) = (sequences.claim(SessionKey(1)), sequences.claim(SessionKey(2)));
        sequences.extend(a, &tokens(0..3));
        sequences.claim(SessionKey(1));
        assert_eq!(sequences.forget(SessionKey(1)), Some(a));
        assert_eq!(sequences.len(a), 0);
        assert_eq!(sequences.claim(SessionKey(3)), a);
    }
}
