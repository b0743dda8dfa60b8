//! The tokens of one workspace's files, and where in them a context occurs.
//!
//! Places whose last [`SHORTEST`] tokens hash alike form a chain from the latest learnt to the earliest, as in LZ77: eight bytes a token,
//! a file is taken in as it is tokenized, and one look-up costs the same however large the workspace is. A file that goes is blotted out
//! at once, so that nothing of it is ever found again; its room is won back later, in small steps. Must not know a vocabulary or files'
//! contents, and must not weigh what it finds.

use std::{collections::BTreeMap, ops::Range};

use prompt::{GAP, Token};

/// Contexts shorter than this are not looked for, in tokens: the model knows better what usually follows them
/// (docs/decisions/0006-workspace-ngrams.md).
pub(crate) const SHORTEST: usize = 8;

/// The longest match that is told from a longer one, in tokens.
const LONGEST: usize = 24;

/// Most places of a chain that are looked at: each is a read of memory that is in no cache.
const MOST_PLACES: usize = 128;

/// Most tokens that are learnt of one workspace.
pub(crate) const MOST_TOKENS: usize = 2 << 20;

/// Chains, a power of two.
const CHAINS: usize = 1 << 20;

/// Blotted-out tokens that are not worth winning back.
const FEW: usize = 1 << 16;

/// Tokens that one step of winning back moves: some tens of microseconds.
const STEP: usize = 2048;

/// One workspace's tokens.
#[derive(Debug)]
pub(crate) struct Table {
    /// Files one after another, with a [`GAP`] behind each, and gaps where a file was.
    tokens: Vec<Token>,
    /// For each place one more than the number of the place before it in its chain; 0: it is the first, or in none.
    before: Vec<u32>,
    /// For each chain one more than the number of its latest place.
    latest: Vec<u32>,
    files: BTreeMap<Box<str>, File>,
    /// The file that is being taken in.
    open: Option<Box<str>>,
    /// Tokens of files that are there, gaps behind them included.
    live: usize,
    /// The table that this one is to be replaced by, as far as it is made.
    fresh: Option<Fresh>,
}

/// A file's part of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    hash: u64,
    place: Range<usize>,
}

/// A table in the making that has no blots.
#[derive(Debug)]
struct Fresh {
    table: Box<Table>,
    /// Files that are still to be moved, the next one last.
    left: Vec<Box<str>>,
    /// Tokens of the next one that are moved already.
    moved: usize,
}

impl Table {
    /// Nothing learnt yet.
    pub(crate) fn new() -> Self {
        Self {
            tokens: Vec::new(),
            before: Vec::new(),
            // Untouched pages of zeros cost no memory.
            latest: vec![0; CHAINS],
            files: BTreeMap::new(),
            open: None,
            live: 0,
            fresh: None,
        }
    }

    /// Tokens that are learnt.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// Whether the file at `path` is known with this content.
    pub(crate) fn knows(&self, path: &str, hash: u64) -> bool {
        self.open.as_deref() != Some(path) && self.files.get(path).is_some_and(|file| file.hash == hash)
    }

    /// Begins to take in a file in the place of what was known of it. [`Self::push`] brings its tokens, [`Self::close`] ends it.
    pub(crate) fn open(&mut self, path: &str, hash: u64) {
        self.close();
        self.remove(path);
        // What is in the making would not have it.
        self.fresh = None;
        let at = self.tokens.len();
        self.files.insert(path.into(), File { hash, place: at..at });
        self.open = Some(path.into());
    }

    /// Takes in the next tokens of the open file; `false` where there is no room: then nothing of the file is known any more.
    pub(crate) fn push(&mut self, tokens: &[Token]) -> bool {
        let Some(path) = self.open.clone() else { return false };
        let Some(file) = self.files.get_mut(&path) else { return false };
        if self.live + tokens.len() >= MOST_TOKENS {
            self.remove(&path);
            return false;
        }
        let from = file.place.start;
        self.live += tokens.len();
        for token in tokens {
            self.tokens.push(*token);
            self.before.push(0);
            // A place is known once something follows it.
            let at = self.tokens.len() - 1;
            if at >= from + SHORTEST {
                let context = &self.tokens[at - SHORTEST..at];
                let latest = &mut self.latest[chain(context)];
                self.before[at - 1] = *latest;
                *latest = u32::try_from(at).unwrap_or(0);
            }
        }
        file.place.end = self.tokens.len();
        true
    }

