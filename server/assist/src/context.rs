//! What the model is shown from elsewhere in the workspace: definitions of what the hole names, what was edited lately, other uses of
//! the same names, and text about the same.
//!
//! Must not be asked for on the way of a key: who asks does it when it is calm, and keeps the answer until the place is another. Same
//! place, same workspace: same context. What the workspace does not answer with, an excluded file for example, is not shown; this
//! file adds nothing.

mod known;
mod names;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, fmt, ops::Range, sync::Arc};

use index::{Chunk, Definition, Edited, Import, Reader};
use model::Block;

use self::{
    known::Known,
    names::{Name, names},
};
use crate::{
    Query,
    plan::is_word,
    window::{prefix, suffix},
};

/// Bytes of one block at most: a screenful.
const BLOCK_MAX: usize = 1500;

/// Bytes of all blocks together: as much as the larger models have room for, and what the mixture can look through at each key.
const ALL_MAX: usize = 8 << 10;

/// Where a block comes from, the worthiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The definition of a name that is used around the hole.
    Definition,
    /// What was edited lately.
    Edit,
    /// Another place that uses a name from around the hole.
    Use,
    /// A place with much the same words as the one around the hole (BM25).
    Neighbour,
}

impl Source {
    /// Every source, the worthiest first.
    pub const ALL: [Self; 4] = [Self::Definition, Self::Edit, Self::Use, Self::Neighbour];

    /// The stable name: that of its option in the configuration's section `context`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Definition => "definitions",
            Self::Edit => "edits",
            Self::Use => "uses",
            Self::Neighbour => "neighbours",
        }
    }
}

/// What is known of the workspace, as [`Reader`] documents it. Paths are relative to it.
pub trait Workspace {
    /// Definitions of a name, of one owner or any.
    fn definitions(&self, name: &str, owner: Option<&str>, near: &str, limit: usize) -> Vec<Definition>;
    /// What belongs to a type.
    fn members(&self, owner: &str, near: &str, limit: usize) -> Vec<Definition>;
    /// What a file imports.
    fn imports(&self, path: &str) -> Vec<Import>;
    /// The files that a module may be.
    fn files_of(&self, module: &[String], near: &str, limit: usize) -> Vec<Arc<str>>;
    /// A part of a file, in bytes.
    fn text(&self, path: &str, bytes: Range<usize>) -> Option<String>;
    /// Chunks of other files with a name in them.
    fn uses(&self, name: &str, near: &str, limit: usize) -> Vec<Chunk>;
    /// Chunks of other files about the same as a text.
    fn neighbours(&self, query: &str, own: &str, limit: usize) -> Vec<Chunk>;
    /// The latest edits of other files.
    fn recent_edits(&self, own: &str, limit: usize) -> Vec<Edited>;
}

impl Workspace for Reader {
    fn definitions(&self, name: &str, owner: Option<&str>, near: &str, limit: usize) -> Vec<Definition> {
        self.definitions(name, owner, near, limit)
    }

    fn members(&self, owner: &str, near: &str, limit: usize) -> Vec<Definition> {
        self.members(owner, near, limit)
    }

    fn imports(&self, path: &str) -> Vec<Import> {
        self.imports(path)
    }

    fn files_of(&self, module: &[String], near: &str, limit: usize) -> Vec<Arc<str>> {
        self.files_of(module, near, limit)
    }

    fn text(&self, path: &str, bytes: Range<usize>) -> Option<String> {
        self.text(path, bytes)
    }

    fn uses(&self, name: &str, near: &str, limit: usize) -> Vec<Chunk> {
        self.uses(name, near, limit)
    }

    fn neighbours(&self, query: &str, own: &str, limit: usize) -> Vec<Chunk> {
        self.neighbours(query, own, limit)
    }

    fn recent_edits(&self, own: &str, limit: usize) -> Vec<Edited> {
        self.recent_edits(own, limit)
    }
}

/// Why something that was found is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// It stands in the file itself, which the model sees anyway.
    SameFile,
    /// Most of its lines stand around the hole or in a worthier block.
    Known,
    /// Worthier blocks have taken the room.
    NoRoom,
}

impl Rejection {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::SameFile, Self::Known, Self::NoRoom];

    /// The stable name, `snake_case`.
    pub fn code(self) -> &'static str {
        match self {
            Self::SameFile => "same_file",
            Self::Known => "known",
            Self::NoRoom => "no_room",
        }
    }
}

/// Something that was found, and what became of it. It holds no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Where it comes from.
    pub source: Source,
    /// The file it stands in, relative to the workspace.
    pub path: Arc<str>,
    /// Its lines there, counted from 0, the end excluded.
    pub lines: Range<usize>,
    /// Its bytes.
    pub bytes: usize,
    /// Whether it is shown.
    pub outcome: Result<(), Rejection>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameFile => "it stands in the file itself",
            Self::Known => "most of it is on show already",
            Self::NoRoom => "worthier places had taken the room",
        })
    }
}

