//! What leaves the machine, seen from outside: who was asked first, which bytes a provider got, what was written down, and that nothing
//! else has a network.
//!
//! The provider is a script on loopback; everything else is real. Must not look at what `hob` says of itself where the bytes can be seen.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test from its first line to its last")]

#[path = "../server/gateway/tests/fake/mod.rs"]
mod fake;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use e2e::{Editor, PATIENCE, Role, World, eventually};
use fake::{Fake, Step};
use serde_json::{Value, json};

/// What the world's provider takes for a key.
const KEY: &str = "hob-test-key-4f1c";

/// Buttons.
const SEND: &str = "Send";
const ALWAYS: &str = "Always from this workspace";
const SHOW: &str = "Show the bytes";
const NEVER: &str = "Never from this workspace";

/// An answer of `OpenAI`'s protocol in these pieces, with what was counted.
fn answer(pieces: &[&str]) -> Vec<Step> {
    vec![Step::Read, Step::text(HEAD), Step::text(&(chunks(pieces) + END))]
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\ndata: [DONE]\n\n";

fn chunks(pieces: &[&str]) -> String {
    let chunk = |piece: &&str| json!({ "choices": [{ "index": 0, "delta": { "content": piece } }] });
    pieces.iter().map(|piece| format!("data: {}\n\n", chunk(piece))).collect::<Vec<_>>().concat()
}

/// A world whose user has a provider at `origin`, and these lines of configuration besides.
fn world(origin: &str, lines: &str) -> World {
    let world = World::new();
    let key = world.state().with_file_name("provider.key");
    fs::write(&key, KEY).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let key = fs::canonicalize(key).unwrap();
    world.configure(&format!(
        r#"
        cloud.provider = [{{ id = "lab", dialect = "openai", base_url = "{origin}", key = {{ file = "{}" }}, models = ["m"] }}]
        cloud.price = [{{ model = "lab/m", input_usd = "1.00", output_usd = "10.00", as_of = "2026-11-01", source = "a test" }}]
        {lines}
        "#,
        key.display()
    ));
    world
}

fn editor(world: &World) -> Editor {
    world.editor().opening().start()
}

/// Asks about a document.
fn ask(editor: &Editor, uri: &str) -> Result<Value, String> {
    let argument = json!([{ "question": "What is this?", "documents": [{ "uri": uri }] }]);
    editor.execute("hob.ask", &argument).map_err(|error| error.message)
}

/// Waits until the provider has a request.
fn asked(provider: &Fake) {
    let is_asked = || (!provider.requests().is_empty()).then_some(());
    eventually(PATIENCE, is_asked).expect("the provider is asked");
}

fn bodies(fake: &Fake) -> Vec<String> {
    let body = |request: &Vec<u8>| {
        let text = String::from_utf8(request.clone()).unwrap();
        text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    };
    fake.requests().iter().map(body).collect()
}

#[test]
fn what_was_shown_is_what_is_sent_and_only_after_the_person_agreed() {
    let provider = Fake::start(vec![answer(&["It adds ", "two \u{1f600} numbers."])]);
    let world = world(&provider.origin, "");
    let editor = editor(&world);
    let buffer = editor.open("src/add.rs", "rust", "fn add(a: u32) -> u32 { a + 1 } // \u{1f600}\n");
    let argument = json!([{ "question": "What is this?", "documents": [{ "uri": buffer.uri() }] }]);
    let preview = editor.execute("hob.preview", &argument).unwrap();
    assert_eq!(provider.connections(), 0, "a preview sends nothing");

    editor.will_choose(&[SHOW, SEND]);
    let told = ask(&editor, buffer.uri()).unwrap();
    assert_eq!(told["answer"], "It adds two \u{1f600} numbers.");
    assert_eq!(told["by"], "lab/m");
    // 1,000 tokens at $1 and 100 at $10 a million.
    assert_eq!(told["cost_nanousd"], 2_000_000);
    assert_eq!(editor.times_asked("window/showMessageRequest"), 2, "once to show, once to send");

    let previewed = preview["previews"][0]["body"].as_str().unwrap();
    assert_eq!(bodies(&provider), [previewed], "bytes previewed are bytes sent");
    assert!(preview["page"].as_str().unwrap().contains(previewed), "and the page shows them");
    let head = String::from_utf8(provider.requests()[0].clone()).unwrap();
    assert!(head.contains(&format!("authorization: Bearer {KEY}\r\n")), "{head}");
    let mut sent: Vec<&str> = head.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    let shown = preview["previews"][0]["headers"].as_array().unwrap().iter();
    let shown =
        shown.map(|header| format!("{}: {}", header[0].as_str().unwrap(), header[1].as_str().unwrap()));
    let mut shown: Vec<String> = shown.filter(|header| !header.starts_with("authorization")).collect();
    sent.retain(|header| !header.starts_with("authorization"));
    sent.sort_unstable();
    shown.sort_unstable();
    assert_eq!(sent, shown, "and so are the headers, but for the key");

    let decision = told["decision"].as_str().unwrap();
    let why = world.run(&["why", decision]);
    assert!(why.stdout.contains("lab/m"), "{}", why.stdout);
    assert!(!why.stdout.contains("add.rs"), "no path is written down: {}", why.stdout);
    let page = editor.execute("hob.why", &json!([])).unwrap();
    assert!(page.as_str().unwrap().contains(&format!("## {decision}  question")), "{page}");
    editor.quit();
}

#[test]
fn who_does_not_agree_sends_nothing() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let world = world(&provider.origin, "");
    let editor = editor(&world);
    let buffer = editor.open("a.rs", "rust", "fn a() {}\n");
    // Dismissed.
    assert_eq!(ask(&editor, buffer.uri()).unwrap_err(), "nothing was sent");
    editor.will_choose(&[NEVER]);
    assert!(ask(&editor, buffer.uri()).unwrap_err().contains("nothing will be sent from this workspace"));
    assert_eq!(editor.times_asked("window/showMessageRequest"), 2);
    // From now on without a question.
    assert!(ask(&editor, buffer.uri()).is_err());
    assert_eq!(editor.times_asked("window/showMessageRequest"), 2);
    assert_eq!(provider.connections(), 0);
    let ran = world.run(&["cloud", "forget"]);
    assert!(ran.stdout.contains("forgotten"), "{}{}", ran.stdout, ran.stderr);
    editor.will_choose(&[SEND]);
    assert_eq!(ask(&editor, buffer.uri()).unwrap()["answer"], "Yes.");
    editor.quit();
}

