//! A workspace that means no good: each thing in it is skipped with a reason, and nothing waits for it.

use expect_test::expect;

use super::{build, open, options, paths, skipped};
use crate::{Index, Options, fixture::Folder};

#[test]
fn each_thing_that_is_no_source_is_skipped_for_a_reason() {
    let folder = Folder::with(&[
        ("ok.rs", "fn fine() {}\n"),
        (".gitignore", "made/\n"),
        ("made/a.rs", ""),
        (".hidden", ""),
        ("id_rsa", "KEY"),
    ]);
    folder.put("binary.rs", b"fn binary() {}\0");
    folder.put("latin1.rs", b"// \xe9t\xe9\n");
    std::fs::File::create(folder.at("large.rs")).unwrap().set_len(100 << 20).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        folder.link("ok.rs", "link.rs");
        folder.link("nowhere", "dangling.rs");
        folder.pipe("pipe.rs");
        let name = std::path::Path::new(std::ffi::OsStr::from_bytes(b"\xff.rs"));
        std::fs::write(folder.path().join(name), "fn named() {}\n").unwrap();
    }
    let index = open(&folder);
    let built = build(&index);
    expect!["git 1, private 1, hidden 2, link 2, special 1, name 1, large 1, binary 1, encoding 1"]
        .assert_eq(&skipped(&built));
    assert_eq!(built.held.files, 1);
    let again = build(&index);
    assert_eq!(skipped(&again), skipped(&built), "counted again, though not all was read again");
    assert_eq!(paths(&index.reader().uses("fine", "", 9)), ["ok.rs"]);
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_counted() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::getuid().is_root() {
        // Nothing is unreadable for root.
        return;
    }
    let folder = Folder::with(&[("a/x.rs", "fn inside() {}\n"), ("b.rs", "fn beside() {}\n")]);
    std::fs::set_permissions(folder.at("a"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let built = build(&open(&folder));
    std::fs::set_permissions(folder.at("a"), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((built.held.files, skipped(&built)), (1, "unreadable 1".to_owned()));
}

#[test]
fn files_beyond_the_number_are_left_out_in_the_order_of_their_paths() {
    let folder = Folder::with(&[]);
    for number in 10..30 {
        folder.put(&format!("{number}.txt"), "a word\n");
    }
    let index = Index::open(Options { most_files: 5, ..options(&folder) }).unwrap();
    let built = build(&index);
    assert_eq!(skipped(&built), "many 15");
    assert_eq!(
        paths(&index.reader().uses("word", "", 9)),
        ["10.txt", "11.txt", "12.txt", "13.txt", "14.txt"]
    );
}

#[test]
fn code_that_nobody_would_write_is_indexed_in_time() {
    let deep = format!("fn deep() {{ {}{} }}\n", "(".repeat(20_000), ")".repeat(20_000));
    let blocks = format!("fn blocks() {}{}\n", "{".repeat(20_000), "}".repeat(20_000));
    let modules = format!("{}fn inner() {{}}{}\n", "mod m { ".repeat(5_000), "}".repeat(5_000));
    let quotes = "\"".repeat(100_000);
    let line = format!("let x = \"{}\";\n", "word ".repeat(100_000));
    let folder = Folder::with(&[
        ("deep.rs", &deep),
        ("blocks.rs", &blocks),
        ("modules.rs", &modules),
        ("quotes.py", &quotes),
        ("line.js", &line),
        ("lines.txt", &"\r".repeat(100_000)),
        ("ok.rs", "fn fine() {}\n"),
    ]);
    let index = open(&folder);
    assert_eq!(build(&index).held.files, 7);
    assert_eq!(index.reader().definitions("fine", None, "", 9).len(), 1);
    assert_eq!(index.reader().definitions("deep", None, "", 9).len(), 1);
}

#[test]
fn a_file_that_changes_all_the_time_is_left_for_later_or_read_whole() {
    let folder = Folder::with(&[("a.rs", "")]);
    let index = open(&folder);
    let path = folder.at("a.rs");
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            for number in 0..300 {
                std::fs::write(&path, format!("fn name{number}() {{}}\n").repeat(number + 1)).unwrap();
            }
        });
        while !writing.is_finished() {
            build(&index);
        }
    });
    build(&index);
    assert_eq!(index.reader().definitions("name299", None, "", 999).len(), 300);
}
