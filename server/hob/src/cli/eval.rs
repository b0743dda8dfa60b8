//! `hob eval`: how good the answers are on somebody's own code. Cuts holes into files, asks the engine as an editor would, and compares
//! with what was there.
//!
//! Must not write to the files, nor send or keep their text anywhere but where `--rows` says.

mod ask;
mod baselines;
mod curve;
mod cut;
mod figures;
mod files;
mod holes;
mod interval;
mod judge;
mod random;
mod report;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};
use clap::Args;
use model::Asking;

use self::{
    ask::Answer,
    baselines::Baseline,
    cut::Kind,
    holes::Hole,
    judge::{Marks, Said, judge},
    random::Random,
    report::{Report, Run},
};
use super::{Choice, out, ready::Ready};

/// Flags of `hob eval`.
#[derive(Debug, Args)]
pub(super) struct Eval {
    /// A folder or a file with code; it is read, never written.
    path: PathBuf,
    /// How many holes to cut.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    holes: u32,
    /// Only holes of these kinds.
    #[arg(long, value_enum, value_delimiter = ',')]
    kind: Vec<Kind>,
    /// Cuts other holes: the same number cuts the same ones.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    choice: Choice,
}

/// What came of one hole.
#[derive(Debug)]
struct Measured {
    hole: Hole,
    answer: Answer,
    marks: Marks,
    ngram: Judged,
    copy: Judged,
}

/// A baseline's answer.
#[derive(Debug)]
struct Judged {
    said: Option<Said>,
    marks: Marks,
}

impl Eval {
    pub(super) fn run(self) -> Result<ExitCode> {
        let files = files::find(&self.path)?;
        let ready = Ready::start(&self.choice)?;
        let mut kinds = if self.kind.is_empty() { Kind::ALL.to_vec() } else { self.kind.clone() };
        kinds.sort_unstable();
        kinds.dedup();
        let wanted = self.holes as usize;
        let holes = holes::draw(&files, &kinds, wanted, &mut Random::new(self.seed));
        if holes.is_empty() {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            bail!("no hole of the kind {} can be cut in {}", names.join(" or "), self.path.display());
        }
        if holes.len() < wanted {
            out::note(&format!(
                "hob: only {} holes can be cut in {}; measuring those",
                holes.len(),
                self.path.display()
            ));
        }
        let asked = holes.len();
        let measured = holes.into_iter().map(|hole| measure(&ready, hole)).collect::<Result<Vec<_>>>()?;
        let threshold = f64::from(ready.config.completion.min_confidence) / 100.0;
        let run = Run { model: ready.info.name.clone(), seed: self.seed, asked, threshold };
        out::json(&Report::of(&measured, run))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn measure(ready: &Ready, hole: Hole) -> Result<Measured> {
    let answer = ask::ask(ready, &hole, Asking::default(), "product").map_err(anyhow::Error::msg)?;
    let of_baseline = |baseline: Baseline| {
        let said = baseline.answer(&hole);
        Judged { marks: judge(&hole, said.as_ref()), said }
    };
    let (ngram, copy) = (of_baseline(Baseline::Ngram), of_baseline(Baseline::Copy));
    let marks = judge(&hole, answer.said.as_ref());
    Ok(Measured { hole, answer, marks, ngram, copy })
}