#[test]
fn who_agrees_for_a_workspace_is_not_asked_again_until_the_provider_moves() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let world = world(&provider.origin, "");
    let first = editor(&world);
    let buffer = first.open("a.rs", "rust", "fn a() {}\n");
    first.will_choose(&[ALWAYS]);
    ask(&first, buffer.uri()).unwrap();
    ask(&first, buffer.uri()).unwrap();
    assert_eq!(first.times_asked("window/showMessageRequest"), 1);
    first.quit();

    let second = editor(&world);
    let buffer = second.open("a.rs", "rust", "fn a() {}\n");
    ask(&second, buffer.uri()).unwrap();
    assert_eq!(second.times_asked("window/showMessageRequest"), 0, "another window knows it too");
    second.quit();

    let moved = Fake::start(vec![answer(&["Yes."])]);
    let key = fs::canonicalize(world.state().with_file_name("provider.key")).unwrap();
    world.configure(&format!(
        "cloud.provider = [{{ id = \"lab\", dialect = \"openai\", base_url = \"{}\", key = {{ file = \"{}\" }}, models = [\"m\"] }}]\n\
         cloud.price = [{{ model = \"lab/m\", input_usd = \"1.00\", output_usd = \"10.00\", as_of = \"2026-11-01\", source = \"a test\" }}]",
        moved.origin,
        key.display()
    ));
    let third = editor(&world);
    let buffer = third.open("a.rs", "rust", "fn a() {}\n");
    assert_eq!(ask(&third, buffer.uri()).unwrap_err(), "nothing was sent");
    assert_eq!((third.times_asked("window/showMessageRequest"), moved.connections()), (1, 0));
    third.quit();
}

#[test]
fn a_repository_can_close_the_door_and_not_open_another() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let thief = Fake::start(vec![answer(&["Mine."])]);
    let world = world(&provider.origin, "cloud.mode = \"auto\"");
    world.file(
        ".hob.toml",
        format!(
            "cloud.mode = \"local-only\"\ncloud.provider = [{{ id = \"lab\", dialect = \"openai\", base_url = \"{}\", models = [\"m\"] }}]\n\
             engine.remote = \"lab\"\n",
            thief.origin
        ),
    );
    let editor = editor(&world);
    let buffer = editor.open("a.rs", "rust", "fn a() {}\n");
    let why = ask(&editor, buffer.uri()).unwrap_err();
    assert!(why.contains("local-only"), "{why}");
    editor.message("cloud.provider");
    assert_eq!((provider.connections(), thief.connections()), (0, 0));
    let gateways = || world.processes().iter().filter(|process| process.role == Role::Gateway).count();
    assert_eq!(gateways(), 0, "where nothing may leave there is nobody to send it");
    editor.quit();
}

