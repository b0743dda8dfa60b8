//! What a document does, one line of behaviour a test: edits as `line:character..line:character "text"`, counted as each client
//! counts.

use std::ops::Range;

use crate::{Change, Document, Encoding, Snapshot, WirePos, WireRange};
use expect_test::{Expect, expect};

/// A change of `line:character..line:character`.
fn change(at: &str, text: &str) -> Change {
    let position = |at: &str| {
        let (line, character) = at.split_once(':').unwrap();
        WirePos { line: line.parse().unwrap(), character: character.parse().unwrap() }
    };
    let (start, end) = at.split_once("..").unwrap();
    Change::Range { range: WireRange { start: position(start), end: position(end) }, text: text.into() }
}

/// Applies the changes as one batch and shows the text, the edits, and what did not fit.
fn check(before: &str, encoding: Encoding, changes: &[(&str, &str)], expected: &Expect) {
    let mut document = Document::new(before, 1);
    let changes = changes.iter().map(|(at, text)| change(at, text));
    let shown = match document.apply(2, changes, encoding) {
        Ok(edits) => {
            let edits = edits.iter().map(|edit| {
                let (start, old, new) = (edit.start_point, edit.old_end_point, edit.new_end_point);
                format!(
                    "\n{}..{} -> {}..{}  ({}:{}..{}:{} -> {}:{})",
                    edit.start,
                    edit.old_end,
                    edit.start,
                    edit.new_end,
                    start.row,
                    start.column,
                    old.row,
                    old.column,
                    new.row,
                    new.column,
                )
            });
            format!("{:?}{}", document.snapshot().to_string(), edits.collect::<String>())
        }
        Err(why) => format!("{why}\n{:?}", document.snapshot().to_string()),
    };
    document.assert_invariants();
    expected.assert_eq(&shown);
}

