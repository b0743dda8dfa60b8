//! What a file defines, by name: what `outline.scm` calls a definition.
//!
//! Lists. Must not look into the bodies of functions, because what they define can't be named from elsewhere, and that makes
//! an outline cheap beside a parse. Must not resolve a name.

use std::{cmp::Reverse, ops::Range};

use tree_sitter::Node;

use crate::{
    queries::{Capture, Queries, Text, Within},
    tree::Tree,
};

/// Nobody nests definitions so deep but to see a stack overflow.
const DEEPEST: usize = 100;

/// What a definition defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// A function that belongs to no type.
    Function,
    /// A function of a type.
    Method,
    /// A class, struct, enum, union, or another name for a type.
    Type,
    /// A trait, an interface.
    Interface,
    /// What adds methods to a type that is defined elsewhere: Rust's `impl`. Its name is the type's.
    Extension,
    /// A module, namespace or package.
    Module,
    /// A constant, or a variable outside of functions and types.
    Constant,
    /// A field or property of a type.
    Field,
    /// A variant of an enum.
    Variant,
    /// A macro.
    Macro,
}

/// A definition. Ranges are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it defines.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: Range<usize>,
    /// All of it, attributes and decorators included, a comment before it not.
    pub range: Range<usize>,
    /// The declaration without its body, and without attributes that stand before it. (Java's and C#'s stand in it.)
    pub signature: Range<usize>,
    /// The comment right before it, or its docstring.
    pub doc: Option<Range<usize>>,
    /// The definition it stands in, as an index of the outline.
    pub parent: Option<usize>,
    /// The name of the type that it belongs to: its parent's, or one that it states itself as a Go method does.
    pub owner: Option<Range<usize>>,
}

/// What `outline.scm` captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutlineCapture {
    /// The definition's node. A function within a type is a method, and a variable there a field.
    Definition(DefinitionKind),
    Name,
    Owner,
    /// What the signature leaves out.
    Body,
    /// What holds further definitions: of the definition in the same match, or else of the one around it.
    Inside,
    Doc,
    Comment,
    Attribute,
    /// Read by a predicate alone.
    Ignored,
}

impl Capture for OutlineCapture {
    const PREDICATES: bool = true;

    fn from_name(name: &str) -> Option<Self> {
        use DefinitionKind as Kind;
        Some(match name {
            "function" => Self::Definition(Kind::Function),
            "type" => Self::Definition(Kind::Type),
            "interface" => Self::Definition(Kind::Interface),
            "extension" => Self::Definition(Kind::Extension),
            "module" => Self::Definition(Kind::Module),
            "constant" => Self::Definition(Kind::Constant),
            "variable" => Self::Definition(Kind::Field),
            "variant" => Self::Definition(Kind::Variant),
            "macro" => Self::Definition(Kind::Macro),
            "name" => Self::Name,
            "owner" => Self::Owner,
            "body" => Self::Body,
            "inside" => Self::Inside,
            "doc" => Self::Doc,
            "comment" => Self::Comment,
            "attribute" => Self::Attribute,
            "_" => Self::Ignored,
            _ => return None,
        })
    }
}

impl Tree {
    /// What the file defines outside of functions' bodies, in the order of the text, outer before inner. The text must be the
    /// one that was parsed.
    pub fn outline(&self, text: &(impl Text + ?Sized)) -> Vec<Definition> {
        let mut outline = Outline { queries: self.language().outline(), text, found: Vec::new() };
        outline.list(self.inner.root_node(), None, Lead::default(), 0);
        outline.found
    }
}

struct Outline<'a, T: ?Sized> {
    queries: &'a Queries<OutlineCapture>,
    text: &'a T,
    found: Vec<Definition>,
}

/// One match of `outline.scm`.
#[derive(Clone)]
struct Found<'tree> {
    pattern: usize,
    what: What<'tree>,
    name: Option<Node<'tree>>,
    owner: Option<Node<'tree>>,
    body: Option<Node<'tree>>,
    inside: Option<Node<'tree>>,
    doc: Option<Node<'tree>>,
}

