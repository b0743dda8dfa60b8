//! `hob gateway`, hidden: be a window's gateway.
//!
//! Its window is whoever holds the other end of its stdin. Must not read a document or a workspace.

use std::{
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::{logs, paths, settings::Sources};

/// `hob gateway …`
#[derive(Debug, Args)]
pub(super) struct Gateway {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be the gateway; started by `hob` itself.
    #[command(hide = true)]
    Run,
}

impl Gateway {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Command::Run = self.command;
        let end: OwnedFd = std::io::stdin().as_fd().try_clone_to_owned()?;
        let window = UnixStream::from(end);
        window.peer_addr().context("`hob gateway run` is started by `hob`: its stdin has to be a socket")?;
        keep_to_itself();
        let state = paths::state_dir()?;
        let (config, _) = Sources::read(None).resolve(None);
        logs::start(&state, "gateway", config.log.level.as_str())?;
        gateway::run(
            window,
            gateway::Options {
                policy: config.cloud,
                state,
                home: etcetera::home_dir().unwrap_or_default(),
                build: env!("CARGO_PKG_VERSION").to_owned(),
            },
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// This process holds keys: its memory is in no core dump, and no other process of this user can read it.
#[cfg(target_os = "linux")]
fn keep_to_itself() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let no_core = Rlimit { current: Some(0), maximum: Some(0) };
    let done = setrlimit(Resource::Core, no_core)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    if let Err(error) = done {
        tracing::warn!(%error, "this process can't be kept from leaving its memory behind");
    }
}

#[cfg(not(target_os = "linux"))]
fn keep_to_itself() {}
