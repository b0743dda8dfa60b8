//! Why something in the workspace is not in the index.
//!
//! Words and counts. Must not decide: that is `admission`'s and `read`'s.

use std::{collections::BTreeMap, fmt};

/// Why a file or folder was left out. A folder that is left out counts once, whatever is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A `.gitignore`, the user's global one included, says so.
    Git,
    /// A `.hobignore` says so.
    Hob,
    /// The caller says so.
    Excluded,
    /// It may hold a secret, by its name.
    Private,
    /// Its name begins with a dot.
    Hidden,
    /// It is a link. What it points to has a path of its own, or is none of ours.
    Link,
    /// It is a pipe, a socket or a device.
    Special,
    /// Its name is no UTF-8.
    Name,
    /// It is larger than a file may be.
    Large,
    /// It is no text.
    Binary,
    /// It is text in another encoding than UTF-8.
    Encoding,
    /// The system lets us not read it.
    Unreadable,
    /// It changed while it was read, twice.
    Changed,
    /// It lies outside of the workspace.
    Outside,
    /// There were too many before it.
    Many,
    /// Reading it made our own code fail.
    Failed,
}

impl Reason {
    /// A short code for programs: `git`, `hob`, `large`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Hob => "hob",
            Self::Excluded => "excluded",
            Self::Private => "private",
            Self::Hidden => "hidden",
            Self::Link => "link",
            Self::Special => "special",
            Self::Name => "name",
            Self::Large => "large",
            Self::Binary => "binary",
            Self::Encoding => "encoding",
            Self::Unreadable => "unreadable",
            Self::Changed => "changed",
            Self::Outside => "outside",
            Self::Many => "many",
            Self::Failed => "failed",
        }
    }
}

impl Reason {
    /// The reason of this code, where it lies in what a file holds; else that reading it failed.
    pub(crate) fn of_content(code: &str) -> Self {
        [Self::Binary, Self::Encoding]
            .into_iter()
            .find(|reason| reason.code() == code)
            .unwrap_or(Self::Failed)
    }
}

/// For people: what is true of what was skipped.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Git => "ignored by git",
            Self::Hob => "ignored by .hobignore",
            Self::Excluded => "excluded by configuration",
            Self::Private => "may hold a secret",
            Self::Hidden => "hidden",
            Self::Link => "a link",
            Self::Special => "no regular file",
            Self::Name => "with a name that is no UTF-8",
            Self::Large => "too large",
            Self::Binary => "binary",
            Self::Encoding => "not in UTF-8",
            Self::Unreadable => "unreadable",
            Self::Changed => "changing while read",
            Self::Outside => "outside of the workspace",
            Self::Many => "beyond the number of files",
            Self::Failed => "failed on",
        })
    }
}

/// How much was skipped, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped(BTreeMap<Reason, u64>);

impl Skipped {
    pub(crate) fn count(&mut self, reason: Reason) {
        *self.0.entry(reason).or_default() += 1;
    }

    /// Each reason that occurred, with its count, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }

    /// How often one reason occurred.
    pub fn of(&self, reason: Reason) -> u64 {
        self.0.get(&reason).copied().unwrap_or_default()
    }
}
