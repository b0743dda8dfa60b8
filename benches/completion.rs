//! The completion path through the real binary, as an editor sees it: cold start, memory, and what the server adds to the model's time.
//!
//! `cargo bench --package benches --bench completion [-- --json]`. Must not judge: it prints figures beside the targets, and a reader
//! who knows what else the machine was doing decides. Wall clock only, because the work is done in other processes.
//!
//! - **cold start**: from the start of `hob`, with no engine running, to the answer of the first inline completion; and to the first
//!   one with text in it, when the model has nothing to say at the first places. The binary itself is in the page cache.
//! - **all but model and check**: from the moment before a request is written to the moment after its answer is read, less the time
//!   that it waited for the model's words, less the check. What is left is framing, JSON, planning and scheduling.
//! - **waiting for the model**: of a request's time. Next to nothing where the change before it was answered already.
//! - **check**: what comes after the model's last word: waiting for the parse, and the verdict on the suggestion.
//! - **prompt building**: laying out the prompt in the engine: tokenizing what is new, budgets, healing.
//!
//! The shares are taken twice: *typing*, after each letter of lines that are typed anew, and *jumping*, each at another place behind a
//! line that was cut off there, so that the engine has never seen the prompt and the parser works at the same time.
//!
//! - **resident**: `VmRSS` after a completion in a file of 10,000 lines.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use benches::source;
use e2e::{Buffer, Editor, Role, World};
use serde_json::{Value, json};

/// Cold starts; each needs a fresh engine.
const STARTS: usize = 20;
/// Completions for the figure of the server's own share.
const COMPLETIONS: usize = 600;

/// One line of the result.
struct Figure {
    what: &'static str,
    unit: &'static str,
    values: Vec<f64>,
    /// What is to be reached.
    target: Option<f64>,
}

