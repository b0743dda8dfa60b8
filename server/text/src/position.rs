//! The three ways to say where: as a client counts, as tree-sitter counts, and how one fails to fit.
//!
//! Plain data. The arithmetic needs a text and is in [`crate::Snapshot`]; nothing here may look at one.

use std::fmt;

use thiserror::Error;

/// The unit in which a client counts along a line; negotiated once per connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes of UTF-8.
    Utf8,
    /// UTF-16 code units: two for a character outside the basic plane. What LSP assumes unless told otherwise.
    Utf16,
    /// Unicode scalar values (Rust's `char`).
    Utf32,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        })
    }
}

/// A position as the client counts: meaningless without the connection's [`Encoding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WirePos {
    /// Line, from 0.
    pub line: u32,
    /// Units of the [`Encoding`] from the start of the line, from 0.
    pub character: u32,
}

/// A half-open range as the client counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WireRange {
    /// The first position inside.
    pub start: WirePos,
    /// The first position no longer inside.
    pub end: WirePos,
}

/// A position as tree-sitter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// Line, from 0.
    pub row: usize,
    /// Bytes of UTF-8 from the start of the line, from 0.
    pub column: usize,
}

/// A position that does not exist in the text it was meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The line is not there. Line `lines` (counted from 0) with character 0 is: it means the end of the text.
    #[error("{line}:{character} is past the last of the text's {lines} lines (positions count from 0)")]
    NoSuchLine {
        /// The line asked for, from 0.
        line: u32,
        /// The character asked for, from 0.
        character: u32,
        /// How many lines the text has.
        lines: usize,
    },
    /// The position falls between the bytes or the surrogates of one character.
    #[error("{line}:{character} ({encoding}) is in the middle of a character")]
    InsideCharacter {
        /// The line asked for, from 0.
        line: u32,
        /// The character asked for, from 0.
        character: u32,
        /// What `character` counts.
        encoding: Encoding,
    },
}
