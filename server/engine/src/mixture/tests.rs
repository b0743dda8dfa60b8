//! Choices over a vocabulary of a few tokens, with the model's opinion written out.

use model::{Asking, Kind, SessionKey};
use prompt::{
    GAP,
    family::{Files, Layout},
};
use proptest::prelude::*;

use super::*;

const PIECES: &[&str] =
    &["a", "b", "foo", "(", ")", ";", "\n", ");\n", "()", "", "<PRE>", "<SUF>", "<MID>", "<EOT>"];

/// A vocabulary of [`PIECES`]. The unnamed one and those in angle brackets are control tokens.
struct Few;

impl Few {
    fn token(name: &str) -> Token {
        Token(PIECES.iter().position(|piece| *piece == name).unwrap().try_into().unwrap())
    }

    fn tokens(names: &str) -> Vec<Token> {
        let token = |name| {
            if name == "…" {
                GAP
            } else if name == "⏎" {
                LINE_END
            } else {
                Self::token(name)
            }
        };
        names.split_whitespace().map(token).collect()
    }
}

impl Tokens for Few {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        let mut rest = text;
        while let Some(piece) =
            PIECES.iter().filter(|p| !p.is_empty() && rest.starts_with(**p)).max_by_key(|p| p.len())
        {
            out.push(Self::token(piece));
            rest = &rest[piece.len()..];
        }
    }

    fn piece(&self, token: Token) -> &[u8] {
        let piece = PIECES[usize::try_from(token.0).unwrap_or(9)];
        if piece.starts_with('<') { b"" } else { piece.as_bytes() }
    }

    fn size(&self) -> usize {
        PIECES.len()
    }
}

fn mixture(trust: f64) -> Mixture {
    let special = ["<PRE>", "<SUF>", "<MID>", "<EOT>"].map(|name| (Few::token(name), name.to_owned()));
    let fim = Fim {
        family: "few",
        layout: Layout::AnchoredMiddle,
        prefix: special[0].0,
        suffix: special[1].0,
        middle: Some(special[2].0),
        files: Files::Comment,
        bos: None,
        special: special.to_vec(),
    };
    Mixture::new(&Few, &fim, trust)
}

fn course(single_line: bool, text: &str, context: &str) -> Course {
    let request = Request {
        kind: Kind::Fim,
        session: SessionKey(1),
        path: String::new(),
        repository: String::new(),
        blocks: Vec::new(),
        prefix: String::new(),
        typed: String::new(),
        suffix: String::new(),
        max_tokens: 8,
        single_line,
        asking: Asking::default(),
    };
    let surroundings = Surroundings { text: Few::tokens(text), context: Few::tokens(context) };
    Course::new(&request, &Healing::default(), surroundings, Vec::new())
}

/// Logits of a model that gives each of these tokens so many per cent.
fn opinion(percent: &[(&str, f32)]) -> Vec<f32> {
    let mut logits = vec![-30.0; PIECES.len()];
    for (name, percent) in percent {
        logits[usize::try_from(Few::token(name).0).unwrap()] = (percent / 100.0).ln();
    }
    logits
}

/// What is said after these opinions, one a step, with the probability of each choice: `)70 ;63 end`.
fn said(mixture: &mut Mixture, mut course: Course, opinions: &[&[(&str, f32)]]) -> String {
    let index = PieceIndex::new(&Few);
    let mut out = Vec::new();
    for percent in opinions {
        let choice =
            mixture.choose(&course, &opinion(percent), &Healing::default(), (&Few, &index), None).unwrap();
        let percent = (choice.logprob.exp() * 100.0).round();
        let Some(token) = choice.token else {
            out.push(format!("end{percent}"));
            break;
        };
        out.push(format!("{}{percent}", String::from_utf8_lossy(Few.piece(token)).escape_debug()));
        mixture.say(&mut course, token);
    }
    out.join(" ")
}

#[test]
fn a_token_with_a_line_break_counts_as_what_it_shows() {
    // Neither `)` alone nor the end alone would win; what they show together does.
    let opinions: &[&[_]] = &[
        &[(");\n", 35.0), ("a", 36.0), (")", 29.0)],
        &[("a", 60.0), (";", 40.0)],
        &[("a", 60.0), ("\n", 40.0)],
    ];
    assert_eq!(said(&mut mixture(1.0), course(true, "", ""), opinions), ")64 ;73 end85");
}

#[test]
fn a_block_is_said_in_the_vocabularys_own_tokens() {
    let opinions: &[&[_]] = &[&[(");\n", 40.0), ("a", 36.0), (")", 24.0)], &[("<EOT>", 90.0), ("a", 10.0)]];
    assert_eq!(said(&mut mixture(1.0), course(false, "", ""), opinions), ");\\n40 end90");
}

