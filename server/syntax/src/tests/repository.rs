//! What the repository says of all languages together, held against a build with every grammar. Must not know a language.
//!
//! `UPDATE_DOCS=1 cargo test -p syntax` writes the table in `docs/languages.md` anew.

#![expect(
    clippy::disallowed_methods,
    reason = "the crate reads no files; tests of what is committed have to"
)]

use std::{env, fmt::Write as _, fs, path::Path};

use crate::{
    Language,
    language::TABLE,
    queries::{Capture, Queries},
};

const BEGIN: &str = "<!-- The table, from here on: UPDATE_DOCS=1 cargo test -p syntax -->\n";
const END: &str = "<!-- Up to here. -->\n";

/// Reads the folder itself: a file that nobody embedded would otherwise rot unseen.
#[test]
fn every_query_file_belongs_to_a_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries");
    let folders = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    for file in folders.filter(|path| path.is_dir()).flat_map(|folder| fs::read_dir(folder).unwrap()) {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let embedded = Language::all().any(|language| {
            let files = language.files();
            [files.scopes, files.parts, files.outline, files.imports, files.locals]
                .iter()
                .any(|file| file.contains(&text))
        });
        assert!(embedded, "{}: nothing uses it", path.display());
    }
}

#[test]
fn every_row_has_a_grammar() {
    let names: Vec<_> = Language::all().map(Language::name).collect();
    assert_eq!(names.len(), TABLE.matches("[[language]]").count(), "{names:?}");
}

#[test]
fn the_table_of_languages_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/languages.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page marks where the table begins");
    let (committed, after) = rest.split_once(END).expect("the page marks where the table ends");
    let made = table();
    if env::var("UPDATE_DOCS").is_ok() {
        fs::write(&path, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
    } else {
        assert!(
            committed == made,
            "docs/languages.md is stale; write it anew: UPDATE_DOCS=1 cargo test -p syntax"
        );
    }
}

/// A row for each language, in the order of `queries/languages.toml`.
fn table() -> String {
    let mut table = String::from(
        "| language | file names end in | `languageId` | a key press parses | an evaluation cuts out | its outline knows | \
         its imports know |\n|---|---|---|---|---|---|---|\n",
    );
    let rows: toml::Table = TABLE.parse().unwrap();
    let words = |row: &toml::Value, key: &str| {
        let words = row[key].as_array().unwrap().iter().map(|word| format!("`{}`", word.as_str().unwrap()));
        words.collect::<Vec<_>>().join(", ")
    };
    for row in rows["language"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let language = Language::all().find(|language| language.name() == name).unwrap();
        let parses = if language.incremental() { "what changed" } else { "the file" };
        writeln!(
            table,
            "| {name} | {} | {} | {parses} | {} | {} | {} |",
            words(row, "extensions"),
            words(row, "ids"),
            captures(language.parts(), &["arguments", "statement", "body"]),
            captures(
                language.outline(),
                &[
                    "function",
                    "type",
                    "interface",
                    "extension",
                    "module",
                    "constant",
                    "variable",
                    "variant",
                    "macro"
                ],
            ),
            captures(language.imports(), &["module", "name", "alias", "wildcard"]),
        )
        .unwrap();
    }
    table
}

/// Which of these captures a query file has.
fn captures<C: Capture>(queries: &Queries<C>, names: &[&'static str]) -> String {
    let used = names.iter().filter(|name| queries.capture_names().contains(name));
    used.copied().collect::<Vec<_>>().join(", ")
}
