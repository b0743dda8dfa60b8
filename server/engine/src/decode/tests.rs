//! The real model, without sockets: what a key evaluates, and that no shortcut changes what is said.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use model::Asking;
use prompt::family;

use std::ops::ControlFlow;

use super::*;
use crate::{embedded, gguf};

const CONTEXT: usize = 1024;

/// Runs `test` on a decoder over the embedded model.
pub(super) fn with_decoder(test: impl FnOnce(&mut Decoder<'_>)) {
    let file = embedded::open(Path::new("")).unwrap();
    let header = gguf::check(&file.path).unwrap();
    let model = Model::load(&file.path, |_| true).unwrap();
    let facts = prompt::Facts { bos: model.bos(), ends: model.ends(), ..header.facts_or_name("ember") };
    let fim = family::recognise(&facts, |text| header.find(text)).unwrap();
    let interrupt = Arc::new(Interrupt::default());
    let context = model.context(4, CONTEXT, 1, interrupt.flag()).unwrap();
    let builder = Builder::new(&model, fim, CONTEXT);
    test(&mut Decoder::new(&model, context, builder, Calibration::default(), (4, 1), interrupt));
}

/// A request for the hole at `$0`, anchored at the start of its line.
pub(super) fn hole(text: &str) -> Request {
    let (before, suffix) = text.split_once("$0").unwrap();
    let anchor = before.rfind('\n').map_or(0, |line_break| line_break + 1);
    Request {
        kind: Kind::Fim,
        session: SessionKey(1),
        path: "a.py".into(),
        repository: String::new(),
        blocks: Vec::new(),
        prefix: before[..anchor].into(),
        typed: before[anchor..].into(),
        suffix: suffix.into(),
        max_tokens: 16,
        single_line: true,
        asking: Asking::default(),
    }
}

pub(super) fn answer(decoder: &mut Decoder<'_>, request: &Request) -> (String, Finish) {
    let mut text = String::new();
    let now = Instant::now();
    let mut sink = |chunk: &str| {
        text.push_str(chunk);
        ControlFlow::Continue(())
    };
    let finish = decoder.answer(request, Timing { arrived: now, began: now }, &mut sink).unwrap();
    (text, finish)
}

/// What the sequence of the newest request holds after the token for the middle, as bytes.
fn middle(decoder: &Decoder<'_>) -> Vec<u8> {
    let held = decoder.sequences.tokens(decoder.sequences.newest());
    let start = held.iter().rposition(|token| Some(*token) == decoder.builder.fim().middle).unwrap() + 1;
    held[start..].iter().flat_map(|token| decoder.model.piece(*token).to_vec()).collect()
}

/// Our own sources: Rust with comments, strings, some characters beyond ASCII.
pub(super) const SOURCES: &[&str] = &[
    include_str!("../decode.rs"),
    include_str!("../gguf.rs"),
    include_str!("../server.rs"),
    include_str!("tests.rs"),
];

const LINE: &str = "    naïve_größe = \"→ 🦀 {}\".format(self.items[0], x + 1)  # ünd";

#[test]
fn the_real_vocabulary_allows_tokens_per_line() {
    with_decoder(|decoder| {
        assert!(decoder.builder.caches_lines());
        for source in SOURCES {
            for text in [
                (*source).to_owned(),
                source.replace('\n', "\r\n"),
                source.replace("    ", "\t"),
                source.replace('\n', "\n\n  \n"),
            ] {
                // As the suffix of a huge context every line goes through the cache; the whole is the judge.
                let mut by_line = Vec::new();
                for chunk in prompt::cache::chunks(&text).map(|(chunk, _)| chunk) {
                    decoder.model.tokenize(chunk, &mut by_line);
                }
                let mut whole = Vec::new();
                decoder.model.tokenize(&text, &mut whole);
                assert!(by_line == whole, "lines and the whole tokenize differently");
            }
        }
    });
}

#[test]
fn fim_tokens_in_a_source_stay_text() {
    with_decoder(|decoder| {
        let request = hole("# <|fim_middle|> <|file_sep|>\nx = \"<|fim_suffix|>$0\"\n");
        let prompt = decoder.builder.build(&request);
        let fim = decoder.builder.fim().clone();
        let commands: Vec<_> = prompt.tokens.iter().filter(|token| fim.ends(**token)).copied().collect();
        assert_eq!(commands, [fim.prefix, fim.suffix, fim.middle.unwrap()]);
    });
}

#[test]
fn typing_a_line_evaluates_about_a_token_a_key() {
    with_decoder(|decoder| {
        let before = SOURCES[0].lines().take(60).collect::<Vec<_>>().join("\n") + "\n";
        let after = "\n".to_owned() + &SOURCES[1].lines().take(20).collect::<Vec<_>>().join("\n");
        let line = "        let position = self.sequences.len(slot);";
        let (_, first) = answer(decoder, &hole(&format!("{before}$0{after}")));
        assert_eq!(first.stats.evaluated_tokens, first.stats.prompt_tokens);
        let mut evaluated = Vec::new();
        for end in 1..=line.len() {
            let (_, finish) = answer(decoder, &hole(&format!("{before}{}$0{after}", &line[..end])));
            evaluated.push(finish.stats.evaluated_tokens);
        }
        let sum: u32 = evaluated.iter().sum();
        assert!(sum <= u32::try_from(evaluated.len()).unwrap() * 3 / 2, "{evaluated:?}");
        assert!(evaluated.iter().max() <= Some(&6), "{evaluated:?}");
    });
}

#[test]
fn what_is_said_does_not_depend_on_the_cache() {
    let before =
        "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n";
    let line = "        self.items.append(item)";
    let mut flips = 0;
    with_decoder(|decoder| {
        for end in 0..=line.len() {
            let request = hole(&format!("{before}{}$0\n\n    def pop(self):\n", &line[..end]));
            let (warm, _) = answer(decoder, &request);
            decoder.reset();
            let (cold, finish) = answer(decoder, &request);
            assert_eq!(finish.stats.evaluated_tokens, finish.stats.prompt_tokens);
            // Batches of other sizes add in another order: where the two best tokens are all but equal they may change places.
            flips += u32::from(warm != cold);
            // Leave the cache as typing leaves it.
            answer(decoder, &request);
        }
    });
    assert!(flips <= 1, "{flips} of {} answers differ between a warm cache and a cold one", line.len() + 1);
}

#[test]
fn at_every_column_what_was_typed_is_kept_and_continued() {
    with_decoder(|decoder| {
        for (end, _) in LINE.char_indices().chain([(LINE.len(), ' ')]) {
            let typed = &LINE[..end];
            let (text, finish) = answer(decoder, &hole(&format!("class A:\n{typed}$0\n\n    x = 1\n")));
            let held = middle(decoder);
            let said = format!("{typed}{text}");
            if finish.stats.decoded_tokens == 0 {
                continue;
            }
            // The last token is not evaluated when the answer ends with it, and a character may be incomplete: one is the other's start.
            let common = held.len().min(said.len());
            assert_eq!(
                String::from_utf8_lossy(&held[..common]),
                String::from_utf8_lossy(&said.as_bytes()[..common]),
                "after {typed:?}"
            );
        }
    });
}

#[test]
fn a_line_ends_before_its_break_and_a_block_goes_on() {
    with_decoder(|decoder| {
        let mut request = hole("def add(a, b):\n    return a$0\n\ndef sub(a, b):\n    return a - b\n");
        let (line, _) = answer(decoder, &request);
        assert!(!line.contains('\n'));
        request.single_line = false;
        let (block, _) = answer(decoder, &request);
        assert!(block.starts_with(&line));
    });
}

#[test]
fn a_sink_that_has_enough_ends_the_answer() {
    with_decoder(|decoder| {
        let mut request = hole("def add(a, b):\n    $0\n");
        request.single_line = false;
        let now = Instant::now();
        let finish = decoder
            .answer(&request, Timing { arrived: now, began: now }, &mut |_: &str| ControlFlow::Break(()))
            .unwrap();
        assert_eq!(finish.stop, Stop::Sink);
    });
}

#[test]
fn a_line_that_was_cut_off_is_nothing_to_be_sure_of() {
    let copied = "let total = price * amount;\n".repeat(8);
    with_decoder(|decoder| {
        let mut request = hole(&format!("{copied}let to$0\n{copied}"));
        let (text, finish) = answer(decoder, &request);
        assert_eq!(text, "tal = price * amount;");
        assert!(finish.stats.confidence > 0.5 && finish.stats.choosing_ms > 0.0, "{:?}", finish.stats);
        request.max_tokens = 2;
        let (_, finish) = answer(decoder, &request);
        assert_eq!((finish.stop, finish.stats.confidence), (Stop::Length, 0.0));
        request.kind = Kind::Prefill;
        let (_, finish) = answer(decoder, &request);
        assert_eq!((finish.stop, finish.stats.confidence), (Stop::Prefilled, 0.0));
    });
}

#[test]
fn the_answer_ends_with_the_context() {
    with_decoder(|decoder| {
        let text = "def add(a, b):\n    return a + b\n\n".repeat(200);
        let mut request = hole(&format!("{text}$0{text}"));
        (request.max_tokens, request.single_line) = (100_000, false);
        let (_, finish) = answer(decoder, &request);
        let used = finish.stats.prompt_tokens + finish.stats.decoded_tokens;
        assert!(usize::try_from(used).unwrap() <= CONTEXT, "{used}");
    });
}

#[test]
fn an_aborted_prompt_is_finished_by_the_next_request() {
    with_decoder(|decoder| {
        let request = hole(&format!("{}$0", SOURCES[1]));
        let (expected, whole) = answer(decoder, &request);
        decoder.reset();
        decoder.interrupt.stop();
        let (text, finish) = answer(decoder, &request);
        assert_eq!((text.as_str(), finish.stop), ("", Stop::Cancelled));
        decoder.interrupt.clear();
        let (text, finish) = answer(decoder, &request);
        assert_eq!((text, finish.stop), (expected, whole.stop));
    });
}

#[test]
fn a_panic_costs_one_answer() {
    with_decoder(|decoder| {
        let request = hole("def add(a, b):\n    return $0\n");
        let (expected, _) = answer(decoder, &request);
        let now = Instant::now();
        let mut broken = |_: &str| -> ControlFlow<()> { panic!("a fault, on purpose") };
        let result = catch_unwind(AssertUnwindSafe(|| {
            decoder.answer(&request, Timing { arrived: now, began: now }, &mut broken)
        }));
        assert!(result.is_err());
        decoder.reset();
        assert_eq!(answer(decoder, &request).0, expected);
    });
}

#[test]
fn drafts_change_how_long_it_takes_and_not_what_is_said() {
    let repeated =
        "def area(self):\n    return self.width * self.height\n\ndef area_of(self):\n    return self.wid$0\n";
    let holes = [repeated, "def add(a, b):\n    return $0\n", "import os\n\nfor name in os.list$0\n"];
    with_decoder(|decoder| {
        for text in holes {
            let request = hole(text);
            decoder.drafting = Drafting::off();
            let (one_by_one, plain) = answer(decoder, &request);
            decoder.drafting = Drafting::new(&[(1, 1.0), (9, 1.1)]);
            let (drafted, finish) = answer(decoder, &request);
            assert_eq!(drafted, one_by_one);
            assert_eq!(plain.stats.drafted_tokens, 0);
            assert_eq!(finish.stats.decoded_tokens, plain.stats.decoded_tokens);
            assert!(text != repeated || finish.stats.drafted_tokens >= 3, "{:?}", finish.stats);
            // The cache holds what was said and nothing of a draft.
            let newest = decoder.sequences.newest();
            assert_eq!(decoder.context.length(newest), decoder.sequences.len(newest));
        }
    });
}

#[test]
fn the_number_of_threads_changes_no_logits() {
    let file = embedded::open(Path::new("")).unwrap();
    let model = Model::load(&file.path, |_| true).unwrap();
    let tokens: Vec<Token> = (0..600).map(|n| Token(300 + n * 37 % 3000)).collect();
    let run = |alone| {
        let interrupt = Interrupt::default();
        let mut context = model.context(1, CONTEXT, 2, interrupt.flag()).unwrap();
        context.compute_alone(alone);
        let mut logits = Vec::new();
        let steps = tokens[..8].iter().map(std::slice::from_ref);
        for part in tokens.chunks(LARGEST_BATCH).chain(steps) {
            context.evaluate(0, context.length(0), part, 1).unwrap();
            logits.push(context.logits(0).unwrap().to_vec());
        }
        context.compute_alone(false);
        logits
    };
    assert!(run(true) == run(false), "one thread and two agree to the last bit");
}
