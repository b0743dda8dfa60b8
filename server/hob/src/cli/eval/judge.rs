//! How good one answer is: the document that it makes is held against the document that was there.
//!
//! Must not know who answered: the model and the baselines are judged by the same rules, and not by the product's own
//! verifier.

use std::collections::BTreeMap;

use syntax::Tree;
use text::Snapshot;

use super::holes::Hole;

/// Text that would be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// Bytes behind the cursor that it replaces: closers that it writes itself.
    pub(super) consumed: usize,
}

/// One answer's marks.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "marks that have nothing to do with one another")]
pub(super) struct Marks {
    /// It is what was there.
    pub(super) exact: bool,
    /// Its first line is.
    pub(super) first_line: bool,
    /// 1 less the Levenshtein distance, in characters, by the longer one's length.
    pub(super) edit_similarity: f64,
    /// Of the identifiers in it, with their counts.
    pub(super) identifier_f1: f64,
    /// The file has no more syntax errors than it had; `None` for an empty answer.
    pub(super) parse_ok: Option<bool>,
    /// The file has more syntax errors than there were when it was asked for, and more than there had been; `None` for an empty answer.
    pub(super) breaks: Option<bool>,
    /// It goes on where the truth ends.
    pub(super) over_run: bool,
    /// It ends with what stands behind it anyhow, and that is not what was there.
    pub(super) doubled: bool,
}

/// Judges what was said at a hole; `None` is silence.
pub(super) fn judge(hole: &Hole, said: Option<&Said>) -> Marks {
    let (answer, truth) = said.map_or((String::new(), hole.truth().to_owned()), |said| against(hole, said));
    let (whole, wanted) = (trimmed(&answer), trimmed(&truth));
    let first = |text: &str| text.split('\n').next().unwrap_or_default().to_owned();
    let (compared, with) =
        if hole.kind.is_line() { (first(&whole), first(&wanted)) } else { (whole.clone(), wanted.clone()) };
    let longer = whole.len() > wanted.len() && whole.starts_with(&wanted);
    let exact = compared == with;
    let errors = said.map(|said| errors(hole, said));
    Marks {
        exact,
        first_line: first(&whole) == first(&wanted),
        edit_similarity: strsim::normalized_levenshtein(&compared, &with),
        identifier_f1: identifier_f1(&compared, &with),
        parse_ok: errors.map(|errors| errors <= hole.source.errors),
        breaks: errors.map(|errors| errors > hole.source.errors && errors > unanswered(hole)),
        over_run: longer || whole.matches('\n').count() > wanted.matches('\n').count(),
        doubled: !exact && said.is_some_and(|said| doubles(&said.text, &hole.after()[said.consumed..])),
    }
}

/// Whether `said` ends with the beginning of what stands `behind` it: with at least a word of the rest of its line or all of that, or, at
/// the end of a line, with the next one that says something.
fn doubles(said: &str, behind: &str) -> bool {
    let (rest, below) = behind.split_once('\n').unwrap_or((behind, ""));
    let (said, rest) = (said.trim_end(), rest.trim());
    if rest.is_empty() {
        let next = below.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let last = said.rsplit('\n').next().unwrap_or_default().trim();
        return next.len() >= 4 && next.contains(char::is_alphanumeric) && last == next;
    }
    let overlaps = rest.char_indices().map(|(at, c)| &rest[..at + c.len_utf8()]);
    overlaps.filter(|head| said.ends_with(head)).any(|head| {
        let whole = head.len() == rest.len() && head.chars().count() > 1;
        whole || identifiers(head).keys().any(|word| word.len() >= 3)
    })
}

/// The answer as it stands in the document, and the truth for the same bytes.
fn against(hole: &Hole, said: &Said) -> (String, String) {
    let consumed = &hole.after()[..said.consumed];
    // An answer that writes the closers which it replaces has changed nothing by that.
    match said.text.strip_suffix(consumed) {
        Some(answer) => (answer.to_owned(), hole.truth().to_owned()),
        None => (said.text.clone(), hole.truth().to_owned() + consumed),
    }
}

/// Without blanks at the ends of lines, and without line breaks at the end.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Syntax errors of the file with the answer. A fresh parse of the whole file, because the product's verifier is itself on trial.
fn errors(hole: &Hole, said: &Said) -> u32 {
    parse(hole, &[hole.before(), &said.text, &hole.after()[said.consumed..]].concat())
}

/// Syntax errors of the file with the hole in it.
fn unanswered(hole: &Hole) -> u32 {
    parse(hole, &[hole.before(), hole.after()].concat())
}

fn parse(hole: &Hole, text: &str) -> u32 {
    let tree = Tree::parse(hole.source.language, &Snapshot::new(text, 0), None, None);
    tree.map_or(u32::MAX, |tree| tree.errors())
}

