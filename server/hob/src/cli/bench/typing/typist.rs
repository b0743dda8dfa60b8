//! Somebody who types a script: which key comes next, given what the editor shows.
//!
//! Whatever ghost text is shown, at the end the page says what the file says. Must not read a clock and must not know the protocol.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
};

use syntax::Language;

use super::{
    kind::Kind,
    page::{Edit, Page},
    pairs::{is_closing, pairs},
    script::{Script, Stretch, What, Whim},
    timing::Pause,
};
use crate::cli::random::Random;

/// Shorter ghost text is typed sooner than accepted.
const WORTH_ACCEPTING: usize = 3;
/// Out of ten suggestions that are right, so many are accepted; the others are typed through.
const ACCEPTED_OF_TEN: usize = 8;
/// A gap in what was typed, which undo does not cross, is shorter than this.
const WORTH_UNDOING: usize = 2;

/// Ghost text on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ghost {
    /// What it adds at the cursor.
    pub(super) adds: String,
    /// What stands behind the cursor and is part of it.
    pub(super) covers: String,
    /// The change that accepts it.
    pub(super) edit: Edit,
}

/// One key, or one command: one change of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) kind: Kind,
    /// Each counts in the text that those before it made.
    pub(super) edits: Vec<Edit>,
    /// Where the cursor is afterwards, in bytes of the text.
    pub(super) cursor: usize,
    /// The file is saved with it.
    pub(super) saves: bool,
    /// What the person does before the next key.
    pub(super) then: Pause,
}

/// What has to come next, whatever is on the screen.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// The wrong letter is taken back.
    Backspace,
    /// The second key of a detour.
    Detour(usize),
    /// The detour leaves nothing behind.
    Undo(usize),
}

/// One person in one file.
#[derive(Debug)]
pub(super) struct Typist {
    page: Page,
    language: Language,
    left: VecDeque<Stretch>,
    now: Stretch,
    pairs: BTreeMap<usize, usize>,
    /// The place of the cursor in the finished text; what is before it in the stretch stands.
    at: usize,
    /// From here to `at` nothing but plain keys were typed.
    plain_from: usize,
    /// What the next key in the stretch counts as, if not as what it is.
    counts_as: Option<Kind>,
    next: Option<Next>,
    saved: bool,
    random: Random,
}

impl Typist {
    /// Somebody before an open file; `None` where the script is empty.
    pub(super) fn new(script: Script, text: &str, language: Language, random: Random) -> Option<Self> {
        let page = script.page(text);
        let mut left = script.stretches;
        let now = left.pop_front()?;
        Some(Self {
            pairs: pairs(text, &now.range, language),
            at: now.range.start,
            plain_from: now.range.start,
            page,
            language,
            left,
            now,
            counts_as: Some(Kind::Open),
            next: None,
            saved: false,
            random,
        })
    }

    /// The text as it is now.
    pub(super) fn text(&self) -> String {
        self.page.text()
    }

    /// The next key; `None` when the file is finished.
    pub(super) fn next(&mut self, ghost: Option<&Ghost>) -> Option<Stroke> {
        if let Some(next) = self.next.take() {
            return Some(self.follow_up(next));
        }
        self.step_over();
        let finished = self.at == self.now.range.end;
        if self.counts_as.is_none()
            && let Some(index) = self.fitting()
        {
            let whim = self.now.whims.remove(index);
            return Some(self.give_in(whim));
        }
        if finished {
            return self.finish();
        }
        let accepted = if self.counts_as.is_none() { self.accept(ghost) } else { None };
        Some(accepted.unwrap_or_else(|| self.key()))
    }

    fn stroke(&self, kind: Kind, edits: Vec<Edit>, cursor: usize) -> Stroke {
        let far = self.next.is_none()
            && (self.counts_as.is_some() || self.at == self.now.range.end || self.is_leaving());
        let then = if far || kind == Kind::Enter { Pause::Thought } else { Pause::Key };
        Stroke { kind, edits, cursor, saves: false, then }
    }

    /// The cursor's offset in the text.
    fn cursor(&self) -> usize {
        self.page.offset(self.at)
    }

