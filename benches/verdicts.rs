//! How often the verifier calls a person's own text wrong: `cargo bench -p benches --bench verdicts -- FOLDER… [--holes N] [--show]`.
//!
//! In files below the folders, of every language that has a grammar, rests of lines are taken out at random places, and each is
//! then shown to the verifier as a suggestion. Every one of them is right, because somebody wrote it: each rejection is a
//! suggestion that Hob would have cut for nothing. `--show` prints them. What the verifier should reject is not measured here; that
//! is for its tests.

#![expect(clippy::print_stdout, reason = "a bench's report is its output")]

use std::{collections::BTreeMap, env, fs, io, path::PathBuf};

use benches::source;
use syntax::{Language, Tree};
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

    let mut random = Random(1);
    println!("| language | files | with errors | holes | rejected | share |\n|---|--:|--:|--:|--:|--:|");
    for (language, mut files) in files(&folders)? {
        let mut tally = Tally::default();
        while tally.holes < holes && !files.is_empty() {
            let file = files.swap_remove(random.below(files.len()));
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let most = IN_A_FILE.min(holes - tally.holes);
            let rejected = judge(language, &text, most, &mut random, &mut tally);
            for (line, rest) in rejected.into_iter().filter(|_| show) {
                println!("{}:{line}: {rest}", file.display());
            }
        }
        let name = language.name();
        let Tally { files, broken, holes, rejected } = tally;
        let share = 100.0 * f64::from(u32::try_from(rejected).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(holes.max(1)).unwrap_or(u32::MAX));
        println!("| {name} | {files} | {broken} | {holes} | {rejected} | {share:.1} % |");
    }
    Ok(())
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

/// Takes out and shows at most so many rests of lines; returns what was rejected, with the cursor as `$0`, and where.
fn judge(
    language: Language,
    text: &str,
    most: usize,
    random: &mut Random,
    tally: &mut Tally,
) -> Vec<(usize, String)> {
    let whole = Snapshot::new(text, 0);
    let Some(tree) = Tree::parse(language, &whole, None, None) else { return Vec::new() };
    tally.files += 1;
    tally.broken += usize::from(tree.errors() > 0);
    let mut rejected = Vec::new();
    for _ in 0..most {
        let line = random.below(whole.line_count());
        let (start, end) = (whole.line_start(line), whole.line_end(line));
        let said = whole.slice(start..end);
        let indent = said.len() - said.trim_start().len();
        if said.trim().is_empty() || said.len() > LONGEST_LINE {
            continue;
        }
        let mut place = start + indent + random.below(said.trim().len());
        while !whole.is_char_boundary(place) {
            place -= 1;
        }
        let rest = whole.slice(place..end);
        let (without, _) = whole.with(place..end, "");
        let Some(tree) = Tree::parse(language, &without, None, None) else { continue };
        tally.holes += 1;
        if tree.verifier(&without, place..place).judge(&rest).added > 0 {
            tally.rejected += 1;
            rejected.push((line + 1, format!("{}$0{rest}", whole.slice(start..place))));
        }
    }
    rejected
}

/// splitmix64: the same places on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap_or_default()
    }
}
