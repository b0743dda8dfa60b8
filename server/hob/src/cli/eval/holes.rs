//! Which holes are cut: a mix of kinds, evenly over languages, over files by their size.
//!
//! Must not depend on anything but files and seed: the same two give the same holes.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{
    cut::{self, Kind},
    files::{Found, Source},
    random::Random,
};

/// A file weighs at most this many bytes: one generated table must not be the whole measurement.
const HEAVIEST: usize = 16 << 10;

/// A piece of a file that is taken out, to be asked for.
#[derive(Debug, Clone)]
pub(super) struct Hole {
    pub(super) source: Arc<Source>,
    pub(super) kind: Kind,
    /// The bytes that are taken out.
    pub(super) cut: Range<usize>,
}

impl Hole {
    /// The file up to the cursor.
    pub(super) fn before(&self) -> &str {
        &self.source.text[..self.cut.start]
    }

    /// The file after what was taken out.
    pub(super) fn after(&self) -> &str {
        &self.source.text[self.cut.end..]
    }

    /// What was taken out, without blanks at its end.
    pub(super) fn truth(&self) -> &str {
        self.source.text[self.cut.clone()].trim_end()
    }

    /// Line and column of the cursor, both from 1, the column in characters.
    pub(super) fn place(&self) -> (usize, usize) {
        let before = self.before();
        let line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }
}

/// Draws `count` holes of these `kinds` that are `wanted`, or as many as there are.
///
/// Holes of one file stand together, in the order of its text, because an engine keeps what it has seen of a file; the
/// files are in no order, so that a measurement that is broken off is still one of all.
pub(super) fn draw(
    files: &[Found],
    kinds: &[Kind],
    wanted: &dyn Fn(&Hole) -> bool,
    count: usize,
    random: &mut Random,
) -> Vec<Hole> {
    let languages = super::files::languages(files);
    let mut pool = Pool { files, wanted, sources: BTreeMap::new(), places: BTreeMap::new() };
    let mut drawn = Vec::new();
    let shares = vec![1; languages.len()];
    let of_language = |language: &str| -> Vec<usize> {
        (0..files.len()).filter(|file| files[*file].language.name() == language).collect()
    };
    for (language, count) in languages.iter().zip(split(count, &shares)) {
        let of_language = of_language(language);
        let shares: Vec<usize> = kinds.iter().map(|kind| kind.share()).collect();
        let mut missing = 0;
        for (kind, quota) in kinds.iter().zip(split(count, &shares)) {
            let before = drawn.len();
            pool.take(&of_language, *kind, quota, random, &mut drawn);
            missing += quota - (drawn.len() - before);
        }
        // Where a file has too few calls or functions, another kind stands in.
        for kind in kinds {
            let before = drawn.len();
            pool.take(&of_language, *kind, missing, random, &mut drawn);
            missing -= drawn.len() - before;
        }
    }
    // And where a language has too little code, another.
    for (language, kind) in
        languages.iter().flat_map(|language| kinds.iter().map(move |kind| (language, kind)))
    {
        let missing = count - drawn.len();
        pool.take(&of_language(language), *kind, missing, random, &mut drawn);
    }
    let mut order: Vec<usize> = (0..files.len()).collect();
    random.shuffle(&mut order);
    drawn.sort_by_key(|(file, hole)| (order[*file], hole.cut.start, hole.cut.end, hole.kind));
    drawn.into_iter().map(|(_, hole)| hole).collect()
}

/// Splits `count` in proportion to `shares`, without losing any.
fn split(count: usize, shares: &[usize]) -> Vec<usize> {
    let total: usize = shares.iter().sum::<usize>().max(1);
    let mut seen = 0;
    let mut given = 0;
    let part = |share: &usize| {
        seen += share;
        let upto = (count * seen + total / 2) / total;
        let part = upto - given;
        given = upto;
        part
    };
    shares.iter().map(part).collect()
}

/// Places that were not drawn yet.
struct Pool<'a> {
    files: &'a [Found],
    wanted: &'a dyn Fn(&Hole) -> bool,
    /// Read when first drawn; `None` is a file that can't be.
    sources: BTreeMap<usize, Option<Arc<Source>>>,
    places: BTreeMap<(usize, Kind), Vec<Range<usize>>>,
}

