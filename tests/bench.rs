//! `hob bench`: that it types through the real server, tells all of its figures, holds what it is asked to, and leaves nothing behind.
//!
//! Must not judge a figure: how quick this machine is today is no matter here.

use std::{fs, process::Stdio};

use e2e::{PATIENCE, Ran, World, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What programs rely on; `.` goes into a group.
const NAMES: &str = "keystrokes ttft_ms.p50 ttft_ms.p95 ttft_ms.p99 shown_ms.p50 shown_ms.p95 shown_ms.p99 first_line_ms.p50 \
    first_line_ms.p95 first_line_ms.p99 evaluated_tokens.mean evaluated_tokens.p95 kv_reuse overhead_ms.p99 floor_ms \
    ttft_over_floor.p50 ttft_over_floor.p99 cancel_ms.p95 rss_mb cpu_s_per_1000_keys stale_share background_tokens_per_key \
    cache.decode cache.stream cache.cache cache.ahead model seed events.key.n events.key.ttft_ms.p50 \
    events.key.evaluated_tokens.mean events.key_after_edit_above.n events.format_on_save.first_line_ms.p99";

/// A world with one real file.
fn world() -> World {
    let world = World::new();
    world.file("code/gguf.rs", include_str!("fixtures/typing/gguf.rs"));
    world
}

/// The value at a path; `None` where the name is missing, which `null` is not.
fn at<'v>(report: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(report, |value, name| value.get(name))
}

#[test]
fn typing_is_replayed_and_measured() {
    let world = world();
    let before = world.rows().len();
    let arguments = ["bench", "typing", "code", "--keys", "60", "--speed", "20", "--seed", "1"];
    // Whatever is shown has to be mirrored, and may be accepted.
    let shown = ["--set", "completion.min_confidence = 0", "--plot", "ttft.svg", "--json"];
    let report = world.run_json(&[&arguments[..], &shown].concat());
    for name in NAMES.split_whitespace() {
        assert!(at(&report, name).is_some(), "{name}: {report:#}");
    }
    assert!(report["keystrokes"].as_u64() >= Some(60), "{report:#}");
    assert_eq!((&report["model"], &report["seed"]), (&"ember".into(), &1.into()));
    let events = report["events"].as_object().unwrap();
    let counted: u64 = events.values().filter_map(|kind| kind["n"].as_u64()).sum();
    assert_eq!(report["keystrokes"], counted, "each key has one kind");
    assert!(events["key"]["n"].as_u64() > Some(20) && events["open"]["n"] == 1, "{report:#}");

    // What the server tells of itself.
    assert!(report["ttft_ms"]["n"].as_u64() > Some(0), "{report:#}");
    for name in ["ttft_ms.p50", "floor_ms", "overhead_ms.p99", "evaluated_tokens.mean"] {
        assert!(at(&report, name).unwrap().as_f64() > Some(0.0), "{name}: {report:#}");
    }

    let drawing = fs::read_to_string(world.workspace().join("ttft.svg")).unwrap();
    assert!(drawing.starts_with("<svg ") && drawing.contains("one decode step"), "{drawing}");
    assert_eq!(world.rows().len(), before, "what a measurement does is no part of the user's record");
    let code = fs::read_to_string(world.workspace().join("code/gguf.rs")).unwrap();
    assert_eq!(code, include_str!("fixtures/typing/gguf.rs"));
}

/// The short version of the long measurement: counts and ratios, which no slow machine changes.
#[test]
fn a_key_costs_a_token_and_enter_a_few() {
    let world = world();
    let demands = [
        "events.key.evaluated_tokens.mean<=1.5",
        "events.key.evaluated_tokens.p95<=4",
        "events.enter.evaluated_tokens.mean<=6",
        "kv_reuse>=0.9",
        "ttft_over_floor.p50<=6",
        "stale_share<=0.25",
    ];
    let demands = demands.map(|demand| ["--assert", demand]).concat();
    let typing = ["bench", "typing", "code", "--keys", "200", "--speed", "3", "--seed", "4"];
    // On a machine that is busy with other tests, too.
    let all = ["--set", "completion.min_confidence = 0", "--set", "engine.pace = \"full\""];
    let Ran { code, stdout, stderr } = world.run(&[&typing[..], &all, &demands].concat());
    assert_eq!(code, 0, "{stdout}\n{stderr}");
}