#[derive(Clone, Copy, PartialEq)]
enum What<'tree> {
    Definition(DefinitionKind, Node<'tree>),
    Comment(Node<'tree>),
    Attribute(Node<'tree>),
    Inside(Node<'tree>),
}

impl<'tree> What<'tree> {
    fn node(self) -> Node<'tree> {
        match self {
            Self::Definition(_, node) | Self::Comment(node) | Self::Attribute(node) | Self::Inside(node) => {
                node
            }
        }
    }
}

/// What was read right before a definition and may belong to it.
#[derive(Default, Clone)]
struct Lead {
    comment: Option<Range<usize>>,
    /// Where the first attribute starts.
    attributes: Option<usize>,
    /// The row that the last of them ends on.
    row: usize,
}

impl Lead {
    /// Takes one more comment or attribute in, behind those that stand right before it.
    fn push(&mut self, node: Node<'_>, is_comment: bool) {
        if node.start_position().row > self.row + 1 {
            *self = Self::default();
        }
        self.row = last_row(node);
        if is_comment {
            let start = self.comment.as_ref().map_or(node.start_byte(), |comment| comment.start);
            self.comment = Some(start..node.end_byte());
        } else {
            self.attributes.get_or_insert(node.start_byte());
        }
    }

    /// What of it belongs to a definition or a group of them: nothing if a blank line is between.
    fn before(&mut self, node: Node<'_>) -> Self {
        let lead = std::mem::take(self);
        if node.start_position().row > lead.row + 1 { Self::default() } else { lead }
    }
}

impl<T: Text + ?Sized> Outline<'_, T> {
    /// Lists what is defined right below `container`.
    fn list(&mut self, container: Node<'_>, parent: Option<usize>, mut lead: Lead, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        // A comment behind a definition, on its last line, is not the next one's.
        let mut row = None;
        for found in self.children(container) {
            match found.what {
                What::Comment(node) if row == Some(node.start_position().row) => {}
                What::Comment(node) => lead.push(node, true),
                What::Attribute(node) => lead.push(node, false),
                What::Inside(node) => self.list(node, parent, lead.before(node), depth + 1),
                What::Definition(kind, node) => {
                    row = Some(last_row(node));
                    let lead = lead.before(node);
                    self.define(kind, node, &found, parent, &lead);
                    let index = self.found.len() - 1;
                    if let Some(inside) = found.inside {
                        self.list(inside, Some(index), Lead::default(), depth + 1);
                    }
                }
            }
        }
    }

    /// The matches that begin right below a node, in order. Where two patterns find the same name in the same node, the
    /// first in the file counts.
    fn children<'tree>(&self, container: Node<'tree>) -> Vec<Found<'tree>> {
        let mut all: Vec<Found<'tree>> = Vec::new();
        let within = Within { range: None, depth: Some(1) };
        self.queries.matches(container, within, self.text, |matched| {
            let found = Found::of(matched.pattern, matched.captures());
            all.extend(found.filter(|found| found.what.node() != container));
        });
        let place = |found: &Found<'_>| {
            let node = found.what.node();
            (node.start_byte(), Reverse(node.end_byte()), found.name.map(|name| name.start_byte()))
        };
        all.sort_by_key(|found| (place(found), found.pattern));
        all.dedup_by_key(|found| place(found));
        all
    }

    fn define(
        &mut self,
        kind: DefinitionKind,
        node: Node<'_>,
        found: &Found<'_>,
        parent: Option<usize>,
        lead: &Lead,
    ) {
        use DefinitionKind as Kind;
        let around = parent.map(|parent| &self.found[parent]);
        let around =
            around.filter(|around| matches!(around.kind, Kind::Type | Kind::Interface | Kind::Extension));
        let stated = found.owner.map(|owner| owner.byte_range());
        let owner = stated.or_else(|| around.map(|around| around.name.clone()));
        let kind = match (kind, &owner) {
            (Kind::Function, Some(_)) => Kind::Method,
            (Kind::Field, None) => Kind::Constant,
            (kind, _) => kind,
        };
        let name = found.name.unwrap_or(node).byte_range();
        let body = found.body.map(|body| signature_end(node, body.start_byte()));
        self.found.push(Definition {
            kind,
            name,
            range: self.trimmed(lead.attributes.unwrap_or(node.start_byte())..node.end_byte()),
            signature: self.trimmed(node.start_byte()..body.unwrap_or(node.end_byte())),
            doc: found.doc.map(|doc| doc.byte_range()).or_else(|| lead.comment.clone()),
            parent,
            owner,
        });
    }
}

impl<T: Text + ?Sized> Outline<'_, T> {
    /// Without the line break that some nodes include (C's `#define`).
    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let length = self.text.bytes(range.clone()).trim_ascii_end().len();
        range.start..range.start + length
    }
}

impl<'tree> Found<'tree> {
    fn of(pattern: usize, captures: impl Iterator<Item = (OutlineCapture, Node<'tree>)>) -> Option<Self> {
        let (mut what, mut name, mut owner, mut body, mut inside, mut doc) =
            (None, None, None, None, None, None);
        for (capture, node) in captures {
            match capture {
                OutlineCapture::Definition(kind) => what = Some(What::Definition(kind, node)),
                OutlineCapture::Comment => what = Some(What::Comment(node)),
                OutlineCapture::Attribute => what = Some(What::Attribute(node)),
                OutlineCapture::Name => name = Some(node),
                OutlineCapture::Owner => owner = Some(node),
                OutlineCapture::Body => body = Some(node),
                OutlineCapture::Inside => inside = Some(node),
                OutlineCapture::Doc => doc = Some(node),
                OutlineCapture::Ignored => {}
            }
        }
        let what = what.or(inside.map(What::Inside))?;
        Some(Self { pattern, what, name, owner, body, inside, doc })
    }
}

/// Where a declaration ends that a body follows: behind the last token before the body that is neither a comment nor the sign
/// that introduces a value.
fn signature_end(definition: Node<'_>, body: usize) -> usize {
    let mut end = definition.start_byte();
    let mut cursor = definition.walk();
    let mut deeper = cursor.goto_first_child();
    while deeper {
        deeper = false;
        loop {
            let node = cursor.node();
            if node.start_byte() >= body {
                break;
            }
            if node.end_byte() > body {
                deeper = cursor.goto_first_child();
                break;
            }
            if !node.is_extra() && !matches!(node.kind(), "=" | ":=" | "=>" | "{") {
                end = node.end_byte();
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
    }
    end
}

/// The row of a node's last character: a line comment's node may include its line break.
fn last_row(node: Node<'_>) -> usize {
    let end = node.end_position();
    if end.column == 0 && end.row > node.start_position().row { end.row - 1 } else { end.row }
}
