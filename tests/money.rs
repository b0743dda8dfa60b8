//! What was sent and what it cost, through the binary: `hob usage` as tables, JSON and a page, and `hob why` for a decision of the ledger.
//!
//! The counts and the ledger are written here as `serve` and the gateway write them. The page is looked at by a real browser where there is
//! one (`chromium`, `chromium-browser` or `google-chrome`); where there is none, that is said, and only its text is checked; CI has one.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use config::{Budget, Destination, Target, Task, Usd};
use e2e::{World, not_tested};
use gateway::{
    ledger::{Attempting, Deciding, Ledger, Outcome, Phase, Settled, charge},
    price::Rate,
};
use model::cloud::{Decided, Redaction, Tokens};
use serde_json::{Value, json};

const DAY: u64 = 86_400_000;

const RICH: Budget =
    Budget { per_call: Usd(Usd::DOLLAR), day: Usd(100 * Usd::DOLLAR), month: Usd(100 * Usd::DOLLAR) };

/// What somebody may have called a language.
const HOSTILE: &str = "</td></svg><script>document.title='got it'</script>";

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since.as_millis()).expect("before the year 500,000,000")
}

/// Three weeks of typing in three languages.
fn count(world: &World, hostile: bool) {
    fs::create_dir_all(world.state()).expect("a folder for the state");
    let counts = rusqlite::Connection::open(world.state().join("usage.sqlite")).expect("a new file");
    counts
        .execute_batch(
            "PRAGMA application_id = 0x486f6275; PRAGMA user_version = 1;
             CREATE TABLE usage(
                 day INTEGER NOT NULL, task TEXT NOT NULL, destination TEXT NOT NULL, language TEXT NOT NULL, counter TEXT NOT NULL,
                 value INTEGER NOT NULL, PRIMARY KEY(day, task, destination, language, counter)
             ) WITHOUT ROWID;
             CREATE TABLE verdict(
                 day INTEGER NOT NULL, model TEXT NOT NULL, language TEXT NOT NULL, decile INTEGER NOT NULL,
                 shown INTEGER NOT NULL, accepted INTEGER NOT NULL, typed_over INTEGER NOT NULL,
                 PRIMARY KEY(day, model, language, decile)
             ) WITHOUT ROWID;",
        )
        .expect("the tables of the counts");
    let languages = [("rust", 9), ("python", 4), (if hostile { HOSTILE } else { "typescript" }, 2)];
    for ago in 0..21 {
        // Nobody writes on Saturdays and Sundays, nor the same each day.
        if ago % 7 > 4 {
            continue;
        }
        for (language, share) in languages {
            let some = share * (60 + (ago * 37) % 53);
            let counts_of_day = [
                ("inline", "requests", some * 3),
                ("inline", "shown", some),
                ("inline", "unread", some / 9),
                ("inline", "whole", some / 4),
                ("inline", "by_word", some / 12),
                ("inline", "takes", some / 3),
                ("inline", "keys_taken", some * 6),
                ("inline", "judged_5min", some / 3),
                ("inline", "kept_5min", some / 4),
                ("inline", "shown_within_ms.30", some / 2),
                ("inline", "shown_within_ms.50", some / 3),
                ("inline", "shown_within_ms.100", some / 6),
                ("inline", "tokens_prompt", some * 3 * 900),
                ("inline", "tokens_known", some * 3 * 860),
                ("inline", "tokens_decoded", some * 3 * 14),
                ("typing", "keys", some * 40),
            ];
            for (task, counter, value) in counts_of_day {
                counts
                    .execute(
                        "INSERT INTO usage VALUES (unixepoch() / 86400 - ?, ?, 'local', ?, ?, ?)",
                        rusqlite::params![ago, task, language, counter, value],
                    )
                    .expect("a sum");
            }
        }
    }
}

