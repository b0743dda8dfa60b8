//! The life of a session: handshake, encodings, settings, progress, trace, and every way in which it can end.
//!
//! Must not test completions; it only uses them to see what a setting did.

use std::process::{Command, Stdio};

use e2e::{Buffer, Editor, Encoding, Setup, World};
use expect_test::expect;
use serde_json::{Value, json};

const TEXT: &str = "fn main() {\n    \n}\n";

/// What the server offers, as it is read in a review.
fn offers(editor: &Editor) -> String {
    let mut handshake = editor.handshake().clone();
    handshake["serverInfo"]["version"] = json!("X.Y.Z");
    serde_json::to_string_pretty(&handshake).expect("JSON from JSON") + "\n"
}

#[test]
fn handshake() {
    let world = World::new();
    let editor = world.editor().start();
    expect![[r#"
        {
          "capabilities": {
            "executeCommandProvider": {
              "commands": [
                "hob.viewFileText",
                "hob.accepted",
                "hob.why",
                "hob.ask",
                "hob.preview"
              ]
            },
            "inlineCompletionProvider": true,
            "positionEncoding": "utf-8",
            "textDocumentSync": {
              "change": 2,
              "openClose": true,
              "save": true
            },
            "workspace": {
              "workspaceFolders": {
                "changeNotifications": true,
                "supported": true
              }
            }
          },
          "serverInfo": {
            "name": "hob",
            "version": "X.Y.Z"
          }
        }
    "#]]
    .assert_eq(&offers(&editor));
}

#[test]
fn the_popup_is_offered_to_those_who_do_not_announce_ghost_text() {
    let world = World::new();
    let offered = |setup: Setup<'_>| {
        let editor = setup.start();
        let capabilities = &editor.handshake()["capabilities"];
        // Emacs asks for ghost text without having announced it.
        assert_eq!(capabilities["inlineCompletionProvider"], true);
        capabilities["completionProvider"].is_object()
    };
    for (popup, to_announcers, to_others) in
        [("auto", false, true), ("always", true, true), ("never", false, false)]
    {
        world.configure(&format!("completion.popup = {popup:?}"));
        assert_eq!(offered(world.editor()), to_announcers, "{popup}");
        assert_eq!(offered(world.editor().without_inline()), to_others, "{popup}");
    }
}

#[test]
fn the_cheapest_encoding_that_the_client_offers() {
    let world = World::new();
    for (offered, chosen) in [
        (vec![], Encoding::Utf16),
        (vec![Encoding::Utf16], Encoding::Utf16),
        (vec![Encoding::Utf16, Encoding::Utf32], Encoding::Utf32),
        (vec![Encoding::Utf32, Encoding::Utf8, Encoding::Utf16], Encoding::Utf8),
    ] {
        let editor = world.editor().encodings(&offered).start();
        assert_eq!(editor.encoding(), chosen, "of {offered:?}");
        // And it is the one that it counts in.
        let mut buffer = editor.open("main.rs", "rust", "// 😀é\nlet x;\n");
        buffer.put(1, 6);
        buffer.type_in("x😀y");
        buffer.assert_in_sync();
    }
}

#[test]
fn nothing_is_answered_before_initialize() {
    let world = World::new();
    let editor = world.editor().start_silently();
    for method in
        ["textDocument/inlineCompletion", "textDocument/completion", "workspace/executeCommand", "shutdown"]
    {
        let error = editor.call(method, json!({})).expect_err("refused");
        assert_eq!(error.code, -32002, "{method}: {}", error.message);
    }
    // Unasked-for words are dropped, too.
    editor.notify(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": "file:///x.rs", "languageId": "rust", "version": 1, "text": "" } }),
    );
    editor.call("initialize", world.editor().initialize()).expect("`initialize` works after all that");
    editor.notify("initialized", json!({}));
    assert!(editor.view("file:///x.rs").is_err(), "opened before `initialize`");
}

#[test]
fn initialize_comes_once() {
    let world = World::new();
    let editor = world.editor().start();
    let error = editor.call("initialize", world.editor().initialize()).expect_err("refused");
    assert_eq!(error.code, -32600, "{}", error.message);
}

#[test]
fn after_shutdown_nothing_is_answered_but_exit() {
    let world = World::new();
    let mut editor = world.editor().start();
    assert_eq!(editor.call("shutdown", Value::Null), Ok(Value::Null));
    let error = editor.view("file:///x.rs").expect_err("refused");
    assert_eq!(error.code, -32600, "{}", error.message);
    let error = editor.call("shutdown", Value::Null).expect_err("refused");
    assert_eq!(error.code, -32600, "{}", error.message);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.ended(), 0);
    editor.check();
}

