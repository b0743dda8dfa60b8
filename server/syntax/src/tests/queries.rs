//! The table of languages and the query files in the repository.

use std::{fs, path::Path};

use crate::{
    Language,
    imports::ImportCapture,
    outline::OutlineCapture,
    parts::Part,
    queries::{Capture, Queries, ScopeCapture},
    uses::LocalCapture,
};

#[test]
fn languages_are_found_by_id_and_by_path() {
    let name = |language: Option<Language>| language.map(Language::name);
    assert_eq!(name(Language::from_id("rust")), Some("rust"));
    assert_eq!(name(Language::from_path("src/a.rs")), Some("rust"));
    assert_eq!(name(Language::from_path("C:\\src\\A.PY")), Some("python"));
    assert_eq!(name(Language::from_path("stubs/a.b.pyi")), Some("python"));
    for path in ["", "rs", ".rs", "src.rs/notes", "a.rst", "a.rs/"] {
        assert_eq!(name(Language::from_path(path)), None, "{path}");
    }
    assert_eq!(name(Language::from_id("cobol")), None);
    assert_eq!(Language::from_id("python").map(Language::comment), Some("#"));
}

/// Reads the folder itself: a file that nobody embedded would otherwise rot unseen.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test is about the files of the repository")]
fn every_query_file_compiles_against_its_grammar() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries");
    let mut seen = Vec::new();
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        let language = Language::all().find(|language| language.name() == name);
        let language = language.unwrap_or_else(|| panic!("queries/{name} has no row in languages.toml"));
        for file in fs::read_dir(entry.path()).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let grammar = language.grammar();
            let compiled = match path.file_name().and_then(|name| name.to_str()) {
                Some("scopes.scm") => compile::<ScopeCapture>(grammar, &text),
                Some("parts.scm") => compile::<Part>(grammar, &text),
                Some("outline.scm") => compile::<OutlineCapture>(grammar, &text),
                Some("imports.scm") => compile::<ImportCapture>(grammar, &text),
                Some("locals.scm") => compile::<LocalCapture>(grammar, &text),
                _ => Err("nothing uses it".to_owned()),
            };
            if let Err(error) = compiled {
                panic!("{}: {error}", path.display());
            }
        }
        seen.push(language.name());
    }
    seen.sort_unstable();
    let mut table: Vec<_> = Language::all().map(Language::name).collect();
    table.sort_unstable();
    assert_eq!(seen, table, "each row of languages.toml has a folder");
}

fn compile<C: Capture>(grammar: &tree_sitter::Language, file: &str) -> Result<(), String> {
    Queries::<C>::compile(grammar, file).map(drop)
}

#[test]
fn a_query_file_says_what_is_wrong_with_it() {
    let grammar = Language::from_id("rust").unwrap().grammar();
    let error = |text| compile::<ScopeCapture>(grammar, text).unwrap_err();
    assert_eq!(error("(block) @blok"), "unknown capture @blok");
    assert_eq!(error("((block) @block\n  (#eq? @block \"{}\"))"), "line 2 is a predicate");
    assert!(error("(blok) @block").contains("Invalid node type \"blok\""));
}
