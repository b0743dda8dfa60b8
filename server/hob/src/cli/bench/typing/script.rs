//! What somebody will do in a file: which stretches of it are typed, and what happens on the way.
//!
//! Same file, same chance, same script. Must not depend on what a model says; that is the typist's business.

use std::{collections::VecDeque, ops::Range};

use super::page::Page;
use crate::cli::random::Random;

/// Lines that are typed in one go.
const LINES: Range<usize> = 4..11;
/// Lines between two stretches, so that each has something around it.
const MARGIN: usize = 3;
/// How far away a line is that is missing above or below a stretch.
const FAR: Range<usize> = 10..41;
/// How far away a line is that formatting tidies up.
const NEAR: Range<usize> = 2..30;
/// Places drawn for a stretch before the file is taken to have no more.
const TRIES: usize = 60;

/// One wrong letter in so many: about 3 % of the letters.
const TYPO_IN: usize = 33;
/// One change of mind in so many characters.
const UNDO_IN: usize = 70;
/// One detour in so many characters.
const DETOUR_IN: usize = 100;
/// One line in so many comes from the clipboard.
const PASTE_IN: usize = 6;

/// A file's script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    /// In the order in which they are typed.
    pub(super) stretches: VecDeque<Stretch>,
}

/// Lines that are missing when the file is opened, and are typed in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    /// From behind the first line's indentation to the last line's end.
    pub(super) range: Range<usize>,
    /// What happens on the way, in order.
    pub(super) whims: Vec<Whim>,
    /// Ends of lines with blanks behind them, which formatting takes away.
    pub(super) blanks: Vec<usize>,
}

/// Something that happens at the first fitting moment from a place on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whim {
    pub(super) at: usize,
    pub(super) what: What,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A letter comes out as the one so many later in the alphabet.
    Typo(u8),
    /// As many characters are taken back.
    Undo(usize),
    /// The rest of the line comes from the clipboard.
    Paste,
    /// Two keys elsewhere, behind this place, and back.
    Detour(usize),
    /// A line that is missing elsewhere is put in.
    Line(Range<usize>),
}

impl Script {
    /// A script of up to `wanted` stretches; without any where the text has none of [`LINES`] lines.
    pub(super) fn new(text: &str, wanted: usize, random: &mut Random) -> Self {
        let lines = Lines::new(text);
        let mut taken = Taken::default();
        let places: Vec<Range<usize>> =
            (0..wanted).map_while(|_| lines.stretch(&mut taken, random)).collect();
        let mut stretches = VecDeque::new();
        for place in places {
            let missing: Vec<Range<usize>> = lines
                .around(&place, FAR)
                .into_iter()
                .flat_map(|side| lines.pick(&side, 2, &mut taken, random))
                .map(|line| lines.with_break(line))
                .collect();
            let blanks = lines
                .around(&place, NEAR)
                .into_iter()
                .flat_map(|side| lines.pick(&side, 2, &mut taken, random))
                .map(|line| lines.0[line].end)
                .collect();
            let range = lines.range(&place);
            let whims = whims(text, &range, missing, &lines, random);
            stretches.push_back(Stretch { range, whims, blanks });
        }
        Self { stretches }
    }

    /// The page as the file is opened.
    pub(super) fn page(&self, text: &str) -> Page {
        let lines = |stretch: &Stretch| {
            let line = |whim: &Whim| match &whim.what {
                What::Line(line) => Some(line.clone()),
                _ => None,
            };
            stretch.whims.iter().filter_map(line).collect::<Vec<_>>()
        };
        let missing = self.stretches.iter().flat_map(|stretch| {
            let mut missing = lines(stretch);
            missing.push(stretch.range.clone());
            missing
        });
        let blanks = self.stretches.iter().flat_map(|stretch| &stretch.blanks);
        Page::new(text.into(), missing.collect(), blanks.map(|end| (*end, "  ".to_owned())).collect())
    }
}

/// The lines of a text, without their breaks.
struct Lines(Vec<Range<usize>>, Vec<bool>);

/// Numbers of lines that something was planned for.
#[derive(Debug, Default)]
struct Taken(Vec<Range<usize>>);

impl Taken {
    fn has(&self, lines: &Range<usize>) -> bool {
        self.0.iter().any(|taken| taken.start < lines.end && lines.start < taken.end)
    }
}

