//! Where a hole of each kind can be cut.
//!
//! Must not look at what a model would say there: a hole is fair if it was chosen before anybody was asked.

use std::ops::Range;

use serde::Serialize;
use syntax::Part;
use text::Snapshot;

use super::{files::Source, random::Random};

/// A line with fewer characters that are not blank says too little.
const LINE_MIN: usize = 8;
/// The longest statement.
const STATEMENT_LINES: usize = 6;
/// The longest body.
const BODY_LINES: usize = 12;

/// What is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The rest of a line, from a column by chance.
    Line,
    /// What stands between the parentheses of a call, or of a function's parameters.
    Arguments,
    /// A statement, of up to six lines.
    Statement,
    /// The body of a function, of up to twelve lines.
    Body,
    /// Nothing: the line is complete, and the right answer is silence.
    Nothing,
    /// The rest of a string, from a character by chance, where the line holds nothing behind it but what closes it. Not in the mix.
    String,
}

impl Kind {
    /// The mix.
    pub(super) const MIX: [Self; 5] =
        [Self::Line, Self::Arguments, Self::Statement, Self::Body, Self::Nothing];

    /// Its part of the mix, of 10.
    pub(super) fn share(self) -> usize {
        if self == Self::Line { 6 } else { 1 }
    }

    /// Whether only the first line of an answer is compared.
    pub(super) fn is_line(self) -> bool {
        !matches!(self, Self::Statement | Self::Body)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Arguments => "arguments",
            Self::Statement => "statement",
            Self::Body => "body",
            Self::Nothing => "nothing",
            Self::String => "string",
        }
    }
}

/// Every place for a hole of this kind, one for each line or node.
pub(super) fn places(source: &Source, kind: Kind) -> Vec<Range<usize>> {
    let text = source.text.as_str();
    let parts = |wanted: Part| {
        let parts = source.tree.parts().into_iter();
        parts.filter(move |(part, _)| *part == wanted).map(|(_, range)| range)
    };
    match kind {
        Kind::Line => lines(text).filter(|line| says_enough(&text[line.clone()])).collect(),
        Kind::Nothing => {
            lines(text).filter(|line| is_complete(text, line)).map(|line| line.end..line.end).collect()
        }
        Kind::Arguments => parts(Part::Arguments).filter(|range| is_one_line(&text[range.clone()])).collect(),
        Kind::Statement => parts(Part::Statement)
            .filter(|range| {
                begins_its_line(text, range.start) && line_count(&text[range.clone()]) <= STATEMENT_LINES
            })
            .collect(),
        Kind::Body => parts(Part::Body).filter_map(|range| body(text, range)).collect(),
        Kind::String => {
            let snapshot = Snapshot::new(text, 0);
            lines(text).filter_map(|line| last_string(source, &snapshot, line)).collect()
        }
    }
}

/// The hole at a place: of a line or a string, the rest from a column by chance, so that at least one character is missing.
pub(super) fn within(text: &str, kind: Kind, place: Range<usize>, random: &mut Random) -> Range<usize> {
    if !matches!(kind, Kind::Line | Kind::String) {
        return place;
    }
    let line = &text[place.clone()];
    let indent = line.len() - line.trim_start().len();
    let starts: Vec<usize> =
        line.trim_end().char_indices().map(|(at, _)| at).filter(|at| *at >= indent).collect();
    place.start + starts[random.below(starts.len())]..place.end
}

/// Each line without its line break.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some(start..start + line.trim_end_matches('\n').len())
    })
}

fn says_enough(line: &str) -> bool {
    line.chars().filter(|c| !c.is_whitespace()).count() >= LINE_MIN
}

/// What stands between the quotes of the string that a line ends with, apart from brackets and separators.
fn last_string(source: &Source, snapshot: &Snapshot, line: Range<usize>) -> Option<Range<usize>> {
    let said = source.text[line.clone()].trim_end_matches([')', ']', '}', ';', ',', ' ', ':']);
    let inside = said.strip_suffix(['"', '\''])?;
    let quote = &said[inside.len()..];
    let start = inside.rfind(quote)? + quote.len();
    let between = line.start + start..line.start + inside.len();
    let is_string = |at| source.tree.place(snapshot, at).in_string;
    (!inside[start..].trim().is_empty() && is_string(between.start) && is_string(between.end))
        .then_some(between)
}

/// Whether the line ends in a way after which nothing belongs on it, and another line follows.
fn is_complete(text: &str, line: &Range<usize>) -> bool {
    text[line.clone()].ends_with([';', ',', '{', '(', '[', ':']) && !text[line.end..].trim().is_empty()
}

fn is_one_line(inside: &str) -> bool {
    !inside.trim().is_empty() && !inside.contains('\n')
}

fn begins_its_line(text: &str, at: usize) -> bool {
    text[..at].rsplit('\n').next().is_some_and(|before| before.trim().is_empty())
}

fn line_count(text: &str) -> usize {
    text.matches('\n').count() + 1
}

