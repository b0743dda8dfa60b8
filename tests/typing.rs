//! A recorded stretch of typing on real files, key by key, with ghost text asked for after each key as Neovim does: afterwards the
//! server's text is the client's.
//!
//! The files are copies of this repository's own sources. Must not depend on what the model says: accepted text differs from model to
//! model, and has to be mirrored all the same.

use e2e::{Encoding, Recording, World};

/// Name, language, text, and what is typed into it.
const FILES: [(&str, &str, &str, &str); 3] = [
    ("gguf.rs", "rust", include_str!("fixtures/typing/gguf.rs"), include_str!("fixtures/typing/gguf.jsonl")),
    (
        "family.rs",
        "rust",
        include_str!("fixtures/typing/family.rs"),
        include_str!("fixtures/typing/family.jsonl"),
    ),
    (
        "train.py",
        "python",
        include_str!("fixtures/typing/train.py"),
        include_str!("fixtures/typing/train.jsonl"),
    ),
];

/// Types into all three files in one session, and compares them at its end.
fn check(encoding: Encoding, line_break: &str) {
    let world = World::new();
    let editor = world.editor().encodings(&[encoding]).start();
    assert_eq!(editor.encoding(), encoding);
    for (name, language, text, recording) in FILES {
        assert!(text.lines().count() >= 300, "{name} is too short for a real file");
        let text = text.replace('\n', line_break);
        let mut buffer = editor.open(name, language, &text);
        Recording::read(recording).play(&editor, &mut buffer);
        assert_ne!(buffer.text(), text);
        buffer.assert_in_sync();
    }
    // Somebody was really asked: most questions were taken back by the next key, the others were answered by the model.
    let answered = world.rows().iter().filter(|row| row["stats"].is_object()).count();
    assert!(answered >= 20, "the model answered {answered} times");
    editor.quit();
}

#[test]
fn typed_in_utf_8() {
    check(Encoding::Utf8, "\n");
}

#[test]
fn typed_in_utf_16() {
    check(Encoding::Utf16, "\n");
}

#[test]
fn typed_in_utf_32() {
    check(Encoding::Utf32, "\n");
}

#[test]
fn typed_into_files_from_windows() {
    check(Encoding::Utf16, "\r\n");
}
