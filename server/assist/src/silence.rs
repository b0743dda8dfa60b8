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
