//! The cache between runs: kept, damaged, of another version, too large, or not to be had.

use expect_test::expect;

use super::{build, indexed, open, options, paths};
use crate::{
    Cancel, Error, Index, Options,
    fixture::{Folder, bytes},
};

const FILES: &[(&str, &str)] =
    &[("a.rs", "fn one() { two() }\n"), ("sub/b.py", "def two():\n    pass\n"), ("c.md", "# One\n")];

/// The cache file's path.
fn cache(folder: &Folder) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder.beside("cache")).unwrap().map(|file| file.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "sqlite")).unwrap()
}

fn works(index: &Index) {
    build(index);
    // A reader may be the one that finds the damage.
    paths(&index.reader().uses("two", "", 9));
    index.settle();
    let reader = index.reader();
    assert_eq!(paths(&reader.uses("two", "", 9)), ["a.rs", "sub/b.py"]);
    assert_eq!(reader.definitions("one", None, "", 9).len(), 1);
    assert_eq!(paths(&reader.neighbours("two", "", 9)).len(), 2);
}

#[test]
fn what_an_earlier_run_knew_can_be_asked_at_once() {
    let (folder, index) = indexed(FILES);
    drop(index);
    let index = open(&folder);
    assert_eq!(paths(&index.reader().uses("two", "", 9)), ["a.rs", "sub/b.py"]);
}

#[test]
fn a_damaged_cache_is_made_anew() {
    let (folder, index) = indexed(FILES);
    drop(index);
    let good = bytes(&cache(&folder));
    let damages: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("cut in half", good[..good.len() / 2].to_vec()),
        ("another file", b"not a database at all, but rather long\n".repeat(1000)),
        ("no header", [&[0; 100], &good[100..]].concat()),
        (
            "all pages but the first",
            good.iter().enumerate().map(|(at, byte)| if at < 8192 { *byte } else { 0xa5 }).collect(),
        ),
    ];
    for (name, bytes) in damages {
        std::fs::write(cache(&folder), bytes).unwrap();
        println!("{name}");
        works(&open(&folder));
    }
}

#[test]
fn any_flipped_byte_costs_no_more_than_a_build() {
    let (folder, index) = indexed(FILES);
    drop(index);
    let good = bytes(&cache(&folder));
    for at in (0..good.len()).step_by(good.len() / 40 + 1) {
        let mut bytes = good.clone();
        for byte in &mut bytes[at..(at + 64).min(good.len())] {
            *byte ^= 0x55;
        }
        std::fs::write(cache(&folder), bytes).unwrap();
        let index = open(&folder);
        // What it answers may be wrong, as nobody can tell; that it answers is what counts.
        drop(index.build(&mut |_| {}, &Cancel::default()));
        let reader = index.reader();
        reader.neighbours("two one", "", 9);
        reader.definitions("one", None, "", 9);
        reader.outline("a.rs");
        index.settle();
    }
    std::fs::remove_file(cache(&folder)).unwrap();
    works(&open(&folder));
}

#[test]
fn a_cache_of_another_version_is_made_anew() {
    let (folder, index) = indexed(FILES);
    drop(index);
    let connection = rusqlite::Connection::open(cache(&folder)).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let index = open(&folder);
    assert_eq!(build(&index).read, 3);
    works(&index);
}

#[test]
fn a_cache_that_goes_away_under_a_reader_is_found_again() {
    let (folder, index) = indexed(FILES);
    let reader = index.reader();
    assert_eq!(paths(&reader.uses("two", "", 9)).len(), 2);
    drop(index);
    std::fs::remove_file(cache(&folder)).unwrap();
    assert_eq!(paths(&reader.uses("two", "", 9)).len(), 0);
    works(&open(&folder));
    assert_eq!(paths(&reader.uses("two", "", 9)).len(), 2);
}

#[test]
fn where_there_is_no_room_there_is_no_index_and_a_sentence_says_so() {
    let folder = Folder::with(&[]);
    for number in 0..200 {
        folder.put(&format!("{number}.txt"), format!("word{number}\n").repeat(500));
    }
    let index = Index::open(Options { largest_cache: 400_000, ..options(&folder) }).unwrap();
    let error = index.build(&mut |_| {}, &Cancel::default()).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    let told = error.to_string().replace(&cache(&folder).display().to_string(), "FILE");
    expect![
        "there is no index, because there is no room for its cache FILE: free some space, or exclude folders"
    ]
    .assert_eq(&told);
    // What was written before is still answered from.
    index.reader().uses("word7", "", 9);
}

#[test]
fn a_cache_folder_that_cannot_be_made_is_said_so() {
    let folder = Folder::with(&[]);
    std::fs::write(folder.beside("cache"), "a file").unwrap();
    let error = Index::open(options(&folder)).unwrap_err().to_string();
    assert!(error.contains("there is no index, because its cache"), "{error}");
    let error =
        Index::open(Options::new(folder.at("nowhere"), folder.beside("cache"))).unwrap_err().to_string();
    assert!(error.contains("can't index"), "{error}");
}

#[test]
fn a_build_that_is_cancelled_is_gone_on_with() {
    let folder = Folder::with(&[]);
    for number in 0..300 {
        folder.put(&format!("{number}.rs"), format!("fn name{number}() {{}}\n").repeat(20));
    }
    let index = open(&folder);
    let cancel = Cancel::default();
    let built = index
        .build(
            &mut |progress| {
                if progress.done == 100 {
                    cancel.cancel();
                }
            },
            &cancel,
        )
        .unwrap();
    assert!(!built.is_complete);
    let built = build(&index);
    assert!(built.is_complete);
    assert_eq!(built.held.files, 300);
}
