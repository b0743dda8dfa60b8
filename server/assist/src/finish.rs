//! After the model: from its words to a suggestion that is fit to show, or the reason why there is none.
//!
//! Order matters: shape, overlap, repetition, confidence, closers, syntax. Must not add text that the model did not write, and cuts nothing
//! but through a named [`Rule`].

use std::ops::Range;

use syntax::Tree;
use text::Snapshot;

use crate::{
    Plan, Shape, Silence, clean, closers,
    cut::{Cut, Pruned, Rule},
    plan::is_word,
};

/// What came from the model.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Its words.
    pub text: &'a str,
    /// How probable it is, from 0 to 1, that their first line is what belongs there: [`model::Stats::confidence`]. `None` where the
    /// engine has not said so, because nobody waited for the end of the answer.
    pub confidence: Option<f64>,
}

/// Lets a suggestion pass whose model is at least `least` per cent sure of it.
///
/// What is unknown passes: an answer that took long would otherwise never be shown.
///
/// # Errors
/// [`Silence::LowConfidence`].
pub fn sure_enough(confidence: Option<f64>, least: u32) -> Result<(), Silence> {
    match confidence.map(|confidence| confidence * 100.0) {
        Some(percent) if percent < f64::from(least) => {
            // Down, so that nobody reads of 20 % that are less than 20 %.
            Err(Silence::LowConfidence { percent: whole(percent), least })
        }
        _ => Ok(()),
    }
}

/// Lets a suggestion pass whose like, by how sure the model is of it, is taken often enough.
fn taken_enough(confidence: Option<f64>, least: u32) -> Result<(), Silence> {
    sure_enough(confidence, least).map_err(|silence| match silence {
        Silence::LowConfidence { percent, least } => Silence::SeldomTaken { percent, least },
        other => other,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 100")]
fn whole(percent: f64) -> u32 {
    percent.clamp(0.0, 100.0) as u32
}

/// Text to show at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What `range` becomes, with the document's own line breaks.
    pub text: String,
    /// The bytes of the document that it replaces. Its end consumes closers that the text writes itself.
    pub range: Range<usize>,
    /// Whether the syntax was checked (there was a tree).
    pub verified: bool,
}

impl Suggestion {
    /// The same suggestion with the word left of the cursor in its range and its text.
    ///
    /// Editors match an item against the text that it replaces; with the word in it there is something to match.
    #[must_use]
    pub fn with_word(mut self, snapshot: &Snapshot) -> Self {
        let mut start = self.range.start;
        while let Some(c) = snapshot.char_before(start).filter(|c| is_word(*c)) {
            start -= c.len_utf8();
        }
        self.text.insert_str(0, &snapshot.slice(start..self.range.start));
        self.range.start = start;
        self
    }
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The suggestion, or the reason why nothing is fit to show.
    pub outcome: Result<Suggestion, Silence>,
    /// What was taken off the model's words, in this order, whatever came of the rest.
    pub cuts: Vec<Cut>,
}

/// Makes a suggestion of what the model `said` at the place of `plan`.
///
/// `tree` is the tree of `snapshot`, or an older one that was edited along with the text; `None` where the language has no grammar.
pub fn finish(plan: &Plan, said: Said<'_>, snapshot: &Snapshot, tree: Option<&Tree>) -> Finished {
    let mut answer = Pruned::new(said.text);
    let outcome = fit(plan, said.confidence, &mut answer, snapshot, tree);
    Finished { outcome, cuts: answer.cuts }
}

/// Cuts `answer` until it is fit to show.
fn fit(
    plan: &Plan,
    confidence: Option<f64>,
    answer: &mut Pruned<'_>,
    snapshot: &Snapshot,
    tree: Option<&Tree>,
) -> Result<Suggestion, Silence> {
    keep_missing(plan, answer)?;
    if clean::loops(answer.text) {
        return Err(Silence::Repetition);
    }
    sure_enough(confidence, plan.min_confidence)?;
    taken_enough(confidence, plan.learned_confidence)?;
    if let Some(tree) = tree {
        keep_valid(plan, answer, snapshot, tree)?;
    }
    let range = replaced(plan, answer.text);
    let text = (plan.lead.clone() + answer.text).replace('\n', plan.line_break);
    Ok(Suggestion { text, range, verified: tree.is_some() })
}

/// Leaves what the place wants and does not have yet.
fn keep_missing(plan: &Plan, answer: &mut Pruned<'_>) -> Result<(), Silence> {
    match plan.shape {
        Shape::Line => answer.cut(Rule::AfterLine, clean::first_line),
        Shape::Block => {
            answer.cut(Rule::BlankLine, clean::before_blank_line);
            answer.cut(Rule::Dedent, |said| clean::before_dedent(said, &plan.indent));
            answer.cut(Rule::Loop, clean::before_loop);
        }
    }
    let wanted = answer.text;
    // Behind something begun, a line may well end as the one below it does.
    if plan.below.len() >= 4 && is_complete(&plan.request.typed) {
        answer.cut(Rule::NextLine, |said| if said.trim() == plan.below { "" } else { said });
    }
    if plan.request.typed.trim().is_empty() {
        answer.cut(Rule::NextLine, |said| clean::before_repeat_of(said, &plan.below));
    }
    answer.cut(Rule::SuffixOverlap, |said| clean::without_overlap(said, &plan.rest));
    answer.cut(Rule::Separator, |said| without_separators(said, plan));
    // Blanks before other text on the line are part of it; before the line's end they are noise.
    if plan.rest.is_empty() {
        answer.cut(Rule::Blanks, str::trim_end);
    }
    if !answer.text.trim().is_empty() || !plan.lead.is_empty() {
        return Ok(());
    }
    Err(if wanted.trim().is_empty() { Silence::NothingMissing } else { Silence::RepeatsSuffix })
}

/// Whether all of the next line has no place behind what is typed: within a word, or behind what ends something.
fn is_complete(typed: &str) -> bool {
    typed.ends_with(is_word) || typed.trim_end().ends_with([';', ',', '.', '{', '}'])
}

/// `said` without the separators that stand right of the cursor already, once it has written every closer between.
fn without_separators<'s>(said: &'s str, plan: &Plan) -> &'s str {
    let whole = closers::written(said, &plan.closers) == plan.closers.len();
    said.strip_suffix(plan.separators.as_str()).filter(|_| whole).unwrap_or(said)
}

