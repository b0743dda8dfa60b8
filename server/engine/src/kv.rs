//! The KV cache as an index of what was read: which tokens lie in which sequence, and which one a prompt is best continued in.
//!
//! A sequence is found by its tokens. A document that is typed in goes on in its own; a jump in it begins in another, with a copy of what
//! the two places share, so that the way back is short. Must not talk to llama.cpp: [`crate::decode`] keeps the two in step, and
//! re-reads the length after an abort.

use std::ops::Range;

use model::SessionKey;
use prompt::Token;

/// Tokens at the end of a sequence that may be given up for a prompt that continues it: about what an answer and the one decoded ahead
/// of it leave behind.
const EXPENDABLE: usize = 160;

/// Shared tokens that are worth a copy. A copy moves a sequence's whole buffer, some milliseconds for tens of megabytes; evaluating as
/// many tokens takes longer on every machine that needs an index.
const WORTH_A_COPY: usize = 64;

/// Prompt ends whose logits are kept with a sequence: the newest prompt's, and of the one before, which was perhaps only looked ahead to.
const ENDINGS: usize = 2;

/// Sequences of tokens, the least recently used one given up first.
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
    /// How long a prompt was, and the logits after it; the newest last.
    endings: Vec<(usize, Box<[f32]>)>,
}

impl Slot {
    fn common(&self, prompt: &[Token]) -> usize {
        self.tokens.iter().zip(prompt).take_while(|(held, wanted)| held == wanted).count()
    }

    /// Whether a prompt that shares `common` tokens goes on with what was read here, rather than being another place: of the last prompt
    /// it gives up less than it keeps, and of all that follows not much.
    fn is_continued_by(&self, common: usize) -> bool {
        let read = self.endings.last().map_or(0, |(length, _)| *length);
        read.saturating_sub(common) <= common && self.tokens.len() - common <= EXPENDABLE
    }
}

/// Where to read a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The sequence.
    pub(crate) sequence: usize,
    /// Another sequence to copy into it first.
    pub(crate) copy: Option<usize>,
}

impl Sequences {
    /// `count` empty sequences, at least two.
    pub(crate) fn new(count: usize) -> Self {
        Self { slots: (0..count).map(|_| Slot::default()).collect(), clock: 0 }
    }

    /// The sequence in which to read `prompt` for `session`: the one that holds most of it, if nothing worth keeping follows there and
    /// it is nobody else's; otherwise another with a copy of what is shared. What is noted here is only who owns it from now on.
    ///
    /// One document never takes more than half of the sequences.
    pub(crate) fn claim(&mut self, session: SessionKey, prompt: &[Token]) -> Claim {
        let held = |slot: &Slot| slot.common(prompt);
        let best = self.slots.iter().enumerate().max_by_key(|(_, slot)| (held(slot), slot.used));
        let (best, common) = best.map_or((0, 0), |(at, slot)| (at, held(slot)));
        let slot = &self.slots[best];
        let free = slot.session.is_none_or(|owner| owner == session);
        let continues = common > 0 && free && slot.is_continued_by(common);
        let claim = if continues {
            Claim { sequence: best, copy: None }
        } else {
            let copy = (common >= WORTH_A_COPY).then_some(best);
            Claim { sequence: self.oldest(session, copy), copy }
        };
        self.clock += 1;
        let slot = &mut self.slots[claim.sequence];
        slot.session = Some(session);
        slot.used = self.clock;
        claim
    }

    /// The sequence to give up for `session`, but not `spared`.
    fn oldest(&self, session: SessionKey, spared: Option<usize>) -> usize {
        let own = self.slots.iter().filter(|slot| slot.session == Some(session)).count();
        let own_only = own >= (self.slots.len() / 2).max(1) && self.slots.len() > 1;
        let candidates = self.slots.iter().enumerate().filter(|(at, _)| Some(*at) != spared);
        // A sequence without an owner was never used or was forgotten: it goes first.
        let oldest = candidates.clone().min_by_key(|(_, slot)| (slot.session.is_some(), slot.used));
        let oldest_own =
            candidates.filter(|(_, slot)| slot.session == Some(session)).min_by_key(|(_, slot)| slot.used);
        let chosen = if own_only { oldest_own.or(oldest) } else { oldest };
        chosen.map_or(0, |(at, _)| at)
    }

