//! Several suggestions for who asks by a key: the first as ever, the others different ones, all by the deadline, and nothing left of them.
//!
//! Must not expect any particular words, nor a number of suggestions at any one place: the embedded model is trained anew.

use e2e::{Buffer, Editor, Item, PATIENCE, World, eventually};
use serde_json::{Value, json};

const RUST: &str = include_str!("fixtures/typing/gguf.rs");

/// Ends of beginnings of lines in [`RUST`]; what follows on the line is removed.
const PLACES: [&str; 6] = [
    "let metadata = path.",
    "return Err(",
    "let file = File::",
    "fn from(error: ",
    "let mut magic = [",
    "let (tensors, keys) = ",
];

/// A world in which there is time for alternatives also on a busy machine.
fn patient() -> World {
    let world = World::new();
    world.configure("completion.deadline_ms = 10000");
    world
}

/// A document whose cursor stands behind `place`, where the line now ends.
fn at<'e>(editor: &'e Editor, name: &str, place: &str) -> Buffer<'e> {
    let mut buffer = editor.open(name, "rust", RUST);
    buffer.put_after(place);
    let rest = &buffer.text()[buffer.cursor()..];
    let end = buffer.cursor() + rest.find('\n').unwrap_or(rest.len());
    buffer.edit(buffer.cursor()..end, "");
    buffer
}

/// Asks by key until there is something.
fn several(buffer: &Buffer<'_>) -> Vec<Item> {
    let found =
        eventually(PATIENCE, || Some(buffer.answers(buffer.ask_by_key())).filter(|items| items.len() > 1));
    found.expect("the model has several things to say here")
}

/// What the document becomes with a suggestion, without white space.
fn visible(buffer: &Buffer<'_>, item: &Item) -> String {
    buffer.with(item).split_whitespace().collect()
}

/// The row of the newest answer, once there are `count`.
fn newest(world: &World, count: usize) -> Value {
    let rows = eventually(PATIENCE, || Some(world.rows()).filter(|rows| rows.len() >= count));
    rows.and_then(|mut rows| rows.pop()).expect("a row for each answer")
}

#[test]
fn who_asks_by_a_key_is_shown_other_readings_behind_the_first() {
    let world = patient();
    let editor = world.editor().start();
    let mut others = 0;
    for (n, place) in PLACES.into_iter().enumerate() {
        let buffer = at(&editor, &format!("file{n}.rs"), place);
        let unasked = buffer.complete();
        let rows = world.rows().len();
        let items = buffer.answers(buffer.ask_by_key());
        assert_eq!(items.first(), unasked.as_ref(), "the first is what is shown by itself at {place:?}");
        assert_eq!(newest(&world, rows + 1)["candidates"], items.len(), "{items:?}");
        let mut looks: Vec<String> = items.iter().map(|item| visible(&buffer, item)).collect();
        looks.sort();
        looks.dedup();
        assert_eq!(looks.len(), items.len(), "alike at {place:?}: {items:?}");
        let word =
            buffer.text()[..buffer.cursor()].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        assert!(items.iter().all(|item| item.range.start == word.len()), "with the word: {items:?}");
        // The same text has the same suggestions.
        assert_eq!(buffer.answers(buffer.ask_by_key()), items);
        others += items.len().saturating_sub(1);
    }
    assert!(others >= PLACES.len() / 2, "{others} other suggestions at {} places", PLACES.len());
    editor.quit();
}

#[test]
fn typing_on_after_them_reads_about_one_token() {
    let world = patient();
    let editor = world.editor().start();
    let mut buffer = at(&editor, "gguf.rs", "let file = File::");
    let items = several(&buffer);
    // As the second one begins, and the first does not.
    let start = buffer.cursor() - items[0].range.start;
    let next = |item: &Item| item.text[start..].chars().next();
    let other = items.iter().find(|item| next(item) != next(&items[0]));
    buffer.key(other.and_then(next).unwrap_or('z'));
    let rows = world.rows().len();
    buffer.answers(buffer.ask_by_key());
    let row = newest(&world, rows + 1);
    assert!(row["stats"]["evaluated_tokens"].as_u64() <= Some(4), "{row:#}");
    editor.quit();
}