/// What the suggestion `said` replaces: the selected item's range, and the closers that it writes itself.
fn replaced(plan: &Plan, said: &str) -> Range<usize> {
    plan.replaced.start..plan.offset + closers::written(said, &plan.closers)
}

/// Leaves a beginning, as long as a few attempts find it, that adds no syntax error.
///
/// What is said for a new line must also be complete: who takes a function that breaks off has to mend it. Only to a user who asked is
/// its first line shown. The rest of a line that the user began may open what the next key goes on with.
fn keep_valid(plan: &Plan, answer: &mut Pruned<'_>, snapshot: &Snapshot, tree: &Tree) -> Result<(), Silence> {
    let mut judged = replaced(plan, answer.text);
    let mut verifier = tree.verifier(snapshot, judged.clone());
    for attempt in 0.. {
        let candidate = answer.text;
        let range = replaced(plan, candidate);
        if range != judged {
            verifier = tree.verifier(snapshot, range.clone());
            judged = range;
        }
        let verdict = verifier.judge(&(plan.lead.clone() + candidate));
        let one_line = !candidate.contains('\n');
        // Nobody goes on with what the answer opens where the line goes on already, be it with brackets alone.
        let goes_on =
            || plan.rest.is_empty() && closers::written(candidate, &plan.closers) == plan.closers.len();
        let may_be_open = one_line && (plan.explicit || plan.shape == Shape::Line && goes_on());
        if verdict.added == 0 && (!verdict.open || may_be_open) {
            return Ok(());
        }
        if verdict.added == 0 && one_line {
            return Err(Silence::Unfinished);
        }
        let allowed = closers::written(candidate, &plan.closers);
        let Some((rule, next)) = shorter(candidate, attempt, allowed) else { break };
        answer.cut(rule, |_| next);
        if next.trim().is_empty() {
            break;
        }
    }
    Err(Silence::SyntaxError)
}

