//! What becomes of suggestions: shown, taken, typed through, typed over; and whether what was taken stays.
//!
//! LSP reports a suggestion's acceptance by the command that its item carries, and nothing else: neither that one was shown, nor that a part
//! was taken, nor a rejection. So each document's [`Observer`] watches what its edits do at the place of the suggestion. What it says is
//! counts; the texts that it compares with stay here, and go with the suggestion. Must not look at a clock: it is told what time it is.

mod change;
mod counts;
mod kept;
mod offer;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    ops::Range,
    time::{Duration, Instant},
};

use text::Snapshot;

use crate::Suggestion;
pub use change::{Change, PAIRS};
pub use counts::{Counter, Noted, Task, Verdict};
use kept::Kept;
use offer::{Choice, Fate, How, Offer, Taken};

/// A suggestion on screen for less has not been read.
pub const GLANCE: Duration = Duration::from_millis(400);

/// For so long it is remembered that a suggestion was typed over.
const REMEMBERED: Duration = Duration::from_secs(30);

/// So many places of a document are remembered for that.
const PLACES: usize = 16;

/// So much taken text of one document is followed at a time; what is older is looked at early.
const FOLLOWED: usize = 128;

/// Edits of one notification that lie further apart than this many bytes are no typing.
const CLOSE: usize = 256;

/// An answer, as it appears on screen.
#[derive(Debug)]
pub struct Shown<'a> {
    /// What its command names it by.
    pub id: u64,
    /// Where it is shown.
    pub task: Task,
    /// The text that it was made for.
    pub snapshot: &'a Snapshot,
    /// The cursor, in bytes of that.
    pub at: usize,
    /// What there is to choose from, the first one first.
    pub suggestions: &'a [Suggestion],
    /// How sure the model is of it, 0 to 1, if the user did not ask for it; else there is nothing to learn.
    pub confidence: Option<f64>,
}

/// Follows the suggestions of one document.
#[derive(Debug)]
pub struct Observer {
    /// Of the text that it has seen last.
    version: i32,
    /// On screen: one of each task.
    offers: Vec<Offer>,
    /// Of which a command may still say that they were taken, before anything else happens.
    doubtful: Vec<(Offer, Doubt)>,
    kept: Vec<Kept>,
    typed_over: VecDeque<Place>,
}

/// How a suggestion ended that was perhaps taken.
#[derive(Debug)]
enum Doubt {
    /// The last of it was one character.
    Through(Taken),
    /// Something else was written in its place at once: another choice, or the same as the editor formats it.
    Over(Range<usize>),
}

/// How a suggestion ended of which nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Through,
    Over,
    Gone,
}

/// A place where a suggestion was typed over.
#[derive(Debug)]
struct Place {
    at: usize,
    since: Instant,
}

impl Observer {
    /// For a document that was opened with this version.
    pub fn new(version: i32) -> Self {
        let (offers, doubtful, kept) = (Vec::new(), Vec::new(), Vec::new());
        Self { version, offers, doubtful, kept, typed_over: VecDeque::new() }
    }

    /// Somebody asks at `at`: what is on screen elsewhere has gone.
    pub fn asked(&mut self, task: Task, at: usize, now: Instant) -> Noted {
        let mut noted = Noted::default();
        for offer in
            self.offers.extract_if(.., |offer| offer.task == task && offer.at != at).collect::<Vec<_>>()
        {
            self.end(&offer, End::Gone, now, &mut noted);
        }
        noted
    }

    /// An answer appears. One that was made for an older text does not.
    pub fn shows(&mut self, shown: &Shown<'_>, now: Instant) -> Noted {
        let mut noted = Noted::default();
        self.settle(now, &mut noted);
        let Shown { id, task, snapshot, at, suggestions, confidence } = *shown;
        if snapshot.version() != self.version || suggestions.is_empty() {
            return noted;
        }
        let choice = |one: &Suggestion| Choice { range: one.range.clone(), text: one.text.clone() };
        let mut newer = Offer::new(id, task, at, suggestions.iter().map(choice).collect(), now);
        newer.confidence = confidence;
        let known = self.offers.iter().position(|offer| offer.task == task);
        match known.map(|known| self.offers.swap_remove(known)) {
            Some(mut again) if again.is_again(&newer) => {
                let grown = again.renew(newer);
                noted.count(task, Counter::CharactersShown, count(grown));
                self.offers.push(again);
            }
            older => {
                if let Some(older) = older {
                    self.end(&older, End::Gone, now, &mut noted);
                }
                noted.count(task, Counter::Shown, 1);
                noted.count(task, Counter::CharactersShown, count(newer.characters));
                self.offers.push(newer);
            }
        }
        noted
    }

