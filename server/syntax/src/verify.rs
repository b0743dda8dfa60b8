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
//! A line whose block is there already, deeper below it, is not open: nobody will write that block. Such a line with the suggestion in it
//! is judged as it stands, and against what would begin the block.
//!
//! In a large file only a fragment is judged: the item around the place, or the items beside it. Where a bracket is missing, a
//! fragment may be too little, so before a suggestion is called bad the file with it is looked at whole, if it isn't
//! too large for that: a file without any error is not broken.
//!
//! Must not change a suggestion: whether to cut it or drop it is the caller's.

use std::ops::Range;

use text::Snapshot;
use tree_sitter::Node;

use crate::{
    errors,
    language::Language,
    place::literal_at,
    queries::ScopeCapture,
    source,
    tree::{Tree, input_edit},
};

/// Files up to this many bytes are judged whole; of a larger one about as much around the place. A bad suggestion is parsed once
/// for each continuation, and this keeps the sum within a few milliseconds.
const FRAGMENT: usize = 4 * 1024;
/// A place whose surroundings cannot be cut to this many bytes (a long line of data, a very long string) is not judged.
const TOO_LARGE: usize = 32 * 1024;

/// Of files up to this many bytes, the whole is parsed before a suggestion is called bad. That starts from the file's tree, and takes
/// about a millisecond unless the suggestion changes the meaning of all that follows.
const WHOLE: usize = 64 * 1024;

/// Bytes that may be parsed to try continuations, of which each costs at most a parse of the fragment; the likely ones come first. Where
/// more would be needed the file counts as more broken than it may be: without a suggestion that is lenient, with one it is strict.
const EFFORT: usize = 24 * 1024;

/// A block begins at most so many blank lines below its head.
const BLANKS: usize = 4;

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
    /// Of the whole file or of the fragment; `None` if the place is not judged.
    tree: Option<tree_sitter::Tree>,
    /// The part of the file that is judged; `None` is all of it.
    fragment: Option<Range<usize>>,
    /// Of the whole file, if a fragment is judged and the file is not too large.
    whole: Option<tree_sitter::Tree>,
    replaced: Range<usize>,
    /// The block that the line begins is there already.
    headed: bool,
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

    /// Prepares to judge suggestions that replace the bytes `replaced`. The tree must be of this snapshot, or have been edited along with
    /// it: a small file is then parsed here, and in a large one the tree only tells which fragment to parse.
    pub fn verifier(&self, snapshot: &Snapshot, replaced: Range<usize>) -> Verifier {
        let end = replaced.end.min(snapshot.len());
        let replaced = replaced.start.min(end)..end;
        let mut verifier = Verifier {
            language: self.language,
            snapshot: snapshot.clone(),
            tree: None,
            fragment: None,
            whole: None,
            headed: is_headed(snapshot, replaced.start),
            replaced,
            baseline: 0,
        };
        if snapshot.len() <= FRAGMENT {
            let fresh = || Tree::parse(self.language, snapshot, Some(self), None).map(|tree| tree.inner);
            verifier.tree = if self.is_edited() { fresh() } else { Some(self.inner.clone()) };
        } else {
            let range = fragment(self, &verifier.replaced);
            let small = range.len() <= TOO_LARGE;
            verifier.tree = small
                .then(|| source::parse(self.language, snapshot, Some(range.clone()), None, None))
                .flatten();
            verifier.fragment = Some(range);
            verifier.whole = (snapshot.len() <= WHOLE).then(|| self.inner.clone());
        }
        verifier.baseline = verifier.baseline();
        verifier
    }
}

impl Verifier {
    /// Judges one suggestion. Where nothing can be judged, nothing is known to be wrong.
    pub fn judge(&self, text: &str) -> Verdict {
        let Some(candidate) = self.with(&self.replaced, text) else {
            return Verdict { added: 0, open: false };
        };
        let best = if self.is_as_it_stands(text, &candidate) {
            candidate.errors()
        } else {
            self.best(text, &candidate, self.baseline)
        };
        if best > self.baseline && self.leaves_no_error(text) {
            return Verdict { added: 0, open: false };
        }
        // Where the file is broken anyway, errors don't tell that several lines open what they don't close.
        let opens = || text.contains('\n') && !self.opened(text, &candidate).is_empty();
        Verdict { added: best.saturating_sub(self.baseline), open: best < candidate.errors() || opens() }
    }

