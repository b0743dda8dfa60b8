//! What the index costs and how quick it answers, on a large project: `cargo bench -p benches --bench index -- [FOLDER] [--json]`.
//!
//! The folder is one that `benches/index/tree.py` made (`target/index/million` if none is named). It is read twice, so that the second time
//! it comes out of the page cache; then names and pieces of text out of it are asked for, and files are edited, as buffers and on disk.

#![expect(clippy::print_stdout, reason = "a bench's report is its output")]

use std::{
    env, fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::Duration,
};

use benches::figures::{Series, json, table, time};
use index::{Built, Cancel, Chunk, Index, Options, Reader};
use rustix::time::{ClockId, clock_gettime};
use text::Snapshot;

/// How many questions of each kind are asked.
const QUESTIONS: usize = 2000;
/// How many of the files' edits are timed.
const EDITS: usize = 40;
/// What a block of context has at most.
const WANTED: usize = 10;
/// The lines around a hole that a query is made of.
const AROUND: usize = 20;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let million = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/index/million");
    let root = arguments.iter().find(|argument| !argument.starts_with("--")).map_or(million, PathBuf::from);
    let cache = tempfile::tempdir().expect("a temporary folder");
    let open = |name: &str| {
        let options = Options { debounce: Duration::ZERO, ..Options::new(&root, cache.path().join(name)) };
        Index::open(options).unwrap_or_else(|error| panic!("{error}; benches/index/tree.py makes the folder"))
    };
    drop(built(&open("first")));
    let index = open("second");
    let (built, cpu) = built(&index);
    let files = files(&index.reader(), &root);

    let mut series = questions(&index.reader(), &files);
    series.extend(edits(&index, &root, &files));
    if arguments.iter().any(|argument| argument == "--json") {
        println!("{}", json(&series));
    } else {
        println!("{}\n{}", summary(&built, cpu), table(&series));
    }
}

/// Builds, and says how long all processors together were at work.
fn built(index: &Index) -> (Built, Duration) {
    let cpu = process_time();
    let built = index.build(&mut |_| {}, &Cancel::default()).expect("there is room for an index");
    (built, process_time().saturating_sub(cpu))
}

fn process_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "figures with three digits")]
fn summary(built: &Built, cpu: Duration) -> String {
    let (held, took) = (&built.held, built.took);
    let wall = took.looking + took.reading + took.parsing;
    let rate =
        |duration: Duration| format!("{:.0} lines/s", held.lines as f64 / duration.as_secs_f64().max(1e-9));
    format!(
        "{} files, {} lines, {} bytes; {} definitions, {} chunks\n\
         looking {:.2?}, reading {:.2?} ({}), parsing {:.2?}; all {wall:.2?} ({}), of processor time {cpu:.2?} ({} a core)\n",
        held.files,
        held.lines,
        held.bytes,
        held.symbols,
        held.chunks,
        took.looking,
        took.reading,
        rate(took.looking + took.reading),
        took.parsing,
        rate(wall),
        rate(cpu),
    )
}

/// The project's Rust files, with their texts, in the order of their paths.
fn files(reader: &Reader, root: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is readable") {
            let path = entry.expect("its entries too").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && let Some(name) = reader.relative(&path)
                && let Ok(text) = fs::read_to_string(&path)
            {
                files.push((name, text));
            }
        }
    }
    files.sort();
    files
}

/// Asks for names and texts that are spread over the files.
fn questions(reader: &Reader, files: &[(String, String)]) -> Vec<Series> {
    let target = Some(3);
    let mut definitions = Series::new("definitions of a name", target);
    let mut members = Series::new("members of a type", target);
    let mut uses = Series::new("uses of a name", target);
    let mut neighbours = Series::new("neighbours of twenty lines", target);
    let mut imports = Series::new("imports of a file", target);
    let step = (files.len() / 400).max(1);
    for (path, text) in files.iter().step_by(step) {
        imports.timings.push(time(|| black_box(reader.imports(path))).1);
        let outline = reader.outline(path);
        let step = (outline.len() / 5).max(1);
        for definition in outline.iter().step_by(step).take(5) {
            let name = definition.name.as_str();
            definitions.timings.push(time(|| black_box(reader.definitions(name, None, path, WANTED))).1);
            members.timings.push(time(|| black_box(reader.members(name, path, WANTED))).1);
            uses.timings.push(time(|| black_box::<Vec<Chunk>>(reader.uses(name, path, WANTED))).1);
            let lines: Vec<&str> = text.lines().skip(definition.place.lines.start).take(AROUND).collect();
            let query = lines.join("\n");
            neighbours.timings.push(time(|| black_box(reader.neighbours(&query, "", WANTED))).1);
        }
    }
    let mut all = vec![definitions, members, uses, neighbours, imports];
    for series in &mut all {
        series.timings.truncate(QUESTIONS);
    }
    all
}

/// Changes files of about 100, 1,000 and 5,000 lines: as buffers, which are then as they were, and on disk, likewise.
fn edits(index: &Index, root: &Path, files: &[(String, String)]) -> Vec<Series> {
    let mut all = Vec::new();
    for lines in [100, 1000, 5000] {
        let mut buffer =
            Series::new(format!("an edited buffer of about {lines} lines, until it is known"), Some(50));
        let mut disk =
            Series::new(format!("an edited file of about {lines} lines, until it is known"), Some(50));
        let fit = |text: &str| (lines * 9 / 10..lines * 12 / 10).contains(&text.lines().count());
        for (path, text) in files.iter().filter(|(_, text)| fit(text)).take(EDITS) {
            let absolute = root.join(path);
            let edited = format!("{text}\n// edited\n");
            let snapshot = Snapshot::new(&edited, 1);
            buffer.timings.push(
                time(|| {
                    index.update(&absolute, snapshot);
                    index.settle();
                })
                .1,
            );
            index.close(&absolute);
            index.settle();
            for (text, counts) in [(&edited, true), (text, false)] {
                fs::write(&absolute, text).expect("the project is ours to change");
                let took = time(|| {
                    index.changed(vec![absolute.clone()]);
                    index.settle();
                });
                if counts {
                    disk.timings.push(took.1);
                }
            }
        }
        all.extend([buffer, disk]);
    }
    all
}