    /// A closing bracket that stands on a line of its own is reached by the arrow keys, with what stands behind it. So is one whose
    /// indentation was part of what was accepted.
    fn step_over(&mut self) {
        let standing = self.page.next_missing(self.at).min(self.now.range.end);
        if standing == self.at {
            return;
        }
        let blanks = (self.at..standing).take_while(|at| matches!(self.byte(*at), b' ' | b'\t')).count();
        if self.byte(self.at) == b'\n' {
            self.move_to(standing);
        } else if blanks > 0 {
            self.move_to(self.at + blanks);
            self.step_over();
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.page.truth().as_bytes().get(at).copied().unwrap_or_default()
    }

    /// Takes the ghost text, if it is right and long enough and the person feels like it.
    fn accept(&mut self, ghost: Option<&Ghost>) -> Option<Stroke> {
        let ghost = ghost?;
        let range = self.at..self.at + ghost.adds.len();
        let right = ghost.adds.chars().count() >= WORTH_ACCEPTING
            && range.end <= self.now.range.end
            && self.page.truth()[range.start..].starts_with(&ghost.adds)
            && self.page.standing(range.clone()) == ghost.covers;
        if !right || self.random.below(10) >= ACCEPTED_OF_TEN {
            return None;
        }
        self.page.mark_shown(&range);
        self.move_to(range.end);
        Some(self.stroke(Kind::Accept, vec![ghost.edit.clone()], self.cursor()))
    }

    /// The cursor goes on, past something that was not typed key by key.
    fn move_to(&mut self, at: usize) {
        self.at = at;
        self.plain_from = at;
    }

    /// The next character of the stretch, as an editor has it typed.
    fn key(&mut self) -> Stroke {
        let (kind, edit) = if !self.page.is_missing(self.at) && is_closing(self.byte(self.at)) {
            self.overtype()
        } else if self.byte(self.at) == b'\n' {
            self.enter()
        } else if let Some(closing) = self.pairs.get(&self.at).copied().filter(|at| self.page.is_missing(*at))
        {
            let edit = self.page.show(&[self.at..self.at + 1, closing..closing + 1]);
            self.move_to(self.at + 1);
            (Kind::AutoClose, edit)
        } else {
            let end = self.at + self.letter().len_utf8();
            let edit = self.page.show(std::slice::from_ref(&(self.at..end)));
            self.at = end;
            (Kind::Key, edit)
        };
        let kind = self.counts_as.take().unwrap_or(kind);
        self.stroke(kind, vec![edit], self.cursor())
    }

    fn letter(&self) -> char {
        self.page.truth()[self.at..].chars().next().unwrap_or_default()
    }

    fn overtype(&mut self) -> (Kind, Edit) {
        let at = self.cursor();
        let edit = Edit { range: at..at + 1, text: char::from(self.byte(self.at)).to_string() };
        self.move_to(self.at + 1);
        (Kind::Overtype, edit)
    }

    /// A line break with the indentation of an editor that indents as the file does. Between brackets the closing one goes to a line of its
    /// own, if it has one in the file.
    fn enter(&mut self) -> (Kind, Edit) {
        let truth = self.page.truth();
        let standing = self.page.next_standing(self.at).min(self.now.range.end);
        let rest = &truth[self.at + 1..standing];
        let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let line = self.at..self.at + 1 + indent;
        let between = matches!(truth.as_bytes()[..self.at].last(), Some(b'(' | b'[' | b'{'))
            && is_closing(self.byte(standing))
            && standing < self.now.range.end;
        let missing = &truth[line.end..standing];
        let own = missing.len() - missing.trim_end_matches([' ', '\t']).len();
        let own = standing - own;
        let ranges = if between && own > line.end && self.byte(own - 1) == b'\n' {
            vec![line.clone(), own - 1..standing]
        } else {
            vec![line.clone()]
        };
        let edit = self.page.show(&ranges);
        self.move_to(line.end);
        (Kind::Enter, edit)
    }

    /// Ends the stretch: tidies up and saves, then goes on to the next one.
    fn finish(&mut self) -> Option<Stroke> {
        if !self.saved {
            self.saved = true;
            let ends = std::mem::take(&mut self.now.blanks);
            let edits: Vec<Edit> = ends.into_iter().filter_map(|end| self.page.erase(end)).collect();
            if !edits.is_empty() {
                let stroke = self.stroke(Kind::FormatOnSave, edits, self.cursor());
                return Some(Stroke { saves: true, then: Pause::Thought, ..stroke });
            }
        }
        self.now = self.left.pop_front()?;
        self.pairs = pairs(self.page.truth(), &self.now.range, self.language);
        self.move_to(self.now.range.start);
        self.saved = false;
        self.counts_as = Some(Kind::Jump);
        self.next(None)
    }

    /// The first whim whose moment this is.
    fn fitting(&self) -> Option<usize> {
        self.now.whims.iter().position(|whim| whim.at <= self.at && self.fits(&whim.what)).or_else(|| {
            // What is missing elsewhere is put in before the end, wherever its moment was.
            let finished = self.at == self.now.range.end;
            let line = |whim: &Whim| matches!(whim.what, What::Line(_));
            self.now.whims.iter().position(line).filter(|_| finished)
        })
    }

    fn fits(&self, what: &What) -> bool {
        match what {
            What::Typo(_) => self.page.is_missing(self.at) && self.letter().is_ascii_alphabetic(),
            What::Undo(_) => self.at - self.plain_from >= WORTH_UNDOING && self.at < self.now.range.end,
            What::Paste => self.pasted().is_some(),
            What::Detour(place) => {
                self.at < self.now.range.end
                    && !self.now.range.contains(place)
                    && *place != self.now.range.end
                    && self.page.is_whole(&(place.saturating_sub(1)..(*place + 1)))
            }
            What::Line(_) => true,
        }
    }

    /// Whether the next thing to be done is far from here.
    fn is_leaving(&self) -> bool {
        let whim = self.fitting().map(|index| &self.now.whims[index].what);
        matches!(whim, Some(What::Detour(_) | What::Line(_)))
    }

    /// What a paste would bring: the rest of a line that has only its indentation.
    fn pasted(&self) -> Option<Range<usize>> {
        let truth = self.page.truth();
        let line = truth[..self.at].rfind('\n').map_or(0, |at| at + 1);
        let end = self.page.next_standing(self.at).min(self.now.range.end);
        let rest = &truth[self.at..end];
        let rest = rest.split('\n').next().unwrap_or_default();
        (truth[line..self.at].trim().is_empty() && rest.len() >= WORTH_ACCEPTING)
            .then(|| self.at..self.at + rest.len())
    }

    fn give_in(&mut self, whim: Whim) -> Stroke {
        match whim.what {
            What::Typo(by) => {
                let letter = self.letter();
                let base = if letter.is_ascii_uppercase() { b'A' } else { b'a' };
                let wrong = base + (u8::try_from(letter).unwrap_or(base) - base + by) % 26;
                let edit = self.page.scribble(self.at, char::from(wrong));
                self.next = Some(Next::Backspace);
                self.stroke(Kind::Key, vec![edit], self.cursor() + 1)
            }
            What::Undo(most) => {
                let from = self.at.saturating_sub(most).max(self.plain_from);
                let from = (from..=self.at).find(|at| self.page.truth().is_char_boundary(*at));
                let range = from.unwrap_or(self.at)..self.at;
                let edit = self.page.hide(range.clone());
                self.move_to(range.start);
                self.stroke(Kind::Undo, vec![edit], self.cursor())
            }
            What::Paste => {
                let range = self.pasted().unwrap_or(self.at..self.at);
                let edit = self.page.show(std::slice::from_ref(&range));
                self.move_to(range.end);
                self.stroke(Kind::Paste, vec![edit], self.cursor())
            }
            What::Detour(place) => {
                let edit = self.page.scribble(place, ' ');
                self.next = Some(Next::Detour(place));
                self.stroke(Kind::Jump, vec![edit], self.page.offset(place) + 1)
            }
            What::Line(range) => {
                let above = range.start < self.at;
                let edit = self.page.show(std::slice::from_ref(&range));
                let (kind, after) = if above {
                    (Kind::EditAbove, Kind::KeyAfterEditAbove)
                } else {
                    (Kind::EditBelow, Kind::KeyAfterEditBelow)
                };
                self.counts_as = (self.at < self.now.range.end).then_some(after);
                // The break is part of the line; the cursor stays before it.
                self.stroke(kind, vec![edit], self.page.offset(range.end - 1))
            }
        }
    }

    fn follow_up(&mut self, next: Next) -> Stroke {
        match next {
            Next::Backspace => {
                let edits = self.page.erase(self.at).into_iter().collect();
                self.stroke(Kind::Backspace, edits, self.cursor())
            }
            Next::Detour(place) => {
                let edit = self.page.scribble(place, '#');
                self.next = Some(Next::Undo(place));
                self.stroke(Kind::Key, vec![edit], self.page.offset(place) + 2)
            }
            Next::Undo(place) => {
                let edits = self.page.erase(place).into_iter().collect();
                self.counts_as = Some(Kind::JumpBack);
                self.stroke(Kind::Undo, edits, self.page.offset(place))
            }
        }
    }
}

#[cfg(test)]
mod tests;
