//! `hob index`: brings a workspace's index up to date, and says how much there is, what was left out, and how long it took.
//!
//! Must not answer questions about the workspace: this is for looking at the index, not for using it.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context, Result};
use clap::Args;
use index::{Built, Cancel, Stage};
use serde_json::{Value, json};

use super::{out, progress::Progress};
use crate::{
    sandbox::{self, Role},
    settings::{self, Sources},
};

/// Flags of `hob index`.
#[derive(Debug, Args)]
pub(super) struct Index {
    /// The workspace folder.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// One JSON object instead of a page.
    #[arg(long)]
    json: bool,
}

/// What it cost.
struct Cost {
    wall_s: f64,
    cpu_s: f64,
    /// The most memory that the process had, in bytes; 0 where the system doesn't tell.
    peak_bytes: u64,
    cache_bytes: u64,
}

impl Index {
    pub(super) fn run(self) -> Result<ExitCode> {
        // Grammars run on whatever the workspace holds.
        sandbox::enter(Role::Serve)?;
        let (config, problems) = Sources::read(Some(self.path.as_path())).resolve(None);
        for problem in problems {
            out::note(&format!("hob: {problem}"));
        }
        let index = index::Index::open(settings::index(&config, &self.path)?)?;
        let begun = Instant::now();
        let built = watch(&index)?;
        let cost = Cost {
            wall_s: begun.elapsed().as_secs_f64(),
            cpu_s: cpu_s(),
            peak_bytes: peak_bytes(),
            cache_bytes: index.cache().metadata().map_or(0, |meta| meta.len()),
        };
        if self.json {
            out::json(&self.answer(&built, &cost))?;
        } else if built.is_elsewhere {
            out::note("An editor's window keeps this index up to date; there is nothing to do.");
        } else {
            out::piece(&page(&built, &cost));
        }
        Ok(if built.is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn answer(&self, built: &Built, cost: &Cost) -> Value {
        let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
        let skipped: serde_json::Map<String, Value> =
            built.skipped.iter().map(|(reason, count)| (reason.code().to_owned(), count.into())).collect();
        json!({
            "path": self.path,
            "files": built.held.files,
            "lines": built.held.lines,
            "bytes": built.held.bytes,
            "symbols": built.held.symbols,
            "imports": built.held.imports,
            "chunks": built.held.chunks,
            "skipped": skipped,
            "read": built.read,
            "parsed": built.parsed,
            "removed": built.removed,
            "complete": built.is_complete,
            "elsewhere": built.is_elsewhere,
            "looking_ms": ms(built.took.looking),
            "reading_ms": ms(built.took.reading),
            "parsing_ms": ms(built.took.parsing),
            "wall_ms": cost.wall_s * 1000.0,
            "cpu_ms": cost.cpu_s * 1000.0,
            "peak_rss_bytes": cost.peak_bytes,
            "cache_bytes": cost.cache_bytes,
        })
    }
}

/// Builds, with a bar on a terminal; Ctrl-C ends it, and what was read stays.
fn watch(index: &index::Index) -> Result<Built> {
    let bar = Progress::start(0, "files")?;
    let cancel = Cancel::default();
    let built = index.build(
        &mut |progress| {
            bar.of(progress.total);
            bar.step(progress.done);
            bar.say(match progress.stage {
                Stage::Looking => "looking for files, ".to_owned(),
                Stage::Reading => "reading, ".to_owned(),
                Stage::Parsing => "parsing, ".to_owned(),
            });
            if bar.stopped() {
                cancel.cancel();
            }
        },
        &cancel,
    );
    built.context("the workspace was not indexed")
}

/// What a person wants to know.
fn page(built: &Built, cost: &Cost) -> String {
    let held = &built.held;
    let megabytes = |bytes: f64| format!("{:.1} MB", bytes / 1e6);
    let skipped: Vec<String> = built
        .skipped
        .iter()
        .map(|(reason, count)| {
            format!(
                "{count:>9}  {reason}
"
            )
        })
        .collect();
    let skipped = if skipped.is_empty() {
        String::new()
    } else {
        format!(
            "Left out:
{}",
            skipped.concat()
        )
    };
    let unfinished =
        if built.is_complete { "" } else { "It was stopped, and goes on from here next time.\n" };
    format!(
        "{} files, {} lines, {}: {} definitions, {} imported names, {} chunks\n\
         {} files were new or changed, {} were gone; {:.1} s, of processor time {:.1} s\n{unfinished}{skipped}\
         The index takes {} on disk and took {} of memory.\n",
        held.files,
        held.lines,
        megabytes(precise(held.bytes)),
        held.symbols,
        held.imports,
        held.chunks,
        built.read,
        built.removed,
        cost.wall_s,
        cost.cpu_s,
        megabytes(precise(usize::try_from(cost.cache_bytes).unwrap_or(usize::MAX))),
        megabytes(precise(usize::try_from(cost.peak_bytes).unwrap_or(usize::MAX))),
    )
}

#[expect(clippy::cast_precision_loss, reason = "megabytes with one digit")]
fn precise(bytes: usize) -> f64 {
    bytes as f64
}

/// Seconds that this process has spent on processors.
#[cfg(unix)]
fn cpu_s() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    std::time::Duration::try_from(spent).unwrap_or_default().as_secs_f64()
}

#[cfg(not(unix))]
fn cpu_s() -> f64 {
    0.0
}

/// The most memory that this process had, in bytes.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    peak.map_or(0, |kb: u64| kb * 1024)
}