#[test]
fn characters_count_in_the_clients_units() {
    let before = "let 😀 = x;";
    check(
        before,
        Encoding::Utf8,
        &[("0:8..0:9", "é")],
        &expect![[r#"
        "let 😀é= x;"
        8..9 -> 8..10  (0:8..0:9 -> 0:10)"#]],
    );
    check(
        before,
        Encoding::Utf16,
        &[("0:6..0:7", "é")],
        &expect![[r#"
        "let 😀é= x;"
        8..9 -> 8..10  (0:8..0:9 -> 0:10)"#]],
    );
    check(
        before,
        Encoding::Utf32,
        &[("0:5..0:6", "é")],
        &expect![[r#"
        "let 😀é= x;"
        8..9 -> 8..10  (0:8..0:9 -> 0:10)"#]],
    );
}

#[test]
fn the_changes_of_a_batch_follow_one_another() {
    check(
        "",
        Encoding::Utf16,
        &[("0:0..0:0", "fn"), ("0:2..0:2", " f\n"), ("1:0..1:0", "}")],
        &expect![[r#"
        "fn f\n}"
        0..0 -> 0..2  (0:0..0:0 -> 0:2)
        2..2 -> 2..5  (0:2..0:2 -> 1:0)
        5..5 -> 5..6  (1:0..1:0 -> 1:1)"#]],
    );
}

#[test]
fn a_character_past_the_end_of_the_line_is_the_end_of_the_line() {
    check(
        "ab\r\ncd",
        Encoding::Utf16,
        &[("0:99..0:4294967295", "!")],
        &expect![[r#"
        "ab!\r\ncd"
        2..2 -> 2..3  (0:2..0:2 -> 0:3)"#]],
    );
}

#[test]
fn the_line_after_the_last_is_the_end_of_the_text() {
    check(
        "a\nb",
        Encoding::Utf16,
        &[("0:0..2:0", "")],
        &expect![[r#"
        ""
        0..3 -> 0..0  (0:0..1:1 -> 0:0)"#]],
    );
    check(
        "a\nb",
        Encoding::Utf16,
        &[("2:1..2:1", "x")],
        &expect![[r#"
        change 0 of version 2 does not fit: 2:1 is past the last of the text's 2 lines (positions count from 0)
        "a\nb""#]],
    );
}

#[test]
fn lines_end_at_lf_crlf_and_cr_and_at_nothing_else() {
    let text = "a\nb\r\nc\rd\u{2028}e\u{2029}f\u{85}g\u{b}h\u{c}i\n";
    let snapshot = Snapshot::new(text, 0);
    let lines: Vec<_> = (0..snapshot.line_count()).map(|line| snapshot.line(line)).collect();
    expect![[r#"["a", "b", "c", "d\u{2028}e\u{2029}f\u{85}g\u{b}h\u{c}i", ""]"#]]
        .assert_eq(&format!("{lines:?}"));
}

#[test]
fn an_edit_that_joins_a_cr_and_an_lf_covers_both() {
    check(
        "a\rb",
        Encoding::Utf8,
        &[("1:0..1:0", "\n")],
        &expect![[r#"
        "a\r\nb"
        1..2 -> 1..3  (0:1..1:0 -> 1:0)"#]],
    );
    check(
        "a\rX\nb",
        Encoding::Utf8,
        &[("1:0..1:1", "")],
        &expect![[r#"
        "a\r\nb"
        1..4 -> 1..3  (0:1..2:0 -> 1:0)"#]],
    );
    check(
        "a\nb",
        Encoding::Utf8,
        &[("0:1..0:1", "\r")],
        &expect![[r#"
        "a\r\nb"
        1..2 -> 1..3  (0:1..1:0 -> 1:0)"#]],
    );
}

#[test]
fn half_a_character_does_not_fit() {
    check(
        "é😀",
        Encoding::Utf8,
        &[("0:1..0:1", "x")],
        &expect![[r#"
        change 0 of version 2 does not fit: 0:1 (utf-8) is in the middle of a character
        "é😀""#]],
    );
    check(
        "é😀",
        Encoding::Utf16,
        &[("0:0..0:1", "x"), ("0:2..0:2", "y")],
        &expect![[r#"
        change 1 of version 2 does not fit: 0:2 (utf-16) is in the middle of a character
        "é😀""#]],
    );
}

#[test]
fn a_range_that_ends_before_it_starts_does_not_fit() {
    check(
        "abc",
        Encoding::Utf16,
        &[("0:2..0:1", "x")],
        &expect![[r#"
        change 0 of version 2 does not fit: its range ends before it starts
        "abc""#]],
    );
    // Both would clamp to the end of the line, but the client did not mean that.
    check(
        "abc",
        Encoding::Utf16,
        &[("0:9..0:8", "x")],
        &expect![[r#"
        change 0 of version 2 does not fit: its range ends before it starts
        "abc""#]],
    );
}

#[test]
fn out_of_sync_ends_with_the_next_full_text() {
    let mut document = Document::new("one", 5);
    let mut apply = |version, changes: Vec<Change>| {
        let outcome = match document.apply(version, changes, Encoding::Utf16) {
            Ok(edits) => format!("{} edits", edits.len()),
            Err(why) => why.to_string(),
        };
        let state = if document.is_out_of_sync() { "out of sync" } else { "in sync" };
        format!("{outcome}\n  {:?} {} {state}\n", document.snapshot().to_string(), document.version())
    };
    let shown = [
        apply(6, vec![change("9:9..9:9", "x")]),
        apply(7, vec![change("0:0..0:0", "x")]),
        apply(
            8,
            vec![
                change("7:7..7:7", "nobody looks at this"),
                Change::Full("two".into()),
                change("0:3..0:3", "!"),
            ],
        ),
        apply(8, vec![change("0:0..0:0", "x")]),
        apply(2, vec![Change::Full("three".into())]),
        apply(3, vec![change("0:0..0:5", "3")]),
        apply(4, vec![]),
    ];
    expect![[r#"
        change 0 of version 6 does not fit: 9:9 is past the last of the text's 1 lines (positions count from 0)
          "one" 5 out of sync
        version 7 changes a part, but the text is only known up to version 5
          "one" 5 out of sync
        2 edits
          "two!" 8 in sync
        version 8 came after version 8
          "two!" 8 out of sync
        1 edits
          "three" 2 in sync
        1 edits
          "3" 3 in sync
        0 edits
          "3" 4 in sync
    "#]]
    .assert_eq(&shown.concat());
}

#[test]
fn a_snapshot_keeps_the_text_it_was_taken_of() {
    fn assert_shareable<T: Clone + Send + Sync>(_: &T) {}
    let mut document = Document::new("before", 1);
    let snapshot = document.snapshot();
    assert_shareable(&snapshot);
    document.apply(2, [Change::Full("after".into())], Encoding::Utf8).unwrap();
    assert_eq!((snapshot.to_string().as_str(), snapshot.version()), ("before", 1));
    assert_eq!(document.snapshot().to_string(), "after");
}

#[test]
fn a_text_that_might_be_leaves_the_snapshot_alone() {
    let snapshot = Snapshot::new("let x = ;", 3);
    let (tried, edit) = snapshot.with(8..8, "1");
    assert_eq!((tried.to_string().as_str(), tried.version()), ("let x = 1;", 3));
    assert_eq!((edit.start, edit.old_end, edit.new_end), (8, 8, 9));
    assert_eq!(snapshot.to_string(), "let x = ;");
}

#[test]
fn a_byte_range_that_cuts_a_crlf_makes_an_edit_that_does_not() {
    let (tried, edit) = Snapshot::new("a\r\nb", 0).with(1..2, "x");
    assert_eq!((tried.to_string().as_str(), edit.start, edit.old_end, edit.new_end), ("ax\nb", 1, 3, 3));
    let (tried, edit) = Snapshot::new("a\r\nb", 0).with(2..2, "x");
    assert_eq!((tried.to_string().as_str(), edit.start, edit.old_end, edit.new_end), ("a\rx\nb", 1, 3, 4));
}

#[test]
fn questions_about_what_is_not_there_are_answered_with_the_nearest() {
    let snapshot = Snapshot::new("é\r\nb", 0);
    assert_eq!(snapshot.slice(1..3), "é\r");
    assert_eq!(snapshot.slice(2..99), "\r\nb");
    assert_eq!(snapshot.slice(Range { start: 4, end: 2 }), "");
    assert_eq!(snapshot.line(7), "");
    assert_eq!(snapshot.line_start(usize::MAX), 5);
    assert_eq!(snapshot.wire(99, Encoding::Utf16), WirePos { line: 1, character: 1 });
    // Inside the character, and inside the CRLF.
    assert_eq!(snapshot.wire(1, Encoding::Utf16), WirePos { line: 0, character: 0 });
    assert_eq!(snapshot.wire(3, Encoding::Utf16), WirePos { line: 0, character: 1 });
    assert_eq!((snapshot.char_before(0), snapshot.char_after(99)), (None, None));
}

#[test]
fn debug_output_has_no_text_in_it() {
    let shown = format!(
        "{:?} {:?} {:?}",
        Document::new("secret", 1),
        Change::Full("secret".into()),
        change("0:0..0:1", "secret")
    );
    assert!(!shown.contains("secret"), "{shown}");
}
