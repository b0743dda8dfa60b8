//! Whether a suggestion would break the file.
//!
//! The rule. A file that is being typed in is rarely without errors, and a suggestion rarely finishes what it begins: the line
//! `let x = ` has an error that the suggestion will mend, and a suggestion of `if x {` leaves a block open that the next line
//! will fill. So neither the file as it is nor the file with the suggestion in it is judged as it stands. Each is given the
//! best of a few *continuations* at the place in question: the brackets that the line left open, a name, an empty block, the
//! language's own list of them in `queries/languages.toml`. **The suggestion is bad by as many errors as the file with it,
//! best continued, has more than the file without it, best continued.** A tail left open costs nothing; an error within the
//! suggestion, a bracket too many, or a string left open costs what it costs, because no continuation mends it.
//!
//! In a large file only a fragment is judged: the item around the place, or the items beside it.
//!
//! Must not change a suggestion: whether to cut it or drop it is the caller's.

use std::ops::Range;

use text::Snapshot;
use tree_sitter::Node;

use crate::{
    errors,
    language::Language,
    place::literal_at,
    queries::Capture,
    source,
    tree::{Tree, input_edit},
};

/// Files up to this many bytes are judged whole.
const WHOLE_FILE: usize = 8 * 1024;
/// What is judged in a larger file is at most this many bytes, if its structure allows.
const FRAGMENT: usize = 16 * 1024;

/// What became of the file's syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How many more ERROR and MISSING nodes there are than without the suggestion, both best continued.
    pub added: u32,
    /// The suggestion stops short: as it stands the file would have more errors than [`Verdict::added`] says, and the text
    /// that mends them belongs right behind the suggestion.
    pub open: bool,
}

/// Judges suggestions for one place. Making it parses the place once; it may be made before a suggestion is there.
pub struct Verifier {
    language: Language,
    snapshot: Snapshot,
    /// Of the whole file or of the fragment.
    tree: tree_sitter::Tree,
    /// The part of the file that is judged; `None` is all of it.
    fragment: Option<Range<usize>>,
    replaced: Range<usize>,
    /// Errors in the file as it is, best continued at the place.
    baseline: u32,
}

impl Tree {
    /// How many more ERROR and MISSING nodes the file would have if the bytes `replaced` became `text`, where text left open
    /// at the end of `text` or of the line before it does not count; the rule is at the top of this module's file. The
    /// tree must be of this snapshot.
    pub fn added_errors(&self, snapshot: &Snapshot, replaced: Range<usize>, text: &str) -> u32 {
        self.verifier(snapshot, replaced).judge(text).added
    }

    /// Prepares to judge suggestions that replace the bytes `replaced`. The tree must be of this snapshot.
    pub fn verifier(&self, snapshot: &Snapshot, replaced: Range<usize>) -> Verifier {
        let end = replaced.end.min(snapshot.len());
        let replaced = replaced.start.min(end)..end;
        let mut verifier = Verifier {
            language: self.language,
            snapshot: snapshot.clone(),
            tree: self.inner.clone(),
            fragment: None,
            replaced,
            baseline: 0,
        };
        if snapshot.len() > WHOLE_FILE {
            let range = fragment(self, &verifier.replaced);
            let grammar = self.language.grammar();
            if let Some(tree) = source::parse(grammar, snapshot, Some(range.clone()), None, None) {
                verifier.tree = tree;
                verifier.fragment = Some(range);
            }
        }
        verifier.baseline = verifier.baseline();
        verifier
    }
}

impl Verifier {
    /// Judges one suggestion.
    pub fn judge(&self, text: &str) -> Verdict {
        let (tree, snapshot) = self.with(text);
        let plain = errors::count(tree.root_node());
        let best = self.best(text, &tree, &snapshot, plain, self.baseline);
        Verdict { added: best.saturating_sub(self.baseline), open: best < plain }
    }

    /// The fewest errors that the file has without a suggestion.
    fn baseline(&self) -> u32 {
        let as_is = errors::count(self.tree.root_node());
        if as_is == 0 {
            return 0;
        }
        let (tree, snapshot) = self.with("");
        let bare = errors::count(tree.root_node());
        self.best("", &tree, &snapshot, bare, 0).min(as_is)
    }

    /// The fewest errors of the file with `text` in it and each continuation behind it, given the file with `text` alone,
    /// which has `plain` errors. Stops looking at `enough`.
    fn best(
        &self,
        text: &str,
        tree: &tree_sitter::Tree,
        snapshot: &Snapshot,
        plain: u32,
        enough: u32,
    ) -> u32 {
        let mut best = plain;
        let mut continuations =
            Continuations::new(self.language, tree, snapshot, &self.replaced, text).into_iter();
        while best > enough
            && let Some(continuation) = continuations.next()
        {
            let (tree, _) = self.with(&format!("{text}{continuation}"));
            best = best.min(errors::count(tree.root_node()));
        }
        best
    }

