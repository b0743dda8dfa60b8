//! The warm path end to end: what is decoded before the editor asks, and what is answered without the model.
//!
//! Counts and sources, no milliseconds: `hob bench typing` measures those. Must not expect any particular words.

use e2e::{Buffer, Editor, Item, PATIENCE, World, eventually};
use serde_json::Value;

const FILE: &str = include_str!("fixtures/typing/gguf.rs");

/// An editor with a file in which the model has something to say where `let file = File::` ends.
fn at_a_line(editor: &Editor) -> Buffer<'_> {
    let mut buffer = editor.open("gguf.rs", "rust", FILE);
    buffer.put_after("let file = File::");
    let rest = &buffer.text()[buffer.cursor()..];
    let end = buffer.cursor() + rest.find('\n').unwrap_or(rest.len());
    buffer.edit(buffer.cursor()..end, "");
    buffer
}

/// Asks until something is shown: the first answers wait for the model to load.
fn shown(buffer: &Buffer<'_>) -> Item {
    eventually(PATIENCE, || buffer.complete()).expect("the model has something to say here")
}

/// The row of the newest answer, once there are `count`.
fn newest(world: &World, count: usize) -> Value {
    let rows = eventually(PATIENCE, || Some(world.rows()).filter(|rows| rows.len() >= count));
    rows.and_then(|mut rows| rows.pop()).expect("a row for each answer")
}

#[test]
fn typing_along_the_suggestion_asks_the_model_nothing() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor);
    let item = shown(&buffer);
    let rest = item.text.strip_prefix("File::").unwrap_or(&item.text).to_owned();
    let answered = world.engine_status().unwrap()["answered"].as_u64().unwrap();
    for letter in rest.chars().take(3) {
        let before = world.rows().len();
        buffer.key(letter);
        let item = buffer.complete().expect("the rest of what was shown");
        assert!(buffer.with(&item).contains(&rest), "the line is the one that was shown: {item:?}");
        let row = newest(&world, before + 1);
        assert_eq!(row["source"], "stream", "{row:#}");
    }
    // What follows the suggestion may have been decoded ahead meanwhile, once for its line and once for the next.
    let now = world.engine_status().unwrap()["answered"].as_u64().unwrap();
    assert!(now <= answered + 2, "{answered} questions before, {now} after");
    editor.quit();
}

#[test]
fn a_change_is_answered_before_the_editor_asks() {
    let world = World::new();
    world.configure("engine.pace = \"full\"");
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor);
    shown(&buffer);
    buffer.edit(buffer.cursor() - 6..buffer.cursor(), "");
    let before = world.engine_status().unwrap()["answered"].as_u64().unwrap();
    buffer.key('F');
    let worked = eventually(PATIENCE, || {
        world.engine_status().filter(|status| status["answered"].as_u64() > Some(before))
    });
    assert!(worked.is_some(), "nobody asked, and it was answered all the same");
    let rows = world.rows().len();
    buffer.complete();
    assert_eq!(newest(&world, rows + 1)["source"], "stream");
    editor.quit();
}

#[test]
fn a_question_about_older_text_does_not_cancel_the_answer_to_newer_text() {
    let world = World::new();
    world.configure("engine.pace = \"full\"");
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor);
    shown(&buffer);
    // Frozen, it can't answer before all changes are there.
    let engine = world.engine();
    engine.freeze();
    buffer.key('!');
    let older = buffer.ask();
    // Another letter after all: nothing that is said for the first fits.
    buffer.backspace();
    buffer.key('z');
    buffer.assert_in_sync();
    engine.thaw();
    let answer = editor.wait(older).expect("superseded is not an error");
    assert_eq!(answer["items"], Value::Array(Vec::new()));
    world.row(|row| row["outcome"] == "superseded");
    let rows = world.rows().len();
    buffer.complete();
    assert_eq!(newest(&world, rows + 1)["source"], "stream", "it went on undisturbed");
    editor.quit();
}

#[test]
fn a_gentle_engine_reads_and_waits_to_be_asked() {
    let world = World::new();
    world.configure("engine.pace = \"gentle\"");
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor);
    shown(&buffer);
    buffer.key('x');
    let rows = world.rows().len();
    buffer.complete();
    let row = newest(&world, rows + 1);
    assert_eq!(row["source"], "decode");
    let evaluated = row["stats"]["evaluated_tokens"].as_u64();
    assert!(evaluated <= Some(4), "it was read when the key was pressed: {row:#}");
    editor.quit();
}

#[test]
fn an_answer_that_was_finished_is_found_again_after_undo() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor);
    let item = shown(&buffer);
    buffer.key('!');
    buffer.complete();
    buffer.backspace();
    let rows = world.rows().len();
    assert_eq!(buffer.complete(), Some(item), "the same text, the same answer");
    let row = newest(&world, rows + 1);
    assert!(row["source"] == "cache" || row["source"] == "stream", "{row:#}");
    editor.quit();
}

#[test]
fn nothing_is_decoded_where_the_editor_never_asks() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor);
    shown(&buffer);
    let mut unasked = editor.open("family.rs", "rust", include_str!("fixtures/typing/family.rs"));
    unasked.put_after("fn ");
    for _ in 0..40 {
        unasked.key('x');
    }
    unasked.assert_in_sync();
    // The answer to this one comes after whatever the other document was decoded for.
    buffer.key('o');
    buffer.complete();
    let answered = world.engine_status().unwrap()["answered"].as_u64().unwrap();
    assert!(answered < 30, "{answered} questions for 40 keys that nobody asked about");
    editor.quit();
}

#[test]
fn a_client_that_measures_is_told_what_each_key_cost() {
    let world = World::new();
    world.configure("engine.pace = \"full\"");
    let editor = world.editor().measuring().start();
    let mut buffer = at_a_line(&editor);
    let item = shown(&buffer);
    let rest = item.text.strip_prefix("File::").unwrap_or(&item.text);
    buffer.paste(&rest[..1]);
    let version = i64::from(buffer.version());
    let told = |event: &str| {
        editor.notification("hob/trace", |params| params["event"] == event && params["version"] == version)
    };
    let token = told("first_token");
    assert_eq!(token["source"], "stream");
    assert!(token["at_us"].as_u64() > Some(1_700_000_000_000_000), "{token:#}");
    told("first_line");
    let work = editor.notification("hob/trace", |params| params["event"] == "work");
    assert!(work["stats"]["evaluated_tokens"].as_u64() > Some(0), "{work:#}");
    let all = serde_json::to_string(&editor.notifications("hob/trace")).unwrap();
    assert!(!all.contains("File::"), "a trace holds no text");
    editor.quit();
}
