//! `hob eval`: what it measures on a small folder, that it measures the same again, and what it says when it can't.
//!
//! Must not judge a model: which share of the holes is filled is no matter here.

use std::{fs, process::Stdio};

use e2e::{PATIENCE, Ran, World, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A world with a few functions in two languages.
fn world() -> World {
    let world = World::new();
    let numbers = 0..12;
    let rust = |n| {
        format!(
            "/// Draws {n}.\nfn draw_{n}(width: u32, height: u32) -> u32 {{\n    let area = width * height;\n    paint(area, {n})\n}}\n\n"
        )
    };
    let python = |n| {
        format!("def draw_{n}(width, height):\n    area = width * height\n    return paint(area, {n})\n\n\n")
    };
    world.file("code/a.rs", numbers.clone().map(rust).collect::<Vec<_>>().concat());
    world.file("code/b.py", numbers.map(python).collect::<Vec<_>>().concat());
    world.file("notes/read.md", "nothing to complete\n");
    world
}

/// The report without what a clock says.
fn report(world: &World, arguments: &[&str]) -> Value {
    let mut report = world.run_json(&[&["eval", "code", "--json"], arguments].concat());
    for time in ["p50", "p95", "choosing"] {
        assert!(report["ms"][time].as_f64() > Some(0.0), "{time}: {report:#}");
    }
    report["ms"].take();
    report
}

/// A line or a column, which count from 1.
fn index(value: &Value) -> usize {
    value.as_u64().and_then(|from_one| usize::try_from(from_one).ok()).expect("a number from 1") - 1
}

fn is_share(value: &Value) -> bool {
    value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share))
}

/// Figures of somebody who answers: complete, and each within its interval.
#[track_caller]
fn assert_figures(of: &Value) {
    for name in [
        "exact",
        "first_line",
        "edit_similarity",
        "identifier_f1",
        "parse_ok",
        "over_run",
        "doubled",
        "empty",
    ] {
        // Of answers that were not given there is no share.
        let Some(share) = of[name].as_f64() else {
            assert!(of[name].is_null() && of["empty"] == 1.0, "{name} in {of:#}");
            continue;
        };
        let end = |at: usize| of["ci95"][name][at].as_f64();
        let inside = end(0) <= Some(share + 1e-9) && end(1) >= Some(share - 1e-9);
        assert!(is_share(&of[name]) && end(0).is_some() && inside, "{name} in {of:#}");
    }
}

#[test]
fn a_folder_is_measured_and_measured_the_same_again() {
    let world = world();
    let found = report(&world, &["--holes", "20"]);
    assert_eq!(
        (&found["holes"], &found["asked"], &found["seed"], &found["files"]),
        (&20.into(), &20.into(), &1.into(), &2.into())
    );
    assert_eq!(found["model"], "ember");
    for figures in [&found, &found["baselines"]["ngram"], &found["baselines"]["copy"]] {
        assert_figures(figures);
        for (group, names) in [
            ("by_language", &["python", "rust"][..]),
            ("by_kind", &["arguments", "body", "line", "nothing", "statement"][..]),
        ] {
            let groups = figures[group].as_object().unwrap();
            assert_eq!(groups.keys().map(String::as_str).collect::<Vec<_>>(), names);
            groups.values().for_each(assert_figures);
            let holes: u64 = groups.values().filter_map(|group| group["holes"].as_u64()).sum();
            assert_eq!(holes, 20);
        }
        assert_figures(&figures["tables"]["rust"]["line"]);
    }
    let answered = 1.0 - found["empty"].as_f64().unwrap();
    let coverage =
        found["shown"].as_array().unwrap().last().map_or(0.0, |point| point["coverage"].as_f64().unwrap());
    assert!((answered - coverage).abs() < 1e-9, "the last point shows everything: {found:#}");
    assert_eq!(found["calibration"].as_array().map(Vec::len), Some(10));
    assert!(
        is_share(&found["default_gate"]["min_confidence"]) && is_share(&found["default_gate"]["coverage"])
    );
    assert!(found["compare"].is_null(), "nobody asked for it");

    // What repeats as much as this is no secret to them.
    assert!(found["baselines"]["copy"]["exact"].as_f64() > Some(0.3), "{found:#}");

    assert_eq!(report(&world, &["--holes", "20"]), found);
    assert_ne!(report(&world, &["--holes", "20", "--seed", "2"])["baselines"], found["baselines"]);
}

