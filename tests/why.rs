//! `hob why` and the command `hob.why`, end to end: what is recorded of a real answer, and how it is told.
//!
//! Must not expect any particular words of the model.

use std::{fs, os::unix::fs::PermissionsExt};

use e2e::{Buffer, PATIENCE, World, eventually};
use serde_json::{Value, json};

const WHEEL: &str = "pub fn turn_wheel(degrees: u32, spokes: u32) -> u32 {\n    degrees * spokes\n}\n";

const DRIVE: &str =
    "fn drive() {\n    let degrees = 90;\n    let spokes = 36;\n    let angle = turn_wheel(\n}\n";

/// Asks until something from elsewhere is to be shown, and then nearby, where nothing was asked before, so that the model is shown it
/// at once; the row.
fn knowing(world: &World, buffer: &mut Buffer<'_>) -> Value {
    buffer.put_after("let angle = turn_wheel(");
    let gathered = eventually(PATIENCE, || {
        buffer.complete();
        world.rows().pop().filter(|row| row["context"]["shown"][0].is_object())
    });
    assert!(gathered.is_some(), "nothing is shown; the last row: {:#?}", world.rows().last());
    buffer.put_after("let spokes = ");
    buffer.complete();
    world.row(|row| row["context"]["shown"][0]["tokens"].as_u64() > Some(0))
}

#[test]
fn an_answer_is_explained_with_the_places_it_knew_and_one_that_was_left_out() {
    let world = World::new();
    world.file("wheel.rs", WHEEL);
    // The same again is worth nothing.
    world.file("sub/copy.rs", WHEEL);
    world.file("hidden.rs", WHEEL.replace("u32", "u64"));
    world.file(".hobignore", "hidden.rs\n");
    let editor = world.editor().start();
    let row = knowing(&world, &mut editor.open("main.rs", "rust", DRIVE));
    let shown = &row["context"]["shown"];
    let mut rejected = row["context"]["rejected"].as_array().unwrap().iter();
    let copy = rejected.find(|left| left["why"] == "known").unwrap_or_else(|| panic!("{row:#}"));
    assert_eq!(shown.as_array().unwrap().len(), 1, "{row:#}");
    assert!(!row.to_string().contains("hidden"), "{row:#}");
    let parts =
        ["before", "typed", "after", "elsewhere", "frame"].map(|part| row["prompt"][part].as_u64().unwrap());
    assert_eq!(Some(parts.iter().sum()), row["stats"]["prompt_tokens"].as_u64(), "{row:#}");
    assert_eq!((&row["by"], &row["wanted"]), (&"model".into(), &"line".into()), "{row:#}");

    let path = world.workspace().join("main.rs").display().to_string();
    let text = world.run(&["why", &path, "-n", "1"]).stdout;
    let tokens = format!("{} tokens: {}", shown[0]["tokens"], shown[0]["path"].as_str().unwrap());
    assert!(text.contains(&tokens), "{text}");
    let left_out = copy["path"].as_str().unwrap();
    let left_out = text.lines().find(|line| line.contains(left_out));
    assert!(left_out.is_some_and(|line| line.ends_with("most of it is on show already")), "{text}");
    // The same by the path in the workspace, and by the row's own name.
    assert!(world.run(&["why", "main.rs", "-n", "1"]).stdout.contains(&tokens));
    let one = world.run(&["why", row["id"].as_str().unwrap()]).stdout;
    assert!(one.starts_with(row["id"].as_str().unwrap()) && one.contains(&tokens), "{one}");
    println!("{text}");
    editor.quit();
}

#[test]
fn a_gate_is_counted_by_its_name_and_says_what_it_means() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", "fn main() {\n    word\n}\n");
    buffer.put_after("wo");
    assert_eq!(buffer.complete(), None);
    let row = world.row(|row| row["outcome"] == "inside_word");
    assert_eq!((&row["by"], &row["ended"]), (&"gate".into(), &Value::Null));
    let stats = world.run(&["why", "--stats"]).stdout;
    let line = stats.lines().find(|line| line.trim_start().starts_with("inside_word"));
    let words: Vec<&str> = line.unwrap_or_else(|| panic!("{stats}")).split_whitespace().take(4).collect();
    assert_eq!(words, ["inside_word", "1", "100.0", "%"], "{stats}");
    let counted = world.run_json(&["why", "--stats", "--json", "main.rs"]);
    let gate =
        counted["silences"].as_array().unwrap().iter().find(|one| one["code"] == "inside_word").unwrap();
    assert_eq!((&gate["count"], &gate["stage"]), (&1.into(), &"gate".into()));
    assert!(gate["meaning"].as_str().is_some_and(|meaning| !meaning.is_empty()));
    editor.quit();
}

#[test]
fn who_asks_for_what_is_not_there_is_told() {
    let world = World::new();
    let ran = world.run(&["why", "main.rs"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    let path = world.file("main.rs", DRIVE).display().to_string();
    assert_eq!(world.run(&["complete", &path, "--at", "2:6"]).code, 0);
    let ran = world.run(&["why", "zzzzzz"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("no answer has the id zzzzzz"), "{}", ran.stderr);
    let ran = world.run(&["why", "other.rs"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("other.rs"), "{}", ran.stderr);
}

#[test]
fn the_command_opens_a_document_that_only_its_user_can_read() {
    let world = World::new();
    let editor = world.editor().opening().start();
    let mut buffer = editor.open("main.rs", "rust", "fn main() {\n    word\n}\n");
    buffer.put_after("wo");
    buffer.complete();
    world.row(|row| row["outcome"] == "inside_word");
    let text = editor.execute("hob.why", &json!([buffer.uri()])).unwrap();
    let text = text.as_str().unwrap();
    assert!(text.contains("[inside_word]") && text.contains("`main.rs:2`"), "{text}");
    let asked = editor.asked("window/showDocument");
    let uri = asked["params"]["uri"].as_str().unwrap();
    let path = uri.strip_prefix("file://").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), text);
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!path.starts_with(&world.workspace().display().to_string()), "{path}");
    assert_eq!(editor.messages(), Vec::<String>::new());
    // Of a document that nobody asked about there is nothing to tell.
    let nothing = editor.execute("hob.why", &json!([format!("{}x", buffer.uri())])).unwrap();
    assert!(nothing.as_str().unwrap().contains("nothing was asked here yet"), "{nothing}");
    editor.quit();
}

#[test]
fn where_no_document_can_be_opened_there_is_a_message() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", "fn main() {\n    word\n}\n");
    buffer.put_after("wo");
    buffer.complete();
    let row = world.row(|row| row["outcome"] == "inside_word");
    let text = editor.execute("hob.why", &json!([])).unwrap();
    assert!(text.as_str().unwrap().contains("[inside_word]"), "{text}");
    let message = editor.message("[inside_word]");
    assert!(message.contains(&format!("hob why {}", row["id"].as_str().unwrap())), "{message}");
    editor.quit();
}
