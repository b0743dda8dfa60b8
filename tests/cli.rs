//! The command line: what it prints, where it prints it, and its exit codes: 0 done, 1 failed, 2 usage.
//!
//! Must not need an editor.

use e2e::{Ran, World};
use expect_test::{Expect, expect};
use serde_json::Value;

const TEXT: &str = "// 😀 naïve\nfn area(width: u32, height: u32) -> u32 {\n    \n}\n";

/// Runs `hob` in a world with a few files; exit code and both streams, without what differs from run to run.
fn check(arguments: &[&str], want: &Expect) {
    let world = World::new();
    world.file("main.rs", TEXT);
    world.file("latin.rs", b"fn main() {\n    // na\xefve\n}\n");
    world.file("folder/inner.rs", "");
    let Ran { code, stdout, stderr } = world.run(arguments);
    let told = format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    want.assert_eq(&told.replace(&world.workspace().display().to_string(), "WORKSPACE"));
}

#[test]
fn mistakes_are_explained() {
    check(
        &["complete", "nowhere.rs", "--at", "1:1"],
        &expect![[r#"
        exit 1
        --- stdout
        --- stderr
        hob: can't read nowhere.rs: No such file or directory (os error 2)
    "#]],
    );
    check(
        &["complete", "folder", "--at", "1:1"],
        &expect![[r#"
        exit 1
        --- stdout
        --- stderr
        hob: can't read folder: Is a directory (os error 21)
    "#]],
    );
    check(
        &["complete", "latin.rs", "--at", "2:5"],
        &expect![[r#"
        exit 1
        --- stdout
        --- stderr
        hob: latin.rs is not UTF-8: byte 21 is not text
    "#]],
    );
    check(
        &["complete", "main.rs", "--at", "99:1"],
        &expect![[r#"
        exit 1
        --- stdout
        --- stderr
        hob: main.rs has 5 lines, so there is no line 99
    "#]],
    );
    check(
        &["complete", "main.rs", "--at", "1:99"],
        &expect![[r#"
        exit 1
        --- stdout
        --- stderr
        hob: line 1 of main.rs has 10 characters, so its last column is 11
    "#]],
    );
    check(
        &["complete", "main.rs", "--at", "1:1", "--model", "nowhere.gguf"],
        &expect![[r#"
        exit 1
        --- stdout
        --- stderr
        hob: the model WORKSPACE/nowhere.gguf does not exist; set `engine.model` in ~/.config/hob/config.toml to another GGUF file, or remove it to use the built-in model
    "#]],
    );
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    check(
        &["complete", "main.rs", "--at", "here"],
        &expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value 'here' for '--at <LINE:COL>': `here` is not LINE:COL, for example 12:8; both count from 1

        For more information, try '--help'.
    "#]],
    );
    check(
        &["complete", "main.rs", "--at", "0:1"],
        &expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value '0:1' for '--at <LINE:COL>': `0:1` is not LINE:COL, for example 12:8; both count from 1

        For more information, try '--help'.
    "#]],
    );
    check(
        &["complete", "main.rs"],
        &expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: the following required arguments were not provided:
          --at <LINE:COL>

        Usage: hob complete --at <LINE:COL> <FILE>

        For more information, try '--help'.
    "#]],
    );
    check(
        &["compleat"],
        &expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: unrecognized subcommand 'compleat'

          tip: a similar subcommand exists: 'complete'

        Usage: hob [OPTIONS] [COMMAND]

        For more information, try '--help'.
    "#]],
    );
    check(
        &["engine"],
        &expect![[r#"
        exit 2
        --- stdout
        --- stderr
        Look at the engine, the process that holds the model, or end it

        Usage: hob engine <COMMAND>

        Commands:
          status  Whether it runs, with which model, and what it holds
          stop    End it. The next completion starts it again
          help    Print this message or the help of the given subcommand(s)

        Options:
          -h, --help  Print help
    "#]],
    );
}

#[test]
fn version_and_help() {
    let world = World::new();
    let ran = world.run(&["--version"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stdout, format!("hob {}\n", env!("CARGO_PKG_VERSION")));
    check(
        &["--help"],
        &expect![[r#"
            exit 0
            --- stdout
            Ghost text from a local model: a language server that keeps your code on your machine.

            Without a command, `hob` speaks the Language Server Protocol on stdio: that is how editors start it.

            Usage: hob [OPTIONS] [COMMAND]

            Commands:
              complete  Complete at one place of a file and print the ghost text as it comes
              engine    Look at the engine, the process that holds the model, or end it
              eval      Measure how good the answers are on your own code: cut holes into it, ask, and compare with what was there
              bench     Measure what Hob costs and how quick it is, on this machine and by the path of an editor
              index     Read a workspace into Hob's index, as an editor's window does in the background, and say what is in it
              why       Show the last answers and silences with their reasons, one of them in full, or how many there were of each
              usage     Show what came of suggestions, by day and language: taken, kept, and how many keystrokes that saved
              help      Print this message or the help of the given subcommand(s)

            Options:
                  --stdio
                      Speak LSP on stdio (the default; editors that insist on saying so may)

              -h, --help
                      Print help (see a summary with '-h')

              -V, --version
                      Print version
            --- stderr
        "#]],
    );
}

#[test]
fn serve_is_not_for_people() {
    check(
        &["serve"],
        &expect![[r#"
            exit 1
            --- stdout
            --- stderr
            hob: `hob serve` is started by `hob`: run that instead, or `hob --help` for what people can run
        "#]],
    );
}

#[test]
fn an_answer_in_json_has_the_shape_that_programs_rely_on() {
    let world = World::new();
    let path = world.file("main.rs", TEXT).display().to_string();
    let answer = world.run_json(&["complete", &path, "--at", "3:5", "--json"]);
    expect![[r#"

        confidence: number
        model: text
        others: list
        range:
          end:
            column: number
            line: number
          start:
            column: number
            line: number
        reason: text
        text: text
        timings:
          evaluated_tokens: number
          first_line_ms: number
          others_ms: number
          prompt_tokens: number
          total_ms: number
          ttft_ms: number
    "#]]
    .assert_eq(&shape(&answer, 0));
    assert_eq!(answer["model"], "ember");
    let (text, reason) = (answer["text"].as_str().unwrap(), answer["reason"].as_str().unwrap());
    assert_eq!(reason == "shown", !text.is_empty(), "{answer:#}");
    // It counts as it was asked: from 1, in characters.
    assert_eq!(answer["range"]["start"]["line"], 3);
    let timings = &answer["timings"];
    assert!(timings["prompt_tokens"].as_u64() > Some(10), "{answer:#}");
    assert!(timings["total_ms"].as_f64() > Some(0.0), "{answer:#}");
}

/// Names and types, in the order of names.
fn shape(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            let line =
                |(name, value): (&String, &Value)| format!("{indent}{name}:{}", shape(value, depth + 1));
            let mut lines: Vec<String> = fields.iter().map(line).collect();
            lines.sort();
            format!("\n{}", lines.concat())
        }
        Value::String(_) => " text\n".to_owned(),
        Value::Bool(_) => " yes or no\n".to_owned(),
        // Null: of something that did not happen.
        Value::Number(_) | Value::Null => " number\n".to_owned(),
        Value::Array(_) => " list\n".to_owned(),
    }
}

#[test]
fn columns_count_in_characters() {
    let world = World::new();
    let path = world.file("main.rs", TEXT).display().to_string();
    // Line 1 has ten characters, so 11 is its end, and 12 is nowhere.
    let answer = world.run_json(&["complete", &path, "--at", "1:11", "--json"]);
    assert_eq!(answer["range"]["end"]["column"], 11, "{answer:#}");
    assert_eq!(world.run(&["complete", &path, "--at", "1:12"]).code, 1);
}

#[test]
fn text_goes_to_stdout_and_one_line_of_timings_to_stderr() {
    let world = World::new();
    let path = world.file("main.rs", TEXT).display().to_string();
    let ran = world.run(&["complete", &path, "--at", "3:5"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let timings: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" ms")).collect();
    assert_eq!(timings.len(), 1, "{}", ran.stderr);
    assert!(timings[0].starts_with("ember: "), "{}", ran.stderr);
    assert!(!ran.stdout.contains(" ms"), "{}", ran.stdout);
}

#[test]
fn why_explains_each_answer() {
    let world = World::new();
    let path = world.file("main.rs", TEXT).display().to_string();
    let ran = world.run(&["why"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "nothing was asked yet: {ran:?}");
    assert!(!ran.stderr.is_empty());
    assert_eq!(world.rows(), Vec::<Value>::new());

    assert_eq!(world.run(&["complete", &path, "--at", "3:5"]).code, 0);
    // Between the letters of `area`.
    assert_eq!(world.run(&["complete", &path, "--at", "2:6"]).code, 0, "silence is an answer");
    let rows = world.rows();
    assert_eq!(rows.len(), 2);
    // What the engine counts is its own affair; that it counted is not.
    let mut row = rows[0].clone();
    let stats = row["stats"].take();
    assert!(
        stats["prompt_tokens"].as_u64() > Some(10) && stats["total_ms"].as_f64() > Some(0.0),
        "{stats:#}"
    );
    expect![[r#"

        asked: text
        at: number
        by: text
        candidates: number
        chars: number
        check_ms: number
        context:
          left_out:
          rejected: list
          shown: list
        cuts: list
        document: text
        ended: text
        engine_ms: number
        explicit: yes or no
        first_ms: number
        held_ms: number
        id: text
        language: text
        line: number
        model: text
        model_ms: number
        outcome: text
        path: text
        prompt:
          after: number
          before: number
          dated: yes or no
          elsewhere: number
          excerpts: list
          frame: number
          glance: yes or no
          typed: number
        said: number
        source: text
        stats: number
        total_ms: number
        verified: yes or no
        wanted: text
        why: text
    "#]]
    .assert_eq(&shape(&row, 0));
    assert_eq!(rows[1]["outcome"], "inside_word");
    assert_eq!(
        (&rows[0]["asked"], &rows[0]["line"], &rows[0]["model"]),
        (&"cli".into(), &3.into(), &"ember".into())
    );
    assert_eq!(world.run_json(&["why", "--json", "-n", "1"]), Value::Array(vec![rows[1].clone()]));

    let ran = world.run(&["why"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stdout.lines().count(), 3, "a heading and a line for each: {}", ran.stdout);
    assert!(ran.stdout.contains("[inside_word]"), "{}", ran.stdout);
}

#[test]
fn the_engine_can_be_looked_at_and_ended() {
    let world = World::new();
    let ran = world.run(&["engine", "stop"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "no engine is running\n"));
    assert_eq!(world.run_json(&["engine", "status", "--json"]), serde_json::json!({ "running": false }));

    world.configure_wholly("engine.idle_exit = 600");
    let path = world.file("main.rs", TEXT).display().to_string();
    assert_eq!(world.run(&["complete", &path, "--at", "3:5"]).code, 0);
    let status = world.run_json(&["engine", "status", "--json"]);
    expect![[r#"

        running: yes or no
        status:
          answered: number
          clients: number
          learnt_tokens: number
          model:
            ready:
              bytes: number
              context_tokens: number
              family: text
              load_ms: number
              name: text
          pid: number
          rss_bytes: number
          sessions: number
          uptime_s: number
    "#]]
    .assert_eq(&shape(&status, 0));
    assert_eq!(status["status"]["model"]["ready"]["name"], "ember", "{status:#}");
    let ran = world.run(&["engine", "status"]);
    assert!(ran.stdout.contains("ember"), "{}", ran.stdout);
    let ran = world.run(&["engine", "stop"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "the engine has ended\n"));
    world.empty();
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::new();
    let mut child = world.command(&["--help"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    assert!(status.code().is_some(), "ended by a signal: {status}");
}

#[test]
fn a_policy_that_the_environment_names_is_read_and_one_that_is_not_there_is_no_freedom() {
    let world = World::new();
    let said = |policy: &std::path::Path| {
        let output = world.command(&["index", "--json"]).env("HOB_POLICY", policy).output();
        String::from_utf8_lossy(&output.expect("hob runs").stderr).into_owned()
    };
    let policy =
        world.file("../policy.toml", "[cloud]\nmode = \"ask\"\n[engine]\nmodel = \"/tmp/evil.gguf\"\n");
    let tried = said(&policy);
    assert!(tried.contains("policy.toml:4:1: `engine.model` is not taken from here"), "{tried}");
    world.file("../policy.toml", "cloud.mod = 'ask'");
    let broken = said(&policy);
    assert!(broken.contains("policy.toml:1:7") && broken.contains("nothing leaves this machine"), "{broken}");
    let absent = said(&policy.with_file_name("none.toml"));
    assert!(absent.contains("can't be read") && absent.contains("nothing leaves this machine"), "{absent}");
}
