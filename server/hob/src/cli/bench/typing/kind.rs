//! The kinds of keys that the report tells apart.
//!
//! Must not know how a key is typed.

/// What a change of the text was, to the person at the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A character at the cursor.
    Key,
    /// A line break with the new line's indentation.
    Enter,
    /// A wrong letter is taken back.
    Backspace,
    /// Ghost text is accepted.
    Accept,
    /// An opening bracket or quote, and with it the closing one.
    AutoClose,
    /// The closing one, typed over itself.
    Overtype,
    /// Several small edits on other lines, then a save.
    FormatOnSave,
    /// The first key in a file that was just opened.
    Open,
    /// The first key at another place of the file.
    Jump,
    /// The first key after coming back from another place, where nothing is left changed.
    JumpBack,
    /// A line is put in above.
    EditAbove,
    /// The first key after that, back at the old place.
    KeyAfterEditAbove,
    /// A line is put in below.
    EditBelow,
    /// The first key after that, back at the old place.
    KeyAfterEditBelow,
    /// The last characters are taken back at once.
    Undo,
    /// A line from the clipboard.
    Paste,
}

impl Kind {
    /// In the order of the report.
    pub(super) const ALL: [Self; 16] = [
        Self::Key,
        Self::Enter,
        Self::Backspace,
        Self::AutoClose,
        Self::Overtype,
        Self::Accept,
        Self::Undo,
        Self::Paste,
        Self::Open,
        Self::Jump,
        Self::JumpBack,
        Self::EditAbove,
        Self::KeyAfterEditAbove,
        Self::EditBelow,
        Self::KeyAfterEditBelow,
        Self::FormatOnSave,
    ];

    /// As the report names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Enter => "enter",
            Self::Backspace => "backspace",
            Self::Accept => "accept",
            Self::AutoClose => "auto_close",
            Self::Overtype => "overtype",
            Self::FormatOnSave => "format_on_save",
            Self::Open => "open",
            Self::Jump => "jump",
            Self::JumpBack => "jump_back",
            Self::EditAbove => "edit_above",
            Self::KeyAfterEditAbove => "key_after_edit_above",
            Self::EditBelow => "edit_below",
            Self::KeyAfterEditBelow => "key_after_edit_below",
            Self::Undo => "undo",
            Self::Paste => "paste",
        }
    }
}
