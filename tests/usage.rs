//! What is counted of suggestions, through the binary: an editor takes, types and refuses, and `hob usage` says so.
//!
//! Must not expect any particular words of the model: what it suggests is taken as it comes.

use std::fs;

use e2e::{Buffer, Editor, Item, PATIENCE, World, eventually};
use serde_json::{Value, json};

const FILE: &str = include_str!("fixtures/typing/gguf.rs");

/// A file in which the model has something to say where the cursor is.
fn at_a_line<'e>(editor: &'e Editor, name: &str) -> Buffer<'e> {
    let mut buffer = editor.open(name, "rust", FILE);
    buffer.put_after("let file = File::");
    let rest = &buffer.text()[buffer.cursor()..];
    let end = buffer.cursor() + rest.find('\n').unwrap_or(rest.len());
    buffer.edit(buffer.cursor()..end, "");
    buffer
}

/// Asks until something is shown, and says what, with the command that it carries.
fn shown(editor: &Editor, buffer: &Buffer<'_>) -> (Item, Value) {
    let shown = eventually(PATIENCE, || {
        let asking = buffer.asking(&json!({ "triggerKind": 2 }));
        let list = editor.call("textDocument/inlineCompletion", asking).expect("never an error");
        let item = list["items"].as_array()?.first()?.clone();
        Some((buffer.item(&item["insertText"], &item["range"]), item["command"].clone()))
    });
    shown.expect("the model has something to say here")
}

/// What of a suggestion is beyond the cursor.
fn rest(buffer: &Buffer<'_>, item: &Item) -> String {
    let typed = &buffer.text()[item.range.start..buffer.cursor()];
    item.text.strip_prefix(typed).expect("it begins with what is typed").to_owned()
}

fn usage(world: &World) -> Value {
    world.run_json(&["usage", "--json"])
}

/// Waits for a total that `wanted` picks: counts are written by a thread of their own.
#[track_caller]
fn total(world: &World, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = eventually(PATIENCE, || Some(usage(world)["total"].take()).filter(&wanted));
    found.unwrap_or_else(|| panic!("never so: {:#}", usage(world)))
}

fn runs(editor: &Editor, command: &Value) {
    let name = command["command"].as_str().expect("a command");
    let offered = &editor.handshake()["capabilities"]["executeCommandProvider"]["commands"];
    assert!(offered.as_array().expect("commands").contains(&json!(name)));
    assert_eq!(editor.execute(name, &command["arguments"]), Ok(Value::Null));
}

