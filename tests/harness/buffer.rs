//! An open document in an editor: the client's own text, a cursor, and every key sent to the server as it is typed.
//!
//! Must not take the server's word for anything: the text here changes by what the user did, and the server's is held against it.

use std::ops::Range;

use serde_json::{Value, json};

use crate::{Editor, Mirror, Position};

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What its range becomes.
    pub text: String,
    /// What it replaces, in bytes of the client's text.
    pub range: Range<usize>,
}

/// A document that is open in an editor.
#[derive(Debug)]
pub struct Buffer<'e> {
    editor: &'e Editor,
    uri: String,
    version: i32,
    mirror: Mirror,
    /// In bytes.
    cursor: usize,
}

impl<'e> Buffer<'e> {
    pub(crate) fn new(editor: &'e Editor, uri: String, text: &str) -> Self {
        Self { editor, uri, version: 1, mirror: Mirror::new(text, editor.encoding()), cursor: 0 }
    }

    /// Its URI.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The client's text.
    pub fn text(&self) -> &str {
        &self.mirror.text
    }

    /// The client's text with its positions.
    pub fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// Its version.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Where the cursor is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The cursor as the protocol has it.
    pub fn position(&self) -> Position {
        self.mirror.position(self.cursor)
    }

    /// Puts the cursor at a line and column, both from 1, the column in characters.
    pub fn put(&mut self, line: usize, column: usize) {
        self.cursor = self.mirror.place(line, column);
    }

    /// Puts the cursor behind the first occurrence of `text`.
    ///
    /// # Panics
    /// When there is none.
    pub fn put_after(&mut self, text: &str) {
        let at = self.mirror.text.find(text).unwrap_or_else(|| panic!("no {text:?} in the document"));
        self.cursor = at + text.len();
    }

    /// Puts the cursor at the end of the document.
    pub fn put_at_end(&mut self) {
        self.cursor = self.mirror.text.len();
    }

    /// Replaces a range, and tells the server.
    pub fn edit(&mut self, range: Range<usize>, text: &str) {
        self.edit_all(&[(range, text)]);
    }

    /// Several edits in one notification; the range of each counts in the text that those before it made.
    pub fn edit_all(&mut self, edits: &[(Range<usize>, &str)]) {
        let mut changes = Vec::new();
        for (range, text) in edits {
            changes.push(json!({ "range": self.mirror.range(range.clone()), "text": text }));
            self.mirror.replace(range.clone(), text);
            self.cursor = range.start + text.len();
        }
        self.version += 1;
        self.change(self.version, &Value::Array(changes));
    }

    /// Sends the whole text anew.
    pub fn replace_wholly(&mut self, text: &str) {
        self.version += 1;
        text.clone_into(&mut self.mirror.text);
        self.cursor = 0;
        self.change(self.version, &json!([{ "text": text }]));
    }