/// The next candidate: of a block first all but the last line, then as many lines as close their own brackets, then the first line alone
/// (a bad text costs more to judge than a good one, so there are few attempts); of a line the part before the first bracket that it closes
/// but did not open.
fn shorter(text: &str, attempt: usize, allowed: usize) -> Option<(Rule, &str)> {
    let Some((but_last, _)) = text.rsplit_once('\n') else {
        return closers::first_stray(text, allowed).map(|at| (Rule::StrayCloser, text[..at].trim_end()));
    };
    let (rule, next) = match (attempt, closers::closed_lines(text)) {
        (0, _) => (Rule::LastLine, but_last),
        (1, closed) if !closed.is_empty() => (Rule::OpenLines, closed),
        _ => (Rule::LaterLines, clean::first_line(text)),
    };
    Some((rule, next.trim_end()))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::fake::{Script, ScriptedModel};

    use super::*;
    use crate::{Collector, Query, Settings, fixture::query, plan};

    /// What the document looks like with the suggestion in ⟦⟧, or the code of the silence.
    fn check(place: &str, said: &str, want: &Expect) {
        check_sure(&query(place), said, None, want);
    }

    /// The same for a model that is `confidence` sure, in an editor that wants 20 %.
    fn check_sure(query: &Query, said: &str, confidence: Option<f64>, want: &Expect) {
        let settings = Settings { min_confidence: 20, ..Settings::default() };
        let got = plan(query, &settings)
            .and_then(|plan| {
                let mut collector = Collector::new(&plan);
                let mut model = ScriptedModel::new([Script::says(&[said])]);
                model.answer(&plan.request, &mut collector)?;
                let said = Said { text: collector.text(), confidence };
                finish(&plan, said, &query.snapshot, query.tree.as_ref()).outcome
            })
            .map_or_else(
                |silence| silence.code().to_owned(),
                |suggestion| {
                    let mut text = query.snapshot.to_string();
                    text.replace_range(suggestion.range, &format!("⟦{}⟧", suggestion.text));
                    text
                },
            );
        want.assert_eq(&got);
    }

    fn sure(text: &str) -> Said<'_> {
        Said { text, confidence: Some(1.0) }
    }

    #[test]
    fn the_rest_of_a_line() {
        check(
            "fn a() {\n    let x = $0\n}\n",
            "1;\n    let y",
            &expect![[r"
            fn a() {
                let x = ⟦1;⟧
            }
        "]],
        );
    }

    #[test]
    fn auto_closed_brackets_are_consumed_when_the_model_writes_them() {
        check(
            "fn a() {\n    f($0)\n}\n",
            "1, 2);",
            &expect![[r"
            fn a() {
                f(⟦1, 2);⟧
            }
        "]],
        );
        check(
            "fn a() {\n    f($0);\n}\n",
            "1, 2",
            &expect![[r"
            fn a() {
                f(⟦1, 2⟧);
            }
        "]],
        );
        check(
            "fn a() {\n    f(g($0));\n}\n",
            "1), 2",
            &expect![[r"
            fn a() {
                f(g(⟦1), 2⟧);
            }
        "]],
        );
    }

    #[test]
    fn the_separator_right_of_the_cursor_is_not_said_again() {
        check(
            "fn a() {\n    f($0);\n}\n",
            "1, 2);",
            &expect![[r"
            fn a() {
                f(⟦1, 2)⟧;
            }
        "]],
        );
        check(
            "fn a() {\n    let x = $0;\n}\n",
            "1;",
            &expect![[r"
            fn a() {
                let x = ⟦1⟧;
            }
        "]],
        );
        check(
            "x = [\n    f(g($0)),\n]\n",
            "1)),",
            &expect![[r#"
            x = [
                f(g(⟦1))⟧,
            ]
        "#]],
        );
        check("fn a() {\n    let x = 1$0;\n}\n", ";", &expect!["repeats_suffix"]);
    }

    #[test]
    fn text_that_breaks_the_file_is_cut_or_not_shown() {
        check(
            "fn a() {\n    f(1$0\n}\n",
            ", 2));",
            &expect![[r"
            fn a() {
                f(1⟦, 2⟧
            }
        "]],
        );
        check("fn a() {\n    let x = $0;\n}\n", "= = =", &expect!["syntax_error"]);
    }

    #[test]
    fn a_block_keeps_its_whole_lines() {
        check(
            "fn a() {\n    $0\n}\n",
            "let x = 1;\n    f(x);\n}\n\nfn b",
            &expect![[r"
            fn a() {
                ⟦let x = 1;
                f(x);⟧
            }
        "]],
        );
        check(
            "fn a() {\n    $0\n}\n",
            "let x = 1;\n    f(x, ) ) = ;\n",
            &expect![[r"
            fn a() {
                ⟦let x = 1;⟧
            }
        "]],
        );
    }

    #[test]
    fn a_block_that_breaks_off_is_shown_as_far_as_it_is_complete() {
        check(
            "#[test]\nfn a() {}\n\n$0\n",
            "#[test]\nfn b() {\n    let x = f(1);\n    assert_eq!(x, 2);\n    assert",
            &expect![[r#"
                #[test]
                fn a() {}

                ⟦#[test]⟧
            "#]],
        );
        check(
            "fn a() {\n    $0\n}\n",
            "f(x);\n    if x {\n        g(x);\n        h(x",
            &expect![[r#"
            fn a() {
                ⟦f(x);⟧
            }
        "#]],
        );
        let place = "fn a() {\n    $0\n}\n";
        let said = "if x {\n        g(x);\n        h(x";
        check(place, said, &expect!["unfinished"]);
        let asked = Query { explicit: true, ..query(place) };
        check_sure(
            &asked,
            said,
            None,
            &expect![[r"
            fn a() {
                ⟦if x {⟧
            }
        "]],
        );
        check(
            "fn a() {\n    if $0\n}\n",
            "x {",
            &expect![[r#"
            fn a() {
                if ⟦x {⟧
            }
        "#]],
        );
    }

    #[test]
    fn nothing_is_opened_before_brackets_that_are_closed() {
        check("fn a() {\n    f($0)\n}\n", "B { c,", &expect!["unfinished"]);
        check("fn a() {\n    f($0, d)\n}\n", "B { c,", &expect!["unfinished"]);
        check(
            "fn a() {\n    f($0)\n}\n",
            "B { c });",
            &expect![[r#"
            fn a() {
                f(⟦B { c });⟧
            }
        "#]],
        );
    }

    #[test]
    fn what_already_follows_is_not_said_again() {
        check("fn a() {\n    $0\n    total += 1;\n}\n", "total += 1;\n", &expect!["repeats_suffix"]);
        check("fn a() {\n    $0f(1);\n    total += 1;\n}\n", "total += 1;\n", &expect!["repeats_suffix"]);
        check("fn a() {\n    f(1, $0second);\n}\n", "second);", &expect!["repeats_suffix"]);
        check(
            "fn a() {\n    let x = $0\n    f(1);\n}\n",
            "f(1);\n",
            &expect![[r"
            fn a() {
                let x = ⟦f(1);⟧
                f(1);
            }
        "]],
        );
        check("x = f($0, third)\n", "first, third)", &expect!["x = f(⟦first⟧, third)\n"]);
        check(
            "// One,$0\n// two and three.\nfn a() {}\n",
            " // two and three.\n",
            &expect!["repeats_suffix"],
        );
        check("fn a() {\n    my_$0\n    total.add(1);\n}\n", "total.add(1);\n", &expect!["repeats_suffix"]);
    }

    #[test]
    fn indentation_stays_as_the_model_says_it_whatever_the_file_has() {
        for step in ["\t", "  ", "   ", " \t"] {
            let place = format!("fn a() {{\n{step}$0\n}}\n");
            let said = format!("if b {{\n{step}{step}c();\n{step}}}");
            let query = query(&place);
            let plan = plan(&query, &Settings::default()).unwrap();
            let found = finish(&plan, sure(&said), &query.snapshot, query.tree.as_ref()).outcome.unwrap();
            assert_eq!(found.text, said, "{step:?}");
        }
    }

    #[test]
    fn the_end_of_a_tag_is_not_said_again() {
        let text = "let a = <Button label={b} $0/>;\n";
        let query = Query { tree: None, ..query(text) };
        let plan = plan(&query, &Settings::default()).unwrap();
        let found = finish(&plan, sure("onClick={c} />;"), &query.snapshot, None).outcome.unwrap();
        assert_eq!((found.text.as_str(), found.range.len()), ("onClick={c} ", 0));
    }

    #[test]
    fn silence_has_a_reason() {
        check("fn a() {\n    let x = 1;$0\n}\n", "", &expect!["nothing_missing"]);
        check("fn a() {\n    let x = $0\n}\n", "a.a.a.a.a.a.a.a.a.a", &expect!["repetition"]);
    }

    #[test]
    fn a_guess_is_shown_to_whoever_asked_for_it() {
        let place = "let x = $0\n";
        check_sure(&query(place), "1;", Some(0.199), &expect!["low_confidence"]);
        check_sure(&query(place), "1;", Some(0.2), &expect!["let x = ⟦1;⟧\n"]);
        check_sure(&query(place), "1;", None, &expect!["let x = ⟦1;⟧\n"]);
        let asked = Query { explicit: true, ..query(place) };
        check_sure(&asked, "1;", Some(0.0), &expect!["let x = ⟦1;⟧\n"]);
    }

    #[test]
    fn what_is_seldom_taken_is_shown_to_whoever_asks() {
        let settings = Settings { min_confidence: 20, learned_confidence: 50, ..Settings::default() };
        let said = |query: &Query, confidence| {
            let plan = plan(query, &settings).unwrap();
            let said = Said { text: "1;", confidence: Some(confidence) };
            finish(&plan, said, &query.snapshot, query.tree.as_ref())
                .outcome
                .map(|suggestion| suggestion.text)
        };
        let place = query("let x = $0\n");
        assert_eq!(said(&place, 0.5).as_deref(), Ok("1;"));
        assert_eq!(said(&place, 0.19).map_err(|silence| silence.code()), Err("low_confidence"));
        assert_eq!(said(&Query { explicit: true, ..place.clone() }, 0.1).as_deref(), Ok("1;"));
        expect!["suggestions that the model is 49 % sure of were seldom taken in this language, so Hob has learned to show those from 50 % on; completion.learn = false switches that off"]
            .assert_eq(&said(&place, 0.499).unwrap_err().to_string());
    }

    #[test]
    fn a_silence_for_doubt_says_how_much_there_was() {
        expect!["the model is not sure enough (19 %; completion.min_confidence is 20 %)"]
            .assert_eq(&sure_enough(Some(0.199), 20).unwrap_err().to_string());
    }

    #[test]
    fn line_breaks_are_the_documents_own() {
        let query = query("fn a() {\r\n    $0\r\n}\r\n");
        let plan = plan(&query, &Settings::default()).unwrap();
        let said = sure("f();\n    g();");
        let suggestion = finish(&plan, said, &query.snapshot, query.tree.as_ref()).outcome.unwrap();
        assert_eq!(suggestion.text, "f();\r\n    g();");
    }

    #[test]
    fn the_word_before_the_cursor_joins_the_range() {
        let query = query("    naïve.len$0\n");
        let plan = plan(&query, &Settings::default()).unwrap();
        let suggestion =
            finish(&plan, sure("gth()"), &query.snapshot, None).outcome.unwrap().with_word(&query.snapshot);
        assert_eq!(
            (suggestion.text.as_str(), &query.snapshot.to_string()[suggestion.range]),
            ("length()", "len")
        );
    }
}
