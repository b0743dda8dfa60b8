//! What a warm cache is worth: how many tokens each kind of key evaluates, with the real model.
//!
//! Counts only: how long a token takes is the machine's affair, and `hob bench typing` measures it.

use model::{Block, Finish, Kind, Request};

use super::{
    Decoder,
    tests::{answer, hole, with_decoder},
};
use crate::threads::Team;

/// Real files that stay as they are, so that the counts do.
const FILE: &str = include_str!("../../../../tests/fixtures/typing/gguf.rs");
const OTHER: &str = include_str!("../../../../tests/fixtures/typing/family.rs");

/// A place in a real file: what stands before a line that will be typed, and after it.
fn place() -> (String, String) {
    let before = FILE.lines().take(60).collect::<Vec<_>>().join("\n") + "\n";
    let after = "\n".to_owned() + &FILE.lines().skip(60).take(20).collect::<Vec<_>>().join("\n");
    (before, after)
}

/// Asks as an editor's key does: for one line at once.
fn key(decoder: &mut super::Decoder<'_>, before: &str, typed: &str, after: &str) -> Finish {
    answer(decoder, &hole(&format!("{before}{typed}$0{after}"))).1
}

/// Tokens evaluated at a place for its first key, and then one for each key of `typed`.
fn type_in(decoder: &mut super::Decoder<'_>, typed: &str) -> Vec<u32> {
    let (before, after) = place();
    let ends = typed.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.map(|end| key(decoder, &before, &typed[..end], &after).stats.evaluated_tokens).collect()
}

#[test]
fn enter_and_the_next_line_cost_what_they_add() {
    let typed =
        "        let held = self.len(slot);\n        if held > 0 {\n            return held;\n        }\n";
    with_decoder(|decoder| {
        let costs = type_in(decoder, typed);
        let behind_enter = typed.match_indices('\n').map(|(at, _)| costs[at]);
        assert!(behind_enter.max() <= Some(6), "{costs:?}");
        let sum: u32 = costs[1..].iter().sum();
        assert!(f64::from(sum) / f64::from(u32::try_from(costs.len()).unwrap()) <= 1.5, "{costs:?}");
    });
}

#[test]
fn an_accepted_suggestion_is_in_the_cache_already() {
    with_decoder(|decoder| {
        let (before, after) = place();
        let typed = "        let position = self.seq";
        let (said, _) = answer(decoder, &hole(&format!("{before}{typed}$0{after}")));
        assert!(!said.is_empty());
        let accepted = key(decoder, &before, &format!("{typed}{said}"), &after);
        assert!(accepted.stats.evaluated_tokens <= 6, "{:?}", accepted.stats);
    });
}

#[test]
fn backspace_and_undo_evaluate_next_to_nothing() {
    with_decoder(|decoder| {
        let (before, after) = place();
        key(decoder, &before, "        let position = self.sequences.len", &after);
        for typed in
            ["        let position = self.sequences.le", "        let position = self.seq", "        let pos"]
        {
            let finish = key(decoder, &before, typed, &after);
            assert!(finish.stats.evaluated_tokens <= 4, "{typed}: {:?}", finish.stats);
        }
    });
}

#[test]
fn a_jump_and_back_costs_one_way() {
    with_decoder(|decoder| {
        let (before, after) = place();
        let there = format!("{OTHER}        let x = $0;\n");
        key(decoder, &before, "        let position = ", &after);
        let patiently = model::Asking::patiently();
        let away = answer(decoder, &Request { asking: patiently, ..hole(&there) }).1;
        assert!(away.stats.evaluated_tokens > 100, "{:?}", away.stats);
        let back = key(decoder, &before, "        let position = s", &after);
        assert!(back.stats.evaluated_tokens <= 4, "{:?}", back.stats);
    });
}

/// Makes the machine one that reads `tokens` before anybody notices.
fn glance_at(decoder: &mut Decoder<'_>, tokens: u16) {
    let token_ms = 10.0 / (f64::from(tokens) - 0.5);
    decoder.threads.measured(64, Team::Alone, 64.0 * token_ms);
    assert_eq!(decoder.glance(), usize::from(tokens));
}

#[test]
fn a_new_place_is_glanced_at_and_read_in_the_calm() {
    with_decoder(|decoder| {
        glance_at(decoder, 200);
        let (before, after) = place();
        let first = key(decoder, &before, "        let pos", &after);
        assert!(first.stats.evaluated_tokens <= 200, "{:?}", first.stats);
        assert!(decoder.calm_at().is_some());
        decoder.settle();
        assert!(decoder.calm_at().is_none(), "there is nothing left to read");

        let second = key(decoder, &before, "        let posi", &after);
        assert!(second.stats.prompt_tokens > 2 * first.stats.prompt_tokens, "{:?}", second.stats);
        assert!(second.stats.evaluated_tokens <= 4, "{:?}", second.stats);
        assert!(second.stats.background_tokens > 200, "{:?}", second.stats);
        assert_eq!(
            key(decoder, &before, "        let posit", &after).stats.background_tokens,
            0,
            "told once"
        );
    });
}

#[test]
fn in_a_glance_there_is_room_to_type_on() {
    let lines = "        let a = 1;\n        let b = 2;\n        let c = 3;\n        let d = ";
    with_decoder(|decoder| {
        glance_at(decoder, 100);
        let costs = type_in(decoder, lines);
        let sum: u32 = costs[1..].iter().sum();
        assert!(costs[0] <= 100 && sum <= u32::try_from(costs.len()).unwrap() * 3 / 2, "{costs:?}");
    });
}

