//! What the KV cache's layout costs: one buffer for all documents against one for each. For docs/decisions/0003-key-path.md.
//!
//! `cargo test --release -p engine --lib kv_layouts -- --ignored --nocapture`, and `HOB_MEASURE_MODEL=FILE.gguf` for another model than
//! Ember. Prints; asserts nothing.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use prompt::Token;

use crate::{
    embedded,
    llama::{Context, Model},
};

const SEQUENCES: usize = 8;
const CONTEXT: usize = 2048;
const STEPS: usize = 64;

/// Reads `tokens` tokens into `sequence`.
fn fill(context: &mut Context<'_>, sequence: usize, tokens: usize) {
    for at in (0..tokens).step_by(64) {
        let part: Vec<_> =
            (at..(at + 64).min(tokens)).map(|n| Token(i32::try_from(n % 1000 + 300).unwrap())).collect();
        context.evaluate(sequence, at, &part, 1).unwrap();
    }
}

/// Milliseconds of a decode step behind `held` tokens, the mean of many.
fn step_ms(context: &mut Context<'_>, held: usize) -> f64 {
    let began = Instant::now();
    for step in 0..STEPS {
        context.evaluate(0, held + step, &[Token(400)], 1).unwrap();
    }
    let ms = began.elapsed().as_secs_f64() * 1e3 / f64::from(u32::try_from(STEPS).unwrap());
    context.truncate(0, held);
    ms
}

#[test]
#[ignore = "a measurement"]
fn kv_layouts() {
    let file = embedded::open(Path::new("")).unwrap();
    let path = std::env::var_os("HOB_MEASURE_MODEL").map_or(file.path.clone(), PathBuf::from);
    let model = Model::load(&path, |_| true).unwrap();
    let mut out = std::io::stdout();
    for round in 0..3 {
        for unified in [false, true] {
            let abort = Arc::new(AtomicBool::new(false));
            let mut context = model.context_of((SEQUENCES, CONTEXT), 1, abort, unified).unwrap();
            fill(&mut context, 0, 1024);
            let alone = step_ms(&mut context, 1024);
            for other in 1..SEQUENCES - 1 {
                fill(&mut context, other, 1024);
            }
            let among = step_ms(&mut context, 1024);
            let began = Instant::now();
            context.copy(0, SEQUENCES - 1);
            // The copy itself is made at the next evaluation.
            context.evaluate(SEQUENCES - 1, 1024, &[Token(400)], 1).unwrap();
            let copied = began.elapsed().as_secs_f64() * 1e3 - among;
            let layout = if unified { "one buffer" } else { "one each" };
            writeln!(
                out,
                "round {round}, {layout:>10}: a step {alone:.2} ms alone, {among:.2} ms among 6 documents; a copy {copied:.2} ms"
            )
            .unwrap();
        }
    }
}
