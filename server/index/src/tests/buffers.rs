//! Open buffers: unsaved text goes before the disk, and nothing of it is written.

use text::Snapshot;

use super::{build, definitions, indexed, open, paths};
use crate::fixture::bytes;

#[test]
fn unsaved_text_goes_before_the_disk_until_the_buffer_is_closed() {
    let (folder, index) = indexed(&[("a.rs", "fn old_name() { used() }\n"), ("b.rs", "fn used() {}\n")]);
    let reader = index.reader();
    index.update(&folder.at("a.rs"), Snapshot::new("\nfn new_name() { other_used() }\n", 2));
    index.settle();
    assert_eq!(definitions(&reader.definitions("old_name", None, "", 9)), "");
    assert_eq!(definitions(&reader.definitions("new_name", None, "", 9)), "a.rs:2 Function: fn new_name()\n");
    assert_eq!(paths(&reader.uses("used", "", 9)), ["b.rs"]);
    assert_eq!(paths(&reader.neighbours("other_used", "", 9)), ["a.rs", "b.rs"]);
    assert_eq!(reader.text("a.rs", 1..3).as_deref(), Some("fn"));
    index.close(&folder.at("a.rs"));
    index.settle();
    assert_eq!(definitions(&reader.definitions("old_name", None, "", 9)), "a.rs:1 Function: fn old_name()\n");
    assert_eq!(definitions(&reader.definitions("new_name", None, "", 9)), "");
}

#[test]
fn a_buffer_without_a_file_is_known_and_one_outside_is_not() {
    let (folder, index) = indexed(&[]);
    index.update(&folder.at("new/file.rs"), Snapshot::new("fn fresh() {}\n", 0));
    index.update(&folder.beside("outside.rs"), Snapshot::new("fn fresh() {}\n", 0));
    index.settle();
    assert_eq!(
        definitions(&index.reader().definitions("fresh", None, "", 9)),
        "new/file.rs:1 Function: fn fresh()\n"
    );
}

#[test]
fn unsaved_text_is_not_written_to_the_cache() {
    let (folder, index) = indexed(&[("a.rs", "fn saved() {}\n")]);
    index.update(&folder.at("a.rs"), Snapshot::new("fn unsaved_canary() {}\n", 1));
    index.settle();
    build(&index);
    drop(index);
    let index = open(&folder);
    assert!(index.reader().definitions("unsaved_canary", None, "", 9).is_empty());
    for file in std::fs::read_dir(folder.beside("cache")).unwrap() {
        let bytes = bytes(&file.unwrap().path());
        assert!(memchr::memmem::find(&bytes, b"unsaved_canary").is_none());
    }
}

#[test]
fn a_chunk_weighs_the_same_in_a_buffer_as_in_the_cache() {
    let files = [
        ("a.rs", "fn alpha() { beta_gamma(); }\n"),
        ("b.rs", "fn beta() {}\n"),
        ("c.rs", "gamma\n"),
        ("d.rs", "x\n"),
        ("e.rs", "y\n"),
    ];
    let (folder, index) = indexed(&files);
    let reader = index.reader();
    let scores = || {
        reader
            .neighbours("alpha betaGamma", "", 9)
            .iter()
            .map(|chunk| format!("{} {:.5}\n", chunk.place.path, chunk.score))
            .collect::<Vec<_>>()
    };
    let cached = scores();
    index.update(&folder.at("a.rs"), Snapshot::new(files[0].1, 1));
    index.settle();
    assert_eq!(scores(), cached);
}

#[test]
fn recent_edits_come_latest_first_with_their_text_at_the_time() {
    let (folder, index) = indexed(&[("a.rs", "fn a() {}\n"), ("b.rs", "fn b() {}\n")]);
    for (at, (name, text)) in
        (7..).zip([("a.rs", "fn aa() {}\n"), ("b.rs", "fn bb() {}\n"), ("a.rs", "fn aaa() {}\n")])
    {
        index.edited(&folder.at(name), Snapshot::new(text, 1), 0..1, at);
    }
    index.settle();
    let edits = index.reader().recent_edits("", 9);
    let said: Vec<_> = edits.iter().map(|edited| (&*edited.path, edited.text.as_str(), edited.at)).collect();
    assert_eq!(said, [("a.rs", "fn aaa() {}\n", 9), ("b.rs", "fn bb() {}\n", 8)]);
}
