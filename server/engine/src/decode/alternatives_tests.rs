//! The real model's other readings: that they are other ones, what they cost, and that the answer's sequence is as it was.

use std::ops::ControlFlow;

use super::{
    tests::{answer, hole, with_decoder},
    *,
};

/// Holes at which a model may go on in several ways.
const HOLES: [&str; 4] = [
    "def area(width, height):\n    return $0\n",
    "import os\n\nfor name in os.$0\n    print(name)\n",
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        self.it$0\n",
    "fn total(prices: &[u32]) -> u32 {\n    let mut sum = $0\n    sum\n}\n",
];

fn others(request: &Request, most: u8) -> Request {
    Request { kind: Kind::Alternatives(most), ..request.clone() }
}

/// Asks for up to `most` alternatives; each of the texts that came.
fn alternatives(decoder: &mut Decoder<'_>, request: &Request, most: u8) -> (Vec<String>, Finish) {
    let mut texts = Vec::new();
    let now = Instant::now();
    let mut sink = |text: &str| {
        texts.push(text.to_owned());
        ControlFlow::Continue(())
    };
    let timing = Timing { arrived: now, began: now };
    let finish = decoder.answer(&others(request, most), timing, &mut sink).unwrap();
    (texts, finish)
}

/// What every sequence holds.
fn held(decoder: &Decoder<'_>) -> Vec<Vec<Token>> {
    (0..4).map(|sequence| decoder.sequences.tokens(sequence).to_vec()).collect()
}

#[track_caller]
fn assert_in_step(decoder: &Decoder<'_>) {
    for sequence in 0..4 {
        assert_eq!(decoder.context.length(sequence), decoder.sequences.len(sequence), "sequence {sequence}");
    }
}

fn visible(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn alternatives_are_other_readings_of_the_same_hole() {
    with_decoder(|decoder| {
        for place in HOLES {
            let request = hole(place);
            let (first, _) = answer(decoder, &request);
            let (texts, finish) = alternatives(decoder, &request, 2);
            assert_eq!((texts.len(), finish.stop), (2, Stop::EndOfText), "{place:?}: {first:?}, {texts:?}");
            let mut seen: Vec<String> =
                [&first].into_iter().chain(&texts).map(|text| visible(text)).collect();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 3, "{place:?}: {first:?}, {texts:?}");
            assert!(texts.iter().all(|text| !text.contains('\n')), "one line was asked for: {texts:?}");
            // Nothing is drawn by chance.
            assert_eq!(alternatives(decoder, &request, 2).0, texts);
            decoder.reset();
            answer(decoder, &request);
            assert_eq!(
                alternatives(decoder, &request, 2).0,
                texts,
                "nor does it matter what was there before"
            );
        }
    });
}

#[test]
fn alternatives_read_no_prompt_and_leave_the_answers_sequence_alone() {
    with_decoder(|decoder| {
        let text =
            format!("{}def push(self, item):\n    self.$0\n", "# A comment that is read once.\n".repeat(20));
        let request = hole(&text);
        answer(decoder, &request);
        let before = held(decoder);
        let (texts, finish) = alternatives(decoder, &request, 2);
        assert!(!texts.is_empty());
        assert_eq!(finish.stats.evaluated_tokens, 0, "the prompt is there");
        assert_eq!(held(decoder), before, "nothing is left of the forks");
        assert_in_step(decoder);
        let (_, next) = answer(decoder, &hole(&text.replace("$0", "i$0")));
        assert!(next.stats.evaluated_tokens <= 2, "{:?}", next.stats);
    });
}

#[test]
fn an_alternative_is_what_the_model_says_once_it_has_begun_so() {
    let mut flips = 0;
    with_decoder(|decoder| {
        for place in HOLES {
            let request = hole(place);
            answer(decoder, &request);
            let said: Vec<Token> = decoder.crossroads.said().collect();
            let branches = decoder.crossroads.branches();
            let (texts, _) = alternatives(decoder, &request, 2);
            let mut spoken = Vec::new();
            for branch in branches {
                let Some(token) = branch.token else { continue };
                decoder.drafting = Drafting::off();
                let script = [&said[..branch.depth], &[token]].concat();
                decoder.rehearsal = Some(Rehearsal { script, choices: Vec::new() });
                spoken.push(answer(decoder, &request).0);
                decoder.rehearsal = None;
            }
            let ends: Vec<String> =
                (0..said.len()).map(|depth| spell(decoder, &request, &said[..depth])).collect();
            // Two sequences in one batch add in another order than one: what is all but equal may change places.
            let strange = |text: &&String| !spoken.contains(text) && !ends.contains(text);
            flips += texts.iter().filter(strange).count();
        }
    });
    assert!(flips <= 1, "{flips} of {} alternatives are nothing that the model says", 2 * HOLES.len());
}

