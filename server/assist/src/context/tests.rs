//! A workspace of few files, and what of it is shown at a place.

use expect_test::{Expect, expect};
use index::Place;
use syntax::{DefinitionKind, Language};

use super::*;
use crate::fixture;

/// Files in memory: what a line `fn name(…)`, `struct Name` or `impl Name` begins is a definition, paragraphs are chunks.
#[derive(Default)]
struct Memory {
    files: Vec<(&'static str, &'static str)>,
    edited: Vec<&'static str>,
}

impl Memory {
    fn chunks(&self) -> impl Iterator<Item = Chunk> {
        let rust = Language::from_id("rust");
        self.files.iter().flat_map(move |(path, text)| {
            text.split_inclusive("\n\n").scan(0, move |at, paragraph| {
                let start = *at;
                *at += paragraph.len();
                let line = text[..start].matches('\n').count();
                let place = Place {
                    path: Arc::from(*path),
                    language: rust,
                    lines: line..line + paragraph.trim_end().lines().count(),
                    bytes: start..start + paragraph.trim_end().len(),
                };
                Some(Chunk { place, text: paragraph.trim_end().to_owned(), score: 0.0 })
            })
        })
    }

    fn defined(&self) -> impl Iterator<Item = Definition> {
        self.chunks().filter_map(|Chunk { place, text, .. }| {
            let (owner, kind, name) = match text.split_once(' ')? {
                ("fn", rest) => (None, DefinitionKind::Function, rest),
                ("struct", rest) => (None, DefinitionKind::Type, rest),
                ("impl", rest) => {
                    let (owner, method) = rest.split_once(" { fn ")?;
                    (Some(owner.to_owned()), DefinitionKind::Method, method)
                }
                _ => return None,
            };
            let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next()?.to_owned();
            let signature = text.lines().next()?.trim_end_matches([' ', '{']).to_owned();
            Some(Definition { place, kind, name, owner, signature, doc: None })
        })
    }
}

impl Workspace for Memory {
    fn definitions(&self, name: &str, owner: Option<&str>, _near: &str, limit: usize) -> Vec<Definition> {
        let fits = |found: &Definition| {
            found.name == name && owner.is_none_or(|o| found.owner.as_deref() == Some(o))
        };
        self.defined().filter(fits).take(limit).collect()
    }

    fn members(&self, owner: &str, _near: &str, limit: usize) -> Vec<Definition> {
        self.defined().filter(|found| found.owner.as_deref() == Some(owner)).take(limit).collect()
    }

    fn imports(&self, _path: &str) -> Vec<Import> {
        let import = |module: &str, name: &str| Import {
            line: 0,
            module: vec![module.to_owned()],
            name: Some(name.to_owned()),
            alias: None,
            wildcard: false,
        };
        vec![import("right", "twice")]
    }

    fn files_of(&self, module: &[String], _near: &str, limit: usize) -> Vec<Arc<str>> {
        let stem = last(module).unwrap_or_default();
        let paths = self.files.iter().map(|(path, _)| *path).filter(|path| path.contains(stem));
        paths.take(limit).map(Arc::from).collect()
    }

    fn text(&self, path: &str, bytes: Range<usize>) -> Option<String> {
        let (_, text) = self.files.iter().find(|(known, _)| *known == path)?;
        text.get(bytes).map(str::to_owned)
    }

    fn uses(&self, name: &str, _near: &str, limit: usize) -> Vec<Chunk> {
        self.chunks().filter(|chunk| chunk.text.contains(&format!("{name}("))).take(limit).collect()
    }

    fn neighbours(&self, query: &str, _own: &str, limit: usize) -> Vec<Chunk> {
        let words: Vec<_> = query.split_whitespace().filter(|word| word.len() > 4).collect();
        let about = |chunk: &Chunk| words.iter().any(|word| chunk.text.contains(word));
        self.chunks().filter(about).take(limit).collect()
    }

    fn recent_edits(&self, _own: &str, limit: usize) -> Vec<Edited> {
        let edited = self.edited.iter().map(|text| Edited {
            path: Arc::from("src/edited.rs"),
            lines: 3..3 + text.lines().count(),
            text: (*text).to_owned(),
            at: 0,
        });
        edited.take(limit).collect()
    }
}

const FILES: [(&str, &str); 4] = [
    ("src/wrong.rs", "fn twice(text: &str) -> String {\n    text.repeat(2)\n}\n"),
    ("src/right.rs", "fn twice(n: u32) -> u32 {\n    n * 2\n}\n\nstruct Wheel {\n    spokes: u32,\n}\n"),
    (
        "src/wheel.rs",
        "impl Wheel { fn turn(&mut self, degrees: u32) {} }\n\nimpl Wheel { fn stop(&mut self) {} }\n",
    ),
    ("src/main.rs", "fn main() {\n    let n = twice(4);\n    println!(\"{n}\");\n}\n"),
];

