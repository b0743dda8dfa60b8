//! A syntax tree that follows its document.
//!
//! Keeps a tree and says how old it is. Must not decide when to parse or on which thread: that is the caller's.

use std::fmt;

use text::{Edit, Snapshot};
use tree_sitter::InputEdit;

use crate::{language::Language, source};

/// The syntax of one document at one version. Cloning costs a reference count.
#[derive(Clone)]
pub struct Tree {
    pub(crate) language: Language,
    pub(crate) inner: tree_sitter::Tree,
    version: i32,
    /// Length of the text that the tree covers, in bytes: follows the edits, so that a tree which missed one is noticed.
    len: usize,
    edited: bool,
}

impl Tree {
    /// Parses a snapshot.
    ///
    /// With `old`, a tree of an earlier text that was told of every edit since, only what changed is parsed; a tree that
    /// missed an edit and has the wrong length is left aside. `deadline` is asked every so often whether to give up, and if it
    /// says yes the answer is `None`; nothing is kept of such a parse.
    pub fn parse(
        language: Language,
        snapshot: &Snapshot,
        old: Option<&Self>,
        deadline: Option<&mut dyn FnMut() -> bool>,
    ) -> Option<Self> {
        let old =
            old.filter(|old| old.language == language && old.len == snapshot.len()).map(|old| &old.inner);
        // The queries take milliseconds to compile, once: better here than at the first question, which a person waits for.
        language.scopes();
        let inner = source::parse(language, snapshot, None, old, deadline)?;
        Some(Self { language, inner, version: snapshot.version(), len: snapshot.len(), edited: false })
    }

    /// Parses the whole text of a file that is no open document, as fast as that goes. A lone CR ends a line in it, as in a
    /// snapshot. `None` for a text too large for a tree's positions (4 GiB).
    pub fn of_text(language: Language, text: &str) -> Option<Self> {
        Self::of_text_unless(language, text, &mut || false)
    }

    /// The same for a text that somebody else wrote, who may have meant it to take forever: `give_up` is asked every so often,
    /// and if it says yes there is no tree.
    pub fn of_text_unless(language: Language, text: &str, give_up: &mut dyn FnMut() -> bool) -> Option<Self> {
        let inner = source::parse_text(language, text, give_up)?;
        Some(Self { language, inner, version: 0, len: text.len(), edited: false })
    }

    /// Moves the tree's positions along with an edit of its text. The tree then serves as `old` for the next parse; what it
    /// answers about places is right only as far as the edit did not change the syntax.
    pub fn edit(&mut self, edit: &Edit) {
        self.inner.edit(&input_edit(edit));
        self.len = (self.len + edit.new_end).saturating_sub(edit.old_end);
        self.edited = true;
    }

    /// The version of the snapshot that was parsed; edits made since do not change it.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Whether an edit was made since the parse.
    pub fn is_edited(&self) -> bool {
        self.edited
    }

    /// The language it was parsed as.
    pub fn language(&self) -> Language {
        self.language
    }
}

pub(crate) fn input_edit(edit: &Edit) -> InputEdit {
    InputEdit {
        start_byte: edit.start,
        old_end_byte: edit.old_end,
        new_end_byte: edit.new_end,
        start_position: source::point(edit.start_point),
        old_end_position: source::point(edit.old_end_point),
        new_end_position: source::point(edit.new_end_point),
    }
}

/// No syntax: a tree spells out the user's code, and debug output ends up in logs.
impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("language", &self.language)
            .field("version", &self.version)
            .field("bytes", &self.len)
            .finish_non_exhaustive()
    }
}