#[test]
fn what_is_private_never_leaves_by_whatever_name() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let world = world(&provider.origin, "cloud.mode = \"auto\"\ncloud.never = [\"secrets/**\"]");
    world.file(".hobignore", "mine/\n");
    let env = world.file(".env", "A=canary\n");
    let mine = world.file("mine/a.rs", "// canary\n");
    std::os::unix::fs::symlink(&env, world.workspace().join("innocent.txt")).unwrap();
    std::os::unix::fs::symlink(mine.parent().unwrap(), world.workspace().join("yours")).unwrap();
    world.file("secrets/deep/er/x.rs", "// canary\n");
    let editor = editor(&world);
    for name in [".env", "innocent.txt", "mine/a.rs", "secrets/deep/er/x.rs"] {
        let buffer = editor.open(name, "rust", "// canary\n");
        assert!(ask(&editor, buffer.uri()).is_err(), "{name}");
        let ran = world.run(&["ask", "What?", "--file", name, "--yes"]);
        assert_eq!(ran.code, 3, "{name}: {}{}", ran.stdout, ran.stderr);
    }
    let ran = world.run(&["ask", "What?", "--file", "yours/a.rs", "--yes"]);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(provider.connections(), 0);
    editor.quit();
}

#[test]
fn a_thousand_secrets_stay_here_and_come_back_in_the_answer() {
    let world_of = |origin: &str| {
        world(origin, "cloud.mode = \"auto\"\nbudget.per_call_usd = \"5.00\"\nbudget.day_usd = \"5.00\"")
    };
    let mut state = 0x9e37_79b9_u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        char::from(letters[usize::try_from(state >> 33).unwrap() % letters.len()])
    };
    let secrets: Vec<String> =
        (0..1000).map(|_| format!("ghp_{}", (0..36).map(|_| letter()).collect::<String>())).collect();
    let constant =
        |(at, secret): (usize, &String)| format!("const K{at}: &str = \"{secret}\"; // {secret}\n");
    let file = secrets.iter().enumerate().map(constant).collect::<Vec<_>>().concat();
    // The provider repeats the last placeholder, in three pieces.
    let reply = |request: &str| {
        let (_, rest) = request.rsplit_once("HOB_SECRET_").expect("a placeholder");
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').expect("its end");
        chunks(&["The last: ", "HOB_SEC", &format!("RET_{}.", &rest[..end])]) + END
    };
    let provider = Fake::start(vec![vec![Step::Read, Step::text(HEAD), Step::Reply(reply)]]);
    let world = world_of(&provider.origin);
    world.file("keys.rs", &file);
    let ran = world.run(&["ask", "Which?", "--file", "keys.rs", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let body = bodies(&provider).concat();
    for secret in &secrets {
        for window in secret.as_bytes()[4..].windows(8) {
            let window = std::str::from_utf8(window).unwrap();
            assert!(!body.contains(window), "a part of a secret left: {window}");
        }
    }
    assert_eq!(ran.stdout, format!("The last: {}.\n", secrets[999]), "and it comes back in the answer");
}

#[test]
fn a_stopped_answer_closes_the_socket_at_once_and_keeps_what_came() {
    let provider = Fake::start(vec![vec![
        Step::Read,
        Step::text(HEAD),
        Step::text(&chunks(&["The beginning"])),
        Step::Hold,
    ]]);
    let world = world(&provider.origin, "cloud.mode = \"auto\"");
    let editor = editor(&world);
    let buffer = editor.open("a.rs", "rust", "fn a() {}\n");
    let id = editor.request(
        "workspace/executeCommand",
        json!({ "command": "hob.ask", "arguments": [{ "question": "What?", "documents": [{ "uri": buffer.uri() }] }] }),
    );
    let begun = editor.notification("$/progress", |params| {
        params["value"]["kind"] == "begin"
            && params["token"].as_str().is_some_and(|token| token.starts_with("hob/ask"))
    });
    asked(&provider);
    let stopped = Instant::now();
    editor.notify("window/workDoneProgress/cancel", json!({ "token": begun["token"] }));
    let closed = provider.left().duration_since(stopped);
    assert!(closed < Duration::from_millis(100), "the socket was open for another {closed:?}");
    let told = editor.wait(id).unwrap();
    assert_eq!(told["ending"]["how"], "cancelled");
    editor.quit();
}

#[test]
fn a_gateway_that_dies_costs_one_answer() {
    let hold = vec![Step::Read, Step::text(HEAD), Step::text(&chunks(&["The beginning"])), Step::Hold];
    let provider = Fake::start(vec![hold, answer(&["Whole."])]);
    let world = world(&provider.origin, "cloud.mode = \"auto\"");
    let editor = editor(&world);
    let buffer = editor.open("a.rs", "rust", "fn a() {}\n");
    let id = editor.request(
        "workspace/executeCommand",
        json!({ "command": "hob.ask", "arguments": [{ "question": "What?", "documents": [{ "uri": buffer.uri() }] }] }),
    );
    asked(&provider);
    let gateway =
        world.processes().into_iter().find(|process| process.role == Role::Gateway).expect("a gateway");
    gateway.kill();
    let error = editor.wait(id).unwrap_err();
    assert!(error.message.contains("the gateway stopped"), "{}", error.message);
    assert_eq!(ask(&editor, buffer.uri()).unwrap()["answer"], "Whole.");
    editor.quit();
}

#[test]
fn windows_share_one_budget() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    // An answer costs two tenths of a cent; its worst case is the 2,048 tokens it may have, two cents and a bit.
    let world = world(&provider.origin, "cloud.mode = \"auto\"\nbudget.day_usd = \"0.023\"");
    let (one, two) = (editor(&world), editor(&world));
    let (here, there) = (one.open("a.rs", "rust", "fn a() {}\n"), two.open("b.rs", "rust", "fn b() {}\n"));
    ask(&one, here.uri()).unwrap();
    let why = ask(&two, there.uri()).unwrap_err();
    assert!(why.contains("left today"), "{why}");
    assert_eq!(provider.connections(), 1);
    one.quit();
    two.quit();
}

