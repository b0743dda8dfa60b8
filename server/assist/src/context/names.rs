//! The names that the code around a hole uses: what a reader would have to know to go on.
//!
//! Must not resolve them: that takes the workspace.

use std::ops::Range;

use crate::Query;

/// Lines before and after the cursor's whose names count.
const LINES: (usize, usize) = (16, 6);

/// Names at most, the nearest to the cursor.
const MOST: usize = 12;

/// A name that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    /// What stands before it: `Type` of `Type::name`, `value` of `value.name`.
    pub(super) receiver: Option<String>,
    /// Whether one of its members is about to be named: the cursor stands behind `Name.` or `Name::`.
    pub(super) is_receiver: bool,
}

/// The names used around the place of `query`, the nearest to the cursor first, each once. None where there is no grammar.
pub(super) fn names(query: &Query) -> Vec<Name> {
    let mut names: Vec<Name> = before_cursor(query).into_iter().collect();
    let Some(tree) = &query.tree else { return names };
    let snapshot = &query.snapshot;
    let mut uses = tree.uses(snapshot, around(query));
    uses.sort_by_key(|used| (distance(&used.name, query.offset), used.name.start));
    let text = |range: &Range<usize>| snapshot.slice(range.clone()).into_owned();
    for used in uses {
        let name =
            Name { text: text(&used.name), receiver: used.receiver.as_ref().map(text), is_receiver: false };
        // What is being typed right now is half a name.
        let unfinished = used.name.end == query.offset;
        if !unfinished && !names.contains(&name) {
            names.push(name);
        }
        if names.len() >= MOST {
            break;
        }
    }
    names
}

fn around(query: &Query) -> Range<usize> {
    let snapshot = &query.snapshot;
    let line = snapshot.line_of(query.offset);
    let last = (line + LINES.1).min(snapshot.line_count().saturating_sub(1));
    snapshot.line_start(line.saturating_sub(LINES.0))..snapshot.line_end(last)
}

fn distance(name: &Range<usize>, offset: usize) -> usize {
    if name.end <= offset { offset - name.end } else { name.start.abs_diff(offset) }
}

/// `Name` of `Name.me` and `Name::me` right before the cursor.
fn before_cursor(query: &Query) -> Option<Name> {
    let snapshot = &query.snapshot;
    let line = snapshot.slice(snapshot.line_start(snapshot.line_of(query.offset))..query.offset);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let member = line.trim_end_matches(is_word);
    let owner = member
        .strip_suffix("::")
        .or_else(|| member.strip_suffix("->"))
        .or_else(|| member.strip_suffix('.'))?;
    let name = &owner[owner.trim_end_matches(is_word).len()..];
    // A type's, by the convention of every language that has one.
    let is_type = name.starts_with(char::is_uppercase);
    is_type.then(|| Name { text: name.to_owned(), receiver: None, is_receiver: true })
}
