//! Starts our own binary in another role. Nothing else is ever executed.
//!
//! Must not search `PATH` and must not run anything that a workspace names.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::settings;

/// This program's file, by absolute path.
pub(crate) fn own_binary() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    // After an upgrade the file behind a running process has no name any more; the kernel still knows it.
    let gone = cfg!(target_os = "linux") && !path.exists();
    Ok(if gone { PathBuf::from("/proc/self/exe") } else { path })
}

/// Where an engine's last words go: llama.cpp reports a failed assertion on stderr before it aborts.
pub(crate) fn engine_stderr(state: &Path) -> PathBuf {
    state.join("log").join("engine.stderr")
}

/// Starts `hob engine run` on its own: it outlives this process, and a terminal's Ctrl-C does not reach it.
///
/// `model` overrides `engine.model` of the user's configuration.
pub(crate) fn engine(state: &Path, model: Option<&Path>) -> io::Result<Child> {
    let mut command = Command::new(own_binary()?);
    command.args(["engine", "run"]);
    if let Some(model) = model {
        command.arg("--model").arg(model);
    }
    command
        // OpenMP reads these before main. Its default is to spin for as long as it takes, which on a busy machine costs a factor of 100;
        // not to spin at all costs a small model most of its speed. docs/decisions/0004-threads.md has the figures.
        .env("OMP_WAIT_POLICY", "passive")
        .env("GOMP_SPINCOUNT", "1000");
    without_keys(&mut command);
    alone(command, state)
}

/// Starts `hob gateway engine` on its own, in the place of an engine: it asks the host that the user's configuration names, with the key
/// that may be in its environment.
pub(crate) fn remote_engine(state: &Path) -> io::Result<Child> {
    let mut command = Command::new(own_binary()?);
    command.args(["gateway", "engine"]);
    alone(command, state)
}

/// Starts a process that outlives this one.
fn alone(mut command: Command, state: &Path) -> io::Result<Child> {
    std::fs::create_dir_all(state.join("log"))?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(engine_stderr(state))?)
        .current_dir("/");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    command.spawn()
}

/// Takes providers' keys out of the environment of a process that is none of their business.
pub(crate) fn without_keys(command: &mut Command) {
    for variable in settings::key_variables() {
        command.env_remove(variable);
    }
}

/// Starts `hob gateway run`, which listens on `end` and ends with it.
#[cfg(feature = "gateway")]
pub(crate) fn gateway(end: std::os::fd::OwnedFd) -> io::Result<Child> {
    Command::new(own_binary()?)
        .args(["gateway", "run"])
        .stdin(end)
        .stdout(Stdio::null())
        // What it has to say goes to its log or to the window; a dependency's words could hold a key.
        .stderr(Stdio::null())
        .current_dir("/")
        .spawn()
}

/// The end of what an engine said on stderr, for the sentence that reports its death; without paths of other people's machines
/// or whole backtraces.
pub(crate) fn last_words(state: &Path) -> String {
    let text = std::fs::read_to_string(engine_stderr(state)).unwrap_or_default();
    let telling =
        |line: &&str| line.contains("ASSERT") || line.contains("error") || line.contains("panicked");
    let line =
        text.lines().rev().find(telling).or_else(|| text.lines().rev().find(|line| !line.trim().is_empty()));
    line.map(|line| line.chars().take(200).collect()).unwrap_or_default()
}
