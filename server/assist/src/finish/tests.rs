//! What is left of an answer, what was cut off and why, and what is not shown at all.

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
    check("// One,$0\n// two and three.\nfn a() {}\n", " // two and three.\n", &expect!["repeats_suffix"]);
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
        finish(&plan, said, &query.snapshot, query.tree.as_ref()).outcome.map(|suggestion| suggestion.text)
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
