//! More messages at once than anybody types: none is lost, none overtakes another, each request has its answer.
//!
//! Must not pause between messages: order under pressure is what is tested.

use e2e::{Editor, RpcError, World};
use serde_json::Value;

const FILE: &str = include_str!("fixtures/typing/gguf.rs");

/// What LSP calls a request that the client took back.
const CANCELLED: i64 = -32800;

/// Answers that say nothing: an error for a cancelled request, or an empty list.
fn is_quiet(answer: &Result<Value, RpcError>) -> bool {
    match answer {
        Ok(list) => list["items"].as_array().is_some_and(Vec::is_empty),
        Err(error) => error.code == CANCELLED,
    }
}

#[test]
fn a_thousand_changes_at_once() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("gguf.rs", "rust", FILE);
    buffer.put_after("fn unreadable(error: &io::Error) -> Problem {");
    buffer.paste("\n    ");
    for key in 0..1000 {
        match key % 10 {
            0 => buffer.paste("é😀\n"),
            5 => buffer.backspace(),
            _ => buffer.key(char::from(b'a' + u8::try_from(key % 26).unwrap())),
        }
    }
    // Asked in the same breath, so it is answered for the text after all of them.
    let completion = buffer.ask();
    buffer.assert_in_sync();
    buffer.answer(completion);
    assert!(buffer.version() > 1000);
    editor.quit();
}

#[test]
fn a_hundred_requests_of_which_all_but_one_are_taken_back() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("gguf.rs", "rust", FILE);
    buffer.put_after("fn unreadable(error: &io::Error) -> Problem {");
    buffer.paste("\n    ");
    buffer.complete();
    // Frozen, it can't answer before all is said.
    let engine = world.engine();
    engine.freeze();
    buffer.paste("let seen = ");

    let asked: Vec<i64> = (0..100).map(|_| buffer.ask()).collect();
    let (last, rest) = asked.split_last().unwrap();
    for id in rest {
        editor.cancel(*id);
    }
    for id in rest {
        let answer = editor.wait(*id);
        assert!(is_quiet(&answer), "a cancelled request was answered with {answer:?}");
    }
    engine.thaw();
    let answer = editor.wait(*last);
    assert!(answer.is_ok(), "nobody took this one back: {answer:?}");
    assert!(!world.log("engine").contains("ERROR"), "a cancel is no error:\n{}", world.log("engine"));
    // That there were exactly 100 answers is what `quit` checks.
    editor.quit();
}

#[test]
fn the_newest_request_of_a_document_wins() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("gguf.rs", "rust", FILE);
    buffer.put_after("fn unreadable(error: &io::Error) -> Problem {");
    buffer.paste("\n    ");
    buffer.complete();
    let engine = world.engine();
    engine.freeze();
    buffer.paste("let seen = ");

    // No cancels: an editor that forgets them does not pile up work.
    let asked: Vec<i64> = (0..50).map(|_| buffer.ask()).collect();
    let (last, rest) = asked.split_last().unwrap();
    let answered = |editor: &Editor, id: i64| editor.wait(id).expect("superseded is not an error");
    for id in rest {
        let list = answered(&editor, *id);
        assert_eq!(list["items"], Value::Array(Vec::new()), "an older request spoke");
    }
    engine.thaw();
    answered(&editor, *last);
    world.row(|row| row["outcome"] == "superseded");
    editor.quit();
}

#[test]
fn answers_go_out_while_changes_come_in() {
    let world = World::new();
    let editor = world.editor().start();
    let mut documents: Vec<_> = (0..8)
        .map(|n| {
            editor.open(&format!("file{n}.rs"), "rust", &FILE.replace("Problem", &format!("Problem{n}")))
        })
        .collect();
    let mut asked = Vec::new();
    for round in 0..20 {
        for document in &mut documents {
            document.put_after("fn damaged(what: &str) -> Fault {");
            document.paste(&format!("\n    let x{round} = "));
            asked.push(document.ask());
        }
    }
    for id in asked {
        editor.wait(id).expect("ghost text is never an error");
    }
    for document in &documents {
        document.assert_in_sync();
    }
    editor.quit();
}
