//! A tree that followed random edits against a fresh parse of the same text.
//!
//! Compared are every node's kind, bytes and points. Where the text is valid, the two must be the same. Where it is not,
//! tree-sitter's error recovery depends on what it can reuse, and now and then finds another way to be wrong
//! (`recovery_depends_on_history` has two small cases): there both must agree that the text is broken, all but a few in a
//! hundred trees are still the same, and a tree that went another way must be the same again once the text is valid.

use text::{Change, Document, Encoding, WireRange};
use tree_sitter::Node;

use crate::{Language, Tree};

const RUST: &str = include_str!("../errors.rs");
const PYTHON: &str = "import os\n\n\nclass A(B):\n    \"\"\"Größe.\"\"\"\n\n    x: int = 3\n\n    @property\n    def f(self, a=1, *args):\n        if a > 2:\n            return [i for i in range(a)]\n        elif a:\n            s = f\"é {a + 1} 😀\"\n        else:\n            pass\n        for i in x:\n            print(i, 'b')\n\n\ndef g():\n    with open('a') as f:\n        try:\n            f.read()\n        except E:\n            raise\n    return {1: 2}\n";

/// What edits are made of: what changes the meaning of what follows, line breaks of each kind, and characters of each width.
const PIECES: [&str; 34] = [
    "a",
    "foo",
    "0",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\n    ",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    ",",
    ":",
    ".",
    "=",
    "+",
    "\"",
    "'",
    "\\",
    "//",
    "/*",
    "*/",
    "#",
    "é",
    "日",
    "😀",
    "let x = 1;\n",
    "fn f() {}\n",
    "if x:\n",
    "def f():\n    ",
];

#[test]
fn rust_after_random_edits() {
    check("rust", RUST);
}

#[test]
fn rust_with_crlf_after_random_edits() {
    check("rust", &RUST.replace('\n', "\r\n"));
}

#[test]
fn rust_with_lone_crs_after_random_edits() {
    check("rust", &RUST.replace('\n', "\r"));
}

#[test]
fn python_after_random_edits() {
    check("python", PYTHON);
}

#[test]
fn python_with_crlf_after_random_edits() {
    check("python", &PYTHON.replace('\n', "\r\n"));
}

#[test]
fn python_with_lone_crs_after_random_edits() {
    check("python", &PYTHON.replace('\n', "\r"));
}

/// To Hob a CR ends a line, so a comment ends there too, although the grammars only know of LF.
#[test]
fn a_lone_cr_ends_a_line_comment() {
    let language = Language::from_id("rust").unwrap();
    let document = Document::new("// a\rfn f() {}\r", 0);
    let tree = Tree::parse(language, &document.snapshot(), None, None).unwrap();
    assert_eq!(tree.inner.root_node().child(1).unwrap().kind(), "function_item");
}

#[test]
fn recovery_depends_on_history() {
    for (language, text, at, typed) in
        [("rust", "!r.\"t(){", 8, "\\"), ("python", "h f:d()\n/*", 4, "if x:\n")]
    {
        let mut open = Open::new(language, text);
        open.replace(at, at, typed);
        assert!(!open.matches_fresh(), "tree-sitter changed: see whether the comparison can be stricter");
    }
}

#[test]
fn a_tree_that_missed_an_edit_is_left_aside() {
    let mut open = Open::new("rust", "fn a() {}\n");
    let (missed, _) = open.document.snapshot().with(0..0, "fn b() {}\n");
    let tree = Tree::parse(open.tree.language(), &missed, Some(&open.tree), None).unwrap();
    open.replace(0, 0, "fn b() {}\n");
    assert_eq!(nodes(&tree), nodes(&open.fresh()));
}

#[test]
fn a_parse_can_be_given_up() {
    let mut open = Open::new("rust", &RUST.repeat(50));
    let snapshot = open.document.snapshot();
    assert!(Tree::parse(open.tree.language(), &snapshot, None, Some(&mut || true)).is_none());
    // And leaves nothing behind.
    open.replace(0, 0, "fn b() {}\n");
    assert_eq!(nodes(&open.tree), nodes(&open.fresh()));
}