fn check(sources: &[Source], fixture: &str, expected: &Expect) {
    let edited = vec!["    wheel.turn(90);\n    wheel.stop();\n"];
    let context = gather(&fixture::query(fixture), &Memory { files: FILES.to_vec(), edited }, sources);
    let considered = context.considered.iter().map(|Considered { source, path, lines, outcome, .. }| {
        let outcome = outcome.map_or_else(Rejection::code, |()| "shown");
        format!("{} {path}:{}-{} {outcome}\n", source.name(), lines.start, lines.end)
    });
    let blocks = context.blocks.iter().map(|Block { path, text, .. }| format!("--- {path}\n{text}\n"));
    expected.assert_eq(&considered.chain(blocks).collect::<Vec<_>>().concat());
}

#[test]
fn an_imported_name_is_that_of_its_module() {
    check(
        &[Source::Definition],
        "fn a() {\n    let x = twice(1) + $0;\n}\n",
        &expect![[r#"
        definitions src/right.rs:0-3 shown
        --- src/right.rs
        fn twice(n: u32) -> u32 {
            n * 2
        }
    "#]],
    );
}

#[test]
fn members_are_shown_where_one_is_about_to_be_named() {
    check(
        &[Source::Definition],
        "fn a() {\n    Wheel::$0\n}\n",
        &expect![[r#"
        definitions src/wheel.rs:0-1 shown
        definitions src/wheel.rs:2-3 shown
        definitions src/right.rs:4-7 shown
        --- src/wheel.rs
        impl Wheel { fn turn(&mut self, degrees: u32) {} }

        impl Wheel { fn stop(&mut self) {} }
        --- src/right.rs
        struct Wheel {
            spokes: u32,
        }
    "#]],
    );
}

#[test]
fn what_the_file_says_itself_is_not_said_again() {
    check(
        &[Source::Use, Source::Definition],
        "fn main() {\n    let n = twice(4);\n    println!(\"{n}\");\n}\nfn b() {\n    $0\n}\n",
        &expect![[r#"
            definitions src/right.rs:0-3 shown
            uses src/wrong.rs:0-3 shown
            uses src/right.rs:0-3 known
            uses src/main.rs:0-4 known
            --- src/right.rs
            fn twice(n: u32) -> u32 {
                n * 2
            }
            --- src/wrong.rs
            fn twice(text: &str) -> String {
                text.repeat(2)
            }
        "#]],
    );
}

#[test]
fn the_worthier_source_goes_first_whatever_the_order_asked_in() {
    check(
        &[Source::Neighbour, Source::Edit, Source::Definition],
        "fn b(wheel: &mut Wheel) {\n    let degrees = $0\n}\n",
        &expect![[r#"
            definitions src/right.rs:4-7 shown
            edits src/edited.rs:3-5 shown
            neighbours src/wheel.rs:0-1 shown
            --- src/right.rs
            struct Wheel {
                spokes: u32,
            }
            --- src/edited.rs
                wheel.turn(90);
                wheel.stop();
            --- src/wheel.rs
            impl Wheel { fn turn(&mut self, degrees: u32) {} }
        "#]],
    );
}

#[test]
fn without_sources_there_is_nothing() {
    check(&[], "fn a() { Wheel::$0 }", &expect![[""]]);
}

#[test]
fn what_is_shown_is_told_in_the_order_of_the_blocks_and_each_excerpt_can_be_found_in_its_block() {
    let edited = vec!["    wheel.turn(90);\n    wheel.stop();\n"];
    let query = fixture::query("fn b(wheel: &mut Wheel) {\n    let degrees = twice($0)\n}\n");
    let context = gather(&query, &Memory { files: FILES.to_vec(), edited }, &Source::ALL);
    let told: Vec<_> = context.shown().map(|shown| format!("{}:{}", shown.path, shown.lines.start)).collect();
    let found = context.blocks.iter().flat_map(|block| {
        let starts = std::iter::once(0).chain(block.further.iter().map(|start| *start as usize));
        starts.map(|start| format!("{}: {}", block.path, block.text[start..].lines().next().unwrap()))
    });
    expect![[r#"
        src/right.rs:0
        src/right.rs:4
        src/edited.rs:3
        src/wrong.rs:0
        src/main.rs:0
        src/wheel.rs:0
        src/right.rs: fn twice(n: u32) -> u32 {
        src/right.rs: struct Wheel {
        src/edited.rs:     wheel.turn(90);
        src/wrong.rs: fn twice(text: &str) -> String {
        src/main.rs: fn main() {
        src/wheel.rs: impl Wheel { fn turn(&mut self, degrees: u32) {} }
    "#]]
    .assert_eq(&format!("{}\n{}\n", told.join("\n"), found.collect::<Vec<_>>().join("\n")));
    let rejected = context.rejected().map(|(found, why)| format!("{}: {why}\n", found.path));
    expect![[r#"
        src/right.rs: most of it is on show already
    "#]]
    .assert_eq(&rejected.collect::<String>());
}