    /// The text has changed, step by step, and has the last step's version now.
    pub fn changed(&mut self, changes: &[Change<'_>], now: Instant) -> Noted {
        let mut noted = Noted::default();
        let together = changes.windows(2).all(|pair| pair[0].start.abs_diff(pair[1].start) <= CLOSE);
        for change in changes {
            self.version = change.after().version();
            if change.is_nothing() {
                continue;
            }
            // What a command has announced is no typing, however short.
            let is_announced = self.offers.iter().any(|offer| offer.is_commanded);
            if together && change.is_key() && !is_announced {
                noted.count(Task::Typing, Counter::Keys, 1);
            }
            self.settle(now, &mut noted);
            for kept in &mut self.kept {
                kept.follow(change.start, change.old_end, change.new_end);
            }
            self.move_places(change);
            self.follow(change, now, &mut noted);
        }
        noted
    }

    /// The editor says that the suggestion with this number was taken. The edit may have come before, or comes next.
    pub fn accepted(&mut self, id: u64, now: Instant) -> Noted {
        let mut noted = Noted::default();
        if let Some(known) = self.doubtful.iter().position(|(offer, _)| offer.ids.contains(&id)) {
            let (offer, doubt) = self.doubtful.swap_remove(known);
            let taken = match doubt {
                Doubt::Through(taken) => taken,
                Doubt::Over(range) => offer.left(range),
            };
            self.take(&offer, taken, now, &mut noted);
        } else if let Some(offer) = self.offers.iter_mut().find(|offer| offer.ids.contains(&id)) {
            offer.is_commanded = true;
        }
        noted
    }

    /// Looks at what has come of age.
    pub fn judge(&mut self, now: Instant) -> Noted {
        let mut noted = Noted::default();
        self.settle(now, &mut noted);
        self.kept.retain_mut(|kept| !kept.judge(now, false, &mut noted));
        noted
    }

    /// When [`Self::judge`] has something to look at; `None` as long as nothing is followed.
    pub fn due(&self) -> Option<Instant> {
        self.kept.iter().filter_map(Kept::due).min()
    }

    /// The document is closed, or the process ends: what is on screen has gone, and what was taken is looked at now.
    pub fn close(&mut self, now: Instant) -> Noted {
        let mut noted = Noted::default();
        self.settle(now, &mut noted);
        for offer in std::mem::take(&mut self.offers) {
            self.end(&offer, End::Gone, now, &mut noted);
        }
        for mut kept in std::mem::take(&mut self.kept) {
            kept.judge(now, true, &mut noted);
        }
        noted
    }

    /// Whether a suggestion that appeared at byte `at` of the text as it is now was read and typed over a moment ago, so that another
    /// there is unwelcome.
    pub fn is_typed_over(&self, at: usize, now: Instant) -> bool {
        let recent = |place: &Place| now.saturating_duration_since(place.since) < REMEMBERED;
        self.typed_over.iter().any(|place| place.at == at && recent(place))
    }

    /// What `change` means for what is on screen.
    fn follow(&mut self, change: &Change<'_>, now: Instant, noted: &mut Noted) {
        let mut offers = std::mem::take(&mut self.offers);
        // Two may show the same text. The one that a command has named was taken.
        offers.sort_by_key(|offer| !offer.is_commanded);
        let mut is_taken = false;
        for mut offer in offers {
            match offer.follow(change) {
                Fate::Typed => self.offers.push(offer),
                Fate::Through(taken) => self.doubtful.push((offer, Doubt::Through(taken))),
                Fate::Taken(_) if is_taken => {}
                Fate::Taken(taken) => {
                    is_taken = true;
                    let whole = taken.how == How::Whole;
                    self.take(&offer, taken, now, noted);
                    if !whole {
                        offer.is_taken = true;
                        self.offers.push(offer);
                    }
                }
                Fate::Over(range, _) if offer.is_commanded => {
                    let taken = offer.left(range);
                    self.take(&offer, taken, now, noted);
                }
                Fate::Over(_, true) => self.end(&offer, End::Over, now, noted),
                Fate::Over(range, false) => self.doubtful.push((offer, Doubt::Over(range))),
                Fate::Gone => self.end(&offer, End::Gone, now, noted),
            }
        }
    }

    /// Something of `offer` was taken.
    fn take(&mut self, offer: &Offer, taken: Taken, now: Instant, noted: &mut Noted) {
        let Taken { range, characters, keys, how } = taken;
        let task = offer.task;
        if !offer.is_taken {
            let counter = match how {
                How::Whole => Counter::Whole,
                How::Line => Counter::ByLine,
                How::Word => Counter::ByWord,
            };
            noted.count(task, counter, 1);
            noted.verdicts.extend(verdict(offer, true, false));
            self.typed_over.retain(|place| place.at != offer.origin);
        }
        noted.count(task, Counter::Takes, 1);
        noted.count(task, Counter::CharactersTaken, characters);
        noted.count(task, Counter::KeysTaken, keys);
        let of = offer.ids.first().copied().unwrap_or_default();
        match self.kept.iter_mut().find(|kept| kept.of == of) {
            // Where the editor only says that it was taken, nobody knows where it is.
            _ if range.is_empty() => {}
            Some(kept) => kept.add(range, keys, now),
            None => self.kept.push(Kept::new(task, of, range, keys, now)),
        }
        if self.kept.len() > FOLLOWED {
            self.kept.remove(0).judge(now, true, noted);
        }
    }

    /// Nothing was said in time of those that were perhaps taken.
    fn settle(&mut self, now: Instant, noted: &mut Noted) {
        for (offer, doubt) in std::mem::take(&mut self.doubtful) {
            let end = if matches!(doubt, Doubt::Through(_)) { End::Through } else { End::Over };
            self.end(&offer, end, now, noted);
        }
    }

    /// `offer` is no longer on screen.
    fn end(&mut self, offer: &Offer, end: End, now: Instant, noted: &mut Noted) {
        let task = offer.task;
        let is_read = offer.along() > 0 || now.saturating_duration_since(offer.shown) >= GLANCE;
        if offer.is_taken {
            return;
        }
        if offer.is_commanded {
            let taken = offer.left(offer.at..offer.at);
            return self.take(offer, taken, now, noted);
        }
        match end {
            End::Through => {
                noted.count(task, Counter::TypedThrough, 1);
                noted.verdicts.extend(verdict(offer, true, false));
            }
            _ if !is_read => noted.count(task, Counter::Unread, 1),
            End::Over => {
                noted.count(task, Counter::TypedOver, 1);
                noted.verdicts.extend(verdict(offer, false, true));
                self.typed_over.truncate(PLACES - 1);
                self.typed_over.push_front(Place { at: offer.origin, since: now });
            }
            End::Gone => noted.verdicts.extend(verdict(offer, false, false)),
        }
    }

    /// Moves the places that were typed over along with the text, and forgets those that are no more.
    fn move_places(&mut self, change: &Change<'_>) {
        self.typed_over.retain_mut(|place| {
            if change.start >= place.at {
                return true;
            }
            let is_there = change.old_end <= place.at;
            if is_there {
                place.at = place.at - change.old_end + change.new_end;
            }
            is_there
        });
    }
}

/// What is learned of `offer`, if anything.
fn verdict(offer: &Offer, accepted: bool, typed_over: bool) -> Option<Verdict> {
    let confidence = offer.confidence.filter(|_| offer.task == Task::Inline)?;
    Some(Verdict { decile: decile(confidence), accepted, typed_over })
}

/// 0 for less than a tenth, 9 for nine tenths and more.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 9")]
fn decile(confidence: f64) -> u8 {
    (confidence * 10.0).clamp(0.0, 9.0) as u8
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
