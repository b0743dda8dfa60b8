//! `hob eval`: how good the answers are on somebody's own code. Cuts holes into files, asks the engine as an editor
//! would, and compares with what was there.
//!
//! Must not write to the files, nor send or keep their text anywhere but where `--rows` says.

mod alternatives;
mod ask;
mod baselines;
mod compare;
mod context;
mod curve;
mod cut;
mod figures;
mod holes;
mod judge;
mod progress;
mod report;
mod rows;
mod table;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};
use assist::Silence;
use clap::Args;
use model::Asking;

use self::{
    ask::Answer,
    baselines::Baseline,
    context::{Indexed, Shown},
    cut::Kind,
    holes::Hole,
    judge::{Marks, Said, judge},
    progress::Progress,
    random::Random,
    report::{Report, Run},
    rows::Rows,
};
use super::{Choice, files, interval, out, random, ready::Ready};

/// Flags of `hob eval`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags that have nothing to do with one another")]
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
    /// Ask each hole in several ways: with and without healing and mixture, and in other orders of the prompt. Takes
    /// seven times as long.
    #[arg(long)]
    compare: bool,
    /// Index the folder and ask each hole with nothing from elsewhere in it, with each source of context, with those that
    /// the defaults show, with all, and with what all files repeat. Takes eight times as long.
    #[arg(long)]
    context: bool,
    /// Only holes in which something is called that another file defines and their own doesn't.
    #[arg(long, requires = "context")]
    cross_file: bool,
    /// Ask each hole for up to so many suggestions, as an editor does when it is asked by a key (up to 3), and report how often
    /// one of them is what was there.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    alternatives: u8,
    /// Write what was cut and what was answered at each hole to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
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
    /// The suggestions after the first, if they were asked for.
    others: Vec<Judged>,
    ngram: Judged,
    copy: Judged,
    /// By the other ways of asking, in the order of [`compare::WAYS`]; empty where nobody compares.
    ways: Vec<Judged>,
    /// With parts of the workspace on show; `None` where nobody asked for that.
    shown: Option<Shown>,
}

/// An answer of which only the text counts.
#[derive(Debug)]
struct Judged {
    said: Option<Said>,
    marks: Marks,
}

impl Eval {
    pub(super) fn run(self) -> Result<ExitCode> {
        let files = files::find(&self.path)?;
        let mut rows = self.rows.as_deref().map(Rows::create).transpose()?;
        let indexed = self.context.then(|| Indexed::new(&self.path)).transpose()?;
        if let Some(Indexed { seconds, .. }) = &indexed {
            out::note(&format!("hob: indexed {} in {seconds:.1} s", self.path.display()));
        }
        let ready = Ready::start(&self.choice)?;
        if let Some(indexed) = &indexed {
            indexed.teach(&ready.engine)?;
        }
        let crosses = |hole: &Hole| indexed.as_ref().is_some_and(|indexed| indexed.crosses(hole));
        let holes = self.holes(&files, &|hole| !self.cross_file || crosses(hole))?;
        let asked = holes.len();
        let (measured, gone) = self.measure((&ready, indexed.as_ref()), holes, rows.as_mut())?;
        if measured.is_empty() {
            bail!("nothing was measured{}", gone.map_or_else(String::new, |gone| format!(": {gone}")));
        }
        let threshold = f64::from(ready.config.completion.min_confidence) / 100.0;
        let order = ready.config.engine.order.as_str();
        let most = self.alternatives;
        let run = Run { model: ready.info.name.clone(), seed: self.seed, asked, threshold, order, most };
        let report = Report::of(&measured, run);
        if self.json {
            out::json(&report)?;
        } else {
            out::piece(&report.to_string());
        }
        if measured.len() == asked {
            return Ok(ExitCode::SUCCESS);
        }
        let why = gone.map_or_else(|| "stopped".to_owned(), |gone| gone.to_string());
        out::note(&format!("hob: {why}; these figures are of {} holes of {asked}", measured.len()));
        Ok(ExitCode::FAILURE)
    }

    fn holes(&self, files: &[files::Found], wanted: &dyn Fn(&Hole) -> bool) -> Result<Vec<Hole>> {
        let mut kinds = if self.kind.is_empty() { Kind::MIX.to_vec() } else { self.kind.clone() };
        kinds.sort_unstable();
        kinds.dedup();
        let count = self.holes as usize;
        let holes = holes::draw(files, &kinds, wanted, count, &mut Random::new(self.seed));
        let path = self.path.display();
        if holes.is_empty() {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            let which = if self.cross_file { ", in which another file's code is called," } else { "" };
            bail!(
                "no hole of the kind {}{which} can be cut in {path}: it has too little code",
                names.join(" or ")
            );
        }
        if holes.len() < count {
            out::note(&format!("hob: only {} holes can be cut in {path}: measuring those", holes.len()));
        }
        Ok(holes)
    }

    /// Asks hole by hole, until the last one, Ctrl-C, or the end of the engine, of which it says why.
    fn measure(
        &self,
        (ready, indexed): (&Ready, Option<&Indexed>),
        holes: Vec<Hole>,
        mut rows: Option<&mut Rows>,
    ) -> Result<(Vec<Measured>, Option<Silence>)> {
        let mut progress = Progress::start(holes.len())?;
        let mut measured = Vec::new();
        for hole in holes {
            if progress.stopped() {
                break;
            }
            let one = match measure(ready, hole, (self.compare, self.alternatives), indexed) {
                Ok(one) => one,
                Err(gone) => return Ok((measured, Some(gone))),
            };
            if let Some(rows) = &mut rows {
                rows.write(&one)?;
            }
            progress.step(one.marks.exact);
            measured.push(one);
        }
        Ok((measured, None))
    }
}

/// Everything about one hole.
fn measure(
    ready: &Ready,
    hole: Hole,
    (compare, alternatives): (bool, u8),
    indexed: Option<&Indexed>,
) -> Result<Measured, Silence> {
    let mut answer = ask::ask(ready, &hole, Asking::patiently(), "product", None, alternatives)?;
    let marks = judge(&hole, answer.said.as_ref());
    let judged = |said: Option<Said>| Judged { marks: judge(&hole, said.as_ref()), said };
    let others = std::mem::take(&mut answer.others).into_iter().map(|said| judged(Some(said))).collect();
    let ngram = judged(Baseline::Ngram.answer(&hole));
    let copy = judged(Baseline::Copy.answer(&hole));
    let ways: &[compare::Way] = if compare { &compare::WAYS } else { &[] };
    let asked =
        ways.iter().map(|way| Ok(judged(ask::ask(ready, &hole, way.asking, way.name, None, 1)?.said)));
    let ways = asked.collect::<Result<_, Silence>>()?;
    let shown = |indexed: &Indexed| -> Result<Shown, Silence> {
        let asked = context::WAYS.into_iter().map(|way| {
            let from = Some((indexed.workspace(), way.sources));
            let asking = indexed.asking(way, Asking::patiently());
            Ok(judged(ask::ask(ready, &hole, asking, "context", from, 1)?.said))
        });
        Ok(Shown { answers: asked.collect::<Result<_, Silence>>()?, crosses: indexed.crosses(&hole) })
    };
    let shown = indexed.map(shown).transpose()?;
    Ok(Measured { hole, answer, marks, others, ngram, copy, ways, shown })
}