/// A request that was sent so many days ago, and its name.
fn send(ledger: &mut Ledger, target: &str, ago: u64, counted: bool) -> String {
    let at = now() - ago * DAY;
    let target: Target = target.parse().expect("a target");
    let rate: Rate = gateway::price::bundled(&target, "2026-11-22").expect("a known price");
    let decided = Decided {
        why: "3 files and 9,120 tokens are more than the local model holds".into(),
        rule: Some("big-refactor".into()),
        rule_line: 14,
        rejected: vec![("local".into(), "it holds 8,192 tokens".into())],
        inputs: r#"{"files":3,"tokens":9120}"#.into(),
    };
    let redactions =
        [Redaction { rule: "aws-access-token".into(), path: "src/secret_place.rs".into(), line: 12 }];
    let deciding = Deciding {
        task: Task::RefactorAcross,
        workspace: "/somewhere/secret_place",
        policy_sha256: "ab12",
        chosen: &Destination::Cloud(target.clone()),
        chain: std::slice::from_ref(&target),
        redactions: &redactions,
        decided: &decided,
    };
    let decision = ledger.decide(&deciding, at).expect("a decision");
    let attempting = Attempting {
        decision: &decision,
        number: 1,
        target: &target,
        rate: &rate,
        worst: rate.worst_case(32_000, 4000),
        body_bytes: 31_402,
        body_sha256: "ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34",
    };
    let reservation = ledger.reserve(&attempting, &RICH, at).expect("there is money");
    let said = Tokens { input: Some(9120), output: Some(1500 + ago * 40), ..Tokens::default() };
    let settled = Settled {
        outcome: if counted { Outcome::Ok } else { Outcome::Partial },
        phase: if counted { Phase::Ended } else { Phase::Streaming },
        http_status: Some(200),
        request_id: Some("req_011CS"),
        charge: charge(&rate, 31_402, 6000, said, counted),
        first_ms: Some(640),
        total_ms: 7200 + ago * 310,
    };
    assert!(ledger.settle(reservation, &settled, at + 7200).expect("it is written"));
    decision
}

/// Counts of three weeks, and a request to a cloud every other day; the names of these, the newest first.
fn lived_in(hostile: bool) -> (World, Vec<String>) {
    let world = World::new();
    count(&world, hostile);
    let mut ledger = Ledger::open(&world.state()).expect("a new ledger");
    let target =
        |ago: u64| if ago.is_multiple_of(4) { "anthropic/claude-sonnet-5-5" } else { "openai/gpt-6-luna" };
    let days = (0..20).step_by(2);
    let names = days.map(|ago| send(&mut ledger, target(ago), ago, ago != 6)).collect();
    (world, names)
}

/// `hob usage` with `arguments` and for hardware that a team thinks of.
fn with_hardware<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let hardware = [
        "usage",
        "--hardware-usd",
        "4200",
        "--watts",
        "320",
        "--kwh-usd",
        "0.31",
        "--years",
        "4",
        "--people",
        "25",
    ];
    [&hardware, arguments].concat()
}

