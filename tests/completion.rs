//! Ghost text and the popup on real files: what every suggestion must be, whichever model made it.
//!
//! Must not expect any particular words: the embedded model is trained anew, and a user's own may be any.

use std::time::{Duration, Instant};

use e2e::{Buffer, Encoding, Item, World};
use serde_json::{Value, json};
use tree_sitter::{Node, Parser};

const RUST: &str = include_str!("fixtures/typing/gguf.rs");
const OTHER_RUST: &str = include_str!("fixtures/typing/family.rs");
const PYTHON: &str = include_str!("fixtures/typing/train.py");

/// Ends of beginnings of lines in [`RUST`] at which somebody might pause; what follows on the line is removed.
const PLACES: [&str; 12] = [
    "let metadata = path.",
    "return Err(",
    "let file = File::",
    "match header(&mut ",
    "io::ErrorKind::NotFound => ",
    "fn from(error: ",
    "let mut magic = [",
    "reader.fill(&mut ",
    "if magic != ",
    "let (tensors, keys) = ",
    "for _ in ",
    "let kind = reader.",
];

/// The popup's share of the 150 ms that the server gives itself, plus what a busy machine takes.
const POPUP: Duration = Duration::from_millis(150);
const SLACK: Duration = Duration::from_millis(350);

/// Cuts the line behind `place`, puts the cursor there, and leaves what an editor would have closed by itself.
fn cut_at(buffer: &mut Buffer<'_>, place: &str) {
    buffer.put_after(place);
    let rest = &buffer.text()[buffer.cursor()..];
    let end = buffer.cursor() + rest.find(['\r', '\n']).unwrap_or(rest.len());
    buffer.edit(buffer.cursor()..end, "");
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What is true of every suggestion.
#[track_caller]
fn check(buffer: &Buffer<'_>, item: &Item) {
    let text = buffer.text();
    let word = text[..buffer.cursor()].trim_end_matches(is_word).len();
    assert_eq!(item.range.start, word, "the range begins with the word left of the cursor: {item:?}");
    let typed = &text[word..buffer.cursor()];
    assert!(item.text.starts_with(typed), "{item:?} does not begin with {typed:?}");
    assert_ne!(item.text, typed, "a suggestion says something");
    assert!(item.range.end >= buffer.cursor());
    // To the right it consumes closers and nothing else.
    let consumed = &text[buffer.cursor()..item.range.end];
    assert!(consumed.chars().all(|c| ")]}>\"'`".contains(c)), "{item:?} would remove {consumed:?}");
    if buffer.mirror().line_break() == "\r\n" {
        assert_eq!(item.text.matches('\n').count(), item.text.matches("\r\n").count(), "{item:?}");
    } else {
        assert!(!item.text.contains('\r'), "{item:?}");
    }
}

fn errors(node: Node<'_>) -> usize {
    let mut cursor = node.walk();
    let below: usize = node.children(&mut cursor).map(errors).sum();
    below + usize::from(node.is_error() || node.is_missing())
}

/// Nodes of the tree that are errors, in the grammar of the file.
fn syntax_errors(language: &tree_sitter::Language, text: &str) -> usize {
    let mut parser = Parser::new();
    parser.set_language(language).expect("a grammar for this tree-sitter");
    errors(parser.parse(text, None).expect("no timeout was set").root_node())
}

/// What brackets `text` leaves open, closed.
fn closers(text: &str) -> String {
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.last() == Some(&c) => drop(open.pop()),
            _ => {}
        }
    }
    open.iter().rev().collect()
}

/// The errors of the document with a suggestion in it. Ghost text may stop short, as a person's typing does, so it is judged with what a
/// person might type next: the best of a few ways to go on.
fn syntax_errors_with(language: &tree_sitter::Language, buffer: &Buffer<'_>, item: &Item) -> usize {
    let with = buffer.with(item);
    let end = item.range.start + item.text.len();
    let line = with[..end].rfind('\n').map_or(0, |at| at + 1);
    let closers = closers(&with[line..end]);
    let ways =
        ["", " x", "x", " {}", " x {}", " => x", ": x", ":\n            pass"].iter().flat_map(|next| {
            ["", ";", ",", "}", ":\n            pass", " = x;"].map(|last| format!("{next}{closers}{last}"))
        });
    let errors = ways.map(|way| syntax_errors(language, &format!("{}{way}{}", &with[..end], &with[end..])));
    errors.min().expect("there are ways to go on")
}