#[test]
fn who_has_the_time_is_answered_from_all_of_the_text() {
    with_decoder(|decoder| {
        glance_at(decoder, 200);
        let (before, after) = place();
        let patient =
            Request { asking: model::Asking::patiently(), ..hole(&format!("{before}    let pos$0{after}")) };
        let finish = answer(decoder, &patient).1;
        assert!(finish.stats.prompt_tokens > 500, "{:?}", finish.stats);
        assert!(decoder.calm_at().is_none());
    });
}

#[test]
fn the_anchor_follows_in_the_calm() {
    let lines = "        let a = 1;\n        let b = 2;\n        let c = 3;\n        let d = 4;\n        l";
    with_decoder(|decoder| {
        let (before, after) = place();
        type_in(decoder, lines);
        assert!(decoder.calm_at().is_some(), "four lines below its anchor");
        decoder.settle();
        let next = key(decoder, &before, &format!("{lines}e"), &after);
        assert!(next.stats.background_tokens > 0 && next.stats.evaluated_tokens <= 4, "{:?}", next.stats);
        assert!(decoder.calm_at().is_none());
    });
}

#[test]
fn what_is_read_in_the_calm_can_be_stopped_and_goes_on() {
    with_decoder(|decoder| {
        glance_at(decoder, 200);
        let (before, after) = place();
        key(decoder, &before, "        let pos", &after);
        decoder.interrupt.stop();
        decoder.settle();
        assert!(decoder.calm_at().is_some(), "it will be tried again");
        decoder.interrupt.clear();
        decoder.settle();
        assert!(decoder.calm_at().is_none());
    });
}

#[test]
fn a_closed_document_leaves_nothing_to_do() {
    with_decoder(|decoder| {
        glance_at(decoder, 200);
        let (before, after) = place();
        let request = hole(&format!("{before}    let pos$0{after}"));
        answer(decoder, &request);
        decoder.forget(request.session);
        assert!(decoder.calm_at().is_none());
        assert_eq!(decoder.sessions(), 0);
    });
}

#[test]
fn what_is_decoded_ahead_leaves_the_place_itself_warm() {
    with_decoder(|decoder| {
        let (before, after) = place();
        let typed = "        let position = self.seq";
        let (said, _) = answer(decoder, &hole(&format!("{before}{typed}$0{after}")));
        let ahead = Request { kind: Kind::Ahead, ..hole(&format!("{before}{typed}{said}$0{after}")) };
        let finish = answer(decoder, &ahead).1;
        assert!(finish.stats.evaluated_tokens <= 6, "{:?}", finish.stats);
        let other = key(decoder, &before, "        let position = self.seqx", &after);
        assert!(other.stats.evaluated_tokens <= 4, "another key than the suggestion's: {:?}", other.stats);
    });
}

#[test]
fn a_word_of_many_tokens_is_said_again_in_one_step() {
    with_decoder(|decoder| {
        let (before, after) = place();
        let typed = "        zqxwvkjy";
        decoder.drafting = super::Drafting::off();
        let (one_by_one, _) = answer(decoder, &hole(&format!("{before}{typed}$0{after}")));
        decoder.drafting = super::Drafting::new(&[(1, 1.0), (9, 1.1)]);
        decoder.trail = super::Trail::default();
        let (drafted, finish) = answer(decoder, &hole(&format!("{before}{typed}$0{after}")));
        assert_eq!(drafted, one_by_one);
        assert!(finish.stats.drafted_tokens >= 2, "{:?}", finish.stats);
    });
}

#[test]
fn a_letter_later_the_word_before_the_cursor_is_not_evaluated_again() {
    with_decoder(|decoder| {
        let (before, after) = place();
        decoder.drafting = super::Drafting::off();
        let request = |typed: &str| hole(&format!("{before}{typed}$0{after}"));
        answer(decoder, &request("        zqxwv"));
        for typed in ["        zqxwvk", "        zqxwvkj"] {
            let warm = answer(decoder, &request(typed)).0;
            // What was kept changes nothing of what is said.
            let kept = std::mem::take(&mut decoder.trail);
            assert!(kept.knows(2), "of a word of many tokens the first are known");
            assert_eq!(answer(decoder, &request(typed)).0, warm, "{typed}");
            decoder.trail = kept;
        }
    });
}

#[test]
fn what_is_shown_from_elsewhere_is_another_once_it_is_read() {
    with_decoder(|decoder| {
        let (before, after) = place();
        let knowing = |typed: &str| Request {
            blocks: vec![Block {
                path: "family.rs".into(),
                text: OTHER.lines().take(20).collect::<Vec<_>>().join("\n"),
                further: Vec::new(),
            }],
            ..hole(&format!("{before}{typed}$0{after}"))
        };
        key(decoder, &before, "        let pos", &after);
        let dated = answer(decoder, &knowing("        let posi")).1;
        assert!(dated.stats.evaluated_tokens <= 4, "nobody waits for what is new elsewhere: {dated:?}");
        assert!(dated.shown.dated && dated.shown.elsewhere == 0, "{dated:?}");
        let patiently = Request {
            kind: Kind::Prefill,
            asking: model::Asking::patiently(),
            ..knowing("        let posi")
        };
        let read = answer(decoder, &patiently).1.stats;
        assert!(read.evaluated_tokens > 100, "{read:?}");
        let next = answer(decoder, &knowing("        let posit")).1;
        assert!(next.stats.evaluated_tokens <= 4 && next.stats.prompt_tokens > 0, "{next:?}");
        assert!(!next.shown.dated && next.shown.excerpts.len() == 1, "{next:?}");
    });
}
