//! The table of languages and the query files in the repository.

#[cfg(feature = "default")]
use std::{fs, path::Path};

use crate::{
    Language,
    imports::ImportCapture,
    language::TABLE,
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

/// Reads the folder itself: a file that nobody embedded would otherwise rot unseen.
#[test]
#[cfg(feature = "default")]
#[expect(clippy::disallowed_methods, reason = "the test is about the files of the repository")]
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
#[cfg(feature = "default")]
fn every_row_has_a_grammar() {
    let names: Vec<_> = Language::all().map(Language::name).collect();
    assert_eq!(names.len(), TABLE.matches("[[language]]").count(), "{names:?}");
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