#[test]
fn exit_without_shutdown_is_a_failure() {
    let world = World::new();
    let mut editor = world.editor().start();
    settle(&editor);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.ended(), 1);
    world.empty();

    let mut editor = world.editor().start_silently();
    editor.notify("exit", Value::Null);
    assert_eq!(editor.ended(), 1, "even before `initialize`");
}

#[test]
fn an_open_question_does_not_hold_up_the_end() {
    let world = World::new();
    world.configure("completion.max_tokens = 512\ncompletion.deadline_ms = 10000");
    let editor = world.editor().start();
    settle(&editor);
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put(2, 5);
    buffer.ask();
    editor.call("shutdown", Value::Null).expect("`shutdown` is answered");
    editor.notify("exit", Value::Null);
    let mut editor = editor;
    assert_eq!(editor.ended(), 0);
    world.empty();
}

/// Opens a document, and waits until the engine has answered for it: now all processes are there, and know each other.
fn settle(editor: &Editor) {
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put(2, 5);
    buffer.complete();
}

#[test]
fn when_stdin_closes_everything_ends() {
    let world = World::new();
    let mut editor = world.editor().start();
    settle(&editor);
    editor.hang_up();
    assert_eq!(editor.ended(), 1);
    world.empty();
}

#[cfg(target_os = "linux")]
#[test]
fn when_the_editor_dies_everything_ends_though_stdin_stays_open() {
    let world = World::new();
    // Any process that lives until it is told to end may be the editor.
    let mut process = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut editor = world.editor().process(Some(process.id())).start();
    settle(&editor);
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(editor.ended(), 1);
    world.empty();
}

#[cfg(target_os = "linux")]
#[test]
fn when_the_supervisor_is_killed_everything_ends() {
    use e2e::Role;

    let world = World::new();
    let editor = world.editor().start();
    settle(&editor);
    let supervisor = world.processes_of(Role::Supervisor).remove(0);
    assert_eq!(supervisor.id, editor.process());
    supervisor.kill();
    editor.abandon();
    world.empty();
}

#[cfg(target_os = "linux")]
#[test]
fn when_serve_is_killed_the_editor_sees_it() {
    use e2e::Role;

    let world = World::new();
    let mut editor = world.editor().start();
    settle(&editor);
    world.processes_of(Role::Serve).remove(0).kill();
    assert_eq!(editor.ended(), 1, "the editor restarts a server that failed");
    world.empty();
}

#[cfg(target_os = "linux")]
#[test]
fn a_slow_load_is_shown_as_progress() {
    let world = World::new();
    world.configure_wholly("engine.idle_exit = 600");
    let file = world.file("main.rs", TEXT).display().to_string();
    assert_eq!(world.run(&["complete", &file, "--at", "2:5"]).code, 0);
    let engine = world.engine();
    // Frozen, it is as good as an engine that takes its time.
    engine.freeze();
    let editor = world.editor().start();
    let created = editor.asked("window/workDoneProgress/create");
    engine.thaw();
    let token = &created["params"]["token"];
    let of_kind = |kind: &str| {
        editor
            .notification("$/progress", |params| params["token"] == *token && params["value"]["kind"] == kind)
    };
    let title = of_kind("begin")["value"]["title"].as_str().unwrap_or_default().to_owned();
    assert!(title.contains("model"), "{title:?}");
    of_kind("end");
    editor.quit();

    // Who can't show it isn't asked to.
    engine.freeze();
    let plain = world.editor().without_progress().start();
    plain.open("main.rs", "rust", TEXT).assert_in_sync();
    engine.thaw();
    plain.quit();
    assert_eq!(world.run(&["engine", "stop"]).code, 0);
}

