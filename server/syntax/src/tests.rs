//! Tests, one file for each thing the crate does, and what they share. Must not be seen by the product.

mod imports;
mod incremental;
mod languages;
mod outline;
mod parts;
mod places;
mod queries;
#[cfg(feature = "default")]
mod repository;
mod uses;
mod verification;

use text::Snapshot;

use crate::{Language, Tree};

/// A text whose `$0` marks a place: the text without it, its tree, and the place as a byte offset.
fn marked(language: &str, text: &str) -> (Snapshot, Tree, usize) {
    let place = text.find("$0").expect("the text marks a place");
    let snapshot = Snapshot::new(&text.replacen("$0", "", 1), 0);
    let language = Language::from_id(language).expect("the test's language is in the table");
    let tree = Tree::parse(language, &snapshot, None, None).expect("no deadline");
    (snapshot, tree, place)
}
