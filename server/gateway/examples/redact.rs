//! What redaction costs, and what it takes out of code that should have no secrets:
//! `cargo run --release -p gateway --example redact -- FILE-OR-FOLDER…`.
//!
//! Each piece is timed three times, and the shortest counts: on a busy machine the others are the scheduler's.
//! Prints figures and, with `HOB_SHOW=1`, the rule, file and line of each find; never what was found.

#![expect(clippy::print_stdout, reason = "an example's report is its output")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Instant,
};

use config::Task;
use gateway::redact::Redactor;
use model::cloud::{Ask, Part, Role, Turn};

/// What is timed at once.
const PIECE: usize = 64 * 1024;

fn ask(path: &str, text: &str) -> Ask {
    let file = Part::File { path: path.into(), text: text.into() };
    let turns = vec![Turn { role: Role::User, parts: vec![file] }];
    Ask { task: Task::Question, system: String::new(), turns, max_tokens: 1 }
}

fn files(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut entries: Vec<_> = entries.map(|entry| entry.path()).collect();
        entries.sort();
        for entry in entries {
            files(&entry, into);
        }
    } else {
        into.push(path.to_owned());
    }
}

fn main() {
    let mut paths = Vec::new();
    for argument in env::args_os().skip(1) {
        files(Path::new(&argument), &mut paths);
    }
    let texts: Vec<_> = paths
        .iter()
        .filter_map(|path| Some((path, fs::read_to_string(path).ok()?)))
        .filter(|(_, text)| !text.contains('\0'))
        .collect();
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();

    let start = Instant::now();
    let redactor = Redactor::new(0x7f3a, &[]).expect("no patterns of the user's own");
    let made = start.elapsed();

    // The same bytes twice: rules are compiled where their keywords first occur.
    let mut whole = String::new();
    for (_, text) in &texts {
        whole.push_str(text);
    }
    for (round, tries) in [("once, rules compiled on the way", 1), ("shortest of three", 3)] {
        let mut times = Vec::new();
        let mut at = 0;
        while at < whole.len() {
            let end = whole.floor_char_boundary((at + PIECE).min(whole.len()));
            let ask = ask("", &whole[at..end]);
            let time = || {
                let start = Instant::now();
                redactor.redact(&ask);
                start.elapsed()
            };
            times.extend((0..tries).map(|_| time()).min());
            at = end;
        }
        times.sort_unstable();
        if let (Some(max), false) = (times.last(), times.is_empty()) {
            let share = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
            println!(
                "{round}: {} pieces of 64 KiB: p50 {:.1?}, p99 {:.1?}, max {max:.1?}",
                times.len(),
                share(50),
                share(99)
            );
        }
    }

    let (mut finds, mut in_files) = (0, 0);
    for (path, text) in &texts {
        // One that remembers nothing of other files: what each file gives by itself.
        let redactions = redactor.redact(&ask("file", text)).redactions;
        finds += redactions.len();
        in_files += usize::from(!redactions.is_empty());
        if env::var_os("HOB_SHOW").is_some() {
            for redaction in redactions {
                println!("{}\t{}:{}", redaction.rule, path.display(), redaction.line);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "for a report")]
    let megabytes = bytes as f64 / 1e6;
    println!("made in {made:.1?}");
    println!(
        "{} files, {megabytes:.1} MB: {finds} finds in {in_files} files, {:.2} a MB",
        texts.len(),
        f64::from(u32::try_from(finds).unwrap_or(u32::MAX)) / megabytes
    );
}
