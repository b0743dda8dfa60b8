//! The editor's own text of the open document, and positions in it: a line, and bytes from its beginning.
//!
//! Must not take the server's word for anything: the text changes by what was typed.

use std::ops::Range;

use serde_json::{Value, json};

use super::{page::Edit, typist::Ghost};

/// An open document.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) text: String,
    /// In bytes.
    pub(super) cursor: usize,
}

impl Document {
    /// An offset as the protocol has it.
    pub(super) fn position(&self, at: usize) -> Value {
        let before = &self.text.as_bytes()[..at];
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |line| line + 1);
        let line = self.text[..start].matches('\n').count();
        json!({ "line": line, "character": at - start })
    }

    /// The protocol's position as an offset; `None` outside of the text.
    fn offset(&self, position: &Value) -> Option<usize> {
        let line = usize::try_from(position["line"].as_u64()?).ok()?;
        let character = usize::try_from(position["character"].as_u64()?).ok()?;
        let start = match line.checked_sub(1) {
            Some(breaks) => self.text.match_indices('\n').nth(breaks)?.0 + 1,
            None => 0,
        };
        let at = start + character;
        self.text.is_char_boundary(at).then_some(at)
    }

    /// Replaces a part of the text; the change that tells the server.
    pub(super) fn apply(&mut self, edit: &Edit) -> Value {
        let Range { start, end } = edit.range;
        let range = json!({ "start": self.position(start), "end": self.position(end) });
        self.text.replace_range(start..end, &edit.text);
        json!({ "range": range, "text": edit.text })
    }

    /// What an answer shows at the cursor; `None` where it shows nothing, or doesn't fit the text.
    pub(super) fn ghost(&self, answer: &Value) -> Option<Ghost> {
        let item = answer["items"].get(0).or_else(|| answer.get(0))?;
        let text = item["insertText"].as_str().or_else(|| item["insertText"]["value"].as_str())?;
        let range = match &item["range"] {
            Value::Null => self.cursor..self.cursor,
            range => self.offset(&range["start"])?..self.offset(&range["end"])?,
        };
        let typed = self.text.get(range.start..self.cursor)?;
        let covers = self.text.get(self.cursor..range.end)?.to_owned();
        let adds = text.strip_prefix(typed)?.to_owned();
        Some(Ghost { adds, covers, edit: Edit { range, text: text.to_owned() } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, character: usize) -> Value {
        json!({ "line": line, "character": character })
    }

    #[test]
    fn positions_are_bytes_of_a_line() {
        let document = Document { text: "ä\n\nb".to_owned(), cursor: 0 };
        for (offset, position) in [(0, at(0, 0)), (2, at(0, 2)), (3, at(1, 0)), (4, at(2, 0)), (5, at(2, 1))]
        {
            assert_eq!(document.position(offset), position);
            assert_eq!(document.offset(&position), Some(offset));
        }
        for position in [at(0, 1), at(3, 0), at(2, 9), json!({})] {
            assert_eq!(document.offset(&position), None, "{position}");
        }
    }

    #[test]
    fn what_is_shown() {
        let document = Document { text: "f\nx = fo()\n".to_owned(), cursor: 8 };
        let item = |text: &str, from, to| json!({ "items": [{ "insertText": text, "range": { "start": at(1, from), "end": at(1, to) } }] });
        let ghost = document.ghost(&item("bar(1)", 4, 8));
        assert_eq!(ghost.map(|ghost| (ghost.adds, ghost.covers)), None, "it does not continue what is typed");
        let ghost = document.ghost(&item("fo(1)", 4, 8)).unwrap();
        assert_eq!((ghost.adds.as_str(), ghost.covers.as_str()), ("(1)", "()"));
        assert_eq!(ghost.edit, Edit { range: 6..10, text: "fo(1)".to_owned() });
        assert_eq!(document.ghost(&json!([{ "insertText": "o" }])).unwrap().edit.range, 8..8);
        assert_eq!(document.ghost(&json!({ "items": [] })), None);
        assert_eq!(document.ghost(&Value::Null), None);
    }
}