/// Asks at each place, in a document of its own, and checks what comes; the suggestions.
fn check_everywhere(encoding: Encoding, line_break: &str) -> Vec<Item> {
    let world = World::new();
    let editor = world.editor().encodings(&[encoding]).start();
    let mut items = Vec::new();
    for (n, place) in PLACES.iter().enumerate() {
        let mut buffer = editor.open(&format!("file{n}.rs"), "rust", &RUST.replace('\n', line_break));
        cut_at(&mut buffer, place);
        if let Some(item) = buffer.complete() {
            check(&buffer, &item);
            buffer.accept(&item);
            buffer.assert_in_sync();
            items.push(item);
        }
        buffer.close();
    }
    editor.quit();
    items
}

#[test]
fn ghost_text_appears() {
    let items = check_everywhere(Encoding::Utf8, "\n");
    assert!(!items.is_empty(), "silence at all of {} places", PLACES.len());
    println!("ghost text at {} of {} places", items.len(), PLACES.len());
}

#[test]
fn files_from_windows_keep_their_line_breaks() {
    assert!(!check_everywhere(Encoding::Utf16, "\r\n").is_empty());
}

#[test]
fn blocks_keep_their_line_breaks() {
    let world = World::new();
    let editor = world.editor().start();
    let mut several = 0;
    for (n, head) in [
        "fn unreadable(error: &io::Error) -> Problem {",
        "impl Header {",
        "fn bytes_of(kind: u32, elements: u64) -> Option<u64> {",
    ]
    .iter()
    .enumerate()
    {
        let mut buffer = editor.open(&format!("file{n}.rs"), "rust", &RUST.replace('\n', "\r\n"));
        buffer.put_after(head);
        buffer.paste("\r\n    ");
        if let Some(item) = buffer.complete() {
            check(&buffer, &item);
            several += 1;
        }
    }
    println!("blocks at {several} of 3 places");
    editor.quit();
}

#[test]
fn what_is_shown_adds_no_syntax_error() {
    let world = World::new();
    let editor = world.editor().start();
    let (rust, python) = (tree_sitter_rust::LANGUAGE.into(), tree_sitter_python::LANGUAGE.into());
    let python_places = [
        "self.shape, self.weights, ",
        "temporary = path.",
        "for n, (name, rows, ",
        "return torch.cat(",
        "loss = model.",
        "if rank == ",
    ];
    let places = PLACES
        .iter()
        .map(|place| (RUST, "rust", &rust, *place))
        .chain(python_places.iter().map(|place| (PYTHON, "python", &python, *place)));
    let mut checked = 0;
    for (n, (text, language, grammar, place)) in places.enumerate() {
        let mut buffer = editor.open(&format!("file{n}"), language, text);
        cut_at(&mut buffer, place);
        let Some(item) = buffer.complete() else { continue };
        let asked = world.row(|row| row["path"] == format!("file{n}") && row["outcome"] == "shown");
        if asked["verified"] == true {
            let (before, after) =
                (syntax_errors(grammar, buffer.text()), syntax_errors_with(grammar, &buffer, &item));
            assert!(after <= before, "{place:?}: {before} errors became {after} with {item:?}");
            checked += 1;
        }
    }
    println!("{checked} verified suggestions parsed again");
    assert!(checked > 0, "nothing was verified");
    editor.quit();
}

#[test]
fn brackets_that_the_editor_closed_are_consumed() {
    let world = World::new();
    let editor = world.editor().start();
    let mut consumed = 0;
    for (n, place) in PLACES.iter().enumerate() {
        let mut buffer = editor.open(&format!("file{n}.rs"), "rust", RUST);
        cut_at(&mut buffer, place);
        buffer.type_in("self.call");
        buffer.pair("()");
        let Some(item) = buffer.complete() else { continue };
        check(&buffer, &item);
        let closes = item.text.chars().try_fold(0_i32, |open, c| match c {
            '(' => Ok(open + 1),
            ')' if open == 0 => Err(()),
            ')' => Ok(open - 1),
            _ => Ok(open),
        });
        let is_consumed = item.range.end > buffer.cursor();
        // A bracket in a string is not counted by the server, so only code is judged.
        if !item.text.contains(['"', '\'']) {
            assert_eq!(
                closes.is_err(),
                is_consumed,
                "{item:?} before {:?}",
                &buffer.text()[buffer.cursor()..][..3]
            );
        }
        consumed += usize::from(is_consumed);
        let after = buffer.with(&item);
        assert!(
            !after[item.range.start..].starts_with(&format!("{})", item.text)) || closes.is_ok(),
            "one bracket too many"
        );
    }
    println!("an auto-closed bracket was consumed at {consumed} of {} places", PLACES.len());
    editor.quit();
}