#[test]
fn versions_are_those_of_the_snapshots() {
    let mut open = Open::new("python", "x = 1\n");
    assert_eq!((open.tree.version(), open.tree.is_edited()), (0, false));
    let (_, edit) = open.document.snapshot().with(0..1, "y");
    open.tree.edit(&edit);
    assert_eq!((open.tree.version(), open.tree.is_edited()), (0, true));
    open.replace(0, 1, "z");
    assert_eq!((open.tree.version(), open.tree.is_edited()), (1, false));
}

/// An open document with its tree, as a session holds them.
struct Open {
    document: Document,
    tree: Tree,
}

impl Open {
    fn new(language: &str, text: &str) -> Self {
        let document = Document::new(text, 0);
        let language = Language::from_id(language).unwrap();
        let tree = Tree::parse(language, &document.snapshot(), None, None).unwrap();
        Self { document, tree }
    }

    /// Replaces bytes; both ends are characters' ends, and not inside a CRLF.
    fn replace(&mut self, start: usize, end: usize, text: &str) {
        let before = self.document.snapshot();
        let range =
            WireRange { start: before.wire(start, Encoding::Utf8), end: before.wire(end, Encoding::Utf8) };
        let change = Change::Range { range, text: text.to_owned() };
        for edit in self.document.apply(before.version() + 1, [change], Encoding::Utf8).unwrap() {
            self.tree.edit(&edit);
        }
        self.tree =
            Tree::parse(self.tree.language(), &self.document.snapshot(), Some(&self.tree), None).unwrap();
    }

    fn fresh(&self) -> Tree {
        Tree::parse(self.tree.language(), &self.document.snapshot(), None, None).unwrap()
    }

    /// Whether the tree equals a fresh parse; it must where the text is valid.
    fn matches_fresh(&self) -> bool {
        let fresh = self.fresh();
        let same = nodes(&self.tree) == nodes(&fresh);
        let broken = fresh.inner.root_node().has_error();
        assert_eq!(self.tree.inner.root_node().has_error(), broken, "only one of the trees has errors");
        assert!(same || broken, "trees of a valid text differ");
        same
    }
}

/// Runs of edits, each begun and ended with the same valid text: a few edits that mostly leave it nearly valid, or many.
pub(super) fn check(language: &str, text: &str) {
    let (mut compared, mut differed) = (0, 0);
    for seed in 0..80 {
        println!("seed {seed}");
        let mut random = Random(seed);
        let mut open = Open::new(language, text);
        for _ in 0..if seed % 10 == 0 { 40 } else { 4 } {
            let snapshot = open.document.snapshot();
            let at = |offset: usize| {
                snapshot.offset(snapshot.wire(offset, Encoding::Utf8), Encoding::Utf8).unwrap()
            };
            let start = random.below(snapshot.len() + 1);
            let end = if random.below(2) == 0 { start } else { start + random.below(12) };
            let text =
                if start < end && random.below(2) == 0 { "" } else { PIECES[random.below(PIECES.len())] };
            let (start, end) = (at(start), at(end));
            open.replace(start, end, text);
            compared += 1;
            differed += usize::from(!open.matches_fresh());
        }
        let len = open.document.snapshot().len();
        open.replace(0, len, text);
        assert!(open.matches_fresh());
    }
    assert!(differed * 50 <= compared, "{differed} of {compared} trees are not as a fresh parse has them");
}

/// Every node, in order: kind, bytes, points, error or missing.
fn nodes(tree: &Tree) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    let row =
        |node: Node<'_>| (node.kind_id(), node.range(), node.is_error(), node.is_missing(), node.is_extra());
    let mut cursor = tree.inner.walk();
    let mut nodes = vec![row(cursor.node())];
    loop {
        while cursor.goto_first_child() {
            nodes.push(row(cursor.node()));
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return nodes;
            }
        }
        nodes.push(row(cursor.node()));
    }
}

/// splitmix64: a few lines, and the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}