    /// The open file is whole.
    pub(crate) fn close(&mut self) {
        if self.open.take().is_some() {
            self.tokens.push(GAP);
            self.before.push(0);
            self.live += 1;
        }
    }

    /// Forgets the file at `path`, at once.
    pub(crate) fn remove(&mut self, path: &str) {
        let Some(File { place, .. }) = self.files.remove(path) else { return };
        self.fresh = None;
        if self.open.as_deref() == Some(path) {
            self.close();
        }
        self.live -= place.len() + 1;
        self.tokens[place].fill(GAP);
    }

    /// The files that are known.
    #[cfg(test)]
    fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(AsRef::as_ref)
    }

    /// Where the end of `context` occurs outside of the file `except`: how many tokens match, and the place of what follows, the latest
    /// learnt first.
    pub(crate) fn find<'t>(
        &'t self,
        context: &'t [Token],
        except: &str,
    ) -> impl Iterator<Item = (usize, usize)> + use<'t> {
        let except = self.files.get(except).map_or(0..0, |file| file.place.clone());
        let first =
            context.len().checked_sub(SHORTEST).map_or(0, |from| self.latest[chain(&context[from..])]);
        let places = std::iter::successors(Some(first), |place| {
            usize::try_from(*place).ok()?.checked_sub(1).map(|at| self.before[at])
        });
        let places = places.map_while(|place| usize::try_from(place).ok()?.checked_sub(1)).take(MOST_PLACES);
        places.filter(move |at| !except.contains(at)).filter_map(|at| {
            let behind = self.tokens[..=at].iter().rev().zip(context.iter().rev()).take(LONGEST);
            let matched = behind.take_while(|(a, b)| a == b).count();
            (matched >= SHORTEST).then_some((matched, at + 1))
        })
    }

    /// The tokens from a place on that [`Self::find`] found.
    pub(crate) fn from(&self, place: usize) -> &[Token] {
        &self.tokens[place..]
    }

    /// Whether so much is blotted out that it is to be won back.
    pub(crate) fn is_blotted(&self) -> bool {
        self.open.is_none() && self.tokens.len() - self.live > self.live / 2 + FEW
    }

    /// A step of winning back what is blotted out, while [`Self::is_blotted`].
    pub(crate) fn tidy(&mut self) {
        let mut fresh = self.fresh.take().unwrap_or_else(|| {
            // In the order in which they were learnt, so that nothing shows which table it is.
            let mut left: Vec<_> = self.files.keys().cloned().collect();
            left.sort_by_key(|path| std::cmp::Reverse(self.files[path].place.start));
            Fresh { table: Box::new(Self::new()), left, moved: 0 }
        });
        let Some(path) = fresh.left.last() else {
            *self = *fresh.table;
            return;
        };
        let File { hash, place } = &self.files[path];
        if fresh.moved == 0 {
            fresh.table.open(path, *hash);
        }
        let rest = &self.tokens[place.start + fresh.moved..place.end];
        let step = &rest[..rest.len().min(STEP)];
        fresh.table.push(step);
        fresh.moved += step.len();
        if step.len() == rest.len() {
            fresh.table.close();
            fresh.left.pop();
            fresh.moved = 0;
        }
        self.fresh = Some(fresh);
    }
}

/// The chain of a context of [`SHORTEST`] tokens.
fn chain(context: &[Token]) -> usize {
    let hash = context.iter().fold(0u64, |hash, token| {
        let mixed = (hash ^ u64::from(token.0.cast_unsigned())).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    });
    usize::try_from(hash >> 7).unwrap_or(0) % CHAINS
}

#[cfg(test)]
mod tests;
