//! What drafts are worth: the same answers with them and without, in turns, and where the two differ. And what the KV cache's layout
//! costs, what several candidates cost, and what threads are worth.
//!
//! Loads a model into this very process, so only a command that does nothing else may call it.

mod alternatives;
mod layouts;
mod speeds;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use model::{Asking, Kind, Request, SessionKey, Stats};
use prompt::{Token, Tokens};

pub use self::{
    alternatives::{Candidates, candidates},
    layouts::{Layout, layouts},
    speeds::{Speeds, speeds},
};
use crate::{
    decode::{Decoder, Rehearsal, Timing},
    embedded::{self, EmbeddedFile},
    interrupt::Interrupt,
    llama::{Context, Failure, Model},
    mixture::Choice,
    options::EngineOptions,
    worker::{self, Shared},
};

/// The model at `path`, or Ember, and the file that Ember is mapped from, which must live as long.
fn model(path: Option<&Path>) -> Result<(Model, EmbeddedFile), String> {
    let file = embedded::open(&std::env::temp_dir()).map_err(|error| error.to_string())?;
    let path = path.map_or(file.path.clone(), PathBuf::from);
    Ok((Model::load(&path, |_| true)?, file))
}

/// As the engine makes it: documents, and tokens in each.
const SEQUENCES: usize = 8;
const CONTEXT: usize = 2048;

/// A token of `model`: to what an evaluation costs they are all alike.
fn any_token(model: &Model) -> Token {
    Token(i32::try_from(model.size() / 2).unwrap_or(0))
}

/// Reads so many of `token` into the empty `sequence`.
fn fill(context: &mut Context<'_>, sequence: usize, token: Token, tokens: usize) -> Result<(), Failure> {
    (0..tokens).step_by(64).try_for_each(|at| context.evaluate(sequence, at, &[token; 64], 1))
}

/// A place in a text, and what is said there.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Text before the place: whole lines.
    pub before: String,
    /// Text behind it.
    pub after: String,
    /// What is said, whatever the model would say; `None`: the model's own words.
    pub script: Option<String>,
}

/// One place, answered with drafts and without. Times are of the decoding alone: from the first token to the last.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Drafted {
    /// Tokens decoded, with drafts and without; the first is not counted.
    pub tokens: (u32, u32),
    /// Milliseconds that took, with drafts and without.
    pub ms: (f64, f64),
    /// Of the tokens decoded with drafts, those that were drafted.
    pub drafted: u32,
    /// Where the two answers first chose differently: by how much the choice was better than the next best, a difference of natural
    /// logarithms. `None`: nowhere.
    pub flip: Option<f64>,
}

/// Answers each of `samples` with drafts and without, `rounds` times in turns, with at most `tokens` tokens.
///
/// # Errors
/// What is wrong with the model, as a sentence.
pub fn drafts(
    options: &EngineOptions,
    samples: &[Sample],
    (rounds, tokens): (usize, u32),
    told: &mut dyn FnMut(usize),
) -> Result<Vec<Drafted>, String> {
    let shared = Arc::new(Shared::new());
    let loaded = worker::load(options, &shared, |_| {})?;
    let mut decoder = worker::decoder(options, &loaded, Arc::new(Interrupt::default()))?;
    decoder.warm();
    let mut results = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        // Read once, so that only decoding is measured.
        answer(&mut decoder, sample, tokens, true)?;
        for round in 0..rounds {
            let mut run = |drafts| answer(&mut decoder, sample, tokens, drafts);
            let (with, without) = if round % 2 == 0 {
                let with = run(true)?;
                (with, run(false)?)
            } else {
                let without = run(false)?;
                (run(true)?, without)
            };
            results.push(compare(&with, &without));
        }
        told(number + 1);
    }
    Ok(results)
}

fn compare((with, chosen): &(Stats, Vec<Choice>), (without, plainly): &(Stats, Vec<Choice>)) -> Drafted {
    let ms = |stats: &Stats| stats.total_ms - stats.ttft_ms.unwrap_or(stats.total_ms);
    let flip = chosen.iter().zip(plainly).find(|(a, b)| a.token != b.token);
    Drafted {
        tokens: (with.decoded_tokens.saturating_sub(1), without.decoded_tokens.saturating_sub(1)),
        ms: (ms(with), ms(without)),
        drafted: with.drafted_tokens,
        flip: flip.map(|(a, b)| a.margin.max(b.margin)),
    }
}

fn answer(
    decoder: &mut Decoder<'_>,
    sample: &Sample,
    tokens: u32,
    drafts: bool,
) -> Result<(Stats, Vec<Choice>), String> {
    let script = sample.script.as_ref().map_or_else(Vec::new, |text| decoder.tokenize(text));
    let most =
        if script.is_empty() { tokens } else { tokens.min(u32::try_from(script.len()).unwrap_or(tokens)) };
    decoder.rehearsal = Some(Rehearsal { script, choices: Vec::new() });
    let request = Request {
        kind: Kind::Fim,
        session: SessionKey(1),
        path: String::new(),
        repository: String::new(),
        blocks: Vec::new(),
        prefix: sample.before.clone(),
        typed: String::new(),
        suffix: sample.after.clone(),
        max_tokens: most,
        single_line: false,
        asking: Asking { drafts, ..Asking::patiently() },
    };
    let now = Instant::now();
    let mut sink = |_: &str| ControlFlow::Continue(());
    let finish = decoder.answer(&request, Timing { arrived: now, began: now }, &mut sink);
    let choices = decoder.rehearsal.take().unwrap_or_default().choices;
    finish.map(|finish| (finish.stats, choices)).map_err(|error| error.to_string())
}
