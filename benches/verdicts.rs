//! How often the verifier calls a person's own text wrong: `cargo bench -p benches --bench verdicts -- FOLDER… [--holes N] [--show]`.
//!
//! In files below the folders, of every language that has a grammar, a text is taken out at a random place, and the part of it
//! that stood on the place's line is shown to the verifier as a suggestion. Every one of them is right, because somebody wrote
//! it: each rejection is a suggestion that Hob would have cut for nothing. What is taken out is the rest of a line (*line*), or
//! the rest of a statement, so that nothing that follows on further lines is there yet (*new code*). `--show` prints
//! what was rejected. What the verifier should reject is not measured here; that is for its tests.

#![expect(clippy::print_stdout, reason = "a bench's report is its output")]

use std::{collections::BTreeMap, env, fs, io, ops::Range, path::PathBuf};

use benches::{chance::Chance, source};
use syntax::{Language, Part, Tree};
use text::Snapshot;

/// Holes for each language, unless the command says otherwise.
const HOLES: usize = 1000;
/// At most so many in one file, so that no file speaks for its language.
const IN_A_FILE: usize = 10;
const LARGEST_FILE: u64 = 200_000;
/// A longer line is data, or was not written by hand.
const LONGEST_LINE: usize = 160;

/// What was found in one language.
#[derive(Default)]
struct Tally {
    files: usize,
    broken: usize,
    lines: Count,
    statements: Count,
}

/// How many suggestions of one kind were judged, and how many were rejected.
#[derive(Default)]
struct Count {
    holes: usize,
    rejected: usize,
}

fn main() -> io::Result<()> {
    let (mut folders, mut holes, mut show) = (Vec::new(), HOLES, false);
    // Cargo adds `--bench`.
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--show" => show = true,
            "--holes" => holes = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(HOLES),
            folder => folders.push(PathBuf::from(folder)),
        }
    }
    if folders.is_empty() {
        folders.push(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../server")));
    }

    let mut chance = Chance::new(1);
    println!(
        "| language | files | with errors | line | rejected | new code | rejected |\n|---|--:|--:|--:|--:|--:|--:|"
    );
    for (language, mut files) in files(&folders)? {
        let mut tally = Tally::default();
        while tally.lines.holes < holes && !files.is_empty() {
            let file = files.swap_remove(chance.below(files.len()));
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let rejected = judge(language, &text, &mut chance, &mut tally);
            for (line, rest) in rejected.into_iter().filter(|_| show) {
                println!("{}:{line}: {rest}", file.display());
            }
        }
        let Tally { files, broken, lines, statements } = tally;
        let name = language.name();
        println!("| {name} | {files} | {broken} | {} | {} |", lines.told(), statements.told());
    }
    Ok(())
}

impl Count {
    fn told(&self) -> String {
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let share = 100.0 * count(self.rejected) / count(self.holes.max(1));
        format!("{} | {} = {share:.1} %", self.holes, self.rejected)
    }
}

/// The files below the folders, by language.
fn files(folders: &[PathBuf]) -> io::Result<Vec<(Language, Vec<PathBuf>)>> {
    let mut files: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
    for folder in folders {
        for path in source::files_below(folder)? {
            let language = Language::from_path(&path.to_string_lossy());
            let small = fs::metadata(&path).is_ok_and(|about| about.len() <= LARGEST_FILE);
            if let Some(language) = language.filter(|_| small) {
                files.entry(language.name()).or_default().push(path);
            }
        }
    }
    Ok(Language::all().filter_map(|language| Some((language, files.remove(language.name())?))).collect())
}

/// Takes out texts of both kinds at random places; returns what was rejected, with the cursor as `$0`, and on which line.
fn judge(language: Language, text: &str, chance: &mut Chance, tally: &mut Tally) -> Vec<(usize, String)> {
    let whole = Snapshot::new(text, 0);
    let Some(tree) = Tree::parse(language, &whole, None, None) else { return Vec::new() };
    tally.files += 1;
    tally.broken += usize::from(tree.errors() > 0);
    let mut statements: Vec<_> =
        tree.parts().into_iter().filter(|(part, _)| *part == Part::Statement).collect();
    let mut rejected = Vec::new();
    for _ in 0..IN_A_FILE {
        let line = chance.below(whole.line_count());
        let cut = whole.line_start(line)..whole.line_end(line);
        rejected.extend(judge_one(language, &whole, cut, chance, &mut tally.lines));
        if !statements.is_empty() {
            let (_, cut) = statements.swap_remove(chance.below(statements.len()));
            // Some nodes include their line's end.
            let cut = cut.start..cut.start + whole.slice(cut.clone()).trim_end().len();
            rejected.extend(judge_one(language, &whole, cut, chance, &mut tally.statements));
        }
    }
    rejected
}

/// Takes out all behind a random place on one of the lines of `within`, and shows what stood on that line.
fn judge_one(
    language: Language,
    whole: &Snapshot,
    within: Range<usize>,
    chance: &mut Chance,
    count: &mut Count,
) -> Option<(usize, String)> {
    let lines = whole.line_of(within.start)..whole.line_of(within.end) + 1;
    let line = lines.start + chance.below(lines.len());
    let (start, end) = (whole.line_start(line).max(within.start), whole.line_end(line).min(within.end));
    let said = whole.slice(start..end);
    if said.trim().is_empty() || said.len() > LONGEST_LINE {
        return None;
    }
    let indent = said.len() - said.trim_start().len();
    let mut place = start + indent + chance.below(said.trim().len());
    while !whole.is_char_boundary(place) {
        place -= 1;
    }
    let rest = whole.slice(place..end);
    let (without, _) = whole.with(place..within.end, "");
    let tree = Tree::parse(language, &without, None, None)?;
    count.holes += 1;
    let added = tree.verifier(&without, place..place).judge(&rest).added;
    count.rejected += usize::from(added > 0);
    (added > 0).then(|| (line + 1, format!("{}$0{rest}", whole.slice(start..place))))
}
