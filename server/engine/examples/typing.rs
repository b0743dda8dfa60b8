//! Types part of a file at a real engine, one request a key, and prints what the keys cost.
//!
//! `cargo run --example typing -p engine -- FILE [THREADS [MODEL.gguf]]`. A quick look for whoever changes the engine; the figures that
//! count come from `hob bench typing`. Must not be more than that.

use std::{error::Error, io::Write, ops::ControlFlow, path::Path, time::Duration};

use engine::{EngineClient, EngineOptions, ModelChoice};
use model::{Asking, Finish, Kind, Request, SessionKey, wire::ModelState};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("which file?")?;
    let text = std::fs::read_to_string(&file)?;
    let folder = tempfile::tempdir()?;
    let mut options = EngineOptions::new(folder.path().join("run"), folder.path().join("cache"));
    options.threads = arguments.next().map(|threads| threads.parse()).transpose()?;
    if let Some(model) = arguments.next() {
        options.model = ModelChoice::File(model.into());
    }
    let engine = std::thread::spawn({
        let options = options.clone();
        move || engine::run(options)
    });
    let client = connect(&options.socket_path())?;
    let finishes = type_lines(&client, &text)?;
    let mut out = std::io::stdout();
    if let ModelState::Ready(info) = client.state() {
        writeln!(
            out,
            "{}: {} of {} tokens, loaded in {} ms",
            info.name, info.family, info.context_tokens, info.load_ms
        )?;
    }
    let evaluated: Vec<f64> =
        finishes.iter().map(|finish| f64::from(finish.stats.evaluated_tokens)).collect();
    let ttft: Vec<f64> = finishes.iter().filter_map(|finish| finish.stats.ttft_ms).collect();
    let total: Vec<f64> = finishes.iter().map(|finish| finish.stats.total_ms).collect();
    let steps: Vec<f64> = finishes
        .iter()
        .filter(|finish| finish.stats.decoded_tokens >= 4 && finish.stats.evaluated_tokens <= 4)
        .map(|finish| finish.stats.total_ms / f64::from(finish.stats.decoded_tokens))
        .collect();
    for (name, mut values) in [
        ("evaluated tokens", evaluated),
        ("ttft ms", ttft),
        ("total ms", total),
        ("ms a decoded token", steps),
    ] {
        values.sort_by(f64::total_cmp);
        let at = |share: usize| values.get(values.len() * share / 100).copied().unwrap_or(f64::NAN);
        let mean = values.iter().sum::<f64>() / f64::from(u32::try_from(values.len())?.max(1));
        writeln!(
            out,
            "{name:>20}: mean {mean:7.2}  p50 {:7.2}  p95 {:7.2}  p99 {:7.2}  n {}",
            at(50),
            at(95),
            at(99),
            values.len()
        )?;
    }
    let status = client.status(Duration::from_secs(5))?;
    writeln!(out, "{:>20}: {} MB", "resident", status.rss_bytes >> 20)?;
    client.stop(Duration::from_secs(10));
    engine.join().map_err(|_| "the engine panicked")??;
    Ok(())
}

fn connect(path: &Path) -> Result<EngineClient, Box<dyn Error>> {
    for _ in 0..10_000 {
        match EngineClient::connect(path, "typing", |_| {}) {
            Ok(client) => return Ok(client),
            Err(engine::ConnectError::Nobody(_)) => std::thread::sleep(Duration::from_millis(1)),
            Err(error) => return Err(error.into()),
        }
    }
    Err("the engine does not answer".into())
}

/// Types ten lines in the middle of `text`, each from its first column.
fn type_lines(client: &EngineClient, text: &str) -> Result<Vec<Finish>, Box<dyn Error>> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let middle = lines.len() / 2;
    let mut finishes = Vec::new();
    for at in middle..(middle + 10).min(lines.len()) {
        let (prefix, suffix) = (lines[..at].concat(), lines[at + 1..].concat());
        for (end, _) in lines[at].char_indices() {
            let request = Request {
                kind: Kind::Fim,
                session: SessionKey(1),
                path: "a.rs".into(),
                repository: String::new(),
                blocks: Vec::new(),
                prefix: prefix.clone(),
                typed: lines[at][..end].into(),
                suffix: format!("\n{suffix}"),
                max_tokens: 24,
                single_line: true,
                asking: Asking::default(),
            };
            finishes.push(client.ask_and_wait(request, &mut |_: &str| ControlFlow::Continue(()))?);
        }
    }
    Ok(finishes)
}