/// Asks once more, and says how `hob why` explains the answer.
fn outcome(world: &World, buffer: &mut Buffer<'_>) -> String {
    buffer.key(' ');
    let before = world.rows().len();
    buffer.complete();
    let row =
        e2e::eventually(e2e::PATIENCE, || world.rows().get(before).cloned()).expect("a row for each answer");
    row["outcome"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn trace_is_for_those_who_want_it() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put(2, 5);
    outcome(&world, &mut buffer);
    assert_eq!(editor.notifications("$/logTrace"), Vec::<Value>::new());
    editor.notify("$/setTrace", json!({ "value": "messages" }));
    outcome(&world, &mut buffer);
    let told = editor.notification("$/logTrace", |_| true);
    let message = told["message"].as_str().unwrap_or_default();
    assert!(message.contains("main.rs:2"), "{message:?}");
    editor.notify("$/setTrace", json!({ "value": "off" }));
    let so_far = editor.notifications("$/logTrace").len();
    outcome(&world, &mut buffer);
    assert_eq!(editor.notifications("$/logTrace").len(), so_far);
}

#[test]
fn settings_are_pulled_and_pulled_again() {
    let world = World::new();
    let editor = world.editor().settings(json!({ "completion": { "enabled": false } })).start();
    let asked = editor.asked("workspace/configuration");
    assert_eq!(asked["params"]["items"][0]["section"], "hob");
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put(2, 5);
    // The answer to the pull may come after the first question.
    let disabled = |buffer: &mut Buffer<'_>| (outcome(&world, buffer) == "disabled").then_some(());
    assert!(e2e::eventually(e2e::PATIENCE, || disabled(&mut buffer)).is_some());
    editor.change_settings(&json!({ "completion": { "languages_off": ["rust"] } }));
    let off = |buffer: &mut Buffer<'_>| (outcome(&world, buffer) == "language_off").then_some(());
    assert!(e2e::eventually(e2e::PATIENCE, || off(&mut buffer)).is_some());
    editor.change_settings(&json!({}));
    let on = |buffer: &mut Buffer<'_>| (outcome(&world, buffer) != "language_off").then_some(());
    assert!(e2e::eventually(e2e::PATIENCE, || on(&mut buffer)).is_some());
    assert_eq!(editor.messages(), Vec::<String>::new());
}

#[test]
fn settings_are_pushed_where_they_can_not_be_pulled() {
    let world = World::new();
    let editor =
        world.editor().without_configuration().options(json!({ "completion": { "enabled": false } })).start();
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put(2, 5);
    assert_eq!(outcome(&world, &mut buffer), "disabled", "from initializationOptions, before any question");
    editor.change_settings(&json!({ "completion": { "languages_off": ["rust"] } }));
    assert_eq!(outcome(&world, &mut buffer), "language_off");
}

#[test]
fn an_editor_may_not_choose_the_model() {
    let world = World::new();
    let editor = world.editor().settings(json!({ "engine": { "model": "/tmp/evil.gguf" } })).start();
    let message = editor.message("engine.model");
    assert!(message.contains("config.toml"), "{message:?} does not say where it may stand");
    assert_ember(&world, &editor);
}

#[test]
fn a_repository_may_tighten_and_nothing_else() {
    let world = World::new();
    world.file(".hob.toml", "[engine]\nmodel = \"/tmp/evil.gguf\"\n");
    let editor = world.editor().start();
    let message = editor.message("engine.model");
    assert!(message.contains(".hob.toml:2"), "{message:?} does not say where it stands");
    assert_ember(&world, &editor);
    editor.quit();

    world.file(".hob.toml", "[completion]\nenabled = false\n");
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put(2, 5);
    assert_eq!(outcome(&world, &mut buffer), "disabled");
    // What the repository switched off the editor can't switch on.
    editor.change_settings(&json!({ "completion": { "enabled": true } }));
    assert_eq!(outcome(&world, &mut buffer), "disabled");
    editor.quit();
}

#[test]
fn a_broken_configuration_is_said_with_its_line() {
    let world = World::new();
    world.configure("completion.popupp = \"never\"");
    let editor = world.editor().start();
    let message = editor.message("completion.popup");
    assert!(message.contains("config.toml:2"), "{message:?} does not name the line");
    assert_eq!(editor.messages().len(), 1);
    settle(&editor);
    editor.quit();
    // The file's `idle_exit` is not in force either, so the engine waits for somebody who comes back.
    assert_eq!(world.run(&["engine", "stop"]).code, 0);
}

/// The built-in model answers, whatever somebody wished for.
fn assert_ember(world: &World, editor: &Editor) {
    let mut buffer = editor.open("main.rs", "rust", TEXT);
    buffer.put(2, 5);
    let answered = e2e::eventually(e2e::PATIENCE, || {
        outcome(world, &mut buffer);
        world.rows().into_iter().rev().find(|row| row["stats"].is_object())
    });
    let row = answered.expect("the model answers");
    assert_eq!(row["model"], "ember", "{row:#}");
}