    /// Up to `most` neighbouring sequences, without `spared` and at most half of all, in which to decode something that is thrown away
    /// afterwards: those that would be given up first. They hold what they held and belong to nobody from now on.
    pub(crate) fn forks(&mut self, spared: usize, most: usize) -> Range<usize> {
        let count = most.min(self.slots.len() / 2);
        let free = |forks: &Range<usize>| !forks.contains(&spared);
        let worth = |forks: &Range<usize>| {
            let held = &self.slots[forks.clone()];
            let owned = held.iter().filter(|slot| slot.session.is_some()).count();
            (owned, held.iter().map(|slot| slot.used).max())
        };
        let all = (0..=self.slots.len() - count).map(|from| from..from + count);
        let forks = all.filter(free).min_by_key(worth).unwrap_or(0..0);
        for slot in &mut self.slots[forks.clone()] {
            (slot.session, slot.used) = (None, 0);
        }
        forks
    }

    /// Notes that nothing is in these sequences any more.
    pub(crate) fn free(&mut self, sequences: Range<usize>) {
        self.slots[sequences].iter_mut().for_each(|slot| *slot = Slot::default());
    }

    /// How many tokens at the start of `prompt` some sequence holds.
    pub(crate) fn held(&self, prompt: &[Token]) -> usize {
        self.slots.iter().map(|slot| slot.common(prompt)).max().unwrap_or(0)
    }

    /// How many tokens at the start of `prompt` the sequence already holds.
    pub(crate) fn common(&self, sequence: usize, prompt: &[Token]) -> usize {
        self.slots[sequence].common(prompt)
    }

    /// The tokens in the sequence.
    #[cfg(test)]
    pub(crate) fn tokens(&self, sequence: usize) -> &[Token] {
        &self.slots[sequence].tokens
    }

    /// The sequence that was claimed last.
    #[cfg(test)]
    pub(crate) fn newest(&self) -> usize {
        (0..self.slots.len()).max_by_key(|at| self.slots[*at].used).unwrap()
    }

    /// Tokens in the sequence.
    pub(crate) fn len(&self, sequence: usize) -> usize {
        self.slots[sequence].tokens.len()
    }

    /// Notes that `from` was copied into `to`.
    pub(crate) fn copy(&mut self, from: usize, to: usize) {
        let (tokens, endings) = (self.slots[from].tokens.clone(), self.slots[from].endings.clone());
        let slot = &mut self.slots[to];
        (slot.tokens, slot.endings) = (tokens, endings);
    }

    /// Notes that `tokens` were appended.
    pub(crate) fn extend(&mut self, sequence: usize, tokens: &[Token]) {
        self.slots[sequence].tokens.extend_from_slice(tokens);
    }

    /// Notes that only the first `keep` tokens are left.
    pub(crate) fn truncate(&mut self, sequence: usize, keep: usize) {
        let slot = &mut self.slots[sequence];
        slot.tokens.truncate(keep);
        slot.endings.retain(|(length, _)| *length <= keep);
    }

    /// Keeps `logits` as those after the tokens that the sequence holds now, the end of a prompt. Within a word the next key's prompt
    /// is the same, for healing takes the word back: then there is nothing to evaluate at all.
    pub(crate) fn set_ending(&mut self, sequence: usize, logits: &[f32]) {
        let slot = &mut self.slots[sequence];
        let length = slot.tokens.len();
        slot.endings.retain(|(known, _)| *known != length);
        if slot.endings.len() >= ENDINGS {
            slot.endings.remove(0);
        }
        slot.endings.push((length, logits.into()));
    }

