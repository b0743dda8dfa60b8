//! Why nothing was suggested: each empty answer carries one of these, and `hob why` prints them.
//!
//! Must not carry text of a document.

use std::fmt;

/// The reason for an empty answer. [`Silence::code`] is stable: logs, `--json` and `hob why --stats` count by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// `completion.enabled` is off.
    Disabled,
    /// The document's language is listed in `completion.languages_off`.
    LanguageOff,
    /// The user excluded the file, or its name is that of a secret; the text says which, in words that fit behind "is".
    Excluded(String),
    /// The server has no such document.
    NotOpen,
    /// An edit did not fit, and no full text has come since.
    OutOfSync,
    /// The position is not in the document.
    OutsideText,
    /// The cursor's line is longer than a person's line.
    LineTooLong,
    /// The cursor is inside a word: text there would split it.
    InsideWord,
    /// The cursor is at the end of a string, where `completion.strings` wants nothing.
    InsideString,
    /// A suggestion at this very place was typed over a moment ago.
    TypedOver,
    /// The model is still being loaded.
    ModelLoading,
    /// The model can't be used; the text says which and what mends it.
    ModelUnusable(String),
    /// The engine went away while it held the request; it is being restarted.
    EngineGone(String),
    /// The model could not answer this request.
    ModelFailed(String),
    /// The client took the request back.
    Cancelled,
    /// A newer request for the same document took its place.
    Superseded,
    /// No complete line by the deadline.
    Deadline,
    /// The model says that nothing is missing here.
    NothingMissing,
    /// The model only repeated itself.
    Repetition,
    /// The model only repeated what already follows the cursor.
    RepeatsSuffix,
    /// The model is less sure of what it said than `completion.min_confidence` asks for.
    LowConfidence {
        /// How sure it is, in whole per cent, rounded down.
        percent: u32,
        /// How sure it has to be, in per cent.
        least: u32,
    },
    /// The model is sure enough for the user's own minimum, but what it is so sure of was seldom taken in this language.
    SeldomTaken {
        /// How sure it is, in whole per cent, rounded down.
        percent: u32,
        /// From where on suggestions are shown, in per cent.
        least: u32,
    },
    /// The suggestion would have added a syntax error to the file.
    SyntaxError,
    /// The suggestion for a new line opens what it does not close.
    Unfinished,
}

impl Silence {
    /// The stable name, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::LanguageOff => "language_off",
            Self::Excluded(_) => "excluded",
            Self::NotOpen => "not_open",
            Self::OutOfSync => "out_of_sync",
            Self::OutsideText => "outside_text",
            Self::LineTooLong => "line_too_long",
            Self::InsideWord => "inside_word",
            Self::InsideString => "inside_string",
            Self::TypedOver => "typed_over",
            Self::ModelLoading => "model_loading",
            Self::ModelUnusable(_) => "model_unusable",
            Self::EngineGone(_) => "engine_gone",
            Self::ModelFailed(_) => "model_failed",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Deadline => "deadline",
            Self::NothingMissing => "nothing_missing",
            Self::Repetition => "repetition",
            Self::RepeatsSuffix => "repeats_suffix",
            Self::LowConfidence { .. } => "low_confidence",
            Self::SeldomTaken { .. } => "seldom_taken",
            Self::SyntaxError => "syntax_error",
            Self::Unfinished => "unfinished",
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "completion.enabled is false",
            Self::LanguageOff => "the language is in completion.languages_off",
            Self::Excluded(why) => return write!(f, "the file is {why}"),
            Self::NotOpen => "the document is not open",
            Self::OutOfSync => "an edit did not fit the document; waiting for its full text",
            Self::OutsideText => "the position is outside the text",
            Self::LineTooLong => "the line is too long",
            Self::InsideWord => "the cursor is inside a word",
            Self::InsideString => "the cursor is at the end of a string, and completion.strings is false",
            Self::TypedOver => "a suggestion was typed over at this place a moment ago",
            Self::ModelLoading => "the model is still loading",
            Self::ModelUnusable(why) | Self::EngineGone(why) | Self::ModelFailed(why) => why,
            Self::Cancelled => "the editor cancelled the request",
            Self::Superseded => "a newer request took its place",
            Self::Deadline => "no complete line by the deadline",
            Self::NothingMissing => "the model thinks nothing is missing here",
            Self::Repetition => "the model repeated itself",
            Self::RepeatsSuffix => "the model repeated what already follows",
            Self::LowConfidence { percent, least } => {
                return write!(
                    f,
                    "the model is not sure enough ({percent} %; completion.min_confidence is {least} %)"
                );
            }
            Self::SeldomTaken { percent, least } => {
                return write!(
                    f,
                    "suggestions that the model is {percent} % sure of were seldom taken in this language, so Hob has learned to show \
                     those from {least} % on; completion.learn = false switches that off"
                );
            }
            Self::SyntaxError => "the suggestion would have added a syntax error",
            Self::Unfinished => "the suggestion for a new line was not complete; it is shown when asked for",
        })
    }
}

