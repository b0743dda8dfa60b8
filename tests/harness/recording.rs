//! A stretch of typing, written down: JSON lines, one step each, under `tests/fixtures/typing/`.
//!
//! Recorded are keys and the moments when the user stops to look, not what the server says to them: what ghost text is accepted
//! depends on the model of the day, and the documents must agree whatever it says.

use serde::Deserialize;

use crate::{Buffer, Editor};

/// One thing that a user does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Puts the cursor behind the first occurrence of a text.
    After(String),
    /// Puts the cursor at a line and column, both from 1.
    At(usize, usize),
    /// Types, key by key.
    Type(String),
    /// The return key; the editor adds the indentation.
    Newline(String),
    /// Removes so many characters, key by key.
    Backspace(usize),
    /// Inserts a text at once; LF in it becomes the document's line break.
    Paste(String),
    /// Types an opening bracket or quote; the editor writes the closing one.
    Pair(String),
    /// Replaces the first occurrence of a text by another.
    Replace(String, String),
    /// Replaces every occurrence of a text, in one notification.
    Rename(String, String),
    /// Waits for the ghost text and takes it, if there is one.
    Accept,
    /// Waits for the ghost text and does not take it.
    Pause,
}

/// A recorded stretch of typing.
#[derive(Debug, Clone)]
pub struct Recording(Vec<Step>);

impl Recording {
    /// Reads JSON lines.
    ///
    /// # Panics
    /// When a line is no step.
    pub fn read(lines: &str) -> Self {
        let step = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        Self(lines.lines().filter(|line| !line.trim().is_empty()).map(step).collect())
    }

    /// Does it all again. After each key ghost text is asked for and the question before it is taken back, as Neovim does.
    pub fn play<'e>(&self, editor: &'e Editor, buffer: &mut Buffer<'e>) {
        self.play_and(editor, buffer, |_| ());
    }

    /// The same, and something else after each key: it gets the key's number.
    pub fn play_and<'e>(
        &self,
        editor: &'e Editor,
        buffer: &mut Buffer<'e>,
        mut after_key: impl FnMut(usize),
    ) {
        let mut player = Player { editor, buffer, asked: None, keys: 0, after_key: &mut after_key };
        for step in &self.0 {
            player.step(step);
        }
        if let Some(asked) = player.asked {
            editor.wait(asked).expect("ghost text is never an error");
        }
    }
}

struct Player<'p, 'e> {
    editor: &'e Editor,
    buffer: &'p mut Buffer<'e>,
    asked: Option<i64>,
    keys: usize,
    after_key: &'p mut dyn FnMut(usize),
}

impl Player<'_, '_> {
    fn step(&mut self, step: &Step) {
        let line_break = self.buffer.mirror().line_break();
        match step {
            Step::After(text) => self.buffer.put_after(&text.replace('\n', line_break)),
            Step::At(line, column) => self.buffer.put(*line, *column),
            Step::Type(text) => {
                for key in text.chars() {
                    self.buffer.key(key);
                    self.typed();
                }
            }
            Step::Newline(indent) => {
                self.buffer.paste(&format!("{line_break}{indent}"));
                self.typed();
            }
            Step::Backspace(count) => {
                for _ in 0..*count {
                    self.buffer.backspace();
                    self.typed();
                }
            }
            Step::Paste(text) => {
                self.buffer.paste(&text.replace('\n', line_break));
                self.typed();
            }
            Step::Pair(pair) => {
                self.buffer.pair(pair);
                self.typed();
            }
            Step::Replace(old, new) => {
                let (old, new) = (old.replace('\n', line_break), new.replace('\n', line_break));
                self.buffer.put_after(&old);
                let end = self.buffer.cursor();
                self.buffer.edit(end - old.len()..end, &new);
                self.typed();
            }
            Step::Rename(old, new) => {
                let text = self.buffer.text().to_owned();
                // From the end, so that an edit does not move those that are still to come.
                let edits: Vec<_> = text
                    .rmatch_indices(old.as_str())
                    .map(|(at, _)| (at..at + old.len(), new.as_str()))
                    .collect();
                assert!(!edits.is_empty(), "no {old:?} to rename");
                self.buffer.edit_all(&edits);
                self.typed();
            }
            Step::Accept => {
                if let Some(item) = self.look() {
                    self.buffer.accept(&item);
                    self.typed();
                }
            }
            Step::Pause => {
                self.look();
            }
        }
    }

    /// A key was pressed.
    fn typed(&mut self) {
        if let Some(older) = self.asked.replace(self.buffer.ask())
            && !self.editor.is_answered(older)
        {
            self.editor.cancel(older);
        }
        self.keys += 1;
        (self.after_key)(self.keys);
        // Often enough to find the key that went wrong.
        if self.keys.is_multiple_of(64) {
            self.buffer.assert_in_sync();
        }
    }

    /// The ghost text for the text as it is.
    fn look(&mut self) -> Option<crate::Item> {
        let asked = self.asked.take().unwrap_or_else(|| self.buffer.ask());
        self.buffer.answer(asked)
    }
}