/// What is shown from elsewhere, and why just that.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// For the prompt, the worthiest first: what does not fit is cut at the end.
    pub blocks: Arc<[Block]>,
    /// All that was found, in the order in which it was considered.
    pub considered: Vec<Considered>,
}

impl Context {
    /// What is shown, in the order in which the blocks hold it.
    pub fn shown(&self) -> impl Iterator<Item = &Considered> {
        self.blocks.iter().flat_map(|block| {
            let of_block = |found: &&Considered| found.outcome.is_ok() && *found.path == *block.path;
            self.considered.iter().filter(of_block)
        })
    }

    /// What is not shown, the worthiest first, and why.
    pub fn rejected(&self) -> impl Iterator<Item = (&Considered, Rejection)> {
        self.considered.iter().filter_map(|found| Some((found, found.outcome.err()?)))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("considered", &self.considered).finish_non_exhaustive()
    }
}

/// Something that could be shown.
struct Candidate {
    source: Source,
    path: Arc<str>,
    lines: Range<usize>,
    text: String,
}

/// Gathers what helps the model at the place of `query`, from these `sources` alone.
pub fn gather(query: &Query, workspace: &dyn Workspace, sources: &[Source]) -> Context {
    let names = names(query);
    let mut selection = Selection::new(query);
    for source in Source::ALL.into_iter().filter(|source| sources.contains(source)) {
        let found = match source {
            Source::Definition => definitions(query, workspace, &names),
            Source::Edit => edits(query, workspace),
            Source::Use => uses(query, workspace, &names),
            Source::Neighbour => neighbours(query, workspace),
        };
        for candidate in found {
            selection.consider(candidate);
        }
    }
    selection.close()
}

/// What the names around the hole mean, the nearest name's first.
fn definitions(query: &Query, workspace: &dyn Workspace, names: &[Name]) -> Vec<Candidate> {
    let imports = workspace.imports(&query.path);
    let found = names.iter().flat_map(|name| meant(query, workspace, &imports, name));
    found.map(|definition| shown(workspace, definition)).collect()
}

/// The definitions that a name may mean: few, or it tells nothing.
fn meant(query: &Query, workspace: &dyn Workspace, imports: &[Import], name: &Name) -> Vec<Definition> {
    /// Definitions of one name that are shown at most.
    const MOST: usize = 2;
    /// Members of a type that are shown where one of them is about to be named.
    const MEMBERS: usize = 16;
    /// A name with more definitions than this could be any of them.
    const AMBIGUOUS: usize = 4;

    let near = query.path.as_str();
    if name.is_receiver {
        return workspace.members(&name.text, near, MEMBERS);
    }
    if let Some(import) = imported(imports, &name.text) {
        let files = workspace.files_of(&import.module, near, MOST);
        let own = import.name.as_deref().unwrap_or(&name.text);
        let mut found = workspace.definitions(own, None, near, 4 * MOST);
        if found.iter().any(|definition| files.contains(&definition.place.path)) {
            found.retain(|definition| files.contains(&definition.place.path));
        }
        found.truncate(MOST);
        return found;
    }
    let owner = name.receiver.as_deref();
    if let Some(module) = owner.and_then(|owner| imported(imports, owner)) {
        let mut path = module.module.clone();
        path.extend(module.name.clone());
        let files = workspace.files_of(&path, near, MOST);
        let mut found = workspace.definitions(&name.text, None, near, 4 * MOST);
        found.retain(|found| files.contains(&found.place.path) || found.owner.as_deref() == owner);
        found.truncate(MOST);
        return found;
    }
    if let Some(owner) = owner {
        let found = workspace.definitions(&name.text, Some(owner), near, MOST);
        if !found.is_empty() {
            return found;
        }
    }
    let mut found = workspace.definitions(&name.text, None, near, AMBIGUOUS + 1);
    if found.len() > AMBIGUOUS {
        return Vec::new();
    }
    found.truncate(MOST);
    found
}

/// The import that brings `name` into the file.
fn imported<'i>(imports: &'i [Import], name: &str) -> Option<&'i Import> {
    imports.iter().find(|import| {
        let called = import.alias.as_deref().or(import.name.as_deref()).or_else(|| last(&import.module));
        called == Some(name)
    })
}

fn last(module: &[String]) -> Option<&str> {
    module.last().map(String::as_str)
}

/// How a definition is shown: a small one whole, of others what they are without what they do.
fn shown(workspace: &dyn Workspace, definition: Definition) -> Candidate {
    /// Lines of a definition that is shown whole.
    const SMALL: usize = 12;

    let Definition { place, signature, .. } = definition;
    let whole = if place.lines.len() <= SMALL {
        workspace.text(&place.path, place.bytes.clone()).filter(|text| text.len() <= BLOCK_MAX)
    } else {
        None
    };
    let text = whole.unwrap_or(signature);
    let lines = place.lines.start..place.lines.start + text.lines().count().max(1);
    Candidate { source: Source::Definition, path: place.path, lines, text }
}