    /// Sends changes that the client's own text knows nothing of.
    pub fn change(&self, version: i32, changes: &Value) {
        self.editor.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": self.uri, "version": version }, "contentChanges": changes }),
        );
    }

    /// Types `text`, one key after the other.
    pub fn type_in(&mut self, text: &str) {
        for key in text.chars() {
            self.key(key);
        }
    }

    /// One key.
    pub fn key(&mut self, key: char) {
        self.edit(self.cursor..self.cursor, key.encode_utf8(&mut [0; 4]));
    }

    /// Inserts `text` at once.
    pub fn paste(&mut self, text: &str) {
        self.edit(self.cursor..self.cursor, text);
    }

    /// Types an opening bracket or quote for which the editor writes the closing one too, and stays between them.
    pub fn pair(&mut self, pair: &str) {
        let at = self.cursor;
        self.edit(at..at, pair);
        self.cursor = at + pair.chars().next().map_or(0, char::len_utf8);
    }

    /// Removes the character left of the cursor; a CRLF is one.
    pub fn backspace(&mut self) {
        let before = &self.mirror.text[..self.cursor];
        let length =
            if before.ends_with("\r\n") { 2 } else { before.chars().next_back().map_or(0, char::len_utf8) };
        self.edit(self.cursor - length..self.cursor, "");
    }

    /// The parameters of a completion request here and now; editors say what made them ask.
    pub fn asking(&self, context: &Value) -> Value {
        json!({ "textDocument": { "uri": self.uri }, "position": self.position().json(), "context": context })
    }

    /// Asks for ghost text and does not wait.
    #[track_caller]
    pub fn ask(&self) -> i64 {
        self.editor.request("textDocument/inlineCompletion", self.asking(&json!({ "triggerKind": 2 })))
    }

    /// Asks for ghost text as a user does who presses the key for it, and does not wait.
    #[track_caller]
    pub fn ask_by_key(&self) -> i64 {
        self.editor.request("textDocument/inlineCompletion", self.asking(&json!({ "triggerKind": 1 })))
    }

    /// Waits for the suggestions that were asked for by key, at the text as it is now.
    ///
    /// # Panics
    /// When the answer is an error, or holds more than three.
    #[track_caller]
    pub fn answers(&self, id: i64) -> Vec<Item> {
        let list = self.editor.wait(id).expect("ghost text is never an error");
        let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}: no items"));
        assert!(items.len() <= 3, "three suggestions at most: {list}");
        items
            .iter()
            .map(|item| {
                assert_eq!(
                    item["filterText"], item["insertText"],
                    "an editor matches each against its range"
                );
                self.item(&item["insertText"], &item["range"])
            })
            .collect()
    }

    /// Waits for ghost text that was asked for at the text as it is now.
    ///
    /// # Panics
    /// When the answer is an error.
    #[track_caller]
    pub fn answer(&self, id: i64) -> Option<Item> {
        let list = self.editor.wait(id).expect("ghost text is never an error");
        let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}: no items"));
        assert!(items.len() <= 1, "one suggestion at most: {list}");
        items.first().map(|item| self.item(&item["insertText"], &item["range"]))
    }

    /// Asks for ghost text and waits for it.
    #[track_caller]
    pub fn complete(&self) -> Option<Item> {
        self.answer(self.ask())
    }

    /// A suggestion in the client's own terms.
    ///
    /// # Panics
    /// When it names positions that the text does not have.
    #[track_caller]
    pub fn item(&self, text: &Value, range: &Value) -> Item {
        let at = |end: &str| self.mirror.offset(Position::of(&range[end]));
        let text = text.as_str().unwrap_or_else(|| panic!("{text} is no text")).to_owned();
        Item { text, range: at("start")..at("end") }
    }

    /// Takes a suggestion.
    pub fn accept(&mut self, item: &Item) {
        self.edit(item.range.clone(), &item.text);
    }

    /// The text as it would be with a suggestion.
    pub fn with(&self, item: &Item) -> String {
        let mut text = self.mirror.text.clone();
        text.replace_range(item.range.clone(), &item.text);
        text
    }

    /// The server has the client's text, byte for byte, and its version.
    ///
    /// # Panics
    /// When not.
    #[track_caller]
    pub fn assert_in_sync(&self) {
        let view = self.editor.view(&self.uri).expect("an open document can be viewed");
        let theirs = view["text"].as_str().expect("a text");
        if theirs != self.mirror.text {
            let at = theirs.bytes().zip(self.mirror.text.bytes()).take_while(|(a, b)| a == b).count();
            let around = |text: &str| {
                String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(40)..text.len().min(at + 40)])
                    .into_owned()
            };
            panic!(
                "the texts differ at byte {at}: server {:?}, client {:?}",
                around(theirs),
                around(&self.mirror.text)
            );
        }
        assert_eq!(view["version"], self.version);
    }

    /// Closes the document.
    pub fn close(self) {
        self.editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": self.uri } }));
    }
}
