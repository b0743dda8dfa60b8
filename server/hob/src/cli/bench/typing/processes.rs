//! What the server's processes take of the machine, as the operating system counts it.
//!
//! Where there is no `/proc`, nothing is known. Must not touch a process.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Serialize;

/// A process with what it started, and so on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Processes {
    root: u32,
}

/// What one process, or all of one work, takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Use {
    /// Resident megabytes; pages that two processes share count in both.
    pub(super) rss_mb: f64,
    /// Processor seconds since its start, with those of what it started and has ended.
    pub(super) cpu_s: f64,
}

impl Use {
    fn plus(self, other: Self) -> Self {
        Self { rss_mb: self.rss_mb + other.rss_mb, cpu_s: self.cpu_s + other.cpu_s }
    }
}

impl Processes {
    /// The tree below the process `root`, which is part of it.
    pub(super) fn below(root: u32) -> Self {
        Self { root }
    }

    /// What they take now, by their work; empty where nobody counts.
    pub(super) fn taken(self) -> BTreeMap<&'static str, Use> {
        let mut found = BTreeMap::new();
        for id in self.tree() {
            if let Some(taken) = taken(id) {
                let sum: &mut Use = found.entry(work(id)).or_default();
                *sum = sum.plus(taken);
            }
        }
        found
    }

    fn tree(self) -> BTreeSet<u32> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let parents: Vec<(u32, u32)> =
            ids.filter_map(|id| Some((id, fields(id)?.get(1)?.parse().ok()?))).collect();
        let mut tree = BTreeSet::new();
        if parents.iter().any(|(id, _)| *id == self.root) {
            tree.insert(self.root);
        }
        // Children may have lower numbers than their parents: until nothing is added.
        loop {
            let more: Vec<u32> = parents
                .iter()
                .filter(|(id, parent)| tree.contains(parent) && !tree.contains(id))
                .map(|(id, _)| *id)
                .collect();
            if more.is_empty() {
                return tree;
            }
            tree.extend(more);
        }
    }
}

/// What a process of `hob` does, by its command line.
fn work(id: u32) -> &'static str {
    let line = fs::read(folder(id).join("cmdline")).unwrap_or_default();
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).skip(1).collect();
    match words.first() {
        Some(&b"serve") => "serve",
        Some(&b"engine") => "engine",
        Some(&b"--stdio") => "supervisor",
        _ => "other",
    }
}

fn folder(id: u32) -> std::path::PathBuf {
    Path::new("/proc").join(id.to_string())
}

/// `/proc/<id>/stat` from its third field on. The second is a name in parentheses and may hold anything; what follows it doesn't.
fn fields(id: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(folder(id).join("stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

#[cfg(unix)]
fn taken(id: u32) -> Option<Use> {
    let fields = fields(id)?;
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    // utime, stime, cutime and cstime of proc(5), in ticks; rss, in pages.
    let ticks: f64 = (11..15).filter_map(number).sum();
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let (a_second, page) =
        (rustix::param::clock_ticks_per_second() as f64, rustix::param::page_size() as f64);
    Some(Use { rss_mb: number(21)? * page / 1e6, cpu_s: ticks / a_second })
}

#[cfg(not(unix))]
fn taken(_: u32) -> Option<Use> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process() {
        let own = Processes::below(std::process::id());
        assert!(own.tree().contains(&std::process::id()));
        let taken = own.taken().into_values().fold(Use::default(), Use::plus);
        assert!((1.0..100_000.0).contains(&taken.rss_mb) && taken.cpu_s >= 0.0, "{taken:?}");
        // No process has this number.
        assert!(Processes::below(u32::MAX).taken().is_empty());
    }
}
