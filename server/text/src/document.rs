//! The server's copy of one open document.
//!
//! Applies what the client says and nothing else. An edit that does not fit is never guessed at: the document says so and
//! refuses further ranges until the client sends the whole text again. Must not know who asks or what for.

use std::fmt;

use thiserror::Error;

use crate::{
    edit::{Edit, replace_all, splice},
    position::{Encoding, Misfit, WireRange},
    snapshot::Snapshot,
};

/// One open document: a text, its version, and whether it can still be trusted.
#[derive(Debug, Clone)]
pub struct Document {
    now: Snapshot,
    out_of_sync: bool,
}

/// One change as a client sends it.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// The whole text, anew.
    Full(String),
    /// A piece of the text. Its positions count in the text that the changes before it made.
    Range {
        /// What to replace.
        range: WireRange,
        /// What to put there, UTF-8.
        text: String,
    },
}

/// Why a document no longer follows its client. Nothing of the batch was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OutOfSync {
    /// A change names a position that the text does not have.
    #[error("change {change} of version {version} does not fit: {misfit}")]
    Position {
        /// The version that the batch would have made.
        version: i32,
        /// Which change of the batch, from 0.
        change: usize,
        /// What is wrong with the position.
        misfit: Misfit,
    },
    /// A change's range ends before it starts.
    #[error("change {change} of version {version} does not fit: its range ends before it starts")]
    Backwards {
        /// The version that the batch would have made.
        version: i32,
        /// Which change of the batch, from 0.
        change: usize,
    },
    /// The batch is not newer than the text.
    #[error("version {version} came after version {current}")]
    Stale {
        /// The version that the batch claims.
        version: i32,
        /// The version of the text.
        current: i32,
    },
    /// An earlier batch did not fit, and this one is not the whole text.
    #[error("version {version} changes a part, but the text is only known up to version {current}")]
    AwaitingFull {
        /// The version that the batch would have made.
        version: i32,
        /// The last version whose text is known.
        current: i32,
    },
}

impl Document {
    /// A document as the client opened it.
    pub fn new(text: &str, version: i32) -> Self {
        Self { now: Snapshot::new(text, version), out_of_sync: false }
    }

    /// The version of the text; where the document is out of sync, of the last text that was sure.
    pub fn version(&self) -> i32 {
        self.now.version
    }

    /// Whether a batch did not fit and no full text has come since. The text is then older than the client's.
    pub fn is_out_of_sync(&self) -> bool {
        self.out_of_sync
    }

    /// The text as it is now. Costs a reference count.
    pub fn snapshot(&self) -> Snapshot {
        self.now.clone()
    }

    /// Applies one notification's changes, in order, and tells what each did to the text that those before it made.
    ///
    /// All or nothing: on an error the text and the version stay as they were and the document is out of sync. Whatever comes
    /// before the last full text of a batch makes no difference and is not looked at. A full text ends being out of sync, and
    /// then with any version: a client that lost count may start anew.
    pub fn apply(
        &mut self,
        version: i32,
        changes: impl IntoIterator<Item = Change>,
        encoding: Encoding,
    ) -> Result<Vec<Edit>, OutOfSync> {
        self.apply_in_steps(version, changes, encoding).map(|(edits, _)| edits)
    }

    /// As [`Self::apply`], and tells the texts that there were: the one before, then the one after each edit.
    pub fn apply_in_steps(
        &mut self,
        version: i32,
        changes: impl IntoIterator<Item = Change>,
        encoding: Encoding,
    ) -> Result<(Vec<Edit>, Vec<Snapshot>), OutOfSync> {
        let changes: Vec<Change> = changes.into_iter().collect();
        match self.next(version, &changes, encoding) {
            Ok((next, edits, texts)) => {
                *self = Self { now: next, out_of_sync: false };
                Ok((edits, texts))
            }
            Err(why) => {
                self.out_of_sync = true;
                Err(why)
            }
        }
    }

    /// The text after the changes, which are made on a copy: a rope's copies share what they have in common.
    fn next(
        &self,
        version: i32,
        changes: &[Change],
        encoding: Encoding,
    ) -> Result<(Snapshot, Vec<Edit>, Vec<Snapshot>), OutOfSync> {
        let current = self.version();
        let last_full = changes.iter().rposition(|change| matches!(change, Change::Full(_)));
        if self.out_of_sync && last_full.is_none() {
            return Err(OutOfSync::AwaitingFull { version, current });
        }
        if !self.out_of_sync && version <= current {
            return Err(OutOfSync::Stale { version, current });
        }

        let mut next = Snapshot { rope: self.now.rope.clone(), version };
        let mut edits = Vec::with_capacity(changes.len());
        let mut texts = vec![self.now.clone()];
        for (index, change) in changes.iter().enumerate().skip(last_full.unwrap_or(0)) {
            edits.push(match change {
                Change::Full(text) => replace_all(&mut next.rope, text),
                Change::Range { range, text } => {
                    let offset = |position| {
                        next.offset(position, encoding).map_err(|misfit| OutOfSync::Position {
                            version,
                            change: index,
                            misfit,
                        })
                    };
                    let (start, end) = (offset(range.start)?, offset(range.end)?);
                    // Compared as the client wrote them: clamping may make one offset of two positions.
                    if range.end < range.start {
                        return Err(OutOfSync::Backwards { version, change: index });
                    }
                    splice(&mut next.rope, start..end, text)
                }
            });
            texts.push(next.clone());
        }
        Ok((next, edits, texts))
    }

    /// Checks what must hold at any time; panics where it does not. For tests: it reads the whole text.
    pub fn assert_invariants(&self) {
        self.now.assert_invariants();
    }
}

/// Sizes only: debug output ends up in logs, and the user's text does not belong there.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(text) => f.debug_struct("Full").field("bytes", &text.len()).finish(),
            Self::Range { range, text } => {
                f.debug_struct("Range").field("range", range).field("bytes", &text.len()).finish()
            }
        }
    }
}
