//! The straight path: an engine is started, a client asks, text comes back.

mod harness;

use harness::{Engine, hole};
use model::{Kind, Request, Stop};

#[test]
fn a_client_asks_and_text_comes_back() {
    let engine = Engine::start();
    let client = engine.client();
    let mut text = String::new();
    let finish =
        client.ask_and_wait(hole("def add(a, b):\n    return a$0\n"), &mut harness::into(&mut text)).unwrap();
    assert!(!text.is_empty());
    assert!(matches!(finish.stop, Stop::Line | Stop::EndOfText | Stop::Length), "{finish:?}");
    assert!(finish.stats.evaluated_tokens == finish.stats.prompt_tokens, "{finish:?}");
    assert!(finish.stats.ttft_ms.is_some());

    let again = client
        .ask_and_wait(hole("def add(a, b):\n    return a$0\n"), &mut harness::into(&mut String::new()))
        .unwrap();
    assert_eq!(again.stats.evaluated_tokens, 0, "the prompt and the logits after it were in the cache");
}

#[test]
fn a_prefill_leaves_nothing_to_evaluate() {
    let engine = Engine::start();
    let client = engine.client();
    let text = "fn main() {\n    let x = 1;\n    println!($0\n}\n";
    let prefill = Request { kind: Kind::Prefill, ..hole(text) };
    let finish = client.ask_and_wait(prefill, &mut harness::into(&mut String::new())).unwrap();
    assert_eq!((finish.stop, finish.stats.decoded_tokens), (Stop::Prefilled, 0));
    let finish = client.ask_and_wait(hole(text), &mut harness::into(&mut String::new())).unwrap();
    assert_eq!(finish.stats.evaluated_tokens, 0);
}
