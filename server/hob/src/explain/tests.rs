//! Rows as people read them. Must not need a file.

use expect_test::{Expect, expect};
use model::{Shown, Stats};

use super::*;
use crate::row::{By, CutOff, Elsewhere, Ended, Excerpt, Rejected, Row, Source, Wanted};

const NOW: u64 = 163_000;

fn excerpt(path: &str, line: usize, tokens: Option<u32>, cut: bool) -> Excerpt {
    Excerpt { from: "uses".into(), path: path.into(), line, bytes: 90, tokens, cut }
}

fn shown() -> Row {
    Row {
        id: "7kq2fd".into(),
        at: 100_000,
        path: "src/main.rs".into(),
        language: "rust".into(),
        line: 12,
        outcome: "shown".into(),
        by: Some(By::Model),
        wanted: Some(Wanted::Line),
        chars: 17,
        verified: true,
        model: "ember".into(),
        total_ms: 7.25,
        stats: Some(Stats { ttft_ms: Some(2.5), confidence: 0.83, ..Stats::default() }),
        ..Row::begin("inline")
    }
}

/// A row with something in every field.
fn whole() -> Row {
    Row {
        explicit: true,
        source: Some(Source::Stream),
        said: 26,
        ended: Some(Ended::Full),
        cuts: vec![
            CutOff { rule: "suffix_overlap".into(), chars: 8 },
            CutOff { rule: "of_tomorrow".into(), chars: 1 },
        ],
        first_ms: Some(0.5),
        model_ms: Some(4.5),
        check_ms: Some(0.75),
        held_ms: Some(120.5),
        engine_ms: Some(1.25),
        total_ms: 126.0,
        stats: Some(Stats {
            prompt_tokens: 812,
            evaluated_tokens: 12,
            background_tokens: 200,
            ttft_ms: Some(2.5),
            queued_ms: 0.25,
            total_ms: 9.0,
            confidence: 0.83,
            ..Stats::default()
        }),
        prompt: Some(Shown {
            before: 402,
            typed: 12,
            after: 201,
            elsewhere: 180,
            frame: 17,
            ..Shown::default()
        }),
        context: Elsewhere {
            shown: vec![
                excerpt("src/wheel.rs", 1, Some(140), false),
                excerpt("src/wheel.rs", 40, Some(40), true),
                excerpt("src/axle.rs", 7, Some(0), true),
            ],
            rejected: vec![Rejected {
                from: "neighbours".into(),
                path: "src/hub.rs".into(),
                line: 3,
                bytes: 420,
                why: "known".into(),
            }],
            left_out: [("known".to_owned(), 4), ("no_room".to_owned(), 1)].into(),
        },
        ..shown()
    }
}

fn silent() -> Row {
    Row {
        at: 160_000,
        outcome: "inside_word".into(),
        why: "the cursor is inside a word".into(),
        by: Some(By::Gate),
        wanted: None,
        stats: None,
        ..shown()
    }
}

fn table(rows: &[Row]) -> String {
    head() + &rows.iter().map(|row| line(row, NOW)).collect::<String>()
}

