//! What all files of a workspace repeat, end to end: index, teaching, engine, suggestion.
//!
//! Nothing is shown to the model from elsewhere here, so a name that only another file has can't come from anywhere else.

use std::fs;

use e2e::{Buffer, Editor, PATIENCE, World, eventually};
use serde_json::json;

/// A file whose last line is said nowhere else.
fn survey(name: &str) -> String {
    format!(
        "fn survey(region: u32, quarry: u32) -> u32 {{\n    let survey = open_survey(region, quarry);\n    let granite_total = {name};\n    granite_total\n}}\n"
    )
}

/// The same, cut where the name begins.
fn begun() -> String {
    survey("\u{1}").replace("\u{1};\n    granite_total\n", "\n")
}

const PLACE: &str = "let granite_total = ";

/// A world whose mixture is all that knows of other files.
fn world() -> World {
    let world = World::new();
    world.configure("context.edits = false\ncontext.uses = false\ncontext.neighbours = false");
    world
}

/// How many tokens the engine has learnt.
fn learnt(world: &World) -> u64 {
    world.engine_status().and_then(|status| status["learnt_tokens"].as_u64()).unwrap_or(0)
}

fn suggested(buffer: &Buffer<'_>) -> String {
    buffer.complete().map(|item| item.text).unwrap_or_default()
}

/// Asks until the suggestion has `name`, or has not.
#[track_caller]
fn until(buffer: &mut Buffer<'_>, name: &str, is_there: bool) {
    let mut last = String::new();
    let came = eventually(PATIENCE, || {
        // Another text, so that no earlier answer is said again.
        buffer.put(1, 3);
        buffer.key('x');
        buffer.put_after(PLACE);
        last = suggested(buffer);
        (last.contains(name) == is_there).then_some(())
    });
    assert!(came.is_some(), "`{name}`: {is_there}; the last suggestion: {last:?}");
}

fn open<'e>(editor: &'e Editor, name: &str) -> Buffer<'e> {
    let mut buffer = editor.open(name, "rust", &format!("//\n\n{}", begun()));
    buffer.put_after(PLACE);
    buffer
}

#[test]
fn a_name_that_only_another_file_has_is_said_as_long_as_that_file_has_it() {
    let world = world();
    let editor = world.editor().start();
    let mut buffer = open(&editor, "main.rs");
    assert!(!suggested(&buffer).contains("quarried_granite"), "nobody has said it yet");

    let other = world.file("other.rs", survey("quarried_granite_of(region)"));
    until(&mut buffer, "quarried_granite_of(region)", true);
    assert!(learnt(&world) > 0);

    fs::write(&other, survey("weighed_marble_from(quarry)")).unwrap();
    until(&mut buffer, "weighed_marble_from(quarry)", true);
    until(&mut buffer, "quarried_granite", false);

    // The engine that comes in the place of one that died is told again.
    let engine = world.engine();
    engine.kill();
    world.gone(&engine);
    until(&mut buffer, "weighed_marble_from(quarry)", true);

    fs::remove_file(&other).unwrap();
    until(&mut buffer, "weighed_marble", false);
    editor.quit();
}

#[test]
fn what_is_excluded_is_never_learnt_and_what_becomes_excluded_is_forgotten() {
    let world = world();
    world.file(".hobignore", "hidden.rs\n");
    world.file("hidden.rs", survey("quarried_granite_of(region)"));
    world.file("seen.rs", survey("weighed_marble_from(quarry)"));
    let editor = world.editor().start();
    let mut buffer = open(&editor, "main.rs");
    until(&mut buffer, "weighed_marble_from(quarry)", true);
    assert!(!suggested(&buffer).contains("quarried_granite"));
    world.file(".hobignore", "hidden.rs\nseen.rs\n");
    until(&mut buffer, "weighed_marble", false);
    // The document itself, as it was saved, is all that could be left.
    let empty = eventually(PATIENCE, || (learnt(&world) == 0).then_some(()));
    assert!(empty.is_some(), "{} tokens are learnt", learnt(&world));
    editor.quit();
}

#[test]
fn two_workspaces_of_one_engine_know_nothing_of_one_another() {
    let world = world();
    world.file("other.rs", survey("quarried_granite_of(region)"));
    let beside = world.file("../beside/other.rs", survey("weighed_marble_from(quarry)"));
    let folder = beside.parent().unwrap().canonicalize().unwrap();
    let editor = world.editor().start();
    let added = json!({ "added": [{ "uri": World::uri(&folder), "name": "beside" }], "removed": [] });
    editor.notify("workspace/didChangeWorkspaceFolders", json!({ "event": added }));
    let mut here = open(&editor, "main.rs");
    let mut there = open(&editor, "../beside/main.rs");
    until(&mut here, "quarried_granite_of(region)", true);
    until(&mut there, "weighed_marble_from(quarry)", true);
    for _ in 0..3 {
        until(&mut here, "weighed_marble", false);
        until(&mut there, "quarried_granite", false);
        until(&mut here, "quarried_granite_of(region)", true);
        until(&mut there, "weighed_marble_from(quarry)", true);
    }
    editor.quit();
}

#[test]
fn without_ngrams_nothing_is_learnt() {
    let world = world();
    world.configure(
        "context.edits = false\ncontext.uses = false\ncontext.neighbours = false\ncontext.ngrams = false",
    );
    world.file("other.rs", survey("quarried_granite_of(region)"));
    let editor = world.editor().start();
    let buffer = open(&editor, "main.rs");
    world.logged("serve", "indexed");
    assert!(!suggested(&buffer).contains("quarried_granite"));
    assert_eq!(learnt(&world), 0);
    editor.quit();
}