impl Pool<'_> {
    /// Draws up to `quota` holes of one kind, no place twice.
    fn take(
        &mut self,
        files: &[usize],
        kind: Kind,
        quota: usize,
        random: &mut Random,
        drawn: &mut Vec<(usize, Hole)>,
    ) {
        let mut weights: Vec<usize> =
            files.iter().map(|file| self.files[*file].bytes.min(HEAVIEST)).collect();
        let mut left = quota;
        while left > 0 {
            let Some(at) = random.weighted(&weights) else { break };
            let file = files[at];
            let Some(source) = self.source(file) else {
                weights[at] = 0;
                continue;
            };
            let places = self.places.entry((file, kind)).or_insert_with(|| cut::places(&source, kind));
            if places.is_empty() {
                weights[at] = 0;
                continue;
            }
            let place = places.swap_remove(random.below(places.len()));
            let cut = cut::within(&source.text, kind, place, random);
            let hole = Hole { source, kind, cut };
            if (self.wanted)(&hole) {
                drawn.push((file, hole));
                left -= 1;
            }
        }
    }

    fn source(&mut self, file: usize) -> Option<Arc<Source>> {
        self.sources.entry(file).or_insert_with(|| Source::read(&self.files[file])).clone()
    }
}

/// A hole of a Rust file in which `$0` and `$1` stand around what is taken out.
#[cfg(test)]
pub(super) fn fixture(kind: Kind, text: &str) -> Hole {
    let (start, end) = (text.find("$0").expect("a cursor"), text.find("$1").expect("an end") - 2);
    let text = text.replace("$0", "").replace("$1", "");
    let rust = syntax::Language::from_id("rust").expect("it is in the table");
    let source = Source::of("a.rs".to_owned(), rust, &text).expect("no deadline");
    Hole { source: Arc::new(source), kind, cut: start..end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_loses_nothing() {
        assert_eq!(split(10, &[1, 1, 1]), [3, 4, 3]);
        assert_eq!(split(20, &[6, 1, 1, 1, 1]), [12, 2, 2, 2, 2]);
        assert_eq!(split(1, &[1, 1]), [1, 0]);
    }

    #[test]
    fn holes_are_spread_over_languages_and_files_and_can_be_drawn_again() {
        let folder = tempfile::tempdir().unwrap();
        let rust: Vec<String> =
            (0..200).map(|n| format!("fn f{n}(x: u32) -> u32 {{\n    g(x, {n});\n    x\n}}\n")).collect();
        let python: Vec<String> =
            (0..30).map(|n| format!("def f{n}(x):\n    g(x, {n})\n    return x\n")).collect();
        for (name, text) in [("a.rs", &rust), ("b.rs", &rust), ("c.py", &python)] {
            std::fs::write(folder.path().join(name), text.concat()).unwrap();
        }
        std::fs::write(folder.path().join("broken.rs"), b"fn main() { \"\xff\xff\xff\"; }\n").unwrap();
        let files = super::super::files::find(folder.path()).unwrap();
        let holes = |seed| draw(&files, &Kind::MIX, &|_| true, 40, &mut Random::new(seed));
        let told = |holes: &[Hole]| -> Vec<String> {
            holes.iter().map(|hole| format!("{} {:?} {:?}", hole.source.name, hole.kind, hole.cut)).collect()
        };
        let first = holes(1);
        assert_eq!(told(&first), told(&holes(1)));
        assert_ne!(told(&first), told(&holes(2)));
        let count = |wanted: &dyn Fn(&Hole) -> bool| first.iter().filter(|hole| wanted(hole)).count();
        assert_eq!(count(&|hole| hole.source.language.name() == "python"), 20);
        assert_eq!(count(&|hole| hole.kind == Kind::Line), 24);
        assert_eq!(count(&|hole| hole.kind == Kind::Body), 4);
        assert!(
            count(&|hole| hole.source.name == "a.rs") > 4 && count(&|hole| hole.source.name == "b.rs") > 4
        );
        let mut places = told(&first);
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 40, "no place twice");
    }

    #[test]
    fn where_one_language_has_too_little_another_stands_in() {
        let folder = tempfile::tempdir().unwrap();
        let rust: Vec<String> =
            (0..200).map(|n| format!("fn f{n}(x: u32) -> u32 {{\n    g(x, {n});\n    x\n}}\n")).collect();
        std::fs::write(folder.path().join("a.rs"), rust.concat()).unwrap();
        std::fs::write(folder.path().join("b.py"), "import sys\nprint(sys.argv)\n").unwrap();
        let files = super::super::files::find(folder.path()).unwrap();
        let holes = draw(&files, &[Kind::Line], &|_| true, 60, &mut Random::new(1));
        let python = holes.iter().filter(|hole| hole.source.language.name() == "python").count();
        assert_eq!(holes.len(), 60);
        assert!((1..=4).contains(&python), "{python}");
    }
}
