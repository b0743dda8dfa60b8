//! The processes of one test's world, as the operating system shows them.
//!
//! A process belongs to a world when its environment names the world's folder. Where there is no `/proc`, none is seen; tests that
//! need to see some are Linux's. Must not touch a process of anybody else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, kill_process};

/// `PF_KTHREAD` of Linux's `include/linux/sched.h`, in the flags of `/proc/<id>/stat`.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// What a process of `hob` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What the editor started.
    Supervisor,
    /// One window's server.
    Serve,
    /// The model's process.
    Engine,
    /// One window's gateway.
    Gateway,
    /// A command that a person runs.
    Command,
}

/// One process; the moment of its start tells it from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// Its work.
    pub role: Role,
    started: String,
}

impl Process {
    /// Those whose environment holds `mark`, oldest first.
    pub(crate) fn all(mark: &str) -> Vec<Self> {
        let mut found: Vec<Self> = ids().filter_map(|id| Self::find(id, mark)).collect();
        found.sort_by_key(|process| process.id);
        found
    }

    /// Whether a process that is younger than this one is between two programs: nobody can tell yet whose it will be.
    pub(crate) fn one_is_starting() -> bool {
        let age = |fields: &[String]| fields.get(19).and_then(|ticks| ticks.parse::<u64>().ok());
        let own = fields(std::process::id()).and_then(|own| age(&own));
        let is_starting = |id: u32| {
            // Empty until the new program is laid out; a dead process's is empty for good, and so is a kernel thread's.
            let is_empty =
                fs::read(folder(id).join("environ")).is_ok_and(|environment| environment.is_empty());
            let may_start = |fields: Vec<String>| {
                let flags = fields.get(6).and_then(|flags| flags.parse::<u32>().ok()).unwrap_or(0);
                fields[0] != "Z" && flags & KERNEL_THREAD == 0 && age(&fields) >= own
            };
            is_empty && fields(id).is_some_and(may_start)
        };
        ids().any(is_starting)
    }

    fn find(id: u32, mark: &str) -> Option<Self> {
        let environment = fs::read(folder(id).join("environ")).ok()?;
        let marked = environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes());
        if !marked {
            return None;
        }
        let line = fs::read(folder(id).join("cmdline")).ok()?;
        let words: Vec<&str> =
            line.split(|byte| *byte == 0).filter_map(|word| std::str::from_utf8(word).ok()).collect();
        let role = match words.get(1..).unwrap_or_default() {
            ["serve", ..] => Role::Serve,
            ["engine", "run", ..] | ["gateway", "engine", ..] => Role::Engine,
            ["gateway", "run", ..] => Role::Gateway,
            [] | ["" | "--stdio", ..] => Role::Supervisor,
            _ => Role::Command,
        };
        Some(Self { id, role, started: started(id)? })
    }

    /// Whether it still runs; one that only waits to be reaped doesn't.
    pub fn is_alive(&self) -> bool {
        started(self.id).is_some_and(|at| at == self.started)
    }

    /// SIGKILL: no destructor, no farewell.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// SIGSTOP: it is there, and does nothing.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT: the end of [`Process::freeze`].
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        if self.is_alive()
            && let Some(id) = id
        {
            // It may have ended in between, which is what a killer wanted.
            let _ = kill_process(id, signal);
        }
    }

    /// Processor time so far, in the kernel's ticks (10 ms almost everywhere).
    pub fn ticks(&self) -> u64 {
        let fields = fields(self.id).unwrap_or_default();
        [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum()
    }

    /// A field of `/proc/<id>/status`; empty when it is not there.
    pub fn status(&self, field: &str) -> String {
        let status = fs::read_to_string(folder(self.id).join("status")).unwrap_or_default();
        let prefix = format!("{field}:");
        status.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().trim().to_owned()
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let kilobytes = self.status("VmRSS");
        kilobytes.trim_end_matches("kB").trim().parse::<u64>().unwrap_or_default() * 1024
    }

    /// What each of its open file descriptors leads to.
    pub fn open_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder(self.id).join("fd")).into_iter().flatten().flatten();
        entries.filter_map(|entry| fs::read_link(entry.path()).ok()).collect()
    }
}

fn folder(id: u32) -> PathBuf {
    Path::new("/proc").join(id.to_string())
}

/// When a process started, in the kernel's ticks; `None` for one that is gone or a zombie.
fn started(id: u32) -> Option<String> {
    let fields = fields(id)?;
    let lives = !matches!(fields.first()?.as_str(), "Z" | "X");
    lives.then(|| fields.get(19).cloned()).flatten()
}

/// `/proc/<id>/stat` from its third field on. The second is a name in parentheses and may hold anything; what follows it doesn't.
fn fields(id: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(folder(id).join("stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// The numbers of all processes there are, in order.
fn ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
