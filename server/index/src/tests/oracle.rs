//! However a workspace came to be what it is, its index answers like one that was made of it just now.

use std::fmt::Write as _;

use proptest::prelude::*;
use text::Snapshot;

use super::{build, chunks, definitions, open};
use crate::{Index, fixture::Folder};

const NAMES: [&str; 6] = ["a.rs", "b.py", "src/c.rs", "src/deep/d.rs", "src/e.txt", "src/deep/f.py"];
const WORDS: [&str; 6] = ["alpha", "betaGamma", "gamma", "delta_beta", "Alpha", "x9"];

/// Something that happens to a workspace.
#[derive(Debug, Clone)]
enum Happens {
    Written(usize, Vec<usize>),
    Removed(usize),
    FolderRemoved,
    Ignored(usize),
    Nothing,
    Opened(usize, Vec<usize>),
    Closed(usize),
}

fn happens() -> impl Strategy<Value = Happens> {
    let words = || prop::collection::vec(0..WORDS.len(), 0..120);
    prop_oneof![
        6 => (0..NAMES.len(), words()).prop_map(|(name, words)| Happens::Written(name, words)),
        2 => (0..NAMES.len()).prop_map(Happens::Removed),
        1 => Just(Happens::FolderRemoved),
        1 => (0..NAMES.len()).prop_map(Happens::Ignored),
        1 => Just(Happens::Nothing),
        3 => (0..NAMES.len(), words()).prop_map(|(name, words)| Happens::Opened(name, words)),
        2 => (0..NAMES.len()).prop_map(Happens::Closed),
    ]
}

/// A text with a definition for each few words.
fn text(name: &str, words: &[usize]) -> String {
    let mut text = String::new();
    for (number, words) in words.chunks(3).enumerate() {
        let words: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
        let name_of = words[0];
        let _ = match name.rsplit('.').next() {
            Some("rs") => {
                writeln!(text, "/// {number}\nfn {name_of}() {{\n    {}();\n}}\n", words.join("(); "))
            }
            Some("py") => writeln!(text, "def {name_of}(x):\n    return {}\n", words.join(" + ")),
            _ => writeln!(text, "{}\n", words.join(" ")),
        };
    }
    text
}

/// Everything that an index answers about the words and names.
fn answers(index: &Index) -> String {
    let reader = index.reader();
    let mut all = String::new();
    for word in WORDS {
        let _ = writeln!(
            all,
            "definitions of {word}\n{}",
            definitions(&reader.definitions(word, None, "src/c.rs", 99))
        );
        let _ = writeln!(all, "uses of {word}\n{}", chunks(&reader.uses(word, "src/c.rs", 99)));
    }
    for query in ["alpha", "betaGamma delta", "gamma alpha x9"] {
        let found = reader.neighbours(query, "", 5);
        let _ = writeln!(all, "neighbours of {query}\n{}", chunks(&found));
        let _ = writeln!(all, "{:.4?}", found.iter().map(|chunk| chunk.score).collect::<Vec<_>>());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn incremental_is_as_fresh(history in prop::collection::vec(happens(), 1..16)) {
        let folder = Folder::with(&[]);
        let index = open(&folder);
        build(&index);
        let mut opened = std::collections::BTreeMap::new();
        for happens in &history {
            match happens {
                Happens::Written(name, words) => {
                    folder.put(NAMES[*name], text(NAMES[*name], words));
                    index.changed(vec![folder.at(NAMES[*name])]);
                }
                Happens::Removed(name) => {
                    drop(std::fs::remove_file(folder.at(NAMES[*name])));
                    index.changed(vec![folder.at(NAMES[*name])]);
                }
                Happens::FolderRemoved => {
                    drop(std::fs::remove_dir_all(folder.at("src")));
                    index.changed(vec![folder.at("src")]);
                }
                Happens::Ignored(name) => {
                    folder.put(".gitignore", NAMES[*name]);
                    index.changed(vec![folder.at(".gitignore")]);
                }
                Happens::Nothing => drop(build(&index)),
                Happens::Opened(name, words) => {
                    let text = text(NAMES[*name], words);
                    index.update(&folder.at(NAMES[*name]), Snapshot::new(&text, 0));
                    opened.insert(*name, text);
                }
                Happens::Closed(name) => {
                    index.close(&folder.at(NAMES[*name]));
                    opened.remove(name);
                }
            }
            index.settle();
        }
        let grown = answers(&index);
        drop(index);
        std::fs::remove_dir_all(folder.beside("cache")).unwrap();
        let fresh = open(&folder);
        build(&fresh);
        for (name, text) in opened {
            fresh.update(&folder.at(NAMES[name]), Snapshot::new(&text, 0));
        }
        fresh.settle();
        prop_assert_eq!(grown, answers(&fresh));
    }
}
