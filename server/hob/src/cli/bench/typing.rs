//! `hob bench typing`: replays typing on real files through the real server, over stdio, with a person's timing.
//!
//! Must not write to the files, nor touch the user's own engine, configuration or state.

mod demand;
mod document;
mod figures;
mod home;
mod kind;
mod page;
mod pairs;
mod plot;
mod processes;
mod report;
mod script;
mod server;
mod session;
mod table;
mod timing;
mod trace;
mod typist;

use std::{fs, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::{
    demand::Demand,
    home::Home,
    processes::Processes,
    report::{Machine, Report, Run},
    script::Script,
    server::Server,
    session::{Event, Session},
    typist::Typist,
};
use crate::cli::{
    absolute,
    files::{self, Found, Source},
    out,
    progress::Progress,
    random::Random,
};

/// Stretches that are typed in a file before the next file is opened.
const STRETCHES: usize = 3;

/// Flags of `hob bench typing`.
#[derive(Debug, Args)]
pub(super) struct Typing {
    /// Files or folders with code; they are read, never written. Without any, the current folder.
    files: Vec<PathBuf>,
    /// Use this GGUF file instead of Ember, the model that is built in.
    #[arg(long, value_name = "FILE", value_parser = absolute)]
    model: Option<PathBuf>,
    /// A line of configuration for this run, for example `completion.min_confidence = 0`, with which ghost text is shown
    /// however little the model thinks of it. Your own configuration does not count here. May be given several times.
    #[arg(long = "set", value_name = "OPTION = VALUE")]
    settings: Vec<String>,
    /// How many keys to press. A thousand take about four minutes.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    keys: u32,
    /// Types other stretches, with other typos: the same number types the same.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Divides every pause by this. Above 1 no person types so quickly, and fewer questions are answered before the next
    /// key; for tests.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Draw the distribution of the time to the first token to this file, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Fail (exit code 1) unless this holds of the JSON, for example `ttft_ms.p99<=15`. Operators: <=, >=, <, >, ==. May be
    /// given several times.
    #[arg(long = "assert", value_name = "PATH OP NUMBER", value_parser = Demand::read)]
    demands: Vec<Demand>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| (0.1..=1000.0).contains(speed));
    speed.ok_or_else(|| "a number from 0.1 to 1000 is needed".to_owned())
}

impl Typing {
    pub(super) fn run(self) -> Result<ExitCode> {
        let sources = self.sources()?;
        let progress = Progress::start(self.keys as usize, "keys")?;
        let mut server = Server::start(Home::new(self.model.as_deref(), &self.settings)?)?;
        let model = server.warm(|| progress.stopped())?;
        let processes = Processes::below(server.process());
        let before = processes.taken();
        let mut session = Session::new(server, self.speed, Random::new(mixed(&[self.seed, 1])));
        let complete = self.type_all(&sources, &mut session, &progress)?;
        drop(progress);
        let machine = Machine { before, after: processes.taken() };
        let (events, remarks) = session.end()?;
        for remark in remarks {
            out::note(&format!("hob: {remark}"));
        }
        let run = Run { model, seed: self.seed, speed: self.speed, machine };
        let report = Report::of(&events, &run);
        self.show(&report, &events)?;
        let held = self.hold(&report)?;
        if !complete {
            out::note(&format!("hob: stopped; these figures are of {} keys of {}", events.len(), self.keys));
        }
        Ok(if complete && held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The files that can be typed in, in the order in which they are.
    fn sources(&self) -> Result<Vec<Arc<Source>>> {
        let here = [PathBuf::from(".")];
        let paths = if self.files.is_empty() { &here[..] } else { &self.files };
        let mut found: Vec<Found> = Vec::new();
        for path in paths {
            found.extend(files::find(path)?);
        }
        let mut random = Random::new(mixed(&[self.seed, 2]));
        random.shuffle(&mut found);
        // More than are needed are not read.
        let most = self.keys as usize / 100 + 1;
        let read = |file: &Found| {
            let source = Source::read(file)?;
            let script = Script::new(&source.text, STRETCHES, &mut Random::new(self.seed));
            (!script.stretches.is_empty()).then_some(source)
        };
        let sources: Vec<Arc<Source>> = found.iter().filter_map(read).take(most).collect();
        if sources.is_empty() {
            bail!(
                "none of {} files has four lines of code in a row: name a file or a folder with more code",
                found.len()
            );
        }
        Ok(sources)
    }

    /// Types until the last key, or Ctrl-C; whether it came to the last key.
    fn type_all(&self, sources: &[Arc<Source>], session: &mut Session, progress: &Progress) -> Result<bool> {
        let keys = self.keys as usize;
        for round in 0.. {
            for (number, source) in (0..).zip(sources) {
                let mut random = Random::new(mixed(&[self.seed, 3, round, number]));
                let script = Script::new(&source.text, STRETCHES, &mut random);
                let Some(mut typist) = Typist::new(script, &source.text, source.language, random) else {
                    continue;
                };
                session.open(&source.name, source.language, typist.text())?;
                while session.keys() < keys
                    && !progress.stopped()
                    && let Some(stroke) = typist.next(session.ghost())
                {
                    session.press(&stroke)?;
                    progress.step(session.keys());
                }
                session.close(&typist.text())?;
                if session.keys() >= keys || progress.stopped() {
                    return Ok(session.keys() >= keys);
                }
            }
        }
        Ok(false)
    }

    fn show(&self, report: &Report, events: &[Event]) -> Result<()> {
        if let Some(path) = &self.plot {
            let drawing = plot::draw(report, events);
            fs::write(path, drawing).with_context(|| format!("can't write {}", path.display()))?;
        }
        if self.json {
            out::json(report)
        } else {
            out::piece(&report.to_string());
            Ok(())
        }
    }

    /// Tells of each demand whether it is met; whether all are.
    fn hold(&self, report: &Report) -> Result<bool> {
        let report = serde_json::to_value(report)?;
        let mut all = true;
        for demand in &self.demands {
            let (met, told) = demand.judge(&report);
            // stdout holds one JSON object and nothing else.
            let tell: fn(&str) = if self.json { out::note } else { out::line };
            tell(&told);
            all &= met;
        }
        Ok(all)
    }
}

/// One seed of several numbers.
fn mixed(parts: &[u64]) -> u64 {
    // FNV-1a, a word at a time; Random scatters what is left of a pattern.
    parts.iter().fold(0xCBF2_9CE4_8422_2325, |seed, part| (seed ^ part).wrapping_mul(0x0100_0000_01B3))
}
