//! What the workspace knows: symbols, imports, chunks, full-text search, open buffers and recent edits.
//!
//! An [`Index`] belongs to one workspace folder. [`Index::build`] brings its cache up to date with the disk, [`Index::follow`] and
//! [`Index::changed`] keep it there, [`Index::update`] lets an open buffer's text go before its file's, and a [`Reader`] answers questions
//! from any thread. What `.gitignore`, `.hobignore` or the caller excludes, and what may hold a secret by its name, is in no answer.
//! Between runs the cache lies in a folder of the caller's; two windows on one workspace share it, and one of them writes.
//!
//! This crate must not know the LSP or models, start a program, or make a key press wait: its threads run at low priority, and nobody who
//! tells it something waits for it.

mod index;
mod options;

mod answer;
mod files;
mod reader;

mod admission;
mod exclusion;
mod read;
mod skipped;
mod walk;

mod analysis;
mod chunks;
mod lines;
mod words;

mod build;
mod cache;
mod error;
mod store;

mod buffers;
mod edits;
mod follow;
mod overlay;
mod threads;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use answer::{Chunk, Definition, Edited, Import, Listed, Place};
pub use build::{Built, Progress, Stage, Took};
pub use error::Error;
pub use exclusion::{Exclusion, is_private};
pub use index::Index;
pub use options::{Cancel, Options};
pub use reader::Reader;
pub use skipped::{Reason, Skipped};
pub use store::Held;
pub use syntax::{DefinitionKind, Language};
pub use threads::yield_to_others;
