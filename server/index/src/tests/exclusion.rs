//! What is excluded is in no answer, whichever way it could have come in.

use std::path::Path;

use expect_test::expect;
use text::Snapshot;

use super::{build, indexed, open, options, paths, skipped};
use crate::{Index, Options, fixture::Folder};

const CANARY: &str = "fn canary() {}\n";

/// Everything that an index tells about the canary, by any question.
fn told(index: &Index) -> String {
    let reader = index.reader();
    let mut told: Vec<String> = Vec::new();
    told.extend(
        reader.definitions("canary", None, "", 100).into_iter().map(|found| found.place.path.to_string()),
    );
    told.extend(paths(&reader.uses("canary", "", 100)).into_iter().map(str::to_owned));
    told.extend(paths(&reader.neighbours("canary", "", 100)).into_iter().map(str::to_owned));
    told.extend(reader.recent_edits("", 100).into_iter().map(|edited| edited.path.to_string()));
    for name in ["secret/a.rs", ".env", "a.pem"] {
        told.extend(reader.text(name, 0..2).map(|_| format!("the text of {name}")));
        told.extend(reader.outline(name).first().map(|_| format!("the outline of {name}")));
        told.extend(reader.imports(name).first().map(|_| format!("the imports of {name}")));
        told.extend(
            reader
                .files_of(&["a".to_owned()], "", 9)
                .iter()
                .filter(|path| ***path == *name)
                .map(ToString::to_string),
        );
    }
    told.sort();
    told.dedup();
    told.join(", ")
}

/// Opens a buffer and edits it.
fn edit(index: &Index, folder: &Folder, name: &str) {
    let text = Snapshot::new(CANARY, 1);
    index.update(&folder.at(name), text.clone());
    index.edited(&folder.at(name), text, 0..1, 1);
    index.settle();
}

#[test]
fn an_excluded_file_is_in_no_answer_open_edited_or_changed() {
    for (list, name) in
        [(".gitignore", "secret/a.rs"), (".hobignore", "secret/a.rs"), ("", ".env"), ("", "a.pem")]
    {
        let (folder, index) =
            indexed(&[(if list.is_empty() { "x.txt" } else { list }, "secret/\n"), (name, CANARY)]);
        assert_eq!(told(&index), "", "{name} by {list}");
        edit(&index, &folder, name);
        index.changed(vec![folder.at(name)]);
        index.settle();
        assert_eq!(told(&index), "", "{name} by {list}, opened, edited and changed");
    }
}

#[test]
fn what_a_list_excludes_from_now_on_disappears_at_once() {
    let (folder, index) = indexed(&[("secret/a.rs", CANARY), ("secret/b.rs", CANARY), ("c.rs", CANARY)]);
    edit(&index, &folder, "secret/b.rs");
    assert_eq!(
        told(&index),
        "c.rs, secret/a.rs, secret/b.rs, the outline of secret/a.rs, the text of secret/a.rs"
    );
    folder.put(".hobignore", "secret/\n");
    index.changed(vec![folder.at(".hobignore")]);
    // Nothing was settled: the threads may not even have woken up.
    assert_eq!(told(&index), "c.rs");
    index.settle();
    assert_eq!(told(&index), "c.rs");

    folder.remove(".hobignore");
    index.changed(vec![folder.at(".hobignore")]);
    index.settle();
    assert_eq!(
        told(&index),
        "c.rs, secret/a.rs, secret/b.rs, the outline of secret/a.rs, the text of secret/a.rs"
    );
}

#[test]
fn what_was_excluded_while_nobody_looked_is_in_no_answer_of_the_next_run() {
    let (folder, index) = indexed(&[("secret/a.rs", CANARY), ("c.rs", CANARY)]);
    drop(index);
    folder.put(".hobignore", "secret/\n");
    let index = open(&folder);
    assert_eq!(told(&index), "c.rs", "before anything was built");
    assert_eq!(build(&index).removed, 1);
    assert_eq!(told(&index), "c.rs");
}

#[test]
fn the_callers_patterns_exclude_too() {
    let folder = Folder::with(&[("secret/a.rs", CANARY), ("b.gen.rs", CANARY), ("c.rs", CANARY)]);
    let exclude = ["/secret/", "*.gen.rs"].map(str::to_owned).to_vec();
    let index = Index::open(Options { exclude, ..options(&folder) }).unwrap();
    build(&index);
    assert_eq!(told(&index), "c.rs");
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_workspace_or_around_a_list() {
    let folder =
        Folder::with(&[(".hobignore", "secret/\n"), ("secret/a.rs", CANARY), ("c.rs", "fn other() {}\n")]);
    std::fs::create_dir(folder.beside("elsewhere")).unwrap();
    std::fs::write(folder.beside("elsewhere").join("a.rs"), CANARY).unwrap();
    folder.link(folder.beside("elsewhere").to_str().unwrap(), "away");
    folder.link("secret/a.rs", "innocent.rs");
    folder.link(".", "loop");
    let index = open(&folder);
    let built = build(&index);
    expect!["hob 1, hidden 1, link 3"].assert_eq(&skipped(&built));
    assert_eq!(told(&index), "");
    for name in ["innocent.rs", "away/a.rs", "loop/secret/a.rs", "loop/loop/secret/a.rs"] {
        edit(&index, &folder, name);
        index.changed(vec![folder.at(name)]);
        index.settle();
        assert_eq!(told(&index), "", "{name}");
    }
    assert_eq!(index.reader().relative(Path::new("/etc/passwd")), None);
}

#[cfg(unix)]
#[test]
fn a_folder_that_becomes_a_link_while_it_is_read_leads_nowhere() {
    let folder = Folder::with(&[("a/x.rs", "fn inside() {}\n")]);
    std::fs::create_dir(folder.beside("elsewhere")).unwrap();
    std::fs::write(folder.beside("elsewhere").join("x.rs"), CANARY).unwrap();
    let index = open(&folder);
    build(&index);
    // As if the swap came between the walk and the reading: the walk's file is asked for again.
    folder.remove("a");
    folder.link(folder.beside("elsewhere").to_str().unwrap(), "a");
    index.changed(vec![folder.at("a/x.rs")]);
    index.settle();
    assert_eq!(told(&index), "");
    let root = crate::read::Root::open(folder.path()).unwrap();
    assert_eq!(root.read(Path::new("a/x.rs"), 1000).map(|_| ()).unwrap_err().1, crate::Reason::Link);
}