    /// What would close the brackets that a suggestion opens and does not close.
    fn opened(&self, text: &str, candidate: &Candidate) -> String {
        let range = self.replaced.start..self.replaced.start + text.len();
        open_brackets(candidate.tree.root_node(), range)
    }

    /// Whether nothing will be written behind the suggestion that could mend it: the block that its line begins is there. A fragment may
    /// end before the bracket that closes what the suggestion opens, which then counts as open.
    fn is_as_it_stands(&self, text: &str, candidate: &Candidate) -> bool {
        self.headed && (self.fragment.is_none() || self.opened(text, candidate).is_empty())
    }

    /// Whether the whole file, of which only a fragment was judged, is valid with the suggestion in it.
    fn leaves_no_error(&self, text: &str) -> bool {
        let Some(mut old) = self.whole.clone() else { return false };
        let (snapshot, edit) = self.snapshot.with(self.replaced.clone(), text);
        old.edit(&input_edit(&edit));
        let tree = source::parse(self.language, &snapshot, None, Some(&old), None);
        tree.is_some_and(|tree| !tree.root_node().has_error())
    }

    /// The fewest errors that the file has without a suggestion.
    fn baseline(&self) -> u32 {
        let as_is = self.tree.as_ref().map_or(0, |tree| errors::count(tree.root_node()));
        match self.with(&self.replaced, "") {
            Some(bare) if as_is > 0 => self.best("", &bare, 0).min(as_is),
            _ => as_is,
        }
    }

    /// The fewest errors of the file with `text` in it and any continuation or none behind it. `candidate` is the file with
    /// `text` alone. Stops looking at `enough`.
    fn best(&self, text: &str, candidate: &Candidate, enough: u32) -> u32 {
        let mut best = candidate.errors();
        let end = self.replaced.start + text.len();
        let literal = literal_at(self.language, candidate.tree.root_node(), &candidate.snapshot, end);
        // Within a string a continuation would be part of the string.
        if best <= enough || literal == Some(ScopeCapture::String) {
            return best;
        }
        let line = line_break(&candidate.snapshot, end);
        // And within a comment part of the comment.
        let first = if literal == Some(ScopeCapture::LineComment) { &*line } else { "" };
        let judged = self.fragment.as_ref().map_or(self.snapshot.len(), ExactSizeIterator::len);
        let mut left = (EFFORT / judged.max(1)).clamp(3, 64);
        let headers = if self.headed { self.language.headers() } else { &[] };
        for site in self.sites(text, candidate) {
            for template in headers.iter().chain(self.language.continuations()) {
                for closers in &site.closers {
                    let continuation = template.replace("$close", closers).replace("$line", &line);
                    // That is the candidate itself.
                    if continuation.is_empty() && site.replaced == self.replaced {
                        continue;
                    }
                    if left == 0 {
                        return best;
                    }
                    left -= 1;
                    let text = format!("{}{first}{continuation}", site.text);
                    if let Some(continued) = self.with(&site.replaced, &text) {
                        best = best.min(continued.errors());
                    }
                    if best <= enough {
                        return best;
                    }
                }
            }
        }
        best
    }

    /// Where a line with `text` in it may be continued: behind the text, and where nothing but brackets that the client closed
    /// stands behind that, also behind those.
    fn sites(&self, text: &str, candidate: &Candidate) -> Vec<Site> {
        let (start, end) = (self.replaced.start, self.replaced.start + text.len());
        let line_start = self.snapshot.line_start(self.snapshot.line_of(start));
        let of_text = open_brackets(candidate.tree.root_node(), start..end);
        let of_line = open_brackets(candidate.tree.root_node(), line_start..end);

        let line_end = self.snapshot.line_end(self.snapshot.line_of(self.replaced.end));
        let rest = self.snapshot.slice(self.replaced.end..line_end);
        let mut sites = Vec::new();
        if !rest.trim().is_empty() && rest.chars().all(|c| matches!(c, ')' | ']' | '}' | '"' | '\'' | ' ')) {
            let closed = of_text.len() + rest.matches([')', ']', '}']).count();
            let left = of_line.get(closed..).unwrap_or_default();
            sites.push(Site {
                replaced: start..line_end,
                text: format!("{text}{of_text}{rest}"),
                closers: vec![left.to_owned()],
            });
        }
        // Brackets that the line opened may be closed further down, and those that the text opened, too.
        let mut closers = vec![of_text, of_line, String::new()];
        closers.dedup();
        sites.insert(0, Site { replaced: self.replaced.clone(), text: text.to_owned(), closers });
        sites
    }

