//! One suggestion on screen, and what a change of the text means for it.
//!
//! Knows what it says and where, and so holds text: it must not leave this module, not in `Debug` either.

use std::{fmt, ops::Range, time::Instant};

use super::{
    change::{Change, PAIRS, keys},
    counts::Task,
};

/// A suggestion, or several for one place of which one is chosen.
#[derive(Debug)]
pub(super) struct Offer {
    /// The numbers that its commands name: one for each answer that showed it.
    pub(super) ids: Vec<u64>,
    pub(super) task: Task,
    /// Where it appeared, in bytes.
    pub(super) origin: usize,
    /// Where the cursor is, what was typed along counted in.
    pub(super) at: usize,
    choices: Vec<Choice>,
    /// How sure the model was, where that is to be learned from.
    pub(super) confidence: Option<f64>,
    pub(super) shown: Instant,
    /// Whether something of it was taken.
    pub(super) is_taken: bool,
    /// Whether the editor has said that it was taken, and the edit has yet to come.
    pub(super) is_commanded: bool,
    /// Characters of the longest text that was shown.
    pub(super) characters: usize,
}

/// What an answer says at a place.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// What it replaces: from what is typed of it to the closers that it writes itself.
    pub(super) range: Range<usize>,
    /// What that becomes.
    pub(super) text: String,
}

/// Something of a suggestion that has become text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// Where it is, in bytes of the text after.
    pub(super) range: Range<usize>,
    pub(super) characters: u32,
    /// Keys that it takes to type.
    pub(super) keys: u32,
    pub(super) how: How,
}

/// How much was taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// All that was left.
    Whole,
    /// As far as a line's end.
    Line,
    /// Less.
    Word,
}

/// What a change of the text means for a suggestion.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is typed, or what was typed of it is deleted again, and the rest stands.
    Typed,
    /// It is typed to its end.
    Through(Taken),
    /// At once.
    Taken(Taken),
    /// Something else is in its place: where, and whether a key may have done that.
    Over(Range<usize>, bool),
    /// The user is elsewhere.
    Gone,
}

/// One choice that a change agrees with.
struct Step {
    choice: Choice,
    at: usize,
    taken: Taken,
}

impl Offer {
    pub(super) fn new(id: u64, task: Task, at: usize, choices: Vec<Choice>, now: Instant) -> Self {
        let mut offer = Self {
            ids: vec![id],
            task,
            origin: at,
            at,
            choices,
            confidence: None,
            shown: now,
            is_taken: false,
            is_commanded: false,
            characters: 0,
        };
        offer.characters = offer.longest();
        offer
    }

    /// Whether `newer` is this suggestion again, as far as each of the two goes.
    pub(super) fn is_again(&self, newer: &Self) -> bool {
        let same = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
        let first = |offer: &Self| offer.choices.first().map(|choice| choice.rest(offer.at).to_owned());
        self.task == newer.task
            && self.at == newer.at
            && first(self).zip(first(newer)).is_some_and(|(a, b)| same(&a, &b))
    }

    /// It was shown again, perhaps longer; by how many characters.
    pub(super) fn renew(&mut self, newer: Self) -> usize {
        self.ids.extend(newer.ids);
        self.choices = newer.choices;
        let longest = newer.characters + self.along();
        let grown = longest.saturating_sub(self.characters);
        self.characters += grown;
        grown
    }

    /// Bytes that were typed or taken of it since it appeared: about as many characters.
    pub(super) fn along(&self) -> usize {
        self.at.saturating_sub(self.origin)
    }

    fn longest(&self) -> usize {
        self.choices.iter().map(|choice| choice.rest(self.at).chars().count()).max().unwrap_or_default()
    }

    /// All that is left of the first choice, as if it were taken and stood at `range`.
    pub(super) fn left(&self, range: Range<usize>) -> Taken {
        let rest = self.choices.first().map_or("", |choice| choice.rest(self.at));
        Taken::new(range, rest, How::Whole)
    }

