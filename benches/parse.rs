//! What a key press costs in text and syntax, on a 10,000-line Rust file: `cargo bench -p benches --bench parse [-- --json]`.
//!
//! A line is typed key by key at places all over the file, and after each key the tree is brought up to date. *Edit* is what
//! stands between a change's arrival and the next message: the rope's edit and the moving of the tree's positions. *Tree* is the
//! reparse. *File* is what an index does with a file that nobody has open. Keys are reported by kind, because a quote or a brace changes the meaning of all that follows until its partner
//! is typed; so letters that are typed meanwhile are apart, too. *Verify* judges suggestions, whole: without anything prepared.

#![expect(clippy::print_stdout, reason = "a bench's report is its output")]

use std::{env, hint::black_box};

use benches::{
    figures::{Series, Timing, json, table, time},
    source,
};
use syntax::{Language, Tree};
use text::{Change, Document, Encoding, Snapshot, WireRange};

const LINES: usize = 10_000;
const PLACES: usize = 100;
const FILES: usize = 20;

/// What is typed at each place, by a hand without auto-closed pairs.
const TYPED: &str = "\n    let total = items.iter().map(|item| item.cost(\"net\")).sum();\n    if total > 3 {\n        log(total);\n    }";

/// Suggestions behind a typed `let total = `, and behind nothing.
const SUGGESTIONS: [(&str, &str, &str); 6] = [
    ("a good line", "let total = ", "items.iter().map(|item| item.cost()).sum();"),
    ("an open line", "let total = ", "items.iter().map(|item| {"),
    ("a bad line", "let total = ", "items.iter()).map(|item| item.cost()).sum();"),
    ("a good block", "", "for item in items {\n        total += item.cost();\n    }"),
    ("an open string", "", "log(\"total"),
    ("a brace too many", "", "}"),
];

/// An open document with its tree.
struct Open {
    document: Document,
    tree: Tree,
    version: i32,
}

impl Open {
    /// Replaces bytes as a client would, and brings the tree up to date; returns what the edit and the reparse took.
    fn change(&mut self, start: usize, end: usize, text: &str) -> (Timing, Timing) {
        let before = self.document.snapshot();
        let range =
            WireRange { start: before.wire(start, Encoding::Utf16), end: before.wire(end, Encoding::Utf16) };
        // The text's older snapshot is kept, as a request in flight would: the edit then copies what it changes.
        let change = Change::Range { range, text: text.to_owned() };
        self.version += 1;

        let ((), edit) = time(|| {
            let edits =
                self.document.apply(self.version, [change], Encoding::Utf16).expect("the range is there");
            for edit in &edits {
                self.tree.edit(edit);
            }
        });
        let ((), tree) = time(|| {
            let snapshot = self.document.snapshot();
            self.tree =
                Tree::parse(self.tree.language(), &snapshot, Some(&self.tree), None).expect("no deadline");
        });
        (edit, tree)
    }
}

fn main() {
    let text = source::rust(LINES).expect("the repository's sources are readable");
    let language = Language::from_id("rust").expect("Rust is compiled in");
    let document = Document::new(&text, 0);
    let (tree, first) =
        time(|| Tree::parse(language, &document.snapshot(), None, None).expect("no deadline"));
    let places = places(&tree, &document.snapshot());
    let mut open = Open { document, tree, version: 0 };

    let mut series = typing(&mut open, &places);
    series.push(Series { name: "tree: first parse of the file".into(), target: None, timings: vec![first] });
    series.extend(verification(&mut open, &places));
    series.extend(whole_files(language, &text));

    if env::args().any(|argument| argument == "--json") {
        println!("{}", json(&series));
    } else {
        println!("{} lines, {} bytes, {} places\n\n{}", LINES, text.len(), places.len(), table(&series));
    }
}

