//! The table of languages and the query files in the repository.

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

/// As is one without a row.
#[test]
#[cfg(not(feature = "lang-go"))]
fn a_language_whose_grammar_was_left_out_is_plain_text() {
    assert_eq!(Language::from_id("go"), None);
    assert_eq!(Language::from_path("a.go"), None);
}

#[test]
fn every_query_file_compiles_against_its_grammar() {
    let mut broken = Vec::new();
    for language in Language::all() {
        let (grammar, files) = (language.grammar(), language.files());
        let compiled = [
            ("scopes", compile::<ScopeCapture>(grammar, files.scopes)),
            ("parts", compile::<Part>(grammar, files.parts)),
            ("outline", compile::<OutlineCapture>(grammar, files.outline)),
            ("imports", compile::<ImportCapture>(grammar, files.imports)),
            ("locals", compile::<LocalCapture>(grammar, files.locals)),
        ];
        let errors = compiled.into_iter().filter_map(|(file, result)| Some((file, result.err()?)));
        broken.extend(errors.map(|(file, error)| format!("{file} of {}: {error}", language.name())));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
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