    /// What `change` means for it.
    pub(super) fn follow(&mut self, change: &Change<'_>) -> Fate {
        let steps: Vec<Step> =
            self.choices.iter().filter_map(|choice| choice.step(self.origin, self.at, change)).collect();
        let by_key = change.is_key();
        let Some(first) = steps.first() else {
            let touches = |choice: &Choice| {
                change.start <= choice.range.end.max(self.at) && change.old_end >= choice.range.start
            };
            let wrote = change.start..change.new_end;
            // Deleting what stood there before is no opinion about what was to follow it.
            let is_over = !wrote.is_empty() && self.choices.iter().any(touches);
            return if is_over { Fate::Over(wrote, by_key) } else { Fate::Gone };
        };
        let (at, taken) = (first.at, first.taken.clone());
        self.at = at;
        self.choices = steps.into_iter().filter(|step| step.at == at).map(|step| step.choice).collect();
        match (by_key && !self.is_commanded, taken.how) {
            (true, How::Whole) => Fate::Through(taken),
            (true, _) => Fate::Typed,
            (false, _) => Fate::Taken(taken),
        }
    }
}

impl Choice {
    /// What is beyond the cursor.
    fn rest(&self, at: usize) -> &str {
        self.text.get(at.saturating_sub(self.range.start)..).unwrap_or(&self.text)
    }

    /// How `change` goes along with it, if it does.
    fn step(&self, origin: usize, at: usize, change: &Change<'_>) -> Option<Step> {
        let (before, after) = (change.before(), change.after());
        let typed = before.slice(self.range.start..at);
        let rest = self.text.strip_prefix(&*typed);
        if change.makes(&self.range, &self.text) {
            let end = self.range.start + self.text.len();
            let written = rest.unwrap_or(&self.text);
            let taken = Taken::new(end - written.len()..end, written, How::Whole);
            let choice = Self { range: self.range.start..end, text: self.text.clone() };
            return Some(Step { choice, at: end, taken });
        }
        let rest = rest?;
        match after.len().checked_sub(before.len()) {
            Some(grown) => self.part(rest, at, grown, change).or_else(|| self.pair(rest, at, grown, change)),
            None => self.back(origin, at, before.len() - after.len(), change),
        }
    }

    /// `grown` bytes of the `rest` were written, perhaps behind closers of it that stood there and were typed over.
    fn part(&self, rest: &str, at: usize, grown: usize, change: &Change<'_>) -> Option<Step> {
        let closers = change.before().slice(at..self.range.end);
        let over = closers.bytes().zip(rest.bytes()).take_while(|(there, said)| there == said).count();
        [0, over].into_iter().find_map(|skipped| {
            let written = rest.get(skipped..skipped + grown)?;
            let place = at + skipped;
            change.makes(&(place..place), written).then_some(())?;
            let at = place + grown;
            let range = self.range.start..self.range.end + grown;
            let left = &rest[skipped + grown..];
            let how = if left.is_empty() || *left == change.after().slice(at..range.end) {
                How::Whole
            } else if written.contains('\n') || left.starts_with(['\r', '\n']) {
                How::Line
            } else {
                How::Word
            };
            let taken = Taken::new(place..at, written, how);
            Some(Step { choice: Self { range, text: self.text.clone() }, at, taken })
        })
    }

    /// An opening character of it was typed, for which the editor wrote the closing one too.
    fn pair(&self, rest: &str, at: usize, grown: usize, change: &Change<'_>) -> Option<Step> {
        let pair = PAIRS.into_iter().find(|pair| rest.starts_with(&pair[..1]))?;
        (grown == pair.len() && change.makes(&(at..at), pair)).then(|| Step {
            choice: Self { range: self.range.start..self.range.end + grown, text: self.text.clone() },
            at: at + 1,
            taken: Taken::new(at..at + 1, &pair[..1], How::Word),
        })
    }

    /// The last `gone` bytes that were typed of it were deleted.
    fn back(&self, origin: usize, at: usize, gone: usize, change: &Change<'_>) -> Option<Step> {
        let start = at.checked_sub(gone).filter(|start| *start >= origin)?;
        change.makes(&(start..at), "").then(|| Step {
            choice: Self { range: self.range.start..self.range.end - gone, text: self.text.clone() },
            at: start,
            taken: Taken::new(start..start, "", How::Word),
        })
    }
}

impl Taken {
    fn new(range: Range<usize>, text: &str, how: How) -> Self {
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        Self { range, characters, keys: keys(text), how }
    }
}

/// Sizes only: what is suggested may end up in the user's text.
impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice").field("range", &self.range).field("bytes", &self.text.len()).finish()
    }
}
