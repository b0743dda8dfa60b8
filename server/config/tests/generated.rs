//! The documents made from the declarations are the committed ones. Must not know any option.
//!
//! `UPDATE_DOCS=1 cargo test -p config` writes them anew.

#![expect(
    clippy::disallowed_methods,
    reason = "the crate reads no files; the test of what is committed has to"
)]

use std::{env, fs, path::Path};

#[test]
fn the_manual_is_fresh() {
    fresh("configuration.md", &config::manual());
}

#[test]
fn the_schema_is_fresh() {
    let schema = serde_json::to_string_pretty(&config::schema()).unwrap();
    fresh("config.schema.json", &(schema + "\n"));
}

/// Compares `docs/name` with what the declarations say now, or writes it.
#[track_caller]
fn fresh(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if env::var("UPDATE_DOCS").is_ok() {
        fs::write(&path, made).expect("docs/ can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "docs/{name} is stale; write it anew: UPDATE_DOCS=1 cargo test -p config");
}