fn identifier_f1(answer: &str, truth: &str) -> f64 {
    let (said, wanted) = (identifiers(answer), identifiers(truth));
    let size = |counts: &BTreeMap<&str, u32>| counts.values().sum::<u32>();
    let both = size(&said) + size(&wanted);
    if both == 0 {
        return 1.0;
    }
    let common: u32 = said.iter().map(|(name, times)| *times.min(wanted.get(name).unwrap_or(&0))).sum();
    f64::from(2 * common) / f64::from(both)
}

/// `[A-Za-z_][A-Za-z0-9_]*` in the text, with how often each occurs.
fn identifiers(text: &str) -> BTreeMap<&str, u32> {
    let mut counts = BTreeMap::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let name = word.trim_start_matches(|c: char| c.is_ascii_digit());
        if !name.is_empty() {
            *counts.entry(name).or_insert(0) += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::{cut::Kind, holes::fixture};

    /// The marks of an answer in short: `exact similarity f1 parse over-run`. The truth stands between `$0` and `$1`.
    fn check(kind: Kind, text: &str, said: &str, consumed: usize, want: &str) {
        let hole = fixture(kind, text);
        let said = (!said.is_empty()).then(|| Said { text: said.to_owned(), consumed });
        let marks = judge(&hole, said.as_ref());
        let told = format!(
            "{} {:.2} {:.2} {} {}{}",
            if marks.exact { "exact" } else { "-" },
            marks.edit_similarity,
            marks.identifier_f1,
            marks.parse_ok.map_or("-", |ok| if ok { "parses" } else { "breaks" }),
            if marks.over_run { "over" } else { "-" },
            if marks.doubled { " doubled" } else { "" },
        );
        assert_eq!(told, want, "{text:?} {said:?}");
    }

    #[test]
    fn a_line_counts_up_to_its_end() {
        let text = "fn f() {\n    let x = $0g(y);$1\n}\n";
        check(Kind::Line, text, "g(y);", 0, "exact 1.00 1.00 parses -");
        check(Kind::Line, text, "g(y);  ", 0, "exact 1.00 1.00 parses -");
        check(Kind::Line, text, "g(y);\n    more();", 0, "exact 1.00 1.00 parses over");
        check(Kind::Line, text, "g(y); h();", 0, "- 0.50 0.80 parses over");
        check(Kind::Line, text, "g(z;", 0, "- 0.60 0.50 breaks -");
        check(Kind::Line, text, "", 0, "- 0.00 0.00 - -");
    }

    #[test]
    fn closers_that_an_answer_replaces_are_no_difference() {
        let text = "fn f() {\n    g($0a, b$1);\n}\n";
        check(Kind::Arguments, text, "a, b", 0, "exact 1.00 1.00 parses -");
        check(Kind::Arguments, text, "a, b)", 1, "exact 1.00 1.00 parses -");
        check(Kind::Arguments, text, "a, b)", 0, "- 0.80 1.00 breaks over");
        check(Kind::Arguments, text, "a, b) + c", 1, "- 0.56 0.80 parses over");
    }

    #[test]
    fn what_stands_behind_is_not_to_be_said_again() {
        for (said, behind, doubled) in [
            ("b, width);", ", width);\n", true),
            ("b, width", ", width);\n", true),
            ("b, wid", ", width);\n", true),
            ("b, w", ", w);\n", false),
            ("a);", ";\n", false),
            ("f(a)", ")\n", false),
            ("f(a))", "))\n", true),
            ("x();\n    h(width);", "\n\n    h(width);\n", true),
            ("x();\n    }", "\n    }\n", false),
        ] {
            assert_eq!(doubles(said, behind), doubled, "{said:?} before {behind:?}");
        }
        let twice = "fn f() {\n    $0h(w);$1\n    h(w);\n}\n";
        check(Kind::Body, twice, "h(w);", 0, "exact 1.00 1.00 parses -");
        check(Kind::Body, twice, "g(w);\n    h(w);", 0, "- 0.33 0.67 parses over doubled");
    }

    #[test]
    fn every_line_of_a_body_counts() {
        let text = "fn f() {\n    $0a();\n    b();$1\n}\n";
        check(Kind::Body, text, "a();  \n    b();\n", 0, "exact 1.00 1.00 parses -");
        check(Kind::Body, text, "a();", 0, "- 0.31 0.67 parses -");
        check(Kind::Body, text, "a();\n    b();\n    c();", 0, "- 0.59 0.80 parses over");
    }

    #[test]
    fn where_nothing_is_missing_silence_is_right() {
        let text = "fn f() {\n    a();$0$1\n    b();\n}\n";
        check(Kind::Nothing, text, "", 0, "exact 1.00 1.00 - -");
        check(Kind::Nothing, text, " // why", 0, "- 0.00 0.00 parses over");
    }

    #[test]
    fn a_file_that_was_broken_may_stay_so() {
        check(Kind::Line, "fn f( {\n    let x = $0g(y);$1\n}\n", "g(y);", 0, "exact 1.00 1.00 parses -");
    }
}