#[test]
fn what_is_not_there_by_the_deadline_is_left_out() {
    let world = World::new();
    let editor = world.editor().start();
    let buffer = at(&editor, "gguf.rs", "let file = File::");
    let first = eventually(PATIENCE, || buffer.complete()).expect("the model has something to say here");
    let engine = world.engine();
    engine.freeze();
    assert_eq!(buffer.answers(buffer.ask_by_key()), [first], "the first does not wait for the others");
    engine.thaw();
    editor.quit();
}

#[test]
fn a_cancel_ends_them_and_the_next_key_is_answered() {
    let world = patient();
    let editor = world.editor().start();
    let mut buffer = at(&editor, "gguf.rs", "let file = File::");
    let items = several(&buffer);
    let engine = world.engine();
    engine.freeze();
    let asked = buffer.ask_by_key();
    editor.cancel(asked);
    assert!(editor.wait(asked).is_err(), "cancelled, though the engine has not moved");
    world.row(|row| row["outcome"] == "cancelled");
    engine.thaw();
    assert_eq!(buffer.answers(buffer.ask_by_key()), items);
    buffer.key('o');
    buffer.complete();
    buffer.assert_in_sync();
    editor.quit();
}

#[test]
fn a_newer_request_takes_their_place() {
    let world = patient();
    let editor = world.editor().start();
    let mut buffer = at(&editor, "gguf.rs", "let file = File::");
    several(&buffer);
    let engine = world.engine();
    engine.freeze();
    let older = buffer.ask_by_key();
    buffer.key('o');
    let newer = buffer.ask();
    let answer = editor.wait(older).expect("superseded is not an error");
    assert_eq!(answer["items"], json!([]));
    engine.thaw();
    buffer.answer(newer);
    world.row(|row| row["outcome"] == "superseded");
    editor.quit();
}

#[test]
fn where_the_model_is_sure_there_is_one() {
    let world = patient();
    let editor = world.editor().start();
    let line = "    let total = price * amount;\n".repeat(60);
    let begun = "    let total = price * am";
    let mut buffer = editor.open("sure.rs", "rust", &format!("fn main() {{\n{line}{begun}\n{line}}}\n"));
    buffer.put(62, begun.len() + 1);
    let items =
        eventually(PATIENCE, || Some(buffer.answers(buffer.ask_by_key())).filter(|items| !items.is_empty()));
    let texts: Vec<String> = items.iter().flatten().map(|item| item.text.clone()).collect();
    assert_eq!(texts, ["amount;"], "what the file repeats a hundred times has no other reading");
    editor.quit();
}

#[test]
fn a_shell_shows_as_many_as_it_asks_for() {
    let world = World::new();
    let place = "    let file = File::";
    let line = RUST.lines().position(|line| line.starts_with(place)).expect("the fixture has the place");
    let cut = |(n, text): (usize, &'static str)| if n == line { place } else { text };
    world.file("src/a.rs", RUST.lines().enumerate().map(cut).collect::<Vec<_>>().join("\n"));
    let at = format!("{}:{}", line + 1, place.len() + 1);
    let ask =
        |more: &[&str]| world.run_json(&[&["complete", "src/a.rs", "--at", &at, "--json"], more].concat());
    let one = ask(&[]);
    assert_eq!((&one["others"], &one["timings"]["others_ms"]), (&json!([]), &Value::Null));
    let several = ask(&["--alternatives", "3"]);
    assert_eq!(several["text"], one["text"], "the first is the same");
    let others = several["others"].as_array().expect("a list");
    assert!((1..=2).contains(&others.len()), "{several:#}");
    assert!(others.iter().all(|other| other["text"] != one["text"]), "{several:#}");
    assert_eq!(world.rows().last().expect("a row")["candidates"], 1 + others.len());
}