#[test]
fn what_is_demanded_decides_the_exit_code() {
    let world = world();
    let typing = ["bench", "typing", "code/gguf.rs", "--keys", "20", "--speed", "100"];
    let Ran { code, stdout, stderr } =
        world.run(&[&typing[..], &["--assert", "keystrokes>=20", "--assert", "events.key.n < 1"]].concat());
    assert_eq!(code, 1, "{stderr}");
    assert!(stdout.contains("ok     keystrokes >= 20 (20.000)\nFAILED events.key.n < 1 ("), "{stdout}");
    for heading in
        ["20 keys, ember, seed 1, 100 × a person's speed", "first token, ms", "The floor, one decode step"]
    {
        assert!(stdout.contains(heading), "{heading}: {stdout}");
    }
    let Ran { code, stderr, .. } = world.run(&[&typing[..], &["--assert", "keystrokes==20"]].concat());
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn what_can_not_be_measured_is_said() {
    let world = world();
    world.file("notes/read.md", "nothing to type\n");
    world.file("short/a.rs", "fn f() {\n}\n");
    world.file("no.gguf", "no model");
    for (arguments, want) in [
        (&["nowhere"][..], "can't look at nowhere: No such file or directory"),
        (&["notes"], "notes holds no file between"),
        (&["short"], "none of 1 files has four lines of code in a row"),
        (&["code", "--assert", "ttft<15"], "the report has no `ttft`"),
        (&["code", "--assert", "ttft_ms.p99"], "are needed: 'ttft_ms.p99<=15'"),
        (&["code", "--speed", "0"], "a number from 0.1 to 1000 is needed"),
        (&["code", "--model", "no.gguf"], "no.gguf"),
        (&["code", "--set", "engine.thread = 2"], "the configuration of this run"),
    ] {
        let Ran { code, stdout, stderr } = world.run(&[&["bench", "typing"], arguments].concat());
        assert!(code > 0 && stdout.is_empty() && stderr.contains(want), "{arguments:?}: {code} {stderr}");
    }
}

/// How many processes have this in their environment.
fn processes_with(mark: &str) -> usize {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let environments = entries.filter_map(|entry| fs::read(entry.path().join("environ")).ok());
    environments.filter(|text| text.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())).count()
}

#[test]
fn who_stops_it_sees_what_was_typed_and_nothing_is_left() {
    let world = world();
    // Its own server, engine and folders are elsewhere; this is where.
    let own = world.workspace().join("tmp");
    fs::create_dir_all(&own).unwrap();
    let child = world
        .command(&["bench", "typing", "code", "--keys", "100000", "--speed", "10", "--json"])
        .env("TMPDIR", &own)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let typing = || {
        let homes = fs::read_dir(&own).into_iter().flatten().flatten();
        let rows = homes.map(|home| home.path().join("state/hob/decisions.jsonl"));
        rows.filter_map(|rows| fs::metadata(rows).ok()).find(|meta| meta.len() > 0)
    };
    assert!(eventually(PATIENCE, typing).is_some(), "nobody types");
    let mark = format!("TMPDIR={}", own.display());
    assert!(processes_with(&mark) >= 4, "itself, a supervisor, a window's server, an engine");

    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["keystrokes"].as_u64() > Some(0), "{report:#}");
    assert!(stderr.contains("hob: stopped; these figures are of"), "{stderr}");
    let gone = eventually(PATIENCE, || (processes_with(&mark) == 0).then_some(()));
    assert!(gone.is_some(), "{} processes are left", processes_with(&mark));
    assert_eq!(fs::read_dir(&own).unwrap().count(), 0, "its folders are left");
}
