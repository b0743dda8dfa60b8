//! What is wrong with a configuration, said so that the person who wrote it can mend it.
//!
//! Must not decide what follows from a problem; it only tells.

use std::fmt;

/// A place in a file, both counted from 1; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character in it.
    pub column: u32,
}

impl Place {
    /// Where byte `at` of `text` is.
    pub(crate) fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            line: count(before.bytes().filter(|byte| *byte == b'\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
        }
    }
}

/// One mistake in one source. Its `Display` is a whole sentence: where, what, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The source, as its reader named it: a path, or the editor's settings.
    pub file: String,
    /// Where in it; settings that came over LSP have no places.
    pub place: Option<Place>,
    /// What is wrong and what follows from it.
    pub message: String,
}

impl Problem {
    /// A file that exists and can't be read as text; `why` is the system's word for it.
    pub fn unreadable(file: impl Into<String>, why: impl fmt::Display) -> Self {
        let message = format!("this file can't be read ({why}), so nothing in it is used");
        Self { file: file.into(), place: None, message }
    }

    /// An organisation's file that exists and can't be read: what it forbids is not known, so everything is forbidden.
    pub fn unreadable_policy(file: impl Into<String>, why: impl fmt::Display) -> Self {
        let message = format!("this file can't be read ({why}), so nothing leaves this machine until it can");
        Self { file: file.into(), place: None, message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}