#[test]
fn what_was_sent_is_told_beside_what_stayed() {
    let (world, _) = lived_in(false);
    let usage = world.run_json(&with_hardware(&["--json", "--against", "anthropic/claude-sonnet-5-5"]));
    assert_eq!(usage["sent"]["total"]["requests"], 10);
    assert_eq!(usage["sent"]["total"]["estimated"], 1);
    let tasks = usage["by_task"].as_array().expect("tasks");
    let sonnet =
        tasks.iter().find(|task| task["destination"] == "anthropic/claude-sonnet-5-5").expect("its row");
    assert_eq!((&sonnet["task"], &sonnet["requests"]), (&json!("refactor-across"), &json!(5)));
    // 9,120 tokens at $2 and 1,500 and 40 more for each day at $10, for a million.
    let exact: u64 = [0, 4, 8, 12, 16].map(|ago| 9120 * 2000 + (1500 + ago * 40) * 10_000).iter().sum();
    assert_eq!(sonnet["spent_nanousd"], exact);
    let money = &usage["money"];
    assert!(money["held"].as_u64() > money["spent"].as_u64(), "the one that broke off is held in full");
    assert!(money["saved"]["at_least"].as_u64() < money["saved"]["at_most"].as_u64());
    assert_eq!(money["saved"]["against"], "anthropic/claude-sonnet-5-5");
    assert_eq!(money["break_even"]["hardware"]["people"], 25);
    // This machine's own figures have nothing of it.
    assert_eq!(usage["total"]["spent_nanousd"], 0);

    let text = world.run(&["usage"]).stdout;
    for part in
        ["openai/gpt-6-luna", "refactor-across", "Spent: $", "Not spent: ", "What this takes for granted:"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    println!("{text}");
    let unknown = world.run(&["usage", "--against", "nobody/nothing"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("the price of nobody/nothing is not known"), "{}", unknown.stderr);
}

#[test]
fn a_ledger_that_is_gone_is_not_passed_over() {
    let (world, _) = lived_in(false);
    fs::remove_file(world.state().join("ledger.sqlite")).expect("it was there");
    let ran = world.run(&["usage"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("is damaged: it is gone"), "{}", ran.stderr);
}

#[test]
fn a_decision_explains_itself_offline() {
    let (world, names) = lived_in(false);
    let newest = &names[0];
    let text = world.run(&["why", newest]).stdout;
    for part in [
        "sent to anthropic/claude-sonnet-5-5: answered, $0.033",
        "by your rule \"big-refactor\" (config.toml:14)",
        "not local: it holds 8,192 tokens",
        "1 secret: 1 aws-access-token",
        "31402 bytes to anthropic/claude-sonnet-5-5, sha256 ab12cd34ab12cd34",
        "reserved $0.10, cost $0.033 (prices of 2026-10-24)",
        "today, ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("secret_place"), "{text}");
    println!("{text}");
    let broken = world.run(&["why", &names[3]]).stdout;
    assert!(
        broken.contains("answered in part") && broken.contains("by an estimate, as nobody counted"),
        "{broken}"
    );
    let told = world.run_json(&["why", newest, "--json"]);
    assert_eq!(told[0]["cloud"]["attempts"][0]["body_bytes"], 31_402);
    // In the list they stand among the answers of this machine, by time.
    let list = world.run(&["why"]).stdout;
    assert!(list.lines().last().is_some_and(|line| line.starts_with(newest.as_str())), "{list}");
    let list: Value = world.run_json(&["why", "--json"]);
    assert_eq!(list.as_array().map(Vec::len), Some(10));
    let none = world.run(&["why", "bababibi"]);
    assert_eq!(none.code, 1);
    assert!(none.stderr.contains("no answer has the id bababibi"), "{}", none.stderr);
}

#[test]
fn the_page_is_one_file_that_a_browser_shows() {
    let (world, _) = lived_in(true);
    let file = world.workspace().join("usage.html");
    let ran = world.run(&with_hardware(&["--html", file.to_str().expect("a plain name")]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let html = fs::read_to_string(&file).expect("the page");
    for foreign in ["<script", "http://", "src=", "@import", "url(", "<link", "<iframe"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert_eq!(html.matches("<figure>").count(), html.matches("<table>").count());
    assert_eq!(html.matches("<figure>").count(), 6);
    assert_eq!(html.matches("role=\"img\"").count(), 6);
    let Some(browser) = browser() else {
        return not_tested(
            "no browser is here (scripts/deps chromium): nobody looked at the page of hob usage",
        );
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (dom, log) = shown(&browser, folder.path(), &file, &["--dump-dom"]);
    assert!(dom.contains("<h1>Usage</h1>") && dom.matches("<rect").count() > 50, "{dom}");
    assert!(!dom.contains("<title>got it</title>"), "a name became a script");
    assert!(!log.contains("CONSOLE"), "the page complains: {log}");
    // A page with nothing on it, for comparison: what is not blank takes many times its bytes.
    let empty = folder.path().join("empty.html");
    fs::write(&empty, "<!doctype html><title>empty</title>").expect("a file");
    let bytes = |page: &Path, picture: &str| {
        let picture = folder.path().join(picture);
        let screenshot = format!("--screenshot={}", picture.display());
        let (_, log) = shown(&browser, folder.path(), page, &[&screenshot, "--window-size=1280,3000"]);
        let picture = fs::read(&picture).unwrap_or_else(|error| panic!("no picture: {error}; {log}"));
        assert!(picture.starts_with(b"\x89PNG"));
        picture.len()
    };
    let (page, empty) = (bytes(&file, "page.png"), bytes(&empty, "empty.png"));
    println!("the picture has {page} bytes, that of an empty page {empty}");
    assert!(page > 8 * empty, "the page is blank: {page} bytes, an empty one {empty}");
    if let Some(kept) = env::var_os("HOB_KEEP_PAGE") {
        fs::copy(folder.path().join("page.png"), Path::new(&kept).join("usage.png")).expect("a copy");
        fs::copy(&file, Path::new(&kept).join("usage.html")).expect("a copy");
    }
}

/// A browser of this machine.
fn browser() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut places = env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    places.find(|place| place.is_file())
}

/// What `browser` says of `page`: to stdout, and to its log.
fn shown(browser: &Path, folder: &Path, page: &Path, flags: &[&str]) -> (String, String) {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(flags)
        .arg(World::uri(page))
        .env("HOME", folder)
        .output()
        .expect("a browser that starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr))
}