#[test]
fn a_row_tells_what_happened_at_a_hole() {
    let world = world();
    let found = report(&world, &["--holes", "10", "--kind", "line", "--compare", "--rows", "rows.jsonl"]);
    assert_eq!(found["by_kind"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(found["compare"]["ways"].as_array().map(Vec::len), Some(7), "{found:#}");
    assert_eq!(found["compare"]["ways"][0]["exact"], found["exact"]);

    let text = fs::read_to_string(world.workspace().join("rows.jsonl")).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 10);
    for row in &rows {
        let path = world.workspace().join("code").join(row["path"].as_str().unwrap());
        let file = fs::read_to_string(path).unwrap();
        let line = file.lines().nth(index(&row["line"])).unwrap();
        let column = index(&row["column"]);
        assert_eq!(row["truth"], line[column..], "{row:#}");
        assert_eq!(row["answer"].is_null(), row["reason"] != "shown", "{row:#}");
        let answers =
            [&row["exact"], &row["baselines"]["ngram"]["exact"], &row["baselines"]["copy"]["exact"]];
        assert!(answers.iter().all(|exact| exact.is_boolean()), "{row:#}");
    }
    let right: f64 = rows.iter().map(|row| if row["exact"] == true { 0.1 } else { 0.0 }).sum();
    assert!((found["exact"].as_f64().unwrap() - right).abs() < 1e-9, "{found:#}");
}

#[test]
fn a_person_reads_tables() {
    let world = world();
    let Ran { code, stdout, stderr } = world.run(&["eval", "code/a.rs", "--holes", "5"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "no progress where nobody watches");
    for heading in [
        "5 holes in 1 file,",
        "ember",
        "n-grams",
        "copying",
        "precision at 20 % coverage",
        "An answer at a new place takes",
    ] {
        assert!(stdout.contains(heading), "{heading}: {stdout}");
    }
}

#[test]
fn what_can_not_be_measured_is_said() {
    let world = world();
    for (arguments, want) in [
        (&["eval", "nowhere"][..], "can't look at nowhere: No such file or directory"),
        (&["eval", "notes"], "notes holds no file between"),
        (&["eval", "notes"], "1 × .md"),
        (&["eval", "code", "--rows", "nowhere/rows"], "can't write nowhere/rows"),
        (&["eval", "code", "--holes", "0"], "0 is not in 1.."),
        (
            &["eval", "code", "--kind", "word"],
            "[possible values: line, arguments, statement, body, nothing, string]",
        ),
    ] {
        let Ran { code, stdout, stderr } = world.run(arguments);
        assert!(code > 0 && stdout.is_empty() && stderr.contains(want), "{arguments:?}: {code} {stderr}");
    }
    // Fewer than asked for is no failure, but it is said.
    let Ran { code, stderr, .. } = world.run(&["eval", "code", "--kind", "body", "--holes", "99"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("only 24 holes can be cut in code: measuring those"), "{stderr}");
}

#[test]
fn who_stops_it_sees_what_was_measured() {
    let world = world();
    let arguments =
        ["eval", "code", "--kind", "line", "--holes", "60", "--compare", "--json", "--rows", "rows.jsonl"];
    let child = world
        .command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let rows = || fs::read_to_string(world.workspace().join("rows.jsonl")).unwrap_or_default();
    assert!(
        eventually(PATIENCE, || (rows().lines().count() > 1).then_some(())).is_some(),
        "no hole was measured"
    );
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    let holes = found["holes"].as_u64().unwrap();
    assert!((2..60).contains(&holes) && found["asked"] == 60, "{found:#}");
    assert!(stderr.contains(&format!("hob: stopped; these figures are of {holes} holes of 60")), "{stderr}");
    assert_eq!(rows().lines().count() as u64, holes);
}
