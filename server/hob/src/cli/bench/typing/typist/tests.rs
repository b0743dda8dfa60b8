//! What is typed, key by key; and that whoever types a script ends with the file as it was, whatever the model says.

use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::{Strategy, any, prop, proptest};

use super::*;

/// What an editor has, changed by the strokes alone.
fn apply(text: &mut String, stroke: &Stroke) {
    for edit in &stroke.edits {
        text.replace_range(edit.range.clone(), &edit.text);
    }
    assert!(text.is_char_boundary(stroke.cursor), "{stroke:?}");
}

/// A typist in a text of which the part between the marks is missing, with one thing that happens on the way.
fn typist(marked: &str, whims: Vec<Whim>, blanks: Vec<usize>) -> (Typist, String) {
    let start = marked.find('«').unwrap();
    let text = marked.replace('«', "");
    let end = text.find('»').unwrap();
    let text = text.replace('»', "");
    let script = Script { stretches: [Stretch { range: start..end, whims, blanks }].into() };
    let rust = Language::from_path("a.rs").unwrap();
    (Typist::new(script, &text, rust, Random::new(1)).unwrap(), text)
}

/// Each stroke with the line that it leaves the cursor in.
fn check(marked: &str, whims: Vec<Whim>, blanks: Vec<usize>, want: &Expect) {
    let (mut typist, truth) = typist(marked, whims, blanks);
    let mut text = typist.text();
    let mut shown = String::new();
    while let Some(stroke) = typist.next(None) {
        apply(&mut text, &stroke);
        let start = text[..stroke.cursor].rfind('\n').map_or(0, |at| at + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        let (before, after) = line.split_at(stroke.cursor - start);
        writeln!(shown, "{:20} {before}|{after}", stroke.kind.name()).unwrap();
    }
    assert_eq!(text, truth);
    want.assert_eq(&shown);
}

fn at(at: usize, what: What) -> Vec<Whim> {
    vec![Whim { at, what }]
}

#[test]
fn pairs_close_by_themselves_and_are_typed_over() {
    check(
        "f«(\"a\")»\n",
        vec![],
        vec![],
        &expect![[r#"
        open                 f(|)
        auto_close           f("|")
        key                  f("a|")
        overtype             f("a"|)
        overtype             f("a")|
    "#]],
    );
}

#[test]
fn a_block_has_its_end_at_once() {
    check(
        "«f(|| {\n    a\n})»\n",
        vec![],
        vec![],
        &expect![[r#"
        open                 f|
        auto_close           f(|)
        key                  f(||)
        key                  f(|||)
        key                  f(|| |)
        auto_close           f(|| {|})
        enter                    |
        key                      a|
    "#]],
    );
}

#[test]
fn a_wrong_letter_is_taken_back() {
    check(
        "«ab»\n",
        at(1, What::Typo(1)),
        vec![],
        &expect![[r#"
        open                 a|
        key                  ac|
        backspace            a|
        key                  ab|
    "#]],
    );
}

#[test]
fn the_last_characters_are_taken_back() {
    check(
        "«(abcde)»\n",
        at(4, What::Undo(2)),
        vec![],
        &expect![[r#"
        open                 (|)
        key                  (a|)
        key                  (ab|)
        key                  (abc|)
        undo                 (a|)
        key                  (ab|)
        key                  (abc|)
        key                  (abcd|)
        key                  (abcde|)
        overtype             (abcde)|
    "#]],
    );
}

#[test]
fn a_line_is_pasted() {
    check(
        "«a\n  b(c)»\n",
        at(4, What::Paste),
        vec![],
        &expect![[r#"
        open                 a|
        enter                  |
        paste                  b(c)|
    "#]],
    );
}

#[test]
fn a_detour_leaves_nothing() {
    check(
        "x\n«ab»\n",
        at(3, What::Detour(1)),
        vec![],
        &expect![[r#"
        open                 a|
        jump                 x |
        key                  x #|
        undo                 x|
        jump_back            ab|
    "#]],
    );
}

#[test]
fn lines_are_put_in_above_and_below_and_formatting_ends_it() {
    let mut whims = at(9, What::Line(0..4));
    whims.extend(at(10, What::Line(18..22)));
    check(
        "use\nx\n  «ab\ncdef»\ny\nend\nz\n",
        whims,
        vec![5, 17],
        &expect![[r#"
            open                   a|
            edit_above           use|
            key_after_edit_above   ab|
            edit_below           end|
            key_after_edit_below |
            key                  c|
            key                  cd|
            key                  cde|
            key                  cdef|
            format_on_save       cdef|
        "#]],
    );
}

/// Ghost text as a model would write it: `length` bytes that are right, or something else.
fn ghost(typist: &Typist, text: &str, cursor: usize, length: usize, right: bool) -> Ghost {
    let rest = &typist.page.truth()[typist.at..];
    let length = (0..=length.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or_default();
    let adds = if right { rest[..length].to_owned() } else { format!("{}?", &rest[..length]) };
    let covers = typist.page.standing(typist.at..typist.at + length);
    // Sometimes the answer's range covers what was typed already.
    let typed = text[..cursor].chars().next_back().filter(|_| length % 2 == 0);
    let start = cursor - typed.map_or(0, char::len_utf8);
    let whole = format!("{}{adds}", typed.map_or_else(String::new, String::from));
    Ghost { edit: Edit { range: start..cursor + covers.len(), text: whole }, adds, covers }
}

/// Types a whole script, with ghost text after each key; how often each kind of key came.
fn replay(truth: &str, language: &str, seed: u64) -> BTreeMap<Kind, usize> {
    let language = Language::from_path(language).unwrap();
    let script = Script::new(truth, 3, &mut Random::new(seed));
    let mut chance = Random::new(seed + 1);
    let mut kinds = BTreeMap::new();
    let Some(mut typist) = Typist::new(script, truth, language, Random::new(seed + 2)) else { return kinds };
    let mut text = typist.text();
    let mut shown = None;
    // Each key adds a character but for typos, undo and detours, of which there are fewer.
    for _ in 0..truth.len() * 4 + 100 {
        let Some(stroke) = typist.next(shown.as_ref()) else {
            assert_eq!(text, truth);
            return kinds;
        };
        apply(&mut text, &stroke);
        assert_eq!(text, typist.text(), "after {stroke:?}");
        *kinds.entry(stroke.kind).or_default() += 1;
        let show = chance.below(4) == 0 && stroke.cursor == typist.cursor() && typist.next.is_none();
        let (length, right) = (chance.below(60), chance.below(4) > 0);
        shown = show.then(|| ghost(&typist, &text, stroke.cursor, length, right));
    }
    panic!("the script does not end");
}

proptest! {
    #[test]
    fn what_is_typed_is_the_file(text in text(), seed in any::<u64>()) {
        replay(&text, "a.rs", seed >> 1);
        replay(&text, "a.py", seed >> 1);
    }
}

/// Lines of what code is made of, brackets that don't nest included.
fn text() -> impl Strategy<Value = String> {
    let part = prop::sample::select(&[
        "fn ", "x", "foo", "(", ")", "[", "]", "{", "}", "\"", "'", "\\", " ", ", ", "é", "日本", "😀",
        "// ", ";", "\t", "() {", "})", "\"a\"", "{\n    ", "\n}", "\n", "\n    ", "(\n", "\n)", "name",
        "ab",
    ]);
    let line = prop::collection::vec(part, 1..8).prop_map(|parts| parts.concat());
    prop::collection::vec(line, 0..60).prop_map(|lines| lines.join("\n"))
}

#[test]
fn real_files_are_typed_with_keys_of_all_kinds() {
    let rust = include_str!("../typist.rs");
    let mut kinds = BTreeMap::new();
    for seed in 0..20 {
        for (kind, times) in replay(rust, "a.rs", seed) {
            *kinds.entry(kind).or_insert(0) += times;
        }
    }
    for kind in Kind::ALL {
        assert!(kinds.get(&kind).is_some_and(|times| *times >= 10), "{kind:?}: {kinds:?}");
    }
}