/// What lies beyond the cursor once `tokens` are said.
fn spell(decoder: &mut Decoder<'_>, request: &Request, tokens: &[Token]) -> String {
    let mut healing = decoder.builder.build(request).healing;
    let bytes: Vec<u8> =
        tokens.iter().flat_map(|token| healing.say(decoder.model.piece(*token)).to_vec()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn an_answer_that_is_not_known_any_more_is_decoded_anew_and_told_first() {
    with_decoder(|decoder| {
        let (here, there) = (hole(HOLES[0]), Request { session: SessionKey(2), ..hole(HOLES[1]) });
        let (first, _) = answer(decoder, &here);
        let (known, _) = alternatives(decoder, &here, 2);
        let ahead = Request { kind: Kind::Ahead, ..there.clone() };
        answer(decoder, &ahead);
        assert_eq!(
            alternatives(decoder, &here, 2).0,
            known,
            "what is decoded ahead of it takes nothing away"
        );
        answer(decoder, &there);
        assert_eq!(alternatives(decoder, &here, 2).0, [&[first], known.as_slice()].concat());
        assert_in_step(decoder);
    });
}

#[test]
fn blocks_have_alternatives_too() {
    with_decoder(|decoder| {
        let mut request = hole("def area(width, height):\n    $0\n\nprint(area(1, 2))\n");
        request.single_line = false;
        let (first, _) = answer(decoder, &request);
        let (texts, _) = alternatives(decoder, &request, 2);
        assert_eq!(texts.len(), 2);
        assert!(!texts.contains(&first), "{first:?} {texts:?}");
    });
}

#[test]
fn a_cancel_ends_them_at_once_and_leaves_nothing_behind() {
    with_decoder(|decoder| {
        let request = hole(HOLES[0]);
        answer(decoder, &request);
        let before = held(decoder);
        decoder.interrupt.stop();
        let (texts, finish) = alternatives(decoder, &request, 2);
        assert!(finish.stop == Stop::Cancelled && finish.stats.decoded_tokens == 0, "{texts:?} {finish:?}");
        assert_eq!(held(decoder), before);
        decoder.interrupt.clear();

        // In the middle: the first text that comes has somebody press the next key.
        let interrupt = Arc::clone(&decoder.interrupt);
        let mut told = 0;
        let mut sink = |_: &str| {
            told += 1;
            interrupt.stop();
            ControlFlow::Continue(())
        };
        let now = Instant::now();
        let timing = Timing { arrived: now, began: now };
        let finish = decoder.answer(&others(&request, 2), timing, &mut sink).unwrap();
        assert_eq!((told, finish.stop), (1, Stop::Cancelled));
        assert_eq!(held(decoder), before);
        assert_in_step(decoder);
        decoder.interrupt.clear();
        assert_eq!(alternatives(decoder, &request, 2).0.len(), 2);
    });
}

#[test]
fn a_sink_that_has_enough_ends_them() {
    with_decoder(|decoder| {
        let request = hole(HOLES[0]);
        answer(decoder, &request);
        let now = Instant::now();
        let timing = Timing { arrived: now, began: now };
        let finish =
            decoder.answer(&others(&request, 2), timing, &mut |_: &str| ControlFlow::Break(())).unwrap();
        assert_eq!(finish.stop, Stop::Sink);
        assert_in_step(decoder);
    });
}

#[test]
fn what_repeats_itself_has_no_other_reading() {
    let copied = "let total = price * amount;\n".repeat(12);
    with_decoder(|decoder| {
        let request = hole(&format!("{copied}let total = price * am$0\n{copied}"));
        assert_eq!(answer(decoder, &request).0, "ount;");
        let branches = decoder.crossroads.branches();
        let (texts, _) = alternatives(decoder, &request, 2);
        assert!(texts.len() <= branches.len(), "{texts:?}");
        assert!(texts.iter().all(|text| visible(text) != "ount;"), "{texts:?}");
    });
}

#[test]
fn the_mixture_has_a_say_in_alternatives() {
    let around = "paint(canvas, brush)\n".repeat(3) + &"paint(canvas, pencil)\n".repeat(3);
    with_decoder(|decoder| {
        let mut request = hole(&format!("{around}paint(canvas, $0\n"));
        let (first, _) = answer(decoder, &request);
        let (texts, _) = alternatives(decoder, &request, 2);
        let all = [&[first], texts.as_slice()].concat();
        for word in ["brush)", "pencil)"] {
            assert!(all.iter().any(|text| text == word), "{all:?}");
        }
        request.asking.mixture = false;
        let (plain, _) = answer(decoder, &request);
        assert_ne!([&[plain], alternatives(decoder, &request, 2).0.as_slice()].concat(), all);
    });
}