    /// The file, or its fragment, with `text` at the place.
    fn with(&self, text: &str) -> (tree_sitter::Tree, Snapshot) {
        let (snapshot, edit) = self.snapshot.with(self.replaced.clone(), text);
        let mut old = self.tree.clone();
        old.edit(&input_edit(&edit));
        let within = self.fragment.as_ref().map(|range| range.start..range.end + edit.new_end - edit.old_end);
        let tree = source::parse(self.language.grammar(), &snapshot, within, Some(&old), None);
        (tree.unwrap_or(old), snapshot)
    }
}

/// The texts that may continue a place.
struct Continuations {
    texts: Vec<String>,
}

impl Continuations {
    /// `tree` and `snapshot` have `text` at the place already.
    fn new(
        language: Language,
        tree: &tree_sitter::Tree,
        snapshot: &Snapshot,
        replaced: &Range<usize>,
        text: &str,
    ) -> Self {
        let end = replaced.start + text.len();
        let line_start = snapshot.line_start(snapshot.line_of(replaced.start));
        // The client may have closed the line's own brackets already, behind the cursor; those of the text never.
        let mut closers = vec![
            open_brackets(tree.root_node(), replaced.start..end),
            open_brackets(tree.root_node(), line_start..end),
            String::new(),
        ];
        closers.dedup();

        let last_line = snapshot.line(snapshot.line_of(end));
        let indent: &str = &last_line[..last_line.len() - last_line.trim_start().len()];
        let line = format!("\n{indent}");
        // Behind a comment a continuation would be part of it.
        let literal = literal_at(language, tree.root_node(), snapshot, end);
        let first = if literal == Some(Capture::LineComment) { &line } else { "" };
        let texts = language
            .continuations()
            .iter()
            .flat_map(|template| {
                let line = &line;
                closers.iter().map(move |closers| {
                    first.to_owned() + &template.replace("$close", closers).replace("$line", line)
                })
            })
            .collect();
        Self { texts }
    }
}

impl IntoIterator for Continuations {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.texts.into_iter()
    }
}

/// What would close the brackets that are opened but not closed within a range, innermost first. Brackets are tokens of the
/// tree, so those in strings and comments don't count.
fn open_brackets(root: Node<'_>, range: Range<usize>) -> String {
    let mut open = Vec::new();
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        let outside = node.end_byte() <= range.start || node.start_byte() >= range.end;
        if !outside {
            if cursor.goto_first_child() {
                continue;
            }
            if node.start_byte() >= range.start && !node.is_missing() {
                match node.kind() {
                    "(" => open.push(')'),
                    "[" => open.push(']'),
                    "{" => open.push('}'),
                    closer @ (")" | "]" | "}")
                        if open.last().is_some_and(|last| closer.starts_with(*last)) =>
                    {
                        open.pop();
                    }
                    _ => {}
                }
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return open.into_iter().rev().collect();
            }
        }
    }
}

/// The part of a large file to judge: the outermost item around the place that is not too large; where there is none, the
/// siblings beside the place, as far as they fit.
fn fragment(tree: &Tree, replaced: &Range<usize>) -> Range<usize> {
    let around = tree.language.queries().around(tree.inner.root_node(), replaced.clone());
    let items =
        around.iter().filter(|(capture, _)| *capture == Capture::Item).map(|(_, node)| node.byte_range());
    items
        .into_iter()
        .find(|range| range.len() <= FRAGMENT)
        .unwrap_or_else(|| beside(tree.inner.root_node(), replaced))
}

/// The nodes next to the place that together have at most [`FRAGMENT`] bytes, in the smallest node that is larger.
fn beside(root: Node<'_>, replaced: &Range<usize>) -> Range<usize> {
    let mut parent = root;
    while let Some(child) = parent.first_child_for_byte(replaced.start)
        && child.start_byte() <= replaced.start
        && replaced.end <= child.end_byte()
        && child.byte_range().len() > FRAGMENT
    {
        parent = child;
    }
    let mut range = replaced.clone();
    let mut cursor = parent.walk();
    for child in parent.children(&mut cursor) {
        if child.end_byte() + FRAGMENT / 2 > replaced.start
            && child.start_byte() < replaced.end + FRAGMENT / 2
        {
            range = range.start.min(child.start_byte())..range.end.max(child.end_byte());
        }
    }
    range
}
