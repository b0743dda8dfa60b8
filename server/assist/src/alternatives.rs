//! Whether another reading is fit to stand beside the suggestions that are there: made by the same rules as the first, and different to
//! somebody who looks.
//!
//! Must not rank: the order is the model's.

use model::{Kind, Request, Sink as _};
use syntax::Tree;
use text::Snapshot;

use crate::{Collector, Plan, Said, Suggestion, finish};

impl Plan {
    /// The question for `wanted` other readings of the same place. It asks for twice as many, because not each is fit to show.
    pub fn other_readings(&self, wanted: u8) -> Request {
        Request { kind: Kind::Alternatives(wanted.saturating_mul(2)), ..self.request.clone() }
    }
}

/// A suggestion of what the model `said` as another reading of the place of `plan`; `None` if it is not fit to show, or makes nothing of the
/// document that one of `shown` does not make of it. White space makes no difference.
///
/// `tree` is as for [`finish`].
pub fn alternative(
    plan: &Plan,
    said: &str,
    snapshot: &Snapshot,
    tree: Option<&Tree>,
    shown: &[Suggestion],
) -> Option<Suggestion> {
    let mut collector = Collector::new(plan);
    // Line by line: a collector has enough at the end of one.
    for line in said.split_inclusive('\n') {
        if collector.chunk(line).is_break() {
            break;
        }
    }
    // How sure the model is of it nobody asks: it is shown to who wants to see more.
    let said = Said { text: collector.text(), confidence: None };
    let suggestion = finish(plan, said, snapshot, tree).outcome.ok()?;
    let end = shown.iter().map(|known| known.range.end).fold(suggestion.range.end, usize::max);
    let result = |of: &Suggestion| -> String {
        let after = snapshot.slice(of.range.end..end);
        of.text.chars().chain(after.chars()).filter(|c| !c.is_whitespace()).collect()
    };
    (!shown.iter().any(|known| result(known) == result(&suggestion))).then_some(suggestion)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Query, Settings, fixture::query, plan};

    /// What is shown of `texts`, the first of which is the answer.
    fn check(place: &str, texts: &[&str], expected: &[&str]) {
        let query = Query { explicit: true, ..query(place) };
        let plan = plan(&query, &Settings { min_confidence: 20, ..Settings::default() }).unwrap();
        let (snapshot, tree) = (&query.snapshot, query.tree.as_ref());
        let mut shown = Vec::new();
        for text in texts {
            shown.extend(alternative(&plan, text, snapshot, tree, &shown));
        }
        let shown: Vec<&str> = shown.iter().map(|suggestion| suggestion.text.as_str()).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn other_readings_stand_beside_the_first() {
        check("let x = $0\n", &["1;", "f(2);", "None;"], &["1;", "f(2);", "None;"]);
    }

    #[test]
    fn what_is_the_same_after_cleaning_or_but_for_white_space_is_not_shown() {
        check("let x = $0\n", &["a + b;", "a+b;", "a + b;  ", "a + c;"], &["a + b;", "a + c;"]);
        check("fn a() {\n    f($0);\n}\n", &["1, 2);", "1, 2", "1, 3"], &["1, 2)", "1, 3"]);
        check(
            "fn a() {\n    $0\n}\n",
            &["f(x);\n    g(x);\n}\n", "f(x);\n    g(x);\n\n    h(x);", "f(x);\n    h(x);"],
            &["f(x);\n    g(x);", "f(x);\n    h(x);"],
        );
    }

    #[test]
    fn what_breaks_the_file_or_says_nothing_is_not_shown() {
        check(
            "fn a() {\n    let x = $0;\n}\n",
            &["1", "= = =", "  ", "a.a.a.a.a.a.a.a.a.a", "2"],
            &["1", "2"],
        );
    }
}