#[test]
fn a_key_is_in_no_file_no_argument_and_no_other_process() {
    let provider = Fake::start(vec![vec![
        Step::Read,
        Step::text("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"),
    ]]);
    let world = World::new();
    world.configure(&format!(
        "log.level = \"trace\"\ncloud.mode = \"auto\"\n\
         cloud.provider = [{{ id = \"lab\", dialect = \"vllm\", base_url = \"{}\", key = {{ env = \"HOB_TEST_KEY\" }}, models = [\"m\"] }}]",
        provider.origin
    ));
    let editor = world.editor().opening().environment("HOB_TEST_KEY", KEY).start();
    let mut buffer = editor.open("a.rs", "rust", "fn a() {\n    \n}\n");
    buffer.put(2, 5);
    buffer.complete();
    let why = ask(&editor, buffer.uri()).unwrap_err();
    assert!(why.contains("401"), "{why}");
    assert!(!why.contains(KEY));
    assert!(String::from_utf8_lossy(&provider.requests()[0]).contains(KEY), "the provider got it");
    for process in world.processes() {
        let read = |name: &str| fs::read(format!("/proc/{}/{name}", process.id)).unwrap_or_default();
        assert!(!contains(&read("cmdline"), KEY), "{process:?}");
        if matches!(process.role, Role::Serve | Role::Engine) {
            assert!(!contains(&read("environ"), KEY), "{process:?}");
        }
    }
    editor.quit();
    check_files(world.state().parent().unwrap(), KEY);
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// No file below `folder` has `text` in it.
fn check_files(folder: &Path, text: &str) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            check_files(&path, text);
        } else {
            assert!(!contains(&fs::read(&path).unwrap_or_default(), text), "{}", path.display());
        }
    }
}

#[test]
fn the_shell_says_by_its_exit_code_whether_anything_was_sent() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let world = world(&provider.origin, "");
    world.file("a.rs", "one\ntwo\nthree\n");
    let nobody = world.run(&["ask", "What?", "--use", "nobody/m"]);
    assert!(nobody.stderr.contains("nobody/m: your configuration has no such model"), "{}", nobody.stderr);
    // Nobody is at the terminal to agree.
    let refused = world.run(&["ask", "What?", "--file", "a.rs"]);
    assert_eq!((refused.code, provider.connections()), (3, 0), "{}", refused.stderr);
    let previewed = world.run_json(&["ask", "What?", "--file", "a.rs:2-2", "--preview", "--json"]);
    let body = previewed["previews"][0]["body"].as_str().unwrap();
    assert!(body.contains("two") && !body.contains("three"), "{body}");
    let answered = world.run(&["ask", "What?", "--file", "a.rs:2-2", "--yes"]);
    assert_eq!((answered.code, answered.stdout.as_str()), (0, "Yes.\n"), "{}", answered.stderr);
    assert_eq!(bodies(&provider), [body]);
    assert_eq!(world.run(&["ask", "What?", "--file", "a.rs:3-2"]).code, 1);
    assert_eq!(world.run(&["ask", "What?", "--use", "nobody"]).code, 2);

    fs::remove_file(world.state().with_file_name("provider.key")).unwrap();
    let without_key = world.run(&["ask", "What?", "--file", "a.rs", "--yes"]);
    assert_eq!((without_key.code, provider.connections()), (3, 1), "{}", without_key.stderr);
    assert_eq!(
        world.run(&["ask", "What?", "--file", "a.rs", "--preview"]).code,
        0,
        "its bytes are the same without it"
    );
}

