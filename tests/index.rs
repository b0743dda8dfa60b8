//! The index of a workspace: by the command line, and behind an editor's window.
//!
//! Must not test what an index answers: nothing of that is seen from outside yet (the crate's own tests do).

use std::{
    fs,
    time::{Duration, Instant},
};

use e2e::{PATIENCE, World, eventually};
use expect_test::expect;
use serde_json::{Value, json};

/// A small project with things in it that are nobody's business.
fn project() -> World {
    let world = World::new();
    world.file(
        "src/main.rs",
        "use std::fmt;\n\n/// Begins.\nfn main() {}\n\nstruct Shape {\n    area: f64,\n}\n",
    );
    world.file("tools/run.py", "def run():\n    pass\n");
    world.file("notes.md", "# Notes\n");
    world.file(".gitignore", "made/\n");
    world.file(".hobignore", "drafts/\n");
    world.file("made/out.rs", "fn made() {}\n");
    world.file("drafts/idea.rs", "fn idea() {}\n");
    world.file("server.pem", "KEY\n");
    world.file("image.dat", b"\x00\x01\x02");
    world
}

/// What `hob index` says of the workspace.
fn indexed(world: &World) -> Value {
    world.run_json(&["index", "--json"])
}

/// Waits until an editor's window keeps the index, or keeps none.
fn kept(world: &World, by_a_window: bool) -> Value {
    let found = eventually(PATIENCE, || Some(indexed(world)).filter(|said| said["elsewhere"] == by_a_window));
    found.expect("it is kept by a window, or is not")
}