impl Figure {
    /// The value that `percent` of all do not exceed (nearest rank).
    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

fn main() -> io::Result<()> {
    let text = source::rust(10_000)?;
    let mut figures = cold_starts(&text);
    figures.extend(memory(&text));
    figures.extend(shares(&text, Pace::Typing));
    figures.extend(shares(&text, Pace::Jumping));
    let mut out = io::stdout().lock();
    if std::env::args().any(|argument| argument == "--json") {
        let rows: Vec<Value> = figures
            .iter()
            .map(|figure| {
                json!({
                    "what": figure.what, "unit": figure.unit, "n": figure.values.len(), "target": figure.target,
                    "p50": figure.percentile(50), "p99": figure.percentile(99), "max": figure.percentile(100),
                })
            })
            .collect();
        return writeln!(out, "{}", Value::from(rows));
    }
    writeln!(out, "| what | n | p50 | p99 | max | unit | target |\n|---|--:|--:|--:|--:|---|--:|")?;
    for figure in &figures {
        let [p50, p99, max] = [50, 99, 100].map(|percent| figure.percentile(percent));
        let target = figure.target.map_or_else(String::new, |target| target.to_string());
        let (what, n, unit) = (figure.what, figure.values.len(), figure.unit);
        writeln!(out, "| {what} | {n} | {p50:.2} | {p99:.2} | {max:.2} | {unit} | {target} |")?;
    }
    Ok(())
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Ends of lines in the middle of the file, spread over it: `= `, `(`, `.` and the like are where people wait for text.
fn places(text: &str) -> Vec<usize> {
    let wanted = |at: &usize| ["= ", "(", ".", "=> ", ": "].iter().any(|end| text[..*at].ends_with(end));
    let all: Vec<usize> = (1..text.len()).filter(|at| text.is_char_boundary(*at)).filter(wanted).collect();
    all.iter().step_by(all.len() / 97 + 1).copied().collect()
}

/// Removes the rest of the line at byte `at`, and puts the cursor there.
fn cut(buffer: &mut Buffer<'_>, at: usize) -> String {
    let rest = &buffer.text()[at..];
    let rest = rest[..rest.find('\n').unwrap_or(rest.len())].to_owned();
    buffer.edit(at..at + rest.len(), "");
    rest
}

fn cold_starts(text: &str) -> Vec<Figure> {
    let (mut first, mut spoken) = (Vec::new(), Vec::new());
    let places = places(text);
    for _ in 0..STARTS {
        let world = World::new();
        world.configure_nothing();
        let begun = Instant::now();
        let editor = world.editor().start();
        let mut buffer = editor.open("main.rs", "rust", text);
        for (n, at) in places.iter().enumerate() {
            let rest = cut(&mut buffer, *at);
            let answer = buffer.complete();
            if n == 0 {
                first.push(ms(begun.elapsed()));
            }
            if answer.is_some() {
                spoken.push(ms(begun.elapsed()));
                break;
            }
            buffer.paste(&rest);
        }
        editor.quit();
    }
    vec![
        Figure { what: "cold start to the first answer", unit: "ms", values: first, target: Some(1500.0) },
        Figure { what: "cold start to the first text", unit: "ms", values: spoken, target: Some(1500.0) },
    ]
}

fn memory(text: &str) -> Vec<Figure> {
    let world = World::new();
    world.configure_nothing();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", text);
    for at in places(text).iter().take(20) {
        let rest = cut(&mut buffer, *at);
        buffer.complete();
        buffer.paste(&rest);
    }
    let engine = world.engine();
    #[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
    let megabytes = |role| {
        world.processes_of(role).iter().map(|process| process.resident() as f64 / 1e6).collect::<Vec<_>>()
    };
    let figures = vec![
        Figure {
            what: "resident, serve, 10,000 lines",
            unit: "MB",
            values: megabytes(Role::Serve),
            target: Some(60.0),
        },
        Figure {
            what: "resident, supervisor",
            unit: "MB",
            values: megabytes(Role::Supervisor),
            target: None,
        },
        Figure {
            what: "resident, engine with Ember",
            unit: "MB",
            values: megabytes(Role::Engine),
            target: None,
        },
    ];
    drop(engine);
    editor.quit();
    figures
}

/// How the completions of a run follow one another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Each at another place, behind a line cut off there: the prompt is new to the engine, and a bracket or quote may be left open.
    Jumping,
    /// After each letter of lines that are typed anew, as a person causes them.
    Typing,
}

fn shares(text: &str, pace: Pace) -> Vec<Figure> {
    let world = World::new();
    world.configure_nothing();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", text);
    buffer.complete();
    let skipped = rows(&world, 1).len();
    let mut whole = Vec::new();
    for at in places(text).iter().cycle() {
        let rest = cut(&mut buffer, *at);
        let typed = if pace == Pace::Typing {
            rest.char_indices().nth(12).map_or(rest.len(), |(at, _)| at)
        } else {
            0
        };
        if pace == Pace::Jumping {
            whole.push(complete(&editor, &buffer));
        }
        for letter in rest[..typed].chars() {
            buffer.paste(letter.encode_utf8(&mut [0; 4]));
            whole.push(complete(&editor, &buffer));
        }
        buffer.paste(&rest[typed..]);
        if whole.len() >= COMPLETIONS {
            break;
        }
    }
    // One row for each answer, in the order of the answers.
    let rows = rows(&world, skipped + whole.len());
    let shown = rows[skipped..].iter().filter(|row| row["outcome"] == "shown").count();
    let (mut own, mut engine, mut check) = (Vec::new(), Vec::new(), Vec::new());
    let (mut prompt, mut ttft) = (Vec::new(), Vec::new());
    for (whole, row) in whole.iter().zip(&rows[skipped..]) {
        // Only where the model was asked and its words were judged: a silence before that costs nothing worth a figure.
        if let (Some(model), Some(judged)) = (row["model_ms"].as_f64(), row["check_ms"].as_f64()) {
            own.push(whole - model - judged);
            engine.push(model);
            check.push(judged);
            prompt.extend(row["stats"]["prompt_ms"].as_f64());
            ttft.extend(row["stats"]["ttft_ms"].as_f64());
        }
    }
    editor.quit();
    assert!(shown > 0, "nothing was shown at any place");
    let name =
        |typing: &'static str, jumping: &'static str| if pace == Pace::Typing { typing } else { jumping };
    vec![
        Figure {
            what: name("typing: all but model and check", "jumping: all but model and check"),
            unit: "ms",
            values: own,
            target: Some(3.0),
        },
        Figure {
            what: name("typing: check", "jumping: check"),
            unit: "ms",
            values: check,
            target: Some(10.0),
        },
        Figure {
            what: name("typing: prompt building", "jumping: prompt building"),
            unit: "ms",
            values: prompt,
            target: None,
        },
        Figure {
            what: name("typing: waiting for the model", "jumping: waiting for the model"),
            unit: "ms",
            values: engine,
            target: None,
        },
        Figure {
            what: name("typing: first token", "jumping: first token"),
            unit: "ms",
            values: ttft,
            target: None,
        },
        Figure {
            what: name("typing: request to answer", "jumping: request to answer"),
            unit: "ms",
            values: whole,
            target: None,
        },
    ]
}

/// One completion at the buffer's cursor, from its request to its answer, in milliseconds.
fn complete(editor: &Editor, buffer: &Buffer<'_>) -> f64 {
    // Before the clock starts: this client counts positions from the start of the text, which an editor does not.
    let params = buffer.asking(&json!({ "triggerKind": 2 }));
    let begun = Instant::now();
    let id = editor.request("textDocument/inlineCompletion", params);
    let answer = editor.wait(id);
    assert!(answer.is_ok(), "ghost text is never an error: {answer:?}");
    ms(begun.elapsed())
}

/// All rows, once there are `count`.
fn rows(world: &World, count: usize) -> Vec<Value> {
    let found = e2e::eventually(e2e::PATIENCE, || Some(world.rows()).filter(|rows| rows.len() >= count));
    found.expect("a row for each answer")
}