#[test]
fn a_repository_can_say_what_its_secrets_look_like() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let world = world(&provider.origin, "cloud.mode = \"auto\"\ncloud.secret_patterns = ['mine-[0-9]+']");
    world.file(".hob.toml", "cloud.secret_patterns = ['case-([0-9]{6})']\n");
    let editor = editor(&world);
    let text = "// case-471100 of mine-12\u{202e}\n";
    let buffer = editor.open("a.rs", "rust", text);
    let argument = json!([{ "question": "Whose?", "documents": [{ "uri": buffer.uri() }] }]);
    let page = editor.execute("hob.preview", &argument).unwrap()["page"].as_str().unwrap().to_owned();
    assert!(page.contains("- own-pattern, a.rs, line 1\n- own-pattern, a.rs, line 1\n"), "{page}");
    assert!(page.contains("1 character turning the direction of reading"), "{page}");
    ask(&editor, buffer.uri()).unwrap();
    let sent = bodies(&provider).concat();
    assert!(
        !sent.contains("471100") && !sent.contains("mine-12") && sent.contains("case-HOB_SECRET_"),
        "{sent}"
    );
    editor.quit();
}

#[test]
fn each_folder_of_a_window_can_close_the_door() {
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let world = world(&provider.origin, "cloud.mode = \"auto\"");
    let policy = world.file("../closed/.hob.toml", "cloud.mode = \"local-only\"\n");
    let editor = editor(&world);
    let buffer = editor.open("a.rs", "rust", "fn a() {}\n");
    let folder =
        json!({ "uri": World::uri(&fs::canonicalize(policy.parent().unwrap()).unwrap()), "name": "closed" });
    let change = |added: &[&Value], removed: &[&Value]| {
        let event = json!({ "event": { "added": added, "removed": removed } });
        editor.notify("workspace/didChangeWorkspaceFolders", event);
    };
    change(&[&folder], &[]);
    let refused = ask(&editor, buffer.uri()).unwrap_err();
    assert!(refused.contains("local-only"), "{refused}");
    assert_eq!(provider.connections(), 0);
    change(&[], &[&folder]);
    assert_eq!(ask(&editor, buffer.uri()).unwrap()["answer"], "Yes.");
    editor.quit();
}

/// 40 of them; `HOB_TEST_PREVIEWS=1000` makes it so many (`make test-faults`).
#[test]
fn what_is_previewed_is_sent_whatever_stands_in_it() {
    let rounds = std::env::var("HOB_TEST_PREVIEWS").map_or(40, |rounds| rounds.parse().unwrap());
    let provider = Fake::start(vec![answer(&["Yes."])]);
    let lines = "cloud.mode = \"auto\"\nbudget = { day_usd = \"1000\", month_usd = \"1000\" }";
    let world = world(&provider.origin, lines);
    let editor = editor(&world);
    let mut buffer = editor.open("a.rs", "rust", "");
    let pieces = [
        "\"",
        "\\",
        "\n",
        "```\n",
        "\u{1f600}",
        "é",
        "\u{0}",
        "\u{202e}",
        "\t",
        "fn a() {}\n",
        "</file>",
        "ghp_",
    ];
    let mut state = 7_u64;
    let mut below = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % end
    };
    let mut previewed = Vec::new();
    for round in 0..rounds {
        let text: String = (0..below(60)).map(|_| pieces[below(pieces.len())]).collect();
        let secret = if below(3) == 0 { format!("let key = \"ghp_{round:036}\";\n") } else { String::new() };
        buffer.replace_wholly(&format!("{text}{secret}"));
        let argument = json!([{ "question": format!("{text}?"), "documents": [{ "uri": buffer.uri() }] }]);
        let preview = editor.execute("hob.preview", &argument).unwrap();
        previewed.push(preview["previews"][0]["body"].as_str().unwrap().to_owned());
        editor.execute("hob.ask", &argument).unwrap();
    }
    assert_eq!(bodies(&provider), previewed);
    println!("{} of {rounds} requests are what was previewed", previewed.len());
    editor.quit();
}
