//! What is counted of suggestions and of typing, by names that stay. Must not hold text.

use std::fmt;

/// What somebody was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Ghost text.
    Inline,
    /// The completion popup.
    Popup,
    /// Writing, with suggestions or without.
    Typing,
}

impl Task {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Popup => "popup",
            Self::Typing => "typing",
        }
    }
}

/// One thing that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Suggestions that came to be on screen. One that is asked for again while it is typed is the same.
    Shown,
    /// Of these, those that were gone before they could be read.
    Unread,
    /// Their characters.
    CharactersShown,
    /// Suggestions of which all that was left was taken at once.
    Whole,
    /// Suggestions that were taken in parts, the first of which ended a line.
    ByLine,
    /// Suggestions that were taken in parts, the first of which was less.
    ByWord,
    /// Suggestions that were typed to their end: right, but spared no key.
    TypedThrough,
    /// Suggestions in whose place something else was typed.
    TypedOver,
    /// How often something was taken: one key each.
    Takes,
    /// The characters that were taken.
    CharactersTaken,
    /// The keys that it would have taken to type these.
    KeysTaken,
    /// Of these, those whose text was gone again when it was looked at for the last time.
    KeysLost,
    /// Keys that changed a text: characters, Enter, Tab, deletions.
    Keys,
    /// Suggestions looked at 30 s after something of them was taken.
    Judged30s,
    /// Of these, those whose text was still there.
    Kept30s,
    /// Of these, those whose document was closed before, and which were looked at then.
    Early30s,
    /// As [`Self::Judged30s`], after 5 minutes.
    Judged5min,
    /// As [`Self::Kept30s`], after 5 minutes.
    Kept5min,
    /// As [`Self::Early30s`], after 5 minutes.
    Early5min,
}

impl Counter {
    /// The stable name, `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Unread => "unread",
            Self::CharactersShown => "characters_shown",
            Self::Whole => "whole",
            Self::ByLine => "by_line",
            Self::ByWord => "by_word",
            Self::TypedThrough => "typed_through",
            Self::TypedOver => "typed_over",
            Self::Takes => "takes",
            Self::CharactersTaken => "characters_taken",
            Self::KeysTaken => "keys_taken",
            Self::KeysLost => "keys_lost",
            Self::Keys => "keys",
            Self::Judged30s => "judged_30s",
            Self::Kept30s => "kept_30s",
            Self::Early30s => "early_30s",
            Self::Judged5min => "judged_5min",
            Self::Kept5min => "kept_5min",
            Self::Early5min => "early_5min",
        }
    }
}

/// What came of one suggestion that appeared by itself and was there long enough to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How sure the model was of it: 0 for less than 10 %, 9 for 90 % and more.
    pub decile: u8,
    /// Whether it was taken or typed to its end.
    pub accepted: bool,
    /// Whether something else was typed in its place.
    pub typed_over: bool,
}

/// What one event adds.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Counters, and by how much.
    pub counts: Vec<(Task, Counter, u32)>,
    /// Suggestions that are decided.
    pub verdicts: Vec<Verdict>,
}

impl Noted {
    /// Adds to a counter.
    pub(super) fn count(&mut self, task: Task, counter: Counter, by: u32) {
        if by > 0 {
            self.counts.push((task, counter, by));
        }
    }

    /// Whether nothing is added.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.verdicts.is_empty()
    }
}

/// `shown 1, characters_shown 4; 80 %: accepted`. The tests read it.
impl fmt::Debug for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(task, counter, by)| match task {
                Task::Popup => format!("popup {} {by}", counter.name()),
                Task::Inline | Task::Typing => format!("{} {by}", counter.name()),
            })
            .collect();
        f.write_str(&counts.join(", "))?;
        for Verdict { decile, accepted, typed_over } in &self.verdicts {
            let what = match (accepted, typed_over) {
                (true, _) => "accepted",
                (false, true) => "typed over",
                (false, false) => "ignored",
            };
            write!(f, "; {decile}0 %: {what}")?;
        }
        Ok(())
    }
}
