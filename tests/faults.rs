//! Bad input: bytes that are no message, messages that make no sense, documents that nobody should open. Each gets a clear error or an
//! empty answer with a reason, and the next request works.
//!
//! Must not be gentle, and must not settle for survival: an ordinary request follows each fault, and its answer is looked at.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use e2e::{Buffer, Editor, PATIENCE, World, eventually};
use expect_test::expect;
use serde_json::{Value, json};

/// However bad the input before it was, an ordinary request is answered within this; on an idle machine it takes a millisecond.
const NEXT: Duration = Duration::from_secs(5);

const TEXT: &str = "fn main() {\n    let x = 1;\n}\n";

fn frame(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// The server still does its work, and soon.
#[track_caller]
fn assert_fine(editor: &Editor, buffer: &Buffer<'_>) {
    let begun = Instant::now();
    buffer.assert_in_sync();
    assert!(begun.elapsed() < NEXT, "the next request took {:?}", begun.elapsed());
    assert!(
        editor.call("textDocument/inlineCompletion", buffer.asking(&json!({ "triggerKind": 1 }))).is_ok()
    );
}

#[test]
fn bytes_that_are_no_message() {
    let world = World::new();
    let editor = world.editor().start();
    let buffer = editor.open("main.rs", "rust", TEXT);
    let good = r#"{"jsonrpc":"2.0","method":"$/nothing"}"#;
    let with_length = |length: &str| format!("Content-Length: {length}\r\n\r\n{good}").into_bytes();
    let faults: Vec<(&str, Vec<u8>)> = vec![
        ("a length that is too small", with_length("7")),
        ("a length that is too large", [with_length("50"), frame(good)].concat()),
        ("8 GiB", with_length("8589934592")),
        ("more than any number", with_length("99999999999999999999999999")),
        ("a negative length", with_length("-1")),
        ("a length that is no number", with_length("many")),
        ("no length", format!("Content-Type: x\r\n\r\n{good}").into_bytes()),
        ("an empty header", b"\r\n\r\n".to_vec()),
        (
            "two lengths",
            format!("Content-Length: 3\r\nContent-Length: {}\r\n\r\n{good}", good.len()).into_bytes(),
        ),
        ("an empty body", frame("")),
        ("half a body of JSON", frame(r#"{"jsonrpc":"2.0","#)),
        ("a body of text", frame("hello")),
        ("bytes that are not UTF-8", frame(b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\xfe\"}")),
        ("half a surrogate pair", frame(r#"{"jsonrpc":"2.0","method":"\ud800"}"#)),
        ("a number", frame("42")),
        ("null", frame("null")),
        ("a list", frame("[]")),
        ("an empty object", frame("{}")),
        ("a method that is no text", frame(r#"{"jsonrpc":"2.0","id":900,"method":7}"#)),
        ("a number for a name of the protocol", frame(r#"{"jsonrpc":2,"id":901,"method":"shutdown"}"#)),
        ("an answer to nothing", frame(r#"{"jsonrpc":"2.0","id":902,"result":null}"#)),
        ("an answer without a result", frame(r#"{"jsonrpc":"2.0","id":903}"#)),
        ("ten thousand brackets", frame("[".repeat(10_000))),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("noise without an end of line", [vec![b'x'; 100_000], b"\r\n".to_vec()].concat()),
    ];
    // Those that carry an id of their own are answered under it.
    for id in [900, 901] {
        editor.expect_answer(id);
    }
    let mut table = String::new();
    for (name, bytes) in faults {
        editor.raw(&bytes);
        assert_fine(&editor, &buffer);
        let errors: Vec<String> =
            editor.take_unmatched().iter().map(|error| format!("{} {}", error.code, error.message)).collect();
        writeln!(table, "{name}: {}", errors.join(" | ")).unwrap();
    }
    for id in [900, 901] {
        let error = editor.wait(id).expect_err("an invalid request");
        writeln!(table, "request {id}: {} {}", error.code, error.message).unwrap();
    }
    expect![[r#"
        a length that is too small: -32700 Parse error
        a length that is too large: -32700 Parse error | -32600 no Content-Length header
        8 GiB: -32600 the message is too large
        more than any number: -32600 Content-Length is not a number
        a negative length: -32600 Content-Length is not a number
        a length that is no number: -32600 Content-Length is not a number
        no length: -32600 no Content-Length header
        an empty header: 
        two lengths: 
        an empty body: -32700 Parse error
        half a body of JSON: -32700 Parse error
        a body of text: -32700 Parse error
        bytes that are not UTF-8: -32700 Parse error
        half a surrogate pair: -32700 Parse error
        a number: -32600 Invalid request
        null: -32600 Invalid request
        a list: -32600 Invalid request
        an empty object: -32600 Invalid request
        a method that is no text: 
        a number for a name of the protocol: 
        an answer to nothing: 
        an answer without a result: -32600 Invalid request
        ten thousand brackets: -32700 Parse error
        HTTP: -32600 no Content-Length header
        noise without an end of line: 
        request 900: -32600 Invalid request
        request 901: -32600 Invalid request
    "#]]
    .assert_eq(&table);
    editor.quit();
}

#[cfg(target_os = "linux")]
#[test]
fn a_claimed_length_is_not_allocated() {
    use e2e::Role;

    let world = World::new();
    let editor = world.editor().start();
    let buffer = editor.open("main.rs", "rust", TEXT);
    assert_fine(&editor, &buffer);
    let serve = world.processes_of(Role::Serve).remove(0);
    let before = serve.resident();
    for length in ["8589934592", "67108864", "4294967295"] {
        editor.raw(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        // 64 MiB may be announced: the server waits for them, so what follows is part of that body until it turns out not to be JSON.
        if length == "67108864" {
            editor.raw(&vec![b' '; 67_108_864]);
        }
        assert_fine(&editor, &buffer);
        editor.take_unmatched();
    }
    let grown = serve.resident().saturating_sub(before);
    assert!(grown < 200 << 20, "grown by {grown} bytes");
    editor.quit();
}

#[test]
fn requests_that_make_no_sense() {
    let world = World::new();
    let editor = world.editor().start();
    let buffer = editor.open("main.rs", "rust", TEXT);
    let uri = buffer.uri();
    let at = |line: i64, character: i64| json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character }, "context": { "triggerKind": 2 } });
    let requests = [
        ("textDocument/nonsense", json!({})),
        ("$/nonsense", json!({})),
        ("", json!({})),
        ("textDocument/inlineCompletion", Value::Null),
        ("textDocument/inlineCompletion", json!({})),
        ("textDocument/inlineCompletion", json!([1, 2, 3])),
        ("textDocument/inlineCompletion", at(-1, 0)),
        ("textDocument/inlineCompletion", at(0, 1 << 40)),
        ("textDocument/completion", json!({ "textDocument": 7 })),
        ("workspace/executeCommand", json!({})),
        ("workspace/executeCommand", json!({ "command": "rm", "arguments": ["-rf"] })),
        ("workspace/executeCommand", json!({ "command": "hob.viewFileText" })),
        ("workspace/executeCommand", json!({ "command": "hob.viewFileText", "arguments": [7] })),
        (
            "workspace/executeCommand",
            json!({ "command": "hob.viewFileText", "arguments": ["file:///etc/passwd"] }),
        ),
        ("workspace/executeCommand", json!({ "command": "hob.why", "arguments": [7] })),
        ("workspace/executeCommand", json!({ "command": "hob.why", "arguments": ["no URI"] })),
        ("initialize", json!({ "capabilities": {} })),
    ];
    let mut table = String::new();
    for (method, params) in requests {
        let told = params.to_string().replace(uri, "URI");
        match editor.call(method, params) {
            Ok(answer) => writeln!(table, "{method} {told}\n    {answer}").unwrap(),
            Err(error) => writeln!(table, "{method} {told}\n    {} {}", error.code, error.message).unwrap(),
        }
        assert_fine(&editor, &buffer);
    }
    expect![[r#"
        textDocument/nonsense {}
            -32601 Method not found
        $/nonsense {}
            -32601 Method not found
         {}
            -32601 Method not found
        textDocument/inlineCompletion null
            -32602 Missing params field
        textDocument/inlineCompletion {}
            -32602 missing field `context`
        textDocument/inlineCompletion [1,2,3]
            -32602 invalid type: sequence, expected struct InlineCompletionParams
        textDocument/inlineCompletion {"context":{"triggerKind":2},"position":{"character":0,"line":-1},"textDocument":{"uri":"URI"}}
            -32602 invalid value: integer `-1`, expected u32
        textDocument/inlineCompletion {"context":{"triggerKind":2},"position":{"character":1099511627776,"line":0},"textDocument":{"uri":"URI"}}
            -32602 invalid value: integer `1099511627776`, expected u32
        textDocument/completion {"textDocument":7}
            -32602 invalid type: integer `7`, expected struct TextDocumentIdentifier
        workspace/executeCommand {}
            -32602 missing field `command`
        workspace/executeCommand {"arguments":["-rf"],"command":"rm"}
            -32602 Hob has no command `rm`
        workspace/executeCommand {"command":"hob.viewFileText"}
            -32602 `hob.viewFileText` takes one argument: a document's URI
        workspace/executeCommand {"arguments":[7],"command":"hob.viewFileText"}
            -32602 `hob.viewFileText` takes one argument: a document's URI
        workspace/executeCommand {"arguments":["file:///etc/passwd"],"command":"hob.viewFileText"}
            -32602 file:///etc/passwd is not open
        workspace/executeCommand {"arguments":[7],"command":"hob.why"}
            -32602 `hob.why` takes a document's URI, or nothing for all documents
        workspace/executeCommand {"arguments":["no URI"],"command":"hob.why"}
            "Hob: nothing was asked here yet.\n"
        initialize {"capabilities":{}}
            -32600 Invalid request
    "#]]
    .assert_eq(&table);
    // Notifications have no answers; they must not have consequences either.
    for (method, params) in [
        ("textDocument/nonsense", json!({})),
        ("$/nonsense", json!({ "x": 1 })),
        ("textDocument/didChange", json!({})),
        ("textDocument/didChange", json!({ "textDocument": { "uri": uri }, "contentChanges": 7 })),
        ("textDocument/didOpen", json!({ "textDocument": {} })),
        ("textDocument/didClose", json!({ "textDocument": { "uri": "file:///never/opened" } })),
        ("textDocument/didSave", json!({ "textDocument": { "uri": "file:///never/opened" } })),
        ("$/cancelRequest", json!({ "id": 123_456 })),
        ("$/cancelRequest", json!({})),
        ("$/setTrace", json!({ "value": "loudly" })),
        ("workspace/didChangeConfiguration", json!({})),
    ] {
        editor.notify(method, params);
        assert_fine(&editor, &buffer);
    }
    editor.quit();
}

#[test]
fn places_outside_the_text_have_no_completion() {
    let world = World::new();
    let editor = world.editor().start();
    let buffer = editor.open("main.rs", "rust", TEXT);
    let ask = |uri: &str, line: u32, character: u32| {
        let params = json!({
            "textDocument": { "uri": uri },
            "position": { "line": line, "character": character },
            "context": { "triggerKind": 2 },
        });
        editor.call("textDocument/inlineCompletion", params).expect("not an error")
    };
    let none = Value::Array(Vec::new());
    assert_eq!(ask(buffer.uri(), 1000, 0)["items"], none);
    world.row(|row| row["outcome"] == "outside_text");
    assert_eq!(ask("file:///never/opened.rs", 0, 0)["items"], none);
    world.row(|row| row["outcome"] == "not_open");
    assert_eq!(ask("not a uri", 0, 0)["items"], none);
    assert_eq!(ask("untitled:Untitled-1", 0, 0)["items"], none);
    assert_fine(&editor, &buffer);
    editor.quit();
}

#[test]
fn a_change_for_a_file_that_was_never_opened() {
    let world = World::new();
    let editor = world.editor().start();
    let buffer = editor.open("main.rs", "rust", TEXT);
    let never = "file:///never/opened.rs";
    editor.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": never, "version": 2 }, "contentChanges": [{ "text": "all new" }] }),
    );
    editor.notification("window/logMessage", |params| {
        params["message"].as_str().is_some_and(|m| m.contains(never))
    });
    assert!(editor.view(never).is_err(), "it is still not open");
    assert_fine(&editor, &buffer);
    editor.quit();
}

/// Does something to a document that its text does not fit, and sees that the server neither follows nor guesses; then sends the whole
/// text and sees that all is well.
fn check_out_of_sync(spoil: impl Fn(&mut Buffer<'_>), says: &str) {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put_after("let x = 1;");
    buffer.type_in("\n    let y");
    let (text, version) = (buffer.text().to_owned(), buffer.version());
    spoil(&mut buffer);
    editor.notification("window/logMessage", |params| {
        params["message"].as_str().is_some_and(|m| m.contains(says))
    });
    assert_eq!(buffer.complete(), None, "nothing is suggested for a text that the client may not have");
    world.row(|row| row["outcome"] == "out_of_sync");
    let view = editor.view(buffer.uri()).expect("still open");
    assert_eq!(
        (&view["text"], &view["version"]),
        (&json!(text), &json!(version)),
        "the last text that was sure"
    );
    // A part more does not mend it.
    buffer.change(100, &json!([{ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } }, "text": "x" }]));
    assert_eq!(editor.view(buffer.uri()).expect("still open")["text"], json!(text));
    for _ in buffer.version()..110 {
        // Versions only grow.
        buffer.replace_wholly(TEXT);
    }
    buffer.type_in("// in sync again");
    assert_fine(&editor, &buffer);
    editor.quit();
}

fn change(start: (i64, i64), end: (i64, i64)) -> Value {
    let position = |(line, character): (i64, i64)| json!({ "line": line, "character": character });
    json!([{ "range": { "start": position(start), "end": position(end) }, "text": "x" }])
}

#[test]
fn a_change_outside_the_text() {
    check_out_of_sync(|buffer| buffer.change(90, &change((1000, 0), (1000, 1))), "past the last");
}

#[test]
fn a_change_that_ends_before_it_starts() {
    check_out_of_sync(|buffer| buffer.change(90, &change((2, 0), (1, 0))), "ends before it starts");
}

#[test]
fn a_version_that_was_there_already() {
    check_out_of_sync(|buffer| buffer.change(3, &change((0, 0), (0, 0))), "came after");
}

#[test]
fn half_a_character_is_no_place() {
    let world = World::new();
    let editor = world.editor().encodings(&[e2e::Encoding::Utf16]).start();
    let buffer = editor.open("main.rs", "rust", "// 😀\n");
    buffer.change(2, &change((0, 4), (0, 4)));
    editor.notification("window/logMessage", |params| {
        params["message"].as_str().is_some_and(|message| message.contains("in the middle of a character"))
    });
    assert_eq!(buffer.complete(), None);
    editor.quit();
}

/// Opens a document that is too much, types into it and asks; how long the slowest of it took.
fn check_large(name: &str, text: &str, line: usize, column: usize, outcome: Option<&str>) -> Duration {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open(name, "rust", text);
    buffer.put(line, column);
    let mut slowest = Duration::ZERO;
    for key in "let x = f(1)".chars() {
        buffer.key(key);
        let begun = Instant::now();
        buffer.complete();
        slowest = slowest.max(begun.elapsed());
    }
    if let Some(outcome) = outcome {
        world.row(|row| row["outcome"] == outcome);
    }
    assert!(slowest < 4 * NEXT, "{name}: {slowest:?}");
    buffer.assert_in_sync();
    assert_fine(&editor, &buffer);
    editor.quit();
    slowest
}

#[test]
fn a_hundred_thousand_lines() {
    let text: String =
        (0..50_000).flat_map(|n| [format!("fn f{n}(x: u32) -> u32 {{ x + {n} }}\n"), "\n".into()]).collect();
    let slowest = check_large("long.rs", &text, 50_000, 1, None);
    println!("100,000 lines: the slowest answer took {slowest:?}");
}

#[test]
fn a_line_of_a_megabyte() {
    let text = format!("fn main() {{ let x = [{}]; }}\n", "1, ".repeat(350_000));
    let slowest = check_large("wide.rs", &text, 1, 500_000, Some("line_too_long"));
    println!("a line of 1 MB: the slowest answer took {slowest:?}");
}

#[test]
fn a_document_of_brackets() {
    let slowest = check_large("deep.rs", &"(".repeat(200_000), 1, 1, Some("line_too_long"));
    println!("200,000 brackets: the slowest answer took {slowest:?}");
}

#[test]
fn a_document_with_nul_bytes_and_other_controls() {
    check_large(
        "binary.rs",
        &format!("fn f() {{\n\0\0\u{1}\u{7f}\n\u{feff}\n{}\n}}\n", "\0".repeat(2000)),
        2,
        1,
        None,
    );
}

#[test]
fn a_document_that_is_empty() {
    check_large("empty.rs", "", 1, 1, None);
}

#[test]
fn a_document_that_speaks_the_models_own_language() {
    // Neutralised, or the model would take the user's text for its own marks.
    let text = "fn f() {\n    // <|fim_prefix|><|fim_suffix|><|fim_middle|><|endoftext|><EOT>\n    \n}\n";
    check_large("marks.rs", text, 3, 5, None);
}

#[test]
fn a_file_in_a_language_without_a_grammar_is_completed_all_the_same() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("notes.cobol", "cobol", "IDENTIFICATION DIVISION.\nPROGRAM-ID. HELLO.\n");
    buffer.put_at_end();
    let asked = eventually(PATIENCE, || {
        buffer.key(' ');
        buffer.complete();
        world.rows().into_iter().find(|row| row["language"] == "cobol" && row["stats"].is_object())
    });
    assert!(asked.is_some(), "the model was never asked: {:#?}", world.rows());
    editor.quit();
}
