//! Whole files, as they are on disk: which there are, in whose order, and which are never named.

use text::Snapshot;

use super::{build, indexed};
use crate::{Index, fixture::Folder};

/// Files of at most so many bytes, in the order of their paths from the last on: `name text`.
fn files(index: &Index, largest: usize, all: usize) -> Vec<String> {
    let reader = index.reader();
    let listed = reader.files(largest, all, |file| std::cmp::Reverse(file.path.clone()));
    let told = |file: crate::Listed| {
        let (hash, text) = reader.file(&file.path).expect("what is listed can be read");
        assert_eq!((hash, text.len()), (file.hash, file.bytes));
        format!("{} {}", file.path, text.trim_end())
    };
    listed.into_iter().map(told).collect()
}

#[test]
fn files_are_listed_in_the_callers_order_as_far_as_there_is_room() {
    let (_folder, index) = indexed(&[
        ("a.rs", "fn a() {}\n"),
        ("b.py", "def b(): pass\n"),
        ("c.txt", "not code\n"),
        ("d.rs", "fn a_longer_name() {}\n"),
    ]);
    assert_eq!(files(&index, 99, 99), ["d.rs fn a_longer_name() {}", "b.py def b(): pass", "a.rs fn a() {}"]);
    assert_eq!(files(&index, 20, 99), ["b.py def b(): pass", "a.rs fn a() {}"]);
    assert_eq!(files(&index, 99, 40), ["d.rs fn a_longer_name() {}", "b.py def b(): pass"]);
}

#[test]
fn an_excluded_file_is_neither_listed_nor_read_from_the_moment_on_at_which_it_is_excluded() {
    let (folder, index) =
        indexed(&[("a.rs", "fn a() {}\n"), ("b.rs", "fn b() {}\n"), (".hobignore", "a.rs\n")]);
    assert_eq!(files(&index, 99, 99), ["b.rs fn b() {}"]);
    assert!(index.reader().file("a.rs").is_none());
    folder.put(".hobignore", "*.rs\n");
    index.changed(vec![folder.at(".hobignore")]);
    assert!(files(&index, 99, 99).is_empty() && index.reader().file("b.rs").is_none());
}

#[test]
fn what_is_not_saved_is_not_shown_and_another_text_has_another_hash() {
    let (folder, index) = indexed(&[("a.rs", "fn a() {}\n")]);
    let before = index.reader().file("a.rs");
    index.update(&folder.at("a.rs"), Snapshot::new("fn unsaved() {}\n", 1));
    index.settle();
    assert_eq!(index.reader().file("a.rs"), before);
    folder.put("a.rs", "fn b() {}\n");
    index.changed(vec![folder.at("a.rs")]);
    index.settle();
    let after = index.reader().file("a.rs").unwrap();
    assert_ne!(before.unwrap().0, after.0);
    assert_eq!(after.1, "fn b() {}\n");
}

#[test]
fn whoever_listens_hears_of_a_change() {
    let folder = Folder::with(&[("a.rs", "fn a() {}\n")]);
    let index = super::open(&folder);
    let (tell, told) = std::sync::mpsc::channel();
    index.on_change(move || {
        let _ = tell.send(());
    });
    build(&index);
    assert!(told.try_recv().is_ok());
}