    /// The logits after the first `length` tokens, if they are among those kept.
    pub(crate) fn ending(&self, sequence: usize, length: usize) -> Option<&[f32]> {
        let found = self.slots[sequence].endings.iter().find(|(known, _)| *known == length);
        found.map(|(_, logits)| logits.as_ref())
    }

    /// Gives up the sequences of `session`; returns them for clearing.
    pub(crate) fn forget(&mut self, session: SessionKey) -> Vec<usize> {
        let own: Vec<usize> =
            (0..self.slots.len()).filter(|at| self.slots[*at].session == Some(session)).collect();
        for at in &own {
            self.slots[*at] = Slot::default();
        }
        own
    }

    /// Gives up everything, after a failure that leaves the cache in an unknown state.
    pub(crate) fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| *slot = Slot::default());
    }

    /// Documents with a sequence.
    pub(crate) fn sessions(&self) -> usize {
        let owners: std::collections::BTreeSet<_> =
            self.slots.iter().filter_map(|slot| slot.session).collect();
        owners.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SessionKey = SessionKey(1);
    const TWO: SessionKey = SessionKey(2);
    const THREE: SessionKey = SessionKey(3);

    fn tokens(range: std::ops::Range<i32>) -> Vec<Token> {
        range.map(Token).collect()
    }

    /// Claims a sequence for `prompt` and reads the prompt there, as the decoder does; says which, what was copied, and how many
    /// tokens had to be read.
    fn read(
        sequences: &mut Sequences,
        session: SessionKey,
        prompt: &[Token],
    ) -> (usize, Option<usize>, usize) {
        let Claim { sequence, copy } = sequences.claim(session, prompt);
        if let Some(from) = copy {
            sequences.copy(from, sequence);
        }
        let common = sequences.common(sequence, prompt);
        sequences.truncate(sequence, common);
        sequences.extend(sequence, &prompt[common..]);
        sequences.set_ending(sequence, &[]);
        (sequence, copy, prompt.len() - common)
    }

    #[test]
    fn typing_goes_on_in_the_documents_own_sequence() {
        let mut sequences = Sequences::new(4);
        let (own, _, all) = read(&mut sequences, ONE, &tokens(0..500));
        assert_eq!(all, 500);
        assert_eq!(read(&mut sequences, ONE, &tokens(0..510)), (own, None, 10));
        assert_eq!(read(&mut sequences, ONE, &tokens(0..450)), (own, None, 0), "a few words taken back");
        assert_eq!(sequences.sessions(), 1);
    }

    #[test]
    fn a_jump_leaves_the_place_it_came_from_warm() {
        let mut sequences = Sequences::new(4);
        let here = tokens(0..900);
        let there: Vec<_> = tokens(0..400).into_iter().chain(tokens(5000..5300)).collect();
        let (first, _, _) = read(&mut sequences, ONE, &here);
        let (second, copied, missing) = read(&mut sequences, ONE, &there);
        assert_eq!((copied, missing), (Some(first), 300));
        assert_ne!(first, second);
        assert_eq!(read(&mut sequences, ONE, &here), (first, None, 0), "a jump and back");
    }

    #[test]
    fn a_place_that_was_only_glanced_at_is_a_place() {
        let mut sequences = Sequences::new(4);
        let glance = |at: i32| -> Vec<_> { tokens(0..2).into_iter().chain(tokens(at..at + 60)).collect() };
        let (here, _, _) = read(&mut sequences, ONE, &glance(1000));
        sequences.extend(here, &tokens(7000..7030));
        assert_ne!(read(&mut sequences, ONE, &glance(2000)).0, here);
        assert_eq!(read(&mut sequences, ONE, &glance(1000)), (here, None, 0));
    }

    #[test]
    fn two_windows_on_one_file_share_what_was_read_and_not_the_sequence() {
        let mut sequences = Sequences::new(4);
        let (one, _, _) = read(&mut sequences, ONE, &tokens(0..500));
        let (two, copied, missing) = read(&mut sequences, TWO, &tokens(0..500));
        assert_eq!((copied, missing), (Some(one), 0));
        assert_ne!(one, two);
    }

    #[test]
    fn one_document_takes_half_of_the_sequences_and_no_more() {
        let mut sequences = Sequences::new(4);
        let (other, _, _) = read(&mut sequences, TWO, &tokens(0..300));
        for place in 1..8 {
            read(&mut sequences, ONE, &tokens(place * 1000..place * 1000 + 300));
        }
        assert_eq!(read(&mut sequences, TWO, &tokens(0..300)), (other, None, 0));
    }

    #[test]
    fn the_document_not_asked_for_longest_is_evicted() {
        let mut sequences = Sequences::new(2);
        let (one, _, _) = read(&mut sequences, ONE, &tokens(0..300));
        let (two, _, _) = read(&mut sequences, TWO, &tokens(1000..1300));
        assert_eq!(read(&mut sequences, ONE, &tokens(0..301)).0, one);
        assert_eq!(read(&mut sequences, THREE, &tokens(2000..2300)).0, two);
    }

    #[test]
    fn a_forgotten_sequence_goes_first() {
        let mut sequences = Sequences::new(2);
        let (one, _, _) = read(&mut sequences, ONE, &tokens(0..300));
        read(&mut sequences, TWO, &tokens(1000..1300));
        read(&mut sequences, ONE, &tokens(0..301));
        assert_eq!(sequences.forget(ONE), [one]);
        assert_eq!(sequences.len(one), 0);
        assert_eq!(read(&mut sequences, THREE, &tokens(2000..2300)).0, one);
    }

    #[test]
    fn forks_are_neighbours_and_take_what_would_be_given_up_first() {
        let mut sequences = Sequences::new(4);
        let (own, _, _) = read(&mut sequences, ONE, &tokens(0..300));
        assert_eq!((own, sequences.forks(own, 2)), (0, 1..3), "nobody's");
        let (other, _, _) = read(&mut sequences, TWO, &tokens(1000..1300));
        assert_eq!((other, sequences.forks(own, 2)), (1, 2..4));
        read(&mut sequences, THREE, &tokens(2000..2300));
        let (newest, _, _) = read(&mut sequences, SessionKey(4), &tokens(3000..3300));
        assert_eq!((newest, sequences.forks(newest, 2)), (3, 0..2), "the least recently used");
        assert_eq!(sequences.sessions(), 2);
        sequences.free(0..2);
        assert_eq!((sequences.len(0), sequences.forks(newest, 9)), (0, 0..2), "half of all and no more");
        assert_eq!(Sequences::new(2).forks(0, 2), 1..2);
        assert_eq!(Sequences::new(1).forks(0, 2), 0..0);
    }

    #[test]
    fn the_logits_after_a_prompt_are_kept_while_the_prompt_is() {
        let mut sequences = Sequences::new(1);
        sequences.extend(0, &tokens(0..10));
        sequences.set_ending(0, &[0.5]);
        sequences.extend(0, &tokens(10..20));
        sequences.set_ending(0, &[0.25]);
        assert_eq!(
            sequences.ending(0, 10),
            Some([0.5].as_slice()),
            "what was looked ahead to takes nothing away"
        );
        assert_eq!(sequences.ending(0, 20), Some([0.25].as_slice()));
        assert_eq!(sequences.ending(0, 15), None);
        sequences.truncate(0, 10);
        assert!(sequences.ending(0, 10).is_some());
        sequences.truncate(0, 9);
        sequences.extend(0, &tokens(9..10));
        assert!(sequences.ending(0, 10).is_none(), "another token may stand there now");
    }
}
