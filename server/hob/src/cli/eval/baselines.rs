//! Answers without a model, from the file alone: what a model has to beat.
//!
//! Both baselines are asked at the same place and end by the same rule. Must not see what was taken out.

mod copy;
mod ngram;
mod tokens;

use super::{holes::Hole, judge::Said};

/// The longest answer, in lines.
const LINES: usize = 12;

/// The two ways to answer without a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Baseline {
    /// What followed the most frequent longest context of words.
    Ngram,
    /// The rest of the line that began like this one.
    Copy,
}

impl Baseline {
    /// What it would show at the hole.
    pub(super) fn answer(self, hole: &Hole) -> Option<Said> {
        let place = Place::new(hole.before(), hole.after());
        let text = match self {
            Self::Ngram => ngram::continuation(&place),
            Self::Copy => copy::continuation(&place)?.to_owned(),
        };
        let text = place.ended(&text);
        (!text.trim().is_empty()).then(|| Said { text: text.to_owned(), consumed: 0 })
    }
}

/// A cursor with the text around it.
struct Place<'a> {
    before: &'a str,
    after: &'a str,
    /// The rest of the cursor's line, trimmed.
    rest: &'a str,
    /// The line is blank: several lines may be missing. This is also the product's rule.
    block: bool,
    /// Columns of white space before the cursor, on a blank line.
    indent: usize,
    /// The cursor follows a blank or begins a line: it stands where a word begins, and no more blanks are wanted.
    fresh: bool,
}

impl<'a> Place<'a> {
    fn new(before: &'a str, after: &'a str) -> Self {
        let typed = before.rsplit('\n').next().unwrap_or_default();
        let rest = after.split('\n').next().unwrap_or_default().trim();
        let block = typed.trim().is_empty() && rest.is_empty();
        Self {
            before,
            after,
            rest,
            block,
            indent: typed.len(),
            fresh: !before.ends_with(|c: char| !c.is_whitespace()),
        }
    }

    /// Whether an answer may begin like this.
    fn may_begin(&self, text: &str) -> bool {
        !(self.fresh && text.starts_with([' ', '\t']))
    }

    /// As much of a continuation as the place wants: a line; or lines down to a blank one, a dedent, or the twelfth.
    fn ended<'t>(&self, text: &'t str) -> &'t str {
        let lines = if self.block { LINES } else { 1 };
        let mut end = 0;
        for (n, line) in text.split_inclusive('\n').take(lines).enumerate() {
            if n > 0 && self.ends_before(line) {
                break;
            }
            end += line.len();
        }
        self.without_rest(&text[..end]).trim_end()
    }

    /// Whether a block is over when this line comes.
    fn ends_before(&self, line: &str) -> bool {
        line.trim().is_empty() || line.len() - line.trim_start().len() < self.indent
    }

    /// Without what already stands behind the cursor.
    fn without_rest<'t>(&self, text: &'t str) -> &'t str {
        if self.rest.starts_with([')', ']', '}']) {
            return &text[..stray_closer(text).unwrap_or(text.len())];
        }
        text.trim_end().strip_suffix(self.rest).unwrap_or(text)
    }
}

/// Where the text closes a bracket that it did not open.
fn stray_closer(text: &str) -> Option<usize> {
    let mut depth = 0u32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return Some(at),
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::{cut::Kind, holes::fixture};

    /// What both say where `$0` is. What stands from there to `$1` must not be seen.
    pub(super) fn check(baseline: Baseline, text: &str, want: &str) {
        let said = baseline.answer(&fixture(Kind::Line, text)).map_or(String::new(), |said| said.text);
        assert_eq!(said, want, "{baseline:?} {text:?}");
    }

    #[test]
    fn answers_end_where_the_place_does() {
        let line = Place::new("a\nb = ", "\nc\n");
        assert_eq!(line.ended("f(x);\n  more"), "f(x);");
        let block = Place::new("a {\n  ", "\n}\n");
        assert_eq!(block.ended("b\n  c\n}\n"), "b\n  c");
        assert_eq!(block.ended("b\n\n  c"), "b");
        assert_eq!(block.ended(&"b\n  ".repeat(20)).lines().count(), LINES);
        let arguments = Place::new("f(", ");\n");
        assert_eq!(arguments.ended("a, g(b));\n"), "a, g(b)");
        let middle = Place::new("a = ", " + 1;\n");
        assert_eq!(middle.ended("b + 1;"), "b");
    }

    #[test]
    fn what_was_taken_out_is_not_seen() {
        check(Baseline::Copy, "fn f() {\n    secret = $0hidden;$1\n}\n", "{");
        check(Baseline::Ngram, "fn f() {\n    secret$0 = hidden;$1\n}\n", "");
    }
}
