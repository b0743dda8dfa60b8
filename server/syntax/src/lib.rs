//! What the text means: incremental syntax trees, compiled queries, and whether a suggestion would break the file.
//!
//! A [`Tree`] follows a document edit by edit and answers about places in it; of a file that nobody has open it is made in
//! one go ([`Tree::of_text`]). It also lists what the file defines, imports and uses. What counts as a statement, a string or a list is
//! not written in this crate but in the repository's `queries/`, one folder a language, which are embedded. A file in a
//! language that is not there has no tree, and everything else in Hob works without one.
//!
//! This crate must not know the LSP, models, files, threads or clocks. Positions are bytes throughout.

mod errors;
mod imports;
mod language;
mod outline;
mod parts;
mod place;
mod queries;
mod source;
mod tree;
mod uses;
mod verify;

#[cfg(test)]
mod tests;

pub use imports::{Import, ImportedName};
pub use language::Language;
pub use outline::{Definition, DefinitionKind};
pub use parts::Part;
pub use place::{Place, Scope, ScopeKind};
pub use queries::Text;
pub use tree::Tree;
pub use uses::Use;
pub use verify::{Verdict, Verifier};