#[test]
fn characters_outside_the_basic_plane_count_as_two_in_utf_16() {
    for encoding in Encoding::ALL {
        let world = World::new();
        let editor = world.editor().encodings(&[encoding]).start();
        let mut shown = 0;
        for (n, place) in PLACES.iter().enumerate() {
            let mut buffer = editor.open(&format!("file{n}.rs"), "rust", RUST);
            cut_at(&mut buffer, place);
            let line = buffer.text()[..buffer.cursor()].rfind('\n').map_or(0, |at| at + 1);
            let end = buffer.cursor();
            buffer.edit(line..line, "/* 😀 naïve 漢字 */ ");
            let moved = buffer.cursor() + (end - line);
            buffer.edit(moved..moved, "");
            if let Some(item) = buffer.complete() {
                check(&buffer, &item);
                shown += 1;
            }
        }
        assert!(shown > 0, "silence everywhere in {encoding:?}");
        editor.quit();
    }
}

#[test]
fn inside_a_word_there_is_silence() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("gguf.rs", "rust", RUST);
    buffer.put_after("fn unread");
    assert_eq!(buffer.complete(), None);
    world.row(|row| row["outcome"] == "inside_word");
    editor.quit();
}

#[test]
fn the_item_selected_in_the_popup_is_what_the_answer_begins_with() {
    let world = World::new();
    let editor = world.editor().start();
    let mut answered = 0;
    for (n, place) in PLACES.iter().enumerate() {
        let mut buffer = editor.open(&format!("file{n}.rs"), "rust", OTHER_RUST);
        buffer.put_after("fn hints_fit(row: &Row, facts: &Facts) -> bool {");
        buffer.paste(&format!("\n    // {place}\n    let name = facts.na"));
        let start = buffer.cursor() - 2;
        let selected = json!({ "range": buffer.mirror().range(start..buffer.cursor()), "text": "names" });
        let params = buffer.asking(&json!({ "triggerKind": 2, "selectedCompletionInfo": selected }));
        let list = editor.call("textDocument/inlineCompletion", params).expect("not an error");
        for item in list["items"].as_array().expect("items") {
            let item = buffer.item(&item["insertText"], &item["range"]);
            assert!(item.text.starts_with("names"), "{item:?}");
            assert_eq!(item.range.start, start, "{item:?}");
            answered += 1;
        }
    }
    println!("{answered} answers behind a selected item");
    assert!(answered > 0);
    editor.quit();
}

/// Words that no model has seen: only the file itself can have said them. And whoever configures nothing sees it.
#[test]
fn a_line_that_stands_in_the_file_is_finished_as_it_stands_there() {
    let line = "let quorum = zanzibar.gather_votes(&mut cursor, 17)?;";
    let text = format!(
        "fn first() -> Result<(), Error> {{\n    {line}\n    report(quorum)\n}}\n\n\
         fn second() -> Result<(), Error> {{\n    let quorum = zan\n    report(quorum)\n}}\n"
    );
    let world = World::new();
    world.configure_nothing();
    let editor = world.editor().start();
    let mut buffer = editor.open("a.rs", "rust", &text);
    buffer.put_after("fn second() -> Result<(), Error> {\n    let quorum = zan");
    let item = buffer.complete().expect("a suggestion");
    check(&buffer, &item);
    assert!(line.ends_with(&item.text), "{item:?}");
    editor.quit();
}