#[test]
fn without_counts_there_is_a_friendly_sentence() {
    let world = World::new();
    let ran = world.run(&["usage"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert!(ran.stderr.contains("Nothing was counted in the last 30 days"), "{}", ran.stderr);
    assert_eq!(usage(&world)["total"]["requests"], 0);
    assert!(world.run(&["usage", "--help"]).stdout.contains("keystrokes saved per 100"));
    assert_eq!(world.run(&["usage", "--days", "0"]).code, 2);
}

#[test]
fn taken_with_its_command_and_without() {
    let world = World::new();
    let editor = world.editor().start();
    let mut with = at_a_line(&editor, "with.rs");
    let (item, command) = shown(&editor, &with);
    let characters = rest(&with, &item).chars().count();
    with.accept(&item);
    runs(&editor, &command);
    let mut without = at_a_line(&editor, "without.rs");
    let (item, _) = shown(&editor, &without);
    let characters = characters + rest(&without, &item).chars().count();
    without.accept(&item);
    // The command first, and once more when nobody remembers.
    let mut before = at_a_line(&editor, "before.rs");
    let (item, command) = shown(&editor, &before);
    let characters = characters + rest(&before, &item).chars().count();
    runs(&editor, &command);
    before.accept(&item);
    runs(&editor, &command);
    before.close();
    runs(&editor, &command);
    let total = total(&world, |total| total["accepted"]["total"] == 3);
    assert_eq!(total["accepted"]["whole"], 3, "{total:#}");
    assert_eq!(total["characters_accepted"], characters, "{total:#}");
    assert_eq!(total["acceptance_rate"], 1.0, "{total:#}");
    assert!(total["keystrokes_saved_per_100"].as_f64() > Some(0.0), "{total:#}");
    assert!(total["latency"]["p50_ms_at_most"].is_u64(), "{total:#}");
    // The one that was closed was looked at then.
    assert_eq!(total["kept_30s"], json!({ "kept": 1, "judged": 1, "early": 1, "rate": 1.0 }));
    editor.quit();
    // And the others as the editor ended.
    let whole = usage(&world);
    assert_eq!(whole["total"]["kept_5min"], json!({ "kept": 3, "judged": 3, "early": 3, "rate": 1.0 }));
    assert_eq!(whole["by_language"][0]["language"], "rust");
    assert_eq!(whole["by_task"][0]["task"], "inline");
    assert_eq!(whole["by_day"].as_array().map(Vec::len), Some(1), "{whole:#}");
    let page = world.run(&["usage"]).stdout;
    assert!(page.contains("keystrokes saved per 100: "), "{page}");
}

#[test]
fn word_by_word() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    let (item, _) = shown(&editor, &buffer);
    let rest = rest(&buffer, &item);
    // All but the last character, in two steps of two characters or more.
    let cut = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
    let last = rest.char_indices().last().map_or(0, |(at, _)| at);
    assert!(last >= cut + 2, "too short to be taken by words: {item:?}");
    buffer.paste(&rest[..cut]);
    shown(&editor, &buffer);
    buffer.paste(&rest[cut..last]);
    let total = total(&world, |total| total["characters_accepted"] == rest[..last].chars().count());
    assert_eq!(total["accepted"], json!({ "total": 1, "whole": 0, "by_line": 0, "by_word": 1 }));
    assert_eq!(total["shown"], 1, "what is taken in parts is one suggestion");
    editor.quit();
}

#[test]
fn typed_to_its_end_and_typed_over() {
    let world = World::new();
    let editor = world.editor().start();
    let mut along = at_a_line(&editor, "along.rs");
    let (item, _) = shown(&editor, &along);
    let rest = rest(&along, &item);
    let before = along.cursor();
    along.type_in(&rest);
    assert_eq!(along.cursor(), before + rest.len());
    along.close();
    let through = total(&world, |total| total["typed_through"] == 1);
    assert_eq!(through["accepted"]["total"], 0, "{through:#}");
    assert!(through["keys"].as_u64() >= Some(rest.chars().count() as u64), "{through:#}");
    assert_eq!(through["keystrokes_saved_per_100"], 0.0, "{through:#}");

    let mut over = at_a_line(&editor, "over.rs");
    let (item, _) = shown(&editor, &over);
    let other = if self::rest(&over, &item).starts_with('q') { 'z' } else { 'q' };
    // A letter of it that is taken back: whoever does that has read it.
    let first = self::rest(&over, &item).chars().next().expect("it says something");
    over.key(first);
    shown(&editor, &over);
    over.key(other);
    let total = total(&world, |total| total["typed_over"] == 1);
    assert_eq!(total["unread"], 0, "{total:#}");

    // Back where it appeared nothing is offered again, but to a key.
    over.backspace();
    over.backspace();
    assert_eq!(over.complete(), None);
    assert_eq!(world.rows().pop().unwrap()["outcome"], "typed_over");
    let by_a_key = editor.call("textDocument/inlineCompletion", over.asking(&json!({ "triggerKind": 1 })));
    assert!(!by_a_key.unwrap()["items"].as_array().unwrap().is_empty());
    editor.quit();
}

#[test]
fn what_is_deleted_again_was_not_kept() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    let (item, command) = shown(&editor, &buffer);
    let rest = rest(&buffer, &item);
    buffer.accept(&item);
    runs(&editor, &command);
    let end = buffer.cursor();
    buffer.edit(end - rest.len()..end, "");
    buffer.close();
    let total = total(&world, |total| total["kept_5min"]["judged"] == 1);
    assert_eq!(total["kept_5min"]["kept"], 0, "{total:#}");
    assert!(total["keystrokes_saved_per_100"].as_f64() < Some(0.0), "{total:#}");
    editor.quit();
}

#[test]
fn the_popups_item_is_counted_as_such() {
    let world = World::new();
    world.configure("completion.popup_deadline_ms = 2000");
    let editor = world.editor().without_inline().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    let item = eventually(PATIENCE, || {
        let list = editor.call("textDocument/completion", buffer.asking(&json!({ "triggerKind": 1 })));
        list.expect("never an error")["items"].as_array()?.first().cloned()
    });
    let item = item.expect("the model has something to say here");
    let suggestion = buffer.item(&item["textEdit"]["newText"], &item["textEdit"]["range"]);
    buffer.accept(&suggestion);
    runs(&editor, &item["command"]);
    total(&world, |total| total["accepted"]["whole"] == 1);
    let usage = usage(&world);
    let popup = usage["by_task"].as_array().expect("tasks").iter().find(|task| task["task"] == "popup");
    assert_eq!(popup.expect("the popup's row")["accepted"]["whole"], 1, "{usage:#}");
    editor.quit();
}

