//! What a caller decides about an index, and the limits that hold where it decides nothing.
//!
//! Values only. Must not read a configuration: that is the caller's.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// How one workspace folder is indexed.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder. Nothing outside of it is ever read, whatever links say.
    pub root: PathBuf,
    /// Where the cache lies: one file for each root, named by a hash of the root's path. Must be for this user's eyes only, because the
    /// cache holds the workspace's text. Is made if it isn't there.
    pub cache_dir: PathBuf,
    /// What is excluded besides what the workspace itself excludes: patterns as in a `.gitignore` at the root. A pattern that can't be
    /// read is an error of [`Index::open`](crate::Index::open), because it might have meant anything.
    pub exclude: Vec<String>,
    /// The largest file that is read, in bytes.
    pub largest_file: u64,
    /// How many files are indexed at most; in the order of their paths, the rest is left out.
    pub most_files: usize,
    /// How large the cache may become, in bytes. An index that does not fit fails with [`Error::Full`](crate::Error::Full), as it does on
    /// a full disk.
    pub largest_cache: u64,
    /// How many threads read and parse.
    pub threads: NonZeroUsize,
    /// For how long a file or buffer has to be left alone before what changed is read.
    pub debounce: Duration,
}

impl Options {
    /// The defaults: files up to 1 MB, 200,000 of them, a cache of up to 4 GB, a thread for each core, a tenth of a second.
    pub fn new(root: impl Into<PathBuf>, cache_dir: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            cache_dir: cache_dir.into(),
            exclude: Vec::new(),
            largest_file: 1_000_000,
            most_files: 200_000,
            largest_cache: 4 << 30,
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            debounce: Duration::from_millis(100),
        }
    }
}

/// Ends a build from another thread. Clones are the same switch.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Has the build stop at the next file. What it has read stays, and the next build goes on from there.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