#[test]
fn what_the_model_is_not_sure_of_is_shown_to_whoever_asks() {
    let world = World::new();
    world.file(
        ".hob.toml",
        "[completion]\nmin_confidence = 100\npopup = 'always'\npopup_deadline_ms = 2000\n",
    );
    let editor = world.editor().start();
    let items = |method: &str, buffer: &Buffer<'_>, kind: u32| {
        let list = editor.call(method, buffer.asking(&json!({ "triggerKind": kind }))).expect("not an error");
        list["items"].as_array().expect("items").len()
    };
    // By itself, and when asked by a key: in the popup's protocol that is also the kind of a word's first letter.
    let ways =
        [("inline", "textDocument/inlineCompletion", 2, 1), ("popup", "textDocument/completion", 3, 1)];
    for (asked, method, by_itself, by_key) in ways {
        let (mut doubted, mut shown) = (0, 0);
        for (n, place) in PLACES.iter().chain(&["unreadable(&error))?;"]).enumerate() {
            let mut buffer = editor.open(&format!("{asked}{n}.rs"), "rust", RUST);
            cut_at(&mut buffer, place);
            if place.ends_with(';') {
                // A new line: the answer is a block, which is often stopped before the model ends it.
                buffer.paste("\n    ");
            }
            let unasked = items(method, &buffer, by_itself);
            let asked_for = items(method, &buffer, by_key);
            assert!(unasked <= asked_for, "{asked} at {place:?}");
            doubted += asked_for - unasked;
            shown += asked_for;
        }
        println!("{asked}: {shown} suggestions, {doubted} of them only when asked for");
        assert!(doubted > 0);
        world.row(|row| row["asked"] == asked && row["outcome"] == "low_confidence");
    }
    editor.quit();
}

/// Asks for the popup; the answer and the time that it took.
fn popup(editor: &e2e::Editor, buffer: &Buffer<'_>) -> (Value, Duration) {
    let begun = Instant::now();
    let list = editor
        .call("textDocument/completion", buffer.asking(&json!({ "triggerKind": 1 })))
        .expect("not an error");
    (list, begun.elapsed())
}

#[test]
fn the_popup_has_one_item_and_is_quick() {
    let world = World::new();
    let editor = world.editor().without_inline().start();
    let mut slowest = Duration::ZERO;
    let mut shown = 0;
    for (n, place) in PLACES.iter().enumerate() {
        let mut buffer = editor.open(&format!("file{n}.rs"), "rust", RUST);
        cut_at(&mut buffer, place);
        let (list, took) = popup(&editor, &buffer);
        slowest = slowest.max(took);
        assert_eq!(list["isIncomplete"], true, "the next key asks again");
        let items = list["items"].as_array().expect("items");
        assert!(items.len() <= 1, "{list}");
        let Some(item) = items.first() else { continue };
        shown += 1;
        assert_eq!(item["sortText"], "\u{10FFFD}", "behind everybody else's: {item}");
        let edit = &item["textEdit"];
        let suggestion = buffer.item(&edit["newText"], &edit["range"]);
        check(&buffer, &suggestion);
        // Clients drop an item whose filter does not match what is left of the cursor.
        let typed = &buffer.text()[suggestion.range.start..buffer.cursor()];
        assert!(item["filterText"].as_str().is_some_and(|filter| filter.starts_with(typed)), "{item}");
        assert!(
            item["label"].as_str().is_some_and(|label| !label.is_empty() && !label.contains('\n')),
            "{item}"
        );
    }
    println!("popup: {shown} of {} places, the slowest answer took {slowest:?}", PLACES.len());
    assert!(slowest < POPUP + SLACK, "{slowest:?}");
    assert!(shown > 0, "silence at all places");
    editor.quit();
}

#[cfg(target_os = "linux")]
#[test]
fn the_popup_does_not_wait_for_a_slow_model() {
    let world = World::new();
    let editor = world.editor().without_inline().start();
    let mut buffer = editor.open("gguf.rs", "rust", RUST);
    cut_at(&mut buffer, PLACES[0]);
    popup(&editor, &buffer);
    let engine = world.engine();
    engine.freeze();
    // Where nothing was said yet, or there would be no need to ask.
    cut_at(&mut buffer, PLACES[1]);
    let (list, took) = popup(&editor, &buffer);
    engine.thaw();
    assert_eq!(list["items"], json!([]));
    assert!(took >= POPUP.mul_f32(0.9), "it waited for {took:?} only");
    assert!(took < POPUP + SLACK, "it waited for {took:?}");
    world.row(|row| row["outcome"] == "deadline");
    editor.quit();
}

#[test]
fn who_wants_no_popup_gets_none() {
    let world = World::new();
    world.configure("completion.popup = \"never\"");
    let editor = world.editor().without_inline().start();
    let mut buffer = editor.open("gguf.rs", "rust", RUST);
    for place in &PLACES[..4] {
        buffer.put_after(place);
        // Some clients ask although nothing was offered.
        let (list, _) = popup(&editor, &buffer);
        assert_eq!(list["items"], json!([]));
    }
    editor.quit();
}