fn edits(query: &Query, workspace: &dyn Workspace) -> Vec<Candidate> {
    /// Edits that are considered.
    const MOST: usize = 6;
    let candidate = |Edited { path, lines, text, .. }| Candidate { source: Source::Edit, path, lines, text };
    workspace.recent_edits(&query.path, MOST).into_iter().map(candidate).collect()
}

/// Where else the names nearest to the hole are used.
fn uses(query: &Query, workspace: &dyn Workspace, names: &[Name]) -> Vec<Candidate> {
    /// Names that are looked for, and places of each.
    const MOST: (usize, usize) = (3, 3);
    let names = names.iter().filter(|name| !name.is_receiver).take(MOST.0);
    let found = names.flat_map(|name| {
        let chunks = workspace.uses(&name.text, &query.path, MOST.1).into_iter();
        chunks.map(|chunk| excerpt(Source::Use, chunk, |word| word == name.text))
    });
    found.collect()
}

/// What is about the same as the lines around the hole.
fn neighbours(query: &Query, workspace: &dyn Workspace) -> Vec<Candidate> {
    /// Lines before and after the cursor's that say what the place is about.
    const LINES: (usize, usize) = (10, 4);
    /// Places that are considered.
    const MOST: usize = 6;
    let snapshot = &query.snapshot;
    let line = snapshot.line_of(query.offset);
    let last = (line + LINES.1).min(snapshot.line_count().saturating_sub(1));
    let around = snapshot.line_start(line.saturating_sub(LINES.0))..snapshot.line_end(last);
    let around = snapshot.slice(around);
    let about: HashSet<&str> = words(&around).filter(|word| word.len() > 2).collect();
    let found = workspace.neighbours(&around, &query.path, MOST).into_iter();
    found.map(|chunk| excerpt(Source::Neighbour, chunk, |word| about.contains(word))).collect()
}

/// The lines of a chunk that have most of the words that `counts` says yes to, each line's words counted once: small models have room for
/// few lines, and the first ones of a chunk need not be those that it was found for.
fn excerpt(source: Source, chunk: Chunk, counts: impl Fn(&str) -> bool) -> Candidate {
    /// Lines of an excerpt.
    const LINES: usize = 12;
    let Chunk { place, text, .. } = chunk;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let told = |line: &&str| words(line).filter(|word| counts(word)).collect::<HashSet<_>>().len();
    let tells: Vec<usize> = lines.iter().map(told).collect();
    let worth = |start: &usize| tells[*start..].iter().take(LINES).sum::<usize>();
    let last = lines.len().saturating_sub(LINES);
    // Of equally good ones the middle: what stands around is of use, too.
    let best = (0..=last).map(|start| worth(&start)).max().unwrap_or_default();
    let good: Vec<usize> = (0..=last).filter(|start| worth(start) == best).collect();
    let start = good[good.len() / 2];
    let shown = &lines[start..lines.len().min(start + LINES)];
    let first = place.lines.start + start;
    Candidate { source, path: place.path, lines: first..first + shown.len(), text: shown.concat() }
}

/// The words of a text, as identifiers are made of them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

/// What is chosen of what is found.
struct Selection<'q> {
    query: &'q Query,
    known: Known,
    blocks: Vec<Block>,
    considered: Vec<Considered>,
    /// Bytes that are left for blocks.
    room: usize,
}

impl<'q> Selection<'q> {
    fn new(query: &'q Query) -> Self {
        let snapshot = &query.snapshot;
        let around = prefix(snapshot, query.offset).start..suffix(snapshot, query.offset).end;
        let mut known = Known::default();
        known.learn(&snapshot.slice(around));
        Self { query, known, blocks: Vec::new(), considered: Vec::new(), room: ALL_MAX }
    }

    fn consider(&mut self, candidate: Candidate) {
        let Candidate { source, path, lines, text } = candidate;
        let text = first_lines(&text, BLOCK_MAX);
        let outcome = if *path == *self.query.path {
            Err(Rejection::SameFile)
        } else if self.known.knows(text) {
            Err(Rejection::Known)
        } else if text.len() > self.room {
            Err(Rejection::NoRoom)
        } else {
            Ok(())
        };
        if outcome.is_ok() {
            self.room -= text.len();
            self.known.learn(text);
            self.show(&path, text);
        }
        self.considered.push(Considered { source, path, lines, bytes: text.len(), outcome });
    }

    /// Adds a text to the block of its file, so that no path is said twice.
    fn show(&mut self, path: &str, text: &str) {
        let text = text.trim_end();
        if let Some(block) = self.blocks.iter_mut().find(|block| block.path == path) {
            block.text.push_str("\n\n");
            block.further.push(u32::try_from(block.text.len()).unwrap_or(u32::MAX));
            block.text.push_str(text);
        } else {
            let (path, text) = (path.to_owned(), text.to_owned());
            self.blocks.push(Block { path, text, further: Vec::new() });
        }
    }

    fn close(self) -> Context {
        Context { blocks: self.blocks.into(), considered: self.considered }
    }
}

/// As many whole lines as fit into `most` bytes.
fn first_lines(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let part = &text[..text.floor_char_boundary(most)];
    part.rfind('\n').map_or("", |line_break| &part[..=line_break])
}