#[test]
fn every_way_to_end_counts_as_the_end() {
    let opinions: &[&[_]] = &[&[("a", 40.0), ("\n", 30.0), ("<EOT>", 25.0), ("<PRE>", 5.0)]];
    assert_eq!(said(&mut mixture(1.0), course(true, "", ""), opinions), "end60");
}

#[test]
fn what_the_file_repeats_wins_over_a_small_models_opinion() {
    let opinions: &[&[_]] = &[&[("a", 60.0), ("b", 5.0), ("()", 35.0)]];
    let line = "foo ( a ) ; ⏎ foo ( a ) ; ⏎";
    let around = || course(true, &format!("{line} foo ( b ) ; ⏎ …"), &format!("{line} foo ("));
    assert!(said(&mut mixture(1.0), around(), opinions).starts_with('b'));
    assert!(said(&mut mixture(1000.0), around(), opinions).starts_with('a'));
}

#[test]
fn lines_that_end_alike_end_the_answer() {
    let opinions: &[&[_]] = &[&[("a", 50.0), (")", 20.0), ("\n", 30.0)]];
    let line = "foo ( a b b )";
    let around = course(true, &format!("{line} ⏎ {line} ⏎ …"), line);
    assert!(said(&mut mixture(1.0), around, opinions).starts_with("end"));
}

#[test]
fn while_healing_nothing_but_what_was_typed_may_be_said() {
    let index = PieceIndex::new(&Few);
    let healing = Healing::of(")", vec![Few::token(")")]);
    let course = course(true, "foo a ⏎ foo a ⏎ …", "foo");
    let logits = opinion(&[("a", 90.0), ("\n", 8.0), (");\n", 2.0)]);
    let choice = mixture(1.0).choose(&course, &logits, &healing, (&Few, &index), None).unwrap();
    assert_eq!((choice.token, choice.logprob, choice.margin), (Some(Few::token(")")), 0.0, f64::INFINITY));
    assert!(choice.rivals.iter().all(|(_, logprob)| logprob.is_infinite()), "nothing else is allowed");
}

#[test]
fn what_might_have_been_said_is_remembered_likeliest_first() {
    let index = PieceIndex::new(&Few);
    let check = |around: Course, opinion_of: &[(&str, f32)], expected: &[&str]| {
        let logits = opinion(opinion_of);
        let choice =
            mixture(1.0).choose(&around, &logits, &Healing::default(), (&Few, &index), None).unwrap();
        let name =
            |token: Option<Token>| token.map_or("end", |token| PIECES[usize::try_from(token.0).unwrap()]);
        let [(second, likelier), (third, less)] = choice.rivals;
        assert_eq!([name(choice.token), name(second), name(third)].as_slice(), expected);
        assert!(choice.logprob >= likelier && likelier >= less, "{choice:?}");
        assert!((choice.logprob - likelier - choice.margin).abs() < 1e-9, "{choice:?}");
    };
    check(course(false, "", ""), &[("b", 20.0), ("a", 50.0), ("(", 25.0)], &["a", "(", "b"]);
    check(
        course(true, "", ""),
        &[("a", 50.0), ("\n", 15.0), (";", 25.0), ("<EOT>", 15.0)],
        &["a", "end", ";"],
    );
    let repeated = course(true, "foo ( b ) ; ⏎ foo ( b ) ; ⏎ …", "foo ( b ) ; ⏎ foo (");
    check(repeated, &[("a", 60.0), ("b", 5.0), (";", 34.0)], &["b", "a", ";"]);
}

#[test]
fn a_model_that_is_no_model_says_nothing() {
    let index = PieceIndex::new(&Few);
    let logits = vec![f32::NAN; PIECES.len()];
    let choice =
        mixture(1.0).choose(&course(true, "", ""), &logits, &Healing::default(), (&Few, &index), None);
    assert_eq!(choice, None);
}

proptest! {
    #[test]
    fn a_choice_has_a_probability(
        logits in prop::collection::vec(-9.0f32..9.0, PIECES.len()),
        more in prop::collection::vec(-9.0f32..9.0, PIECES.len()),
        by_line: bool,
        trust in 0.5..50.0,
    ) {
        let index = PieceIndex::new(&Few);
        let mut mixture = mixture(trust);
        let mut course = course(by_line, "foo ( ) ; ⏎ foo ( a ) ⏎ … b ⏎ …", "b ⏎ foo (");
        for logits in [logits, more] {
            let choice = mixture.choose(&course, &logits, &Healing::default(), (&Few, &index), None).unwrap();
            prop_assert!(choice.logprob <= 0.0 && choice.logprob > f64::NEG_INFINITY);
            let Some(token) = choice.token else { break };
            prop_assert!(!by_line || !Few.piece(token).contains(&b'\n'));
            mixture.say(&mut course, token);
        }
    }
}