#[test]
fn two_windows_count_into_one_file() {
    let world = World::new();
    let windows = [world.editor().start(), world.editor().start()];
    for (n, editor) in windows.iter().enumerate() {
        let mut buffer = at_a_line(editor, &format!("file{n}.rs"));
        for _ in 0..40 {
            buffer.key('x');
            buffer.backspace();
        }
        let (item, command) = shown(editor, &buffer);
        buffer.accept(&item);
        runs(editor, &command);
    }
    for editor in windows {
        editor.quit();
    }
    let total = usage(&world)["total"].take();
    assert_eq!(
        (&total["accepted"]["whole"], &total["kept_5min"]["judged"]),
        (&json!(2), &json!(2)),
        "{total:#}"
    );
    // Each deleted the rest of a line too.
    assert_eq!(total["keys"], 2 * (40 * 2 + 1), "{total:#}");
}

#[test]
fn a_damaged_file_costs_the_counts_and_nothing_else() {
    let world = World::new();
    fs::create_dir_all(world.state()).unwrap();
    let file = world.state().join("usage.sqlite");
    fs::write(&file, "no database at all, and longer than what every one of them begins with ".repeat(9))
        .unwrap();
    let ran = world.run(&["usage"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("can't read the counts in"), "{}", ran.stderr);
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    let (item, command) = shown(&editor, &buffer);
    buffer.accept(&item);
    runs(&editor, &command);
    world.logged("serve", "was damaged, and was put aside");
    editor.quit();
    assert_eq!(world.log("serve").matches("was put aside").count(), 1);
    assert_eq!(usage(&world)["total"]["accepted"]["whole"], 1);
    assert!(world.run(&["usage"]).stderr.contains("usage.sqlite.damaged"));
}

#[test]
fn a_file_that_cannot_be_written_costs_the_counts_and_nothing_else() {
    let world = World::new();
    fs::create_dir_all(world.state().join("usage.sqlite")).unwrap();
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    for _ in 0..3 {
        let (item, command) = shown(&editor, &buffer);
        buffer.accept(&item);
        runs(&editor, &command);
        buffer.paste("\n    let file = File::");
    }
    world.logged("serve", "usage can't be counted");
    editor.quit();
    assert_eq!(world.log("serve").matches("usage can't be counted").count(), 1);
}

#[test]
fn what_is_seldom_taken_is_shown_to_whoever_asks() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = at_a_line(&editor, "gguf.rs");
    let (item, _) = shown(&editor, &buffer);
    buffer.accept(&item);
    total(&world, |total| total["accepted"]["whole"] == 1);
    editor.quit();
    let model = world.row(|row| row["outcome"] == "shown")["model"].as_str().expect("a name").to_owned();
    // As if many had been shown today and none taken.
    let counts = rusqlite::Connection::open(world.state().join("usage.sqlite")).unwrap();
    for decile in 0..10 {
        let refused = "INSERT INTO verdict SELECT unixepoch() / 86400, ?, 'rust', ?, 1000, 0, 1000
                       ON CONFLICT DO UPDATE SET shown = 1000, accepted = 0";
        counts.execute(refused, (&model, decile)).unwrap();
    }
    drop(counts);
    assert_eq!(usage(&world)["learned"], json!([{ "model": model, "language": "rust", "least": 60 }]));

    let silent = |world: &World| world.rows().iter().filter(|row| row["outcome"] == "seldom_taken").count();
    let editor = world.editor().start();
    let (mut doubted, mut asked_for) = (0, 0);
    for (n, place) in
        ["let metadata = path.", "match header(&mut ", "if magic != ", "for _ in "].iter().enumerate()
    {
        let mut buffer = editor.open(&format!("file{n}.rs"), "rust", FILE);
        buffer.put_after(place);
        let end = buffer.cursor() + buffer.text()[buffer.cursor()..].find('\n').expect("a line's end");
        buffer.edit(buffer.cursor()..end, "");
        let items = |kind: u32| {
            let asking = buffer.asking(&json!({ "triggerKind": kind }));
            let list = editor.call("textDocument/inlineCompletion", asking).expect("never an error");
            list["items"].as_array().expect("items").len()
        };
        let (by_itself, by_key) = (items(2), items(1));
        assert!(by_itself <= by_key, "{place:?}");
        doubted += by_key - by_itself;
        asked_for += by_key;
    }
    println!("{asked_for} suggestions, {doubted} of them only when asked for");
    assert!(doubted > 0);
    editor.quit();
    let row = world.row(|row| row["outcome"] == "seldom_taken");
    assert!(row["why"].as_str().is_some_and(|why| why.contains("completion.learn = false")), "{row:#}");

    world.configure("completion.learn = false");
    let before = silent(&world);
    let editor = world.editor().start();
    let mut buffer = editor.open("file.rs", "rust", FILE);
    buffer.put_after("let metadata = path.");
    buffer.key('x');
    buffer.backspace();
    buffer.complete();
    editor.quit();
    assert_eq!(silent(&world), before);
}
