//! Open buffers: text that an editor has and the disk has not. It belongs to one window, so it stays in this window's memory and goes
//! before what the cache says of the same file.
//!
//! Must not be written anywhere.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use crate::analysis::{Analysis, Depth};

/// One open buffer.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) text: String,
    pub(crate) analysis: Analysis,
    /// How often each word occurs in each chunk.
    pub(crate) words: Vec<HashMap<Box<str>, u32>>,
}

/// Every open buffer by its path, at one moment.
pub(crate) type Buffers = BTreeMap<Arc<str>, Arc<Buffer>>;

/// The open buffers of a window. Who reads takes a snapshot and holds nothing up.
#[derive(Debug, Default)]
pub(crate) struct Overlay(RwLock<Arc<Buffers>>);

impl Buffer {
    pub(crate) fn of(path: &str, text: String) -> Self {
        let mut analysis = Analysis::of(path, &text, Depth::Syntax);
        let words = analysis.chunks.iter_mut().map(|chunk| {
            let mut counts = HashMap::new();
            for word in std::mem::take(&mut chunk.words).split_whitespace() {
                *counts.entry(word.into()).or_default() += 1;
            }
            counts
        });
        let words = words.collect();
        Self { text, analysis, words }
    }
}

impl Overlay {
    /// The buffers as they are now.
    pub(crate) fn snapshot(&self) -> Arc<Buffers> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a buffer in the place of what the file was before, or takes it away.
    pub(crate) fn set(&self, path: &str, buffer: Option<Buffer>) {
        let mut buffers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let buffers = Arc::make_mut(&mut buffers);
        match buffer {
            Some(buffer) => buffers.insert(path.into(), Arc::new(buffer)),
            None => buffers.remove(path),
        };
    }
}