/// How far a request came that ended in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// A gate closed before the model was asked.
    Gate,
    /// There was no model to ask, or it failed.
    Model,
    /// Nobody waited for the answer any more.
    Left,
    /// There was an answer, and it was not fit to show.
    Judged,
}

impl Stage {
    /// The stable name, `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Model => "model",
            Self::Left => "left",
            Self::Judged => "judged",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gate => "the model was not asked",
            Self::Model => "there was no model to ask, or it failed",
            Self::Left => "nobody waited for the answer any more",
            Self::Judged => "there was an answer, and it was not fit to show",
        })
    }
}

/// Every variant with its stage and its meaning. The patterns are those of a `match`, so that who adds a variant is told to add it here.
macro_rules! reasons {
    ($($pattern:pat = $example:expr, $stage:ident, $meaning:literal;)*) => {
        impl Silence {
            /// Each reason once, in the order in which a request meets them; what some say in particular is left empty.
            pub fn all() -> Vec<Self> {
                vec![$($example),*]
            }

            /// How far the request came.
            pub fn stage(&self) -> Stage {
                match self {
                    $($pattern => Stage::$stage,)*
                }
            }

            /// What it means in general, and what to do where something can be done; [`fmt::Display`] says what it was this time.
            pub fn meaning(&self) -> &'static str {
                match self {
                    $($pattern => $meaning,)*
                }
            }
        }
    };
}

reasons! {
    Self::Disabled = Self::Disabled, Gate, "suggestions are switched off; `completion.enabled = true` brings them back";
    Self::LanguageOff = Self::LanguageOff, Gate, "the language is one of `completion.languages_off`";
    Self::Excluded(_) = Self::Excluded("excluded".to_owned()), Gate,
        "a `.hobignore`, `index.exclude` or the file's own name says to leave it alone";
    Self::NotOpen = Self::NotOpen, Gate, "the editor asked about a document that it had not opened";
    Self::OutOfSync = Self::OutOfSync, Gate, "an edit did not fit the text; it heals when the editor sends the whole of it";
    Self::OutsideText = Self::OutsideText, Gate, "the editor asked about a place that is not in the text";
    Self::LineTooLong = Self::LineTooLong, Gate, "the cursor's line is longer than a line that somebody types";
    Self::InsideWord = Self::InsideWord, Gate, "text between two letters of a word would split it";
    Self::InsideString = Self::InsideString, Gate, "the cursor is at the end of a string; `completion.strings = true` suggests there, too";
    Self::TypedOver = Self::TypedOver, Gate,
        "a suggestion was read at this very place and something else was typed; a key that asks shows one";
    Self::ModelLoading = Self::ModelLoading, Model, "the model was being read into memory; the next answers come";
    Self::ModelUnusable(_) = Self::ModelUnusable(String::new()), Model, "the model's file can't be used; `hob engine status` says why";
    Self::EngineGone(_) = Self::EngineGone(String::new()), Model, "the process with the model ended; it is started again by itself";
    Self::ModelFailed(_) = Self::ModelFailed(String::new()), Model, "the model could not answer this one request";
    Self::Cancelled = Self::Cancelled, Left, "the editor took the request back, as it does when the next key comes";
    Self::Superseded = Self::Superseded, Left, "a newer request for the same document came before the answer";
    Self::Deadline = Self::Deadline, Left, "there was no whole line in time; `completion.deadline_ms` says how long a block may take";
    Self::NothingMissing = Self::NothingMissing, Judged, "the model ended its answer at once: it thinks that nothing is missing";
    Self::Repetition = Self::Repetition, Judged, "the model said the same over and over, as small models do";
    Self::RepeatsSuffix = Self::RepeatsSuffix, Judged, "the model said what stands behind the cursor already";
    Self::LowConfidence { .. } = Self::LowConfidence { percent: 0, least: 0 }, Judged,
        "the model was less sure than `completion.min_confidence`; a key that asks shows it all the same";
    Self::SeldomTaken { .. } = Self::SeldomTaken { percent: 0, least: 0 }, Judged,
        "suggestions that the model was as sure of were seldom taken; `completion.learn = false` shows them all the same";
    Self::SyntaxError = Self::SyntaxError, Judged, "the file would have had one syntax error more, however much was cut off";
    Self::Unfinished = Self::Unfinished, Judged, "what came for a new line breaks off; a key that asks shows its first line";
}

impl From<model::ModelError> for Silence {
    fn from(error: model::ModelError) -> Self {
        let text = error.to_string();
        match error {
            model::ModelError::Loading => Self::ModelLoading,
            model::ModelError::Unusable(_) => Self::ModelUnusable(text),
            model::ModelError::EngineGone(_) => Self::EngineGone(text),
            model::ModelError::Failed(_) => Self::ModelFailed(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_reason_has_a_code_of_its_own_and_they_come_stage_by_stage() {
        let all = Silence::all();
        let codes: BTreeSet<_> = all.iter().map(Silence::code).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().map(Silence::stage).is_sorted());
    }
}
