//! Small texts with a `$0` cursor for this crate's tests. Must not be compiled into the product.

use std::sync::Arc;

use model::SessionKey;
use syntax::{Language, Tree};
use text::Document;

use crate::Query;

/// A query at the `$0` of a Rust text.
pub(crate) fn query(fixture: &str) -> Query {
    let offset = fixture.find("$0").expect("the fixture has a cursor");
    let snapshot = Document::new(&fixture.replacen("$0", "", 1), 1).snapshot();
    let language = Language::from_id("rust").expect("rust has a grammar");
    let tree = Tree::parse(language, &snapshot, None, None);
    Query {
        snapshot,
        tree,
        offset,
        language: "rust".into(),
        path: "src/a.rs".into(),
        repository: "rim".into(),
        session: SessionKey(1),
        selected: None,
        explicit: false,
        excluded: None,
        typed_over: false,
        blocks: Arc::default(),
        workspace: None,
    }
}
