//! Which names a stretch of code uses that it does not bind itself: what `locals.scm` says of a name.
//!
//! Tells local names by where they are bound, not by types. Must not look a name up: that takes other files.

use std::{cmp::Reverse, collections::HashSet, ops::Range};

use tree_sitter::Node;

use crate::{
    queries::{Capture, Text, Within},
    tree::Tree,
};

/// A name that is used. Ranges are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The name.
    pub name: Range<usize>,
    /// What stands before the dot or the colons: `receiver.name`, `Type::name`.
    pub receiver: Option<Range<usize>>,
}

/// What `locals.scm` captures. Where it says several things of one node, the first of them in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LocalCapture {
    /// Where names are bound: a function, a closure, a block.
    Scope,
    /// A name that is bound in the smallest scope around it.
    Bound,
    /// The name of a scope: bound in the next larger one.
    Declared,
    /// A name that means nothing outside of where it stands: a keyword argument, a label.
    Label,
    /// A name that is used.
    Use,
    /// What stands before the name of the same match.
    Receiver,
}

impl Capture for LocalCapture {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "scope" => Self::Scope,
            "bound" => Self::Bound,
            "declared" => Self::Declared,
            "label" => Self::Label,
            "use" => Self::Use,
            "receiver" => Self::Receiver,
            _ => return None,
        })
    }
}

/// What is said of one node.
struct Said {
    range: Range<usize>,
    what: LocalCapture,
    receiver: Option<Range<usize>>,
}

impl Tree {
    /// The names used in a range, in the order of the text. Left out is what the code around binds: parameters, variables within a
    /// function, type parameters. A name bound at the top of the file is not left out. The text must be the one that was parsed.
    pub fn uses(&self, text: &(impl Text + ?Sized), range: Range<usize>) -> Vec<Use> {
        let root = self.inner.root_node();
        // What is bound in a scope that the range lies in may stand outside of the range.
        let mut around = range.clone();
        for (_, node) in self
            .language()
            .locals()
            .touching(root, range.clone())
            .iter()
            .filter(|(what, _)| *what == LocalCapture::Scope)
        {
            around = around.start.min(node.start_byte())..around.end.max(node.end_byte());
        }
        let said = self.said(text, root, around);
        let places = nest(&said);

        let mut bound = HashSet::new();
        for (said, &place) in said.iter().zip(&places) {
            let scope = match said.what {
                LocalCapture::Bound => place,
                LocalCapture::Declared => place.and_then(|scope: usize| places[scope]),
                _ => None,
            };
            if let Some(scope) = scope {
                bound.insert((scope, text.bytes(said.range.clone())));
            }
        }
        let is_local = |name: &Range<usize>, mut place: Option<usize>| {
            let name = text.bytes(name.clone());
            while let Some(scope) = place {
                if bound.contains(&(scope, name.clone())) {
                    return true;
                }
                place = places[scope];
            }
            false
        };
        let mut uses = Vec::new();
        for (said, &place) in said.iter().zip(&places) {
            let inside = range.start <= said.range.start && said.range.end <= range.end;
            // What has a receiver is looked up in it, whatever else has the same name.
            let local = || said.receiver.is_none() && is_local(&said.range, place);
            if said.what == LocalCapture::Use && inside && !local() {
                uses.push(Use { name: said.range.clone(), receiver: said.receiver.clone() });
            }
        }
        uses
    }

    /// What `locals.scm` says, one thing of each node, in the order of the text, outer before inner.
    fn said<T: Text + ?Sized>(&self, text: &T, root: Node<'_>, range: Range<usize>) -> Vec<Said> {
        let mut said = Vec::new();
        let within = Within { range: Some(range), depth: None };
        self.language().locals().matches(root, within, text, |matched| {
            let receiver = matched.captures().find(|(what, _)| *what == LocalCapture::Receiver);
            let receiver = receiver.map(|(_, node)| node.byte_range());
            let others = matched.captures().filter(|(what, _)| *what != LocalCapture::Receiver);
            said.extend(others.map(|(what, node)| Said {
                range: node.byte_range(),
                what,
                receiver: receiver.clone(),
            }));
        });
        let node =
            |said: &Said| (said.range.start, Reverse(said.range.end), said.what != LocalCapture::Scope);
        said.sort_by_key(|said| (node(said), said.what, said.receiver.is_none()));
        said.dedup_by_key(|said| node(said));
        said
    }
}

/// For each thing said, scopes too, the smallest scope around it, by its index in `said`.
fn nest(said: &[Said]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut places = Vec::with_capacity(said.len());
    for (index, one) in said.iter().enumerate() {
        while open.last().is_some_and(|&scope| said[scope].range.end < one.range.end) {
            open.pop();
        }
        places.push(open.last().copied());
        if one.what == LocalCapture::Scope {
            open.push(index);
        }
    }
    places
}