impl Lines {
    fn new(text: &str) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            lines.push(start..start + line.trim_end_matches('\n').len());
            start += line.len();
        }
        let blank = lines.iter().map(|line| text[line.clone()].trim().is_empty()).collect();
        let indent = |line: Range<usize>| line.end - text[line.clone()].trim_start().len()..line.end;
        Self(lines.into_iter().map(indent).collect(), blank)
    }

    /// Where a line begins, indentation included.
    fn start(&self, line: usize) -> usize {
        line.checked_sub(1).map_or(0, |before| self.0[before].end + 1)
    }

    fn with_break(&self, line: usize) -> Range<usize> {
        self.start(line)..self.0[line].end + 1
    }

    fn range(&self, lines: &Range<usize>) -> Range<usize> {
        self.0[lines.start].start..self.0[lines.end - 1].end
    }

    /// Lines without a blank one among them that nothing was planned for.
    fn stretch(&self, taken: &mut Taken, random: &mut Random) -> Option<Range<usize>> {
        for _ in 0..TRIES {
            if self.0.is_empty() {
                return None;
            }
            let start = random.below(self.0.len());
            let most = LINES.start + random.below(LINES.len());
            let full = self.1[start..].iter().take(most).take_while(|blank| !**blank).count();
            let lines = start..start + full;
            let margin = start.saturating_sub(MARGIN)..lines.end + MARGIN;
            if full >= LINES.start && !taken.has(&margin) {
                taken.0.push(lines.clone());
                return Some(lines);
            }
        }
        None
    }

    /// The lines that are so far above and below, as far as there are any.
    fn around(&self, place: &Range<usize>, far: Range<usize>) -> [Range<usize>; 2] {
        // The last line may have no break.
        let end = self.0.len().saturating_sub(1);
        let above = place.start.saturating_sub(far.end)..(place.start + 1).saturating_sub(far.start);
        let below = (place.end + far.start).min(end)..(place.end + far.end).min(end);
        [above, below]
    }

    /// Up to `most` lines among these that say something and that nothing was planned for.
    fn pick(&self, among: &Range<usize>, most: usize, taken: &mut Taken, random: &mut Random) -> Vec<usize> {
        let free = |line: &usize| !self.1[*line] && !taken.has(&(*line..line + 1));
        let mut free: Vec<usize> = among.clone().filter(free).collect();
        random.shuffle(&mut free);
        free.truncate(most);
        taken.0.extend(free.iter().map(|line| *line..line + 1));
        free
    }
}

/// What happens in a stretch. Each of the `missing` lines gets its moment.
fn whims(
    text: &str,
    range: &Range<usize>,
    missing: Vec<Range<usize>>,
    lines: &Lines,
    random: &mut Random,
) -> Vec<Whim> {
    let mut whims = Vec::new();
    for line in missing {
        let at = range.start + random.below(range.len().max(1));
        whims.push(Whim { at, what: What::Line(line) });
    }
    let mut fresh = false;
    for (at, letter) in text[range.clone()].char_indices() {
        let at = range.start + at;
        let mut one_in = |n: usize| random.below(n) == 0;
        if letter.is_ascii_alphabetic() && one_in(TYPO_IN) {
            whims.push(Whim { at, what: What::Typo(1 + u8::try_from(random.below(25)).unwrap_or_default()) });
        } else if one_in(UNDO_IN) {
            whims.push(Whim { at, what: What::Undo(3 + random.below(6)) });
        } else if one_in(DETOUR_IN) {
            let elsewhere = lines.0[random.below(lines.0.len())].end;
            whims.push(Whim { at, what: What::Detour(elsewhere) });
        } else if fresh && letter != '\n' && !letter.is_whitespace() && one_in(PASTE_IN) {
            whims.push(Whim { at, what: What::Paste });
        }
        fresh = letter == '\n' || (fresh && letter.is_whitespace());
    }
    whims.sort_by_key(|whim| whim.at);
    whims
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::expect;

    use super::*;

    #[test]
    fn a_script() {
        let text: String = (0..30).fold(String::new(), |mut text, n| {
            let blank = if n % 6 == 5 { "\n" } else { "" };
            writeln!(text, "    let a{n} = f({n});\n{blank}").unwrap();
            text
        });
        let text = text.replace("\n\n", "\n").replace("let a6", "\nlet a6");
        let script = Script::new(&text, 2, &mut Random::new(3));
        assert_eq!(script, Script::new(&text, 2, &mut Random::new(3)));
        let mut shown = String::new();
        for stretch in &script.stretches {
            writeln!(shown, "{:?}", &text[stretch.range.clone()]).unwrap();
            for whim in &stretch.whims {
                writeln!(shown, "  {} {:?}", whim.at - stretch.range.start, whim.what).unwrap();
            }
            writeln!(shown, "  blanks {:?}", stretch.blanks).unwrap();
        }
        expect![[r#"
            "let a18 = f(18);\n    let a19 = f(19);\n    let a20 = f(20);\n    let a21 = f(21);"
              1 Line(154..173)
              16 Undo(8)
              39 Detour(233)
              42 Paste
              43 Line(120..135)
              68 Detour(593)
              blanks [18, 297]
            "let a24 = f(24);\n    let a25 = f(25);\n    let a26 = f(26);\n    let a27 = f(27);\n    let a28 = f(28);\n    let a29 = f(29);"
              21 Paste
              70 Undo(4)
              80 Detour(382)
              84 Undo(5)
              98 Line(173..192)
              105 Paste
              111 Undo(4)
              116 Line(192..213)
              blanks [113, 153]
        "#]].assert_eq(&shown);
    }

    #[test]
    fn a_text_that_is_too_short_has_no_script() {
        for text in ["", "\n", "a\nb\nc\n", "a\n\nb\n\nc\n\nd\n\ne\n"] {
            assert!(Script::new(text, 3, &mut Random::new(1)).stretches.is_empty(), "{text:?}");
        }
    }
}
