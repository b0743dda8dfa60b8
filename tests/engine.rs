//! The engine as a neighbour: it dies, its model is no model, two windows share it, nobody needs it any more. What a window sees of
//! all that is an empty answer with a reason, and at most one message.
//!
//! Must not look into the engine: what it does shows in processes, in answers and in `hob why`.
#![cfg(target_os = "linux")]

use std::{fs, path::Path, time::Duration};

use e2e::{Buffer, Editor, PATIENCE, Recording, Role, World, eventually};
use serde_json::Value;

const FILE: &str = include_str!("fixtures/typing/gguf.rs");
const TYPED: &str = include_str!("fixtures/typing/gguf.jsonl");

/// The embedded model's file.
const EMBER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/ember/ember.gguf");

/// A place that asks for several lines.
fn at_a_block<'e>(editor: &'e Editor, name: &str) -> Buffer<'e> {
    let mut buffer = editor.open(name, "rust", FILE);
    buffer.put_after("fn unreadable(error: &io::Error) -> Problem {");
    buffer.paste("\n    ");
    buffer
}

/// Asks until the model has answered, shown or not.
fn until_the_model_answers(world: &World, buffer: &Buffer<'_>) {
    let before = world.rows().len();
    let answered = eventually(PATIENCE, || {
        buffer.complete();
        world.rows()[before..].iter().any(|row| row["stats"].is_object()).then_some(())
    });
    assert!(answered.is_some(), "the model does not answer; last: {:#?}", world.rows().last());
}

#[test]
fn typing_goes_on_while_the_engine_is_killed_twice() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("gguf.rs", "rust", FILE);
    let first = world.engine();
    let mut killed = Vec::new();
    Recording::read(TYPED).play_and(&editor, &mut buffer, |key| {
        if key == 100 || key == 250 {
            let engine = world.engine();
            engine.kill();
            killed.push(engine);
        }
    });
    buffer.assert_in_sync();
    assert_eq!(killed.len(), 2);
    assert_eq!(killed[0], first);
    assert_ne!(killed[0].id, killed[1].id, "a killed engine is replaced by another process");
    until_the_model_answers(&world, &buffer);
    assert_eq!(world.engines_started(), 3);
    // The window's own processes saw none of it: `quit` gets its answers from the `hob` that was started first.
    editor.quit();
}

#[test]
fn an_engine_killed_during_a_decode_costs_one_answer() {
    let world = World::new();
    world.configure("completion.max_tokens = 512\ncompletion.deadline_ms = 10000");
    let editor = world.editor().start();
    let mut buffer = at_a_block(&editor, "gguf.rs");
    until_the_model_answers(&world, &buffer);

    // A fast model may have answered before the signal arrives: then it was not during the decode, and it is tried again.
    let hit = (0..50).find_map(|round| {
        let engine = world.engine();
        buffer.paste(&format!("// {round}\n    "));
        let before = engine.ticks();
        let asked = buffer.ask();
        eventually(PATIENCE, || (engine.ticks() > before || editor.is_answered(asked)).then_some(()))?;
        let in_time = !editor.is_answered(asked);
        engine.kill();
        world.gone(&engine);
        let answer =
            editor.wait_for(asked, Duration::from_secs(5)).expect("answered soon after the engine's death");
        let list = answer.expect("a dead engine is no error for the editor");
        until_the_model_answers(&world, &buffer);
        let gone = || world.rows().iter().any(|row| row["outcome"] == "engine_gone");
        (in_time && list["items"] == Value::Array(Vec::new()) && gone()).then_some(round)
    });
    assert!(hit.is_some(), "no kill ever hit a decode");
    assert!(editor.messages().is_empty(), "a restart is nobody's business: {:?}", editor.messages());
    editor.quit();
}

#[test]
fn a_request_that_a_dying_engine_holds_is_answered() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = at_a_block(&editor, "gguf.rs");
    until_the_model_answers(&world, &buffer);
    let engine = world.engine();
    // Frozen, it can't answer first; and what it said before is of no use for a new text.
    engine.freeze();
    buffer.paste("let seen = ");
    let asked = buffer.ask();
    buffer.assert_in_sync();
    assert!(!editor.is_answered(asked));
    engine.kill();
    let answer =
        editor.wait_for(asked, Duration::from_secs(5)).expect("answered soon after the engine's death");
    assert_eq!(answer.expect("no error")["items"], Value::Array(Vec::new()));
    let row = world.row(|row| row["outcome"] == "engine_gone");
    assert!(row["why"].as_str().is_some_and(|why| !why.is_empty()), "{row:#}");
    until_the_model_answers(&world, &buffer);
    editor.quit();
}

