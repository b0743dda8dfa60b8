//! The index follows the disk, whether a watcher or the caller tells it of changes.

use std::time::Duration;

use super::{build, indexed, open, options, paths};
use crate::{Index, Options, fixture::Folder};

/// Far longer than a watcher takes on the busiest machine.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn reported_changes_are_taken_in() {
    let (folder, index) =
        indexed(&[("a.rs", "fn one() {}\n"), ("sub/b.rs", "fn two() {}\n"), ("sub/c.rs", "fn three() {}\n")]);
    let reader = index.reader();
    folder.put("a.rs", "fn four() {}\n");
    folder.put("new/deep/d.rs", "fn five() {}\n");
    folder.remove("sub");
    index.changed(["a.rs", "new", "sub"].map(|name| folder.at(name)).to_vec());
    index.settle();
    let all = ["one", "two", "three", "four", "five"];
    let found = all.map(|name| reader.uses(name, "", 9).first().map(|chunk| chunk.place.path.to_string()));
    assert_eq!(found, [None, None, None, Some("a.rs".to_owned()), Some("new/deep/d.rs".to_owned())]);
}

#[test]
fn only_what_changed_is_read_again() {
    let (folder, index) = indexed(&[("a.rs", "fn one() {}\n"), ("b.rs", "fn two() {}\n")]);
    // A file that was changed just now is read once more, as its time tells nothing yet; older ones are not.
    let hour_ago = std::time::SystemTime::now() - Duration::from_hours(1);
    for name in ["a.rs", "b.rs"] {
        std::fs::File::options().write(true).open(folder.at(name)).unwrap().set_modified(hour_ago).unwrap();
    }
    assert_eq!(build(&index).read, 2);
    assert_eq!(build(&index).read, 0);
    folder.put("b.rs", "fn twoo() {}\n");
    let built = build(&index);
    assert_eq!((built.read, built.parsed, built.held.files), (1, 1, 2));
}

#[test]
fn a_watcher_sees_files_come_change_and_go() {
    let folder = Folder::with(&[("src/a.rs", "fn one() {}\n")]);
    let index = Index::open(Options { debounce: Duration::from_millis(5), ..options(&folder) }).unwrap();
    index.follow().unwrap();
    build(&index);
    let eventually = |name: &str, expected: &[&str]| {
        let begun = std::time::Instant::now();
        let mut seen = index.changes();
        while paths(&index.reader().uses(name, "", 9)) != expected {
            assert!(begun.elapsed() < PATIENCE, "{name} is not in {expected:?}");
            seen = index.wait(seen, PATIENCE);
        }
    };
    eventually("one", &["src/a.rs"]);
    folder.put("src/a.rs", "fn two() {}\n");
    eventually("two", &["src/a.rs"]);
    folder.put("src/new/deep/b.rs", "fn two() {}\n");
    eventually("two", &["src/a.rs", "src/new/deep/b.rs"]);
    folder.put("src/new/deep/b.rs", "fn three() {}\n");
    eventually("three", &["src/new/deep/b.rs"]);
    folder.remove("src/new");
    eventually("three", &[]);
    folder.put("src/new/deep/b.rs", "fn three() {}\n");
    eventually("three", &["src/new/deep/b.rs"]);
    folder.put(".hobignore", "new/\n");
    eventually("three", &[]);
}

#[test]
fn two_windows_share_one_cache_and_the_second_takes_over() {
    let (folder, first) = indexed(&[("a.rs", "fn one() {}\n")]);
    let second = open(&folder);
    assert!(build(&second).is_elsewhere);
    let reader = second.reader();
    assert_eq!(paths(&reader.uses("one", "", 9)), ["a.rs"]);

    folder.put("a.rs", "fn two() {}\n");
    second.changed(vec![folder.at("a.rs")]);
    second.settle();
    assert_eq!(paths(&reader.uses("two", "", 9)), [""; 0], "the first one writes");
    first.changed(vec![folder.at("a.rs")]);
    first.settle();
    assert_eq!(paths(&reader.uses("two", "", 9)), ["a.rs"], "and the second one follows");

    drop(first);
    folder.put("a.rs", "fn three() {}\n");
    second.changed(vec![folder.at("a.rs")]);
    second.settle();
    assert_eq!(paths(&reader.uses("three", "", 9)), ["a.rs"]);
}