#[test]
fn a_table_that_a_person_can_read() {
    let knowing = Row {
        source: Some(Source::Stream),
        context: Elsewhere {
            shown: vec![excerpt("src/a.rs", 3, None, false), excerpt("src/b.rs", 120, None, false)],
            ..Elsewhere::default()
        },
        ..shown()
    };
    // The bar marks the margin: the snapshot's own indentation would be taken for the source's.
    expect![[r#"
        id             ago  asked        ttft      total  where, and what came of it
        7kq2fd       1 min  inline     2.5 ms     7.2 ms  src/main.rs:12: shown, 17 characters, syntax checked, 83 % sure
        7kq2fd       1 min  inline     2.5 ms     7.2 ms  src/main.rs:12: shown, 17 characters, syntax checked, 83 % sure, from the answer that was on its way, knowing src/a.rs:3 src/b.rs:120
        7kq2fd         3 s  inline          -     7.2 ms  src/main.rs:12: silent: the cursor is inside a word [inside_word]
        |"#]].assert_eq(&(table(&[shown(), knowing, silent()]) + "|"));
}

fn check(row: &Row, style: Style, expected: &Expect) {
    expected.assert_eq(&detail(row, NOW, style));
}

#[test]
fn an_answer_in_full() {
    check(
        &whole(),
        Style::Plain,
        &expect![[r#"
            7kq2fd  src/main.rs:12  1 min ago
            shown: 17 characters, syntax checked, 83 % sure
              asked      by a key, for the rest of a line, in rust
              decided    ember, from the answer that was on its way
              said       26 characters; the place wanted no more
              cut off    9 characters
                           8: the text right of the cursor, said again [suffix_overlap]
                           1: [of_tomorrow]
              prompt     812 tokens: 12 read for this answer, 800 known; 200 read before, when nobody asked
                           402 before the line, 12 typed, 201 after the cursor, 180 from elsewhere, 17 between them
              knowing    3 places, 180 tokens
                           140 tokens: src/wheel.rs:1 (uses, 90 bytes)
                           40 tokens, cut: src/wheel.rs:40 (uses, 90 bytes)
                           no room: src/axle.rs:7 (uses, 90 bytes)
              left out   5 places: 4 known, 1 no_room
                           src/hub.rs:3 (neighbours, 420 bytes): most of it is on show already
                           and 4 more
              time       126.0 ms
                           1.2 ms waiting for an engine, 3.2 ms with the model, 0.8 ms checking, 120.5 ms held back for a pause in the typing
                           the first word was there after 0.5 ms
                           the engine took 2.5 ms to its first token, of which 0.2 ms waiting for others, and 9.0 ms in all
        "#]],
    );
    check(
        &whole(),
        Style::Markdown,
        &expect![[r#"
            ## 7kq2fd  `src/main.rs:12`  1 min ago

            **shown: 17 characters, syntax checked, 83 % sure**

            - asked: by a key, for the rest of a line, in rust
            - decided: ember, from the answer that was on its way
            - said: 26 characters; the place wanted no more
            - cut off: 9 characters
              - 8: the text right of the cursor, said again [suffix_overlap]
              - 1: [of_tomorrow]
            - prompt: 812 tokens: 12 read for this answer, 800 known; 200 read before, when nobody asked
              - 402 before the line, 12 typed, 201 after the cursor, 180 from elsewhere, 17 between them
            - knowing: 3 places, 180 tokens
              - 140 tokens: `src/wheel.rs:1` (uses, 90 bytes)
              - 40 tokens, cut: `src/wheel.rs:40` (uses, 90 bytes)
              - no room: `src/axle.rs:7` (uses, 90 bytes)
            - left out: 5 places: 4 known, 1 no_room
              - `src/hub.rs:3` (neighbours, 420 bytes): most of it is on show already
              - and 4 more
            - time: 126.0 ms
              - 1.2 ms waiting for an engine, 3.2 ms with the model, 0.8 ms checking, 120.5 ms held back for a pause in the typing
              - the first word was there after 0.5 ms
              - the engine took 2.5 ms to its first token, of which 0.2 ms waiting for others, and 9.0 ms in all
        "#]],
    );
}

#[test]
fn a_silence_in_full() {
    check(
        &silent(),
        Style::Plain,
        &expect![[r#"
        7kq2fd  src/main.rs:12  3 s ago
        silent: the cursor is inside a word [inside_word]
          asked      while typing, in rust
          decided    a gate; the model was not asked
                       text between two letters of a word would split it
          time       7.2 ms
    "#]],
    );
    let unsure = Row {
        outcome: "low_confidence".into(),
        why: "the model is not sure enough (12 %; completion.min_confidence is 20 %)".into(),
        said: 9,
        ended: Some(Ended::Line),
        stats: Some(Stats { prompt_tokens: 99, evaluated_tokens: 99, ..Stats::default() }),
        prompt: Some(Shown { before: 90, after: 6, frame: 3, glance: true, ..Shown::default() }),
        context: Elsewhere { shown: vec![excerpt("a.rs", 3, Some(0), true)], ..Elsewhere::default() },
        ..shown()
    };
    check(
        &unsure,
        Style::Plain,
        &expect![[r#"
            7kq2fd  src/main.rs:12  1 min ago
            silent: the model is not sure enough (12 %; completion.min_confidence is 20 %) [low_confidence]
              asked      while typing, for the rest of a line, in rust
              decided    ember
                           the model was less sure than `completion.min_confidence`; a key that asks shows it all the same
              said       9 characters; the line ended there
              prompt     99 tokens: 99 read for this answer, 0 known
                           90 before the line, 6 after the cursor, 3 between them
                           a glance: the place was new, and all of it would have taken too long to read
              knowing    1 place, 0 tokens
                           not in this glance: a.rs:3 (uses, 90 bytes)
              time       7.2 ms
        "#]],
    );
}

#[test]
fn a_row_of_an_older_version_says_what_it_knows() {
    let old = Row { id: String::new(), by: None, wanted: None, ..shown() };
    check(
        &old,
        Style::Plain,
        &expect![[r#"
            src/main.rs:12  1 min ago
            shown: 17 characters, syntax checked, 83 % sure
              asked      while typing, in rust
              time       7.2 ms
                           the engine took 2.5 ms to its first token, and 0.0 ms in all
        "#]],
    );
}

#[test]
fn a_path_is_whatever_somebody_called_a_file() {
    let path = "a\u{1b}[2J\u{202e}`*<b>.rs";
    let named = Row {
        path: path.into(),
        context: Elsewhere { shown: vec![excerpt(path, 1, None, false)], ..Elsewhere::default() },
        ..shown()
    };
    check(
        &named,
        Style::Plain,
        &expect![[r#"
            7kq2fd  a\u{1b}[2J\u{202e}`*<b>.rs:12  1 min ago
            shown: 17 characters, syntax checked, 83 % sure
              asked      while typing, for the rest of a line, in rust
              decided    ember
              knowing    1 place, 0 tokens
                           not read yet: a\u{1b}[2J\u{202e}`*<b>.rs:1 (uses, 90 bytes)
              time       7.2 ms
                           the engine took 2.5 ms to its first token, and 0.0 ms in all
        "#]],
    );
    check(
        &named,
        Style::Markdown,
        &expect![[r#"
            ## 7kq2fd  `` a\u{1b}[2J\u{202e}`*<b>.rs:12 ``  1 min ago

            **shown: 17 characters, syntax checked, 83 % sure**

            - asked: while typing, for the rest of a line, in rust
            - decided: ember
            - knowing: 1 place, 0 tokens
              - not read yet: `` a\u{1b}[2J\u{202e}`*<b>.rs:1 `` (uses, 90 bytes)
            - time: 7.2 ms
              - the engine took 2.5 ms to its first token, and 0.0 ms in all
        "#]],
    );
    assert!(!line(&named, NOW).contains('\u{1b}'));
    assert!(!brief(&named).contains('\u{202e}'));
}

#[test]
fn each_reason_is_counted_and_explained() {
    let python = Row { language: "python".into(), outcome: "of_tomorrow".into(), ..shown() };
    let slow = Row { total_ms: 30.5, ..shown() };
    let rows = [shown(), shown(), slow, silent(), silent(), python];
    expect![[r#"
        6 answers and silences in 1 min

          shown                 3   50.0 %  in all 7.2 ms (median), 30.5 ms (95 %); to the first token 2.5 ms (median), 2.5 ms (95 %)

        the model was not asked
          disabled              -           suggestions are switched off; `completion.enabled = true` brings them back
          language_off          -           the language is one of `completion.languages_off`
          excluded              -           a `.hobignore`, `index.exclude` or the file's own name says to leave it alone
          not_open              -           the editor asked about a document that it had not opened
          out_of_sync           -           an edit did not fit the text; it heals when the editor sends the whole of it
          outside_text          -           the editor asked about a place that is not in the text
          line_too_long         -           the cursor's line is longer than a line that somebody types
          inside_word           2   33.3 %  text between two letters of a word would split it
          inside_string         -           the cursor is at the end of a string; `completion.strings = true` suggests there, too
          typed_over            -           a suggestion was read at this very place and something else was typed; a key that asks shows one

        there was no model to ask, or it failed
          model_loading         -           the model was being read into memory; the next answers come
          model_unusable        -           the model's file can't be used; `hob engine status` says why
          engine_gone           -           the process with the model ended; it is started again by itself
          model_failed          -           the model could not answer this one request

        nobody waited for the answer any more
          cancelled             -           the editor took the request back, as it does when the next key comes
          superseded            -           a newer request for the same document came before the answer
          deadline              -           there was no whole line in time; `completion.deadline_ms` says how long a block may take

        there was an answer, and it was not fit to show
          nothing_missing       -           the model ended its answer at once: it thinks that nothing is missing
          repetition            -           the model said the same over and over, as small models do
          repeats_suffix        -           the model said what stands behind the cursor already
          low_confidence        -           the model was less sure than `completion.min_confidence`; a key that asks shows it all the same
          seldom_taken          -           suggestions that the model was as sure of were seldom taken; `completion.learn = false` shows them all the same
          syntax_error          -           the file would have had one syntax error more, however much was cut off
          unfinished            -           what came for a new line breaks off; a key that asks shows its first line

        other
          of_tomorrow           1   16.7 %  a reason of another version of Hob

        by language
          python                1    0.0 % shown, 1 silent, mostly of_tomorrow
          rust                  5   60.0 % shown, 2 silent, mostly inside_word
    "#]].assert_eq(&Statistics::of(&rows, NOW).to_string());
    expect![[r#"
        0 answers and silences in 0 s

          shown                 -
    "#]]
    .assert_eq(&Statistics::of(&[], NOW).to_string().lines().take(4).collect::<Vec<_>>().join("\n"));
}
