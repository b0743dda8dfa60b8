//! What is taken off the model's words before they are shown, by which rule, and how much: so that `hob why` can say it.
//!
//! Must not decide what goes (that is [`crate::finish`] with its rules) and must not keep the text that went.

use std::fmt;

/// A rule that makes an answer shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A place that wants the rest of a line has no use for the next one.
    AfterLine,
    /// A block ends at the first blank line.
    BlankLine,
    /// A block ends where a line is indented less.
    Dedent,
    /// A block ends where its lines begin to repeat.
    Loop,
    /// The next line below the cursor was said again.
    NextLine,
    /// The text right of the cursor was said again.
    SuffixOverlap,
    /// The `;` or `,` right of the cursor was said again.
    Separator,
    /// Blanks before a line's end.
    Blanks,
    /// A block's last line, with which it would break the file or stay open.
    LastLine,
    /// A block's end, from the line on that leaves brackets open.
    OpenLines,
    /// All but a block's first line.
    LaterLines,
    /// A line's end, from the first bracket on that it closes but did not open.
    StrayCloser,
}

impl Rule {
    /// Every rule, in the order in which they are applied.
    pub const ALL: [Self; 12] = [
        Self::AfterLine,
        Self::BlankLine,
        Self::Dedent,
        Self::Loop,
        Self::NextLine,
        Self::SuffixOverlap,
        Self::Separator,
        Self::Blanks,
        Self::LastLine,
        Self::OpenLines,
        Self::LaterLines,
        Self::StrayCloser,
    ];

    /// The stable name, `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AfterLine => "after_line",
            Self::BlankLine => "blank_line",
            Self::Dedent => "dedent",
            Self::Loop => "loop",
            Self::NextLine => "next_line",
            Self::SuffixOverlap => "suffix_overlap",
            Self::Separator => "separator",
            Self::Blanks => "blanks",
            Self::LastLine => "last_line",
            Self::OpenLines => "open_lines",
            Self::LaterLines => "later_lines",
            Self::StrayCloser => "stray_closer",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterLine => "what follows the line",
            Self::BlankLine => "what follows a blank line",
            Self::Dedent => "what is indented less",
            Self::Loop => "lines that repeat",
            Self::NextLine => "the line below, said again",
            Self::SuffixOverlap => "the text right of the cursor, said again",
            Self::Separator => "the separator right of the cursor, said again",
            Self::Blanks => "blanks at the end",
            Self::LastLine => "the last line, which was not complete",
            Self::OpenLines => "lines that leave a bracket open",
            Self::LaterLines => "all but the first line",
            Self::StrayCloser => "from a bracket on that nothing opens",
        })
    }
}

/// What one rule took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The rule.
    pub rule: Rule,
    /// How many characters.
    pub chars: usize,
}

/// An answer that rules make shorter, one after the other.
#[derive(Debug)]
pub(crate) struct Pruned<'s> {
    /// What is left.
    pub(crate) text: &'s str,
    /// What is not.
    pub(crate) cuts: Vec<Cut>,
}

impl<'s> Pruned<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Self { text, cuts: Vec::new() }
    }

    /// Leaves what `rule` leaves: `shorter` gives a part of the text.
    pub(crate) fn cut(&mut self, rule: Rule, shorter: impl FnOnce(&'s str) -> &'s str) {
        let left = shorter(self.text);
        if left.len() < self.text.len() {
            let chars = self.text.chars().count() - left.chars().count();
            self.cuts.push(Cut { rule, chars });
        }
        self.text = left;
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{Said, Settings, finish, fixture::query, plan};

    /// The cuts of what was `said` at `place`, and what came of it.
    fn check(place: &str, said: &str, want: &Expect) {
        let query = query(place);
        let plan = plan(&query, &Settings::default()).unwrap();
        let said = Said { text: said, confidence: None };
        let finished = finish(&plan, said, &query.snapshot, query.tree.as_ref());
        let cuts = finished.cuts.iter().map(|Cut { rule, chars }| format!("{} {chars}, ", rule.name()));
        let came = match &finished.outcome {
            Ok(suggestion) => &suggestion.text,
            Err(silence) => silence.code(),
        };
        want.assert_eq(&format!("{}{came:?}", cuts.collect::<String>()));
    }

    #[test]
    fn each_rule_says_what_it_took() {
        check("let x = $0\n", "1;  ", &expect![[r#"blanks 2, "1;""#]]);
        check("let x = $0\n", "1;\nlet", &expect![[r#"after_line 4, "1;""#]]);
        check("fn a() {\n    $0\n}\n", "é();\n\n    b();", &expect![[r#"blank_line 9, blanks 1, "é();""#]]);
        check("fn a() {\n    $0\n}\n", "b();\n}\n", &expect![[r#"dedent 2, blanks 1, "b();""#]]);
        check("fn a() {\n    $0\n}\n", "n();\n    n();\n    n();", &expect![[r#"loop 18, "n();""#]]);
        check("fn a() {\n    $0\n    f(1);\n}\n", "f(1);", &expect![[r#"next_line 5, "repeats_suffix""#]]);
        check("x = f($0, third)\n", "first, third)", &expect![[r#"suffix_overlap 8, "first""#]]);
        check("fn a() {\n    let x = $0;\n}\n", "1;", &expect![[r#"separator 1, "1""#]]);
        check("fn a() {\n    f(1$0\n}\n", ", 2));", &expect![[r#"stray_closer 3, ", 2""#]]);
        check(
            "fn a() {\n    $0\n}\n",
            "f(x);\n    if x {\n        g(x);\n        h(x",
            &expect![[r#"last_line 12, open_lines 25, "f(x);""#]],
        );
        check(
            "fn a() {\n    $0\n}\n",
            "if x {\n        g(x);\n        h(x",
            &expect![[r#"last_line 12, later_lines 14, "unfinished""#]],
        );
    }

    #[test]
    fn a_rule_that_takes_nothing_is_no_cut() {
        let mut answer = Pruned::new("naïve é  ");
        answer.cut(Rule::Loop, |text| text);
        answer.cut(Rule::Blanks, str::trim_end);
        answer.cut(Rule::SuffixOverlap, |text| &text[..text.len() - 'é'.len_utf8()]);
        assert_eq!(answer.text, "naïve ");
        let cuts = [Cut { rule: Rule::Blanks, chars: 2 }, Cut { rule: Rule::SuffixOverlap, chars: 1 }];
        assert_eq!(answer.cuts, cuts);
    }

    #[test]
    fn each_rule_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Rule::ALL.map(Rule::name).into();
        assert_eq!(names.len(), Rule::ALL.len());
    }
}