/// The lines of a body from the first character on them to the last, if it has lines of its own.
fn body(text: &str, inside: Range<usize>) -> Option<Range<usize>> {
    let said = &text[inside.clone()];
    let start = inside.start + (said.len() - said.trim_start().len());
    let end = inside.start + said.trim_end().len();
    let alone = start < end
        && begins_its_line(text, start)
        && text[end..].trim_start_matches([' ', '\t']).starts_with('\n');
    (alone && line_count(&text[start..end]) <= BODY_LINES).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::{Expect, expect};
    use syntax::Language;

    use super::*;

    const RUST: &str = "\
use a::b;

fn area(width: u32) -> u32 {
    // 😀 why
    draw(width, &[1, 2]);
    match width {
        0 => one(),
        _ => two(),
    }
}

fn short() { one() }
";

    const PYTHON: &str = "\
class A:
    def area(self, width):
        if width:
            draw(width)
        return {
            1,
        }

    def short(self): return 1
";

    /// Each place of the kind in its line, after that line's number: `$0` is the cursor, and what is cut stands in
    /// brackets.
    fn check(path: &str, text: &str, kind: Kind, want: &Expect) {
        let source = Source::of(path.to_owned(), Language::from_path(path).unwrap(), text).unwrap();
        let mut told = String::new();
        for place in places(&source, kind) {
            let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
            let end = text[place.end..].find('\n').map_or(text.len(), |at| place.end + at);
            let (before, cut, after) =
                (&text[start..place.start], &text[place.clone()], &text[place.end..end]);
            let line = text[..start].matches('\n').count() + 1;
            writeln!(told, "{line}: {before}$0[{cut}]{after}").unwrap();
        }
        want.assert_eq(&told);
    }

    #[test]
    fn lines_that_say_something() {
        check(
            "a.rs",
            RUST,
            Kind::Line,
            &expect![[r#"
                1: $0[use a::b;]
                3: $0[fn area(width: u32) -> u32 {]
                5: $0[    draw(width, &[1, 2]);]
                6: $0[    match width {]
                7: $0[        0 => one(),]
                8: $0[        _ => two(),]
                12: $0[fn short() { one() }]
            "#]],
        );
        check(
            "a.py",
            PYTHON,
            Kind::Line,
            &expect![[r#"
                2: $0[    def area(self, width):]
                3: $0[        if width:]
                4: $0[            draw(width)]
                9: $0[    def short(self): return 1]
            "#]],
        );
    }

    #[test]
    fn strings_that_end_their_line() {
        let text = "x = f(\"one\", 'two')\n# it's \"said\"\ny = {\"a\": \"b c\"},\nz = \"\"\n";
        check(
            "a.py",
            text,
            Kind::String,
            &expect![[r#"
            1: x = f("one", '$0[two]')
            3: y = {"a": "$0[b c]"},
        "#]],
        );
    }

    #[test]
    fn arguments_on_one_line() {
        check(
            "a.rs",
            RUST,
            Kind::Arguments,
            &expect![[r#"
                3: fn area($0[width: u32]) -> u32 {
                5:     draw($0[width, &[1, 2]]);
            "#]],
        );
        check(
            "a.py",
            PYTHON,
            Kind::Arguments,
            &expect![[r#"
                2:     def area($0[self, width]):
                4:             draw($0[width])
                9:     def short($0[self]): return 1
            "#]],
        );
    }

    #[test]
    fn statements_that_begin_their_line() {
        check(
            "a.rs",
            RUST,
            Kind::Statement,
            &expect![[r#"
                1: $0[use a::b;]
                5:     $0[draw(width, &[1, 2]);]
                6:     $0[match width {
                        0 => one(),
                        _ => two(),
                    }]
                7:         $0[0 => one(),]
                8:         $0[_ => two(),]
                12: $0[fn short() { one() }]
            "#]],
        );
        check(
            "a.py",
            PYTHON,
            Kind::Statement,
            &expect![[r#"
                2:     $0[def area(self, width):
                        if width:
                            draw(width)
                        return {
                            1,
                        }]
                3:         $0[if width:
                            draw(width)]
                4:             $0[draw(width)]
                5:         $0[return {
                            1,
                        }]
                9:     $0[def short(self): return 1]
            "#]],
        );
    }

    #[test]
    fn bodies_with_lines_of_their_own() {
        check(
            "a.rs",
            RUST,
            Kind::Body,
            &expect![[r#"
                4:     $0[// 😀 why
                    draw(width, &[1, 2]);
                    match width {
                        0 => one(),
                        _ => two(),
                    }]
            "#]],
        );
        check(
            "a.py",
            PYTHON,
            Kind::Body,
            &expect![[r#"
                3:         $0[if width:
                            draw(width)
                        return {
                            1,
                        }]
            "#]],
        );
    }

    #[test]
    fn ends_of_lines_after_which_nothing_is_missing() {
        check(
            "a.rs",
            RUST,
            Kind::Nothing,
            &expect![[r#"
                1: use a::b;$0[]
                3: fn area(width: u32) -> u32 {$0[]
                5:     draw(width, &[1, 2]);$0[]
                6:     match width {$0[]
                7:         0 => one(),$0[]
                8:         _ => two(),$0[]
            "#]],
        );
        check(
            "a.py",
            PYTHON,
            Kind::Nothing,
            &expect![[r#"
                1: class A:$0[]
                2:     def area(self, width):$0[]
                3:         if width:$0[]
                5:         return {$0[]
                6:             1,$0[]
            "#]],
        );
    }

    #[test]
    fn a_line_is_cut_between_its_indentation_and_its_last_character() {
        let text = "x\n    naïve()  \n";
        let mut random = Random::new(3);
        let mut cuts: Vec<&str> =
            (0..100).map(|_| &text[within(text, Kind::Line, 2..16, &mut random)]).collect();
        cuts.sort_unstable_by_key(|cut| std::cmp::Reverse(cut.len()));
        cuts.dedup();
        assert_eq!(cuts, ["naïve()  ", "aïve()  ", "ïve()  ", "ve()  ", "e()  ", "()  ", ")  "]);
    }
}
