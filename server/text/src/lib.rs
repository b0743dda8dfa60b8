//! Versioned ropes and the arithmetic of positions.
//!
//! A [`Document`] is the server's copy of one open file: changes come in as the client counts them, [`Edit`]s in bytes come
//! out. A [`Snapshot`] is the text at one version, cheap to take and free to keep; every question about positions is asked of
//! it. Inside Hob a position is a byte offset into UTF-8; what clients count ([`WirePos`] in an [`Encoding`]) is converted here
//! and nowhere else. A line ends at LF, CRLF or CR and at nothing else, and no position lies inside a CRLF.
//!
//! This crate must not know the LSP's types, tree-sitter, files, threads or clocks.

mod document;

mod edit;
#[cfg(test)]
mod oracle;
mod position;
mod snapshot;
#[cfg(test)]
mod tests;

pub use document::{Change, Document, OutOfSync};
pub use edit::Edit;
pub use position::{Encoding, Misfit, Point, WirePos, WireRange};
pub use snapshot::Snapshot;