/// Types at each place and takes it back.
fn typing(open: &mut Open, places: &[usize]) -> Vec<Series> {
    let mut edits = Series::new("edit: any key", Some(1));
    let mut trees = [
        Series::new("tree: letters, digits, blanks", Some(15)),
        Series::new("tree: newlines", Some(15)),
        Series::new("tree: operators, commas, semicolons", None),
        Series::new("tree: quotes", None),
        Series::new("tree: brackets", None),
        Series::new("tree: letters behind an open quote or bracket", None),
    ];
    for &place in places {
        let mut at = place;
        let (mut quoted, mut depth) = (false, 0);
        for key in TYPED.chars() {
            let (edit, tree) = open.change(at, at, key.encode_utf8(&mut [0; 4]));
            at += key.len_utf8();
            edits.timings.push(edit);
            let kind = kind(key);
            trees[if kind == 0 && (quoted || depth > 0) { 5 } else { kind }].timings.push(tree);
            quoted ^= key == '"';
            depth += i32::from(matches!(key, '(' | '[' | '{')) - i32::from(matches!(key, ')' | ']' | '}'));
        }
        open.change(place, at, "");
    }
    std::iter::once(edits).chain(trees).collect()
}

/// The index of a key's series.
fn kind(key: char) -> usize {
    match key {
        '\n' => 1,
        '"' | '\'' => 3,
        '(' | ')' | '[' | ']' | '{' | '}' => 4,
        key if key.is_alphanumeric() || matches!(key, ' ' | '_') => 0,
        _ => 2,
    }
}

/// Judges each suggestion at each place, in the state of the file in which it would be made: whole, and then the part that is
/// left to do once the suggestion is there.
fn verification(open: &mut Open, places: &[usize]) -> Vec<Series> {
    let target = Some(10);
    let mut all = Series::new("verify: all of these", target);
    let mut last = Series::new("verify: all of these, place prepared", target);
    let mut series: Vec<_> =
        SUGGESTIONS.iter().map(|(name, ..)| Series::new(format!("verify: {name}"), target)).collect();
    for &place in places {
        for (series, (_, typed, suggestion)) in series.iter_mut().zip(SUGGESTIONS) {
            let typed = format!("\n    {typed}");
            open.change(place, place, &typed);
            let cursor = place + typed.len();
            let snapshot = open.document.snapshot();
            let (_, took) = time(|| black_box(open.tree.added_errors(&snapshot, cursor..cursor, suggestion)));
            series.timings.push(took);
            all.timings.push(took);
            let verifier = open.tree.verifier(&snapshot, cursor..cursor);
            let (_, took) = time(|| black_box(verifier.judge(suggestion)));
            last.timings.push(took);
            open.change(place, cursor, "");
        }
    }
    series.extend([all, last]);
    series
}

/// Parses the text and lists what it defines, imports and uses.
fn whole_files(language: Language, text: &str) -> [Series; 4] {
    let mut series =
        ["parse", "outline", "imports", "uses"].map(|name| Series::new(format!("file: {name}"), None));
    let [parses, outlines, imports, uses] = &mut series;
    for _ in 0..FILES {
        let (tree, took) = time(|| Tree::of_text(language, text).expect("it is small"));
        parses.timings.push(took);
        outlines.timings.push(time(|| black_box(tree.outline(text))).1);
        imports.timings.push(time(|| black_box(tree.imports(text))).1);
        uses.timings.push(time(|| black_box(tree.uses(text, 0..text.len()))).1);
    }
    series
}

/// Byte offsets at ends of statements, spread over the text; what looks like one in a string or a comment is none.
fn places(tree: &Tree, snapshot: &Snapshot) -> Vec<usize> {
    let text = snapshot.to_string();
    let ends = text.match_indices(";\n    ").map(|(at, _)| at + 1);
    let code = |at: &usize| {
        let place = tree.place(snapshot, *at);
        !place.in_string && !place.in_comment
    };
    let ends: Vec<usize> = ends.filter(code).collect();
    let step = (ends.len() / PLACES).max(1);
    ends.into_iter().step_by(step).take(PLACES).collect()
}