/// A model that can't be used: one message that names the file and says `mends`, empty answers with a reason, and one engine.
fn check_unusable(world: &World, model: &Path, mends: &str) {
    world.configure(&format!("engine.model = {:?}", model.display().to_string()));
    let editor = world.editor().start();
    let file = model.display().to_string();
    let message = editor.message(&file);
    assert!(message.contains(mends), "{message:?} does not say {mends:?}");
    let mut buffer = at_a_block(&editor, "gguf.rs");
    for _ in 0..5 {
        buffer.key('x');
        buffer.backspace();
        assert_eq!(buffer.complete(), None);
    }
    let row = world.row(|row| row["outcome"] == "model_unusable");
    assert!(row["why"].as_str().is_some_and(|why| why.contains(&file)), "{row:#}");
    assert_eq!(editor.messages().len(), 1, "said once: {:?}", editor.messages());
    assert_eq!(world.engines_started(), 1, "no crash loop");
    buffer.assert_in_sync();
    editor.quit();

    let path = world.file("gguf.rs", FILE).display().to_string();
    let ran = world.run(&["complete", &path, "--at", "1:1"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains(&file) && ran.stderr.contains(mends), "{}", ran.stderr);
}

#[test]
fn a_model_that_is_not_there() {
    let world = World::new();
    let model = world.workspace().join("nowhere.gguf");
    check_unusable(&world, &model, "does not exist");
}

#[test]
fn a_model_that_was_cut_off() {
    let world = World::new();
    let whole = fs::read(EMBER).unwrap();
    let model = world.file("half.gguf", &whole[..whole.len() / 2]);
    check_unusable(&world, &model, "truncated");
}

#[test]
fn a_model_that_cannot_fill_in_the_middle() {
    let world = World::new();
    // The same model, but nothing in it is called what a FIM model calls it; the names keep their lengths, so the file is sound.
    let mut bytes = fs::read(EMBER).unwrap();
    let mut renamed = 0;
    for at in 0..bytes.len() - 4 {
        let name = match &bytes[at..at + 4] {
            b"fim_" => b"abc_",
            b"embe" => b"lumb",
            b"Embe" => b"Lumb",
            _ => continue,
        };
        bytes[at..at + 4].copy_from_slice(name);
        renamed += 1;
    }
    assert!(renamed > 3, "Ember calls its tokens something else now");
    let model = world.file("chat.gguf", bytes);
    check_unusable(&world, &model, "fill");
}

#[test]
fn a_model_that_is_no_model() {
    let world = World::new();
    let model = world.file("poem.gguf", "Once upon a midnight dreary\n".repeat(1000));
    check_unusable(&world, &model, "not a GGUF file");
}

#[test]
fn two_windows_share_one_engine() {
    let world = World::new();
    let first = world.editor().start();
    let second = world.editor().start();
    let (here, there) = (at_a_block(&first, "gguf.rs"), at_a_block(&second, "gguf.rs"));
    until_the_model_answers(&world, &here);
    until_the_model_answers(&world, &there);
    let engine = world.engine();
    assert_eq!(world.processes_of(Role::Engine), std::slice::from_ref(&engine));
    assert_eq!(world.processes_of(Role::Serve).len(), 2);

    first.quit();
    until_the_model_answers(&world, &there);
    assert_eq!(world.engine(), engine, "one window's end leaves the other its warm engine");
    second.quit();
    world.gone(&engine);
}

#[test]
fn an_engine_without_windows_ends_when_it_was_idle_for_long_enough() {
    let world = World::new();
    world.configure_wholly("engine.idle_exit = 600");
    let editor = world.editor().start();
    until_the_model_answers(&world, &at_a_block(&editor, "gguf.rs"));
    let engine = world.engine();
    editor.quit();
    let again = world.editor().start();
    until_the_model_answers(&world, &at_a_block(&again, "gguf.rs"));
    assert_eq!(world.engine(), engine, "it stays warm for the next window");
    again.quit();
    assert!(engine.is_alive());
    assert_eq!(world.run(&["engine", "stop"]).code, 0);
    world.gone(&engine);

    world.configure_wholly("engine.idle_exit = 0");
    let editor = world.editor().start();
    until_the_model_answers(&world, &at_a_block(&editor, "gguf.rs"));
    let engine = world.engine();
    editor.quit();
    world.gone(&engine);
}