    /// The file, or its fragment, with `text` instead of the bytes `replaced`.
    fn with(&self, replaced: &Range<usize>, text: &str) -> Option<Candidate> {
        let (snapshot, edit) = self.snapshot.with(replaced.clone(), text);
        let mut old = self.tree.clone()?;
        old.edit(&input_edit(&edit));
        let within = self.fragment.as_ref().map(|range| range.start..range.end + edit.new_end - edit.old_end);
        let tree = source::parse(self.language, &snapshot, within, Some(&old), None)?;
        Some(Candidate { tree, snapshot })
    }
}

/// A text that might be, and its syntax.
struct Candidate {
    tree: tree_sitter::Tree,
    snapshot: Snapshot,
}

impl Candidate {
    fn errors(&self) -> u32 {
        errors::count(self.tree.root_node())
    }
}

/// A place for a continuation.
struct Site {
    /// What `text` replaces.
    replaced: Range<usize>,
    /// All that stands between the start of what is replaced and the continuation.
    text: String,
    /// What may close the brackets that are open there.
    closers: Vec<String>,
}

/// Whether the line that `offset` is on has deeper ones below it, and so begins what they belong to. A blank line begins nothing.
fn is_headed(snapshot: &Snapshot, offset: usize) -> bool {
    let width = |line: &str| line.len() - line.trim_start().len();
    let line = snapshot.line_of(offset);
    let own = snapshot.line(line);
    let below = (line + 1..snapshot.line_count().min(line + 1 + BLANKS)).map(|line| snapshot.line(line));
    let next = below.into_iter().find(|line| !line.trim().is_empty());
    !own.trim().is_empty() && next.is_some_and(|next| width(&next) > width(&own))
}

/// A line break and the indentation of the line that `offset` is on.
fn line_break(snapshot: &Snapshot, offset: usize) -> String {
    let line = snapshot.line(snapshot.line_of(offset));
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    format!("\n{indent}")
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
                    closer if open.last().is_some_and(|last| *last == closer) => drop(open.pop()),
                    token if !node.is_named() => open.extend(closer(token)),
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

/// What closes what a token opens: `(`, but also a shell's `$(` and a template's `${`.
fn closer(token: &str) -> Option<&'static str> {
    let pairs = [("((", "))"), ("[[", "]]"), ("(", ")"), ("[", "]"), ("{", "}")];
    pairs.iter().find(|(opener, _)| token.ends_with(opener)).map(|(_, closer)| *closer)
}

/// The part of a large file to judge: the outermost item around the place that is not too large; where there is none, the nodes
/// beside the place, as far as they fit.
fn fragment(tree: &Tree, replaced: &Range<usize>) -> Range<usize> {
    let root = tree.inner.root_node();
    let around = tree.language.scopes().around(root, replaced.clone());
    let item = around.iter().find(|(capture, node)| *capture == ScopeCapture::Item && fits(node));
    let range = item.map_or_else(|| beside(root, replaced), |(_, node)| node.byte_range());
    // Half of a string would be judged as code.
    let literals =
        around.iter().filter(|(capture, _)| capture.is_literal()).map(|(_, node)| node.byte_range());
    literals.fold(range, |range, literal| range.start.min(literal.start)..range.end.max(literal.end))
}

/// In the smallest node around the place that is too large, the children next to the place.
fn beside(root: Node<'_>, replaced: &Range<usize>) -> Range<usize> {
    let holds = |node: &Node<'_>| node.start_byte() <= replaced.start && replaced.end <= node.end_byte();
    let mut parent = root;
    while let Some(child) = parent.first_child_for_byte(replaced.start)
        && holds(&child)
        && !fits(&child)
    {
        parent = child;
    }
    let reach = replaced.start.saturating_sub(FRAGMENT / 2)..replaced.end + FRAGMENT / 2;
    let mut range = replaced.clone();
    let mut cursor = parent.walk();
    for child in parent.children(&mut cursor) {
        let near = reach.start <= child.start_byte() && child.end_byte() <= reach.end;
        // A node that the place is in is taken whole.
        if near || holds(&child) {
            range = range.start.min(child.start_byte())..range.end.max(child.end_byte());
        }
    }
    range
}

fn fits(node: &Node<'_>) -> bool {
    node.byte_range().len() <= FRAGMENT
}
