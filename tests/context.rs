//! What the model is shown from elsewhere in the workspace, end to end: index, gathering, prompt, record.
//!
//! Must not expect any particular words of the model.

use std::fs;

use e2e::{Buffer, Editor, PATIENCE, World, eventually};
use serde_json::{Value, json};

const WHEEL: &str = "pub fn turn_wheel(degrees: u32, spokes: u32) -> u32 {\n    degrees * spokes\n}\n";

/// Asks until a row satisfies `wanted`.
fn row(world: &World, buffer: &Buffer<'_>, wanted: impl Fn(&Value) -> bool) -> Value {
    let asked = eventually(PATIENCE, || {
        buffer.complete();
        world.rows().pop().filter(&wanted)
    });
    asked.unwrap_or_else(|| panic!("no such row; the last: {:#?}", world.rows().last()))
}

fn paths(row: &Value) -> Vec<&str> {
    let shown = row["context"]["shown"].as_array().expect("a list");
    shown.iter().filter_map(|excerpt| excerpt["path"].as_str()).collect()
}

#[test]
fn what_the_line_is_about_is_shown_and_what_is_excluded_never() {
    let world = World::new();
    let write = |name: &str, text: &str| fs::write(world.workspace().join(name), text).unwrap();
    write("wheel.rs", WHEEL);
    write("hidden.rs", &WHEEL.replace("u32", "u64"));
    write(".hobignore", "hidden.rs\n");
    let editor = world.editor().start();
    let text = "fn drive() {\n    let degrees = 90;\n    let spokes = 36;\n    let angle = turn_wheel(\n}\n";
    let mut buffer = editor.open("main.rs", "rust", text);
    buffer.put_after("let angle = turn_wheel(");
    let found = row(&world, &buffer, |row| !paths(row).is_empty());
    assert_eq!(paths(&found), ["wheel.rs"], "{found:#}");
    // The next key has it too, and costs what a key costs.
    buffer.key('d');
    let next = row(&world, &buffer, |row| row["stats"].is_object());
    assert_eq!(paths(&next), ["wheel.rs"], "{next:#}");
    editor.quit();
}

#[test]
fn without_an_index_nothing_is_shown_from_elsewhere() {
    let world = World::new();
    world.configure("index.enabled = false");
    fs::write(world.workspace().join("wheel.rs"), WHEEL).unwrap();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", "fn drive() {\n    let angle = turn_wheel(\n}\n");
    buffer.put_after("turn_wheel(");
    let asked = row(&world, &buffer, |row| row["stats"].is_object());
    assert!(paths(&asked).is_empty(), "{asked:#}");
    editor.quit();
}

/// Has `wheel.rs` shown at the cursor of an open `main.rs`, and then, after `change`, not any more. `watching`: the editor watches the disk.
fn shown_until(watching: bool, change: impl FnOnce(&World, &Editor)) {
    let world = World::new();
    world.file("wheel.rs", WHEEL);
    let editor = if watching { world.editor().watching() } else { world.editor() }.start();
    let mut buffer = editor.open("main.rs", "rust", "fn drive() {\n    let angle = turn_wheel(\n}\n");
    buffer.put_after("turn_wheel(");
    row(&world, &buffer, |row| paths(row) == ["wheel.rs"]);
    change(&world, &editor);
    row(&world, &buffer, |row| row["stats"].is_object() && paths(row).is_empty());
    buffer.key('d');
    let next = row(&world, &buffer, |row| row["stats"].is_object());
    assert!(paths(&next).is_empty(), "{next:#}");
    editor.quit();
}

#[test]
fn what_becomes_excluded_is_not_shown_any_more() {
    // Who watches the disk is the server here, and the editor there.
    shown_until(false, |world, _| drop(world.file(".hobignore", "wheel.rs\n")));
    shown_until(true, |world, editor| {
        let uri = World::uri(&world.file(".hobignore", "wheel.rs\n"));
        let changes = json!({ "changes": [{ "uri": uri, "type": 1 }] });
        editor.notify("workspace/didChangeWatchedFiles", changes);
    });
}

#[test]
fn what_is_switched_off_is_not_shown_any_more() {
    let off = json!({ "context": { "uses": false, "neighbours": false, "edits": false } });
    shown_until(false, |_, editor| editor.change_settings(&off));
}

#[test]
fn a_file_that_its_user_excluded_is_left_alone() {
    let world = World::new();
    fs::write(world.workspace().join(".hobignore"), "private/\n").unwrap();
    let editor = world.editor().start();
    for path in ["private/main.rs", ".env", "id_rsa"] {
        let mut buffer = editor.open(path, "rust", "fn main() {\n    let x = \n}\n");
        buffer.put_after("let x = ");
        assert_eq!(buffer.complete(), None, "{path}");
        let found = world.rows().pop().unwrap();
        assert_eq!(
            (found["outcome"].as_str(), found["path"].as_str()),
            (Some("excluded"), Some(path)),
            "{found:#}"
        );
        assert!(found["stats"].is_null(), "the model was asked: {found:#}");
    }
    editor.quit();
}