#[test]
fn the_command_says_what_there_is_and_what_was_left_out() {
    let world = project();
    let mut said = indexed(&world);
    // What differs from run to run.
    for key in
        ["looking_ms", "reading_ms", "parsing_ms", "wall_ms", "cpu_ms", "peak_rss_bytes", "cache_bytes"]
    {
        assert!(said.as_object_mut().unwrap().remove(key).is_some_and(|figure| figure.is_number()), "{key}");
    }
    expect![[r#"
        {
          "bytes": 101,
          "chunks": 3,
          "complete": true,
          "elsewhere": false,
          "files": 3,
          "imports": 1,
          "lines": 11,
          "parsed": 2,
          "path": ".",
          "read": 4,
          "removed": 0,
          "skipped": {
            "binary": 1,
            "git": 1,
            "hidden": 2,
            "hob": 1,
            "private": 1
          },
          "symbols": 4
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&said).unwrap());
    let page = world.run(&["index"]);
    assert_eq!(page.code, 0, "{}", page.stderr);
    assert!(
        page.stdout.starts_with("3 files, 11 lines, 0.0 MB: 4 definitions, 1 imported names, 3 chunks\n"),
        "{}",
        page.stdout
    );
    assert!(page.stdout.contains("        1  ignored by .hobignore\n"), "{}", page.stdout);
}

#[test]
fn a_folder_that_is_not_there_or_a_pattern_that_means_nothing_is_said_so() {
    let world = project();
    let ran = world.run(&["index", "nowhere"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("can't index nowhere"), "{}", ran.stderr);
    world.configure("index.exclude = [\"a{b\"]");
    let ran = world.run(&["index"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("`a{b`"), "{}", ran.stderr);
}

#[test]
fn a_window_builds_the_index_and_the_next_one_finds_it() {
    let world = project();
    let editor = world.editor().start();
    kept(&world, true);
    editor.quit();
    let after = kept(&world, false);
    assert_eq!(after["files"], 3);
}

#[test]
fn a_window_without_an_index_keeps_none() {
    let world = project();
    world.file(".hob.toml", "[index]\nenabled = false\n");
    let editor = world.editor().start();
    let buffer = editor.open("src/main.rs", "rust", "fn main() {}\n");
    buffer.assert_in_sync();
    assert_eq!(indexed(&world)["elsewhere"], false);
    drop(buffer);
    editor.quit();
}

#[test]
fn settings_switch_the_index_off_while_the_window_is_open() {
    let world = project();
    let editor = world.editor().start();
    kept(&world, true);
    editor.change_settings(&json!({ "index": { "enabled": false } }));
    kept(&world, false);
    editor.quit();
}

#[test]
fn an_editor_that_watches_files_is_asked_to() {
    let world = project();
    let editor = world.editor().watching().start();
    let asked = editor.asked("client/registerCapability");
    let registration = &asked["params"]["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    assert_eq!(registration["registerOptions"]["watchers"][0]["globPattern"], "**/*");
    kept(&world, true);
    world.file("src/new.rs", "fn new() {}\n");
    let uri = World::uri(&world.workspace().join("src/new.rs"));
    editor.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri, "type": 1 }] }));
    // The message is taken in order: whoever is answered after it is answered by a server that took it.
    editor.open("src/main.rs", "rust", "fn main() {}\n").assert_in_sync();
    editor.quit();
}

#[test]
fn folders_come_and_go() {
    let world = project();
    let other = world.file("../other/lib.rs", "fn other() {}\n");
    let other = other.parent().expect("it lies in a folder").canonicalize().expect("it is there");
    let editor = world.editor().start();
    kept(&world, true);
    let folder = json!({ "uri": World::uri(&other), "name": "other" });
    let index_of_other = || world.run_json(&["index", "../other", "--json"])["elsewhere"] == true;
    assert!(!index_of_other());
    editor.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [folder], "removed": [] } }),
    );
    assert!(eventually(PATIENCE, || index_of_other().then_some(())).is_some());
    editor.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [], "removed": [folder] } }),
    );
    assert!(eventually(PATIENCE, || (!index_of_other()).then_some(())).is_some());
    editor.quit();
}

/// Types in an editor while its window reads a workspace of `count` files and some that are no source, and says how long the slowest answer
/// took.
fn typing_while_reading(count: usize) -> Duration {
    let world = World::new();
    for number in 0..count {
        let text = format!("def area_{number}(width):\n    return width * {number}\n");
        world.file(&format!("part{}/file{number}.py", number / 500), text);
    }
    let data = world.file("data.py", "");
    fs::File::options()
        .write(true)
        .open(data)
        .and_then(|file| file.set_len(100 << 20))
        .expect("it can be long");
    std::os::unix::fs::symlink("..", world.workspace().join("part0/loop")).expect("it can be linked");
    world.file("image.py", b"\x89PNG\x00\x01");
    let editor = world.editor().start();
    let mut buffer = editor.open("main.py", "python", "def main():\n    \n");
    buffer.put_after("main():\n    ");
    assert!(buffer.complete().is_some() || !world.rows().is_empty(), "the first answer waits for the model");
    let mut slowest = Duration::ZERO;
    let ends =
        Instant::now() + PATIENCE + Duration::from_millis(2) * u32::try_from(count).expect("few enough");
    // A line, and then a look at how far it is: who never stops typing leaves a thread of low priority nothing.
    let read = || world.log("serve").contains("indexed files=").then_some(());
    while eventually(Duration::from_secs(1), read).is_none() {
        assert!(Instant::now() < ends, "the workspace was never read:\n{}", world.log("serve"));
        for key in "total = area_1(2)\n    ".chars() {
            buffer.key(key);
            let asked = Instant::now();
            buffer.complete();
            slowest = slowest.max(asked.elapsed());
        }
    }
    buffer.assert_in_sync();
    let log = world.log("serve");
    let counted = log.lines().find(|line| line.contains("indexed files=")).expect("it is there");
    // The limit is 200,000, and the binary one has to be read to be known.
    let files = count.min(199_999);
    assert!(counted.contains(&format!("indexed files={files} ")), "{counted}");
    for skipped in ["1 too large", "1 a link", "1 binary"] {
        assert!(counted.contains(skipped), "no {skipped:?}: {counted}");
    }
    drop(buffer);
    editor.quit();
    slowest
}

/// `make test-large` sets `HOB_TEST_FILES` to 200,000, which takes minutes.
#[test]
fn a_window_answers_while_a_workspace_is_read() {
    let count = std::env::var("HOB_TEST_FILES").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000);
    let slowest = typing_while_reading(count);
    assert!(slowest < Duration::from_secs(1), "the slowest answer took {slowest:?}");
}
