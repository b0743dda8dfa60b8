//! `hob gateway`, hidden: the processes that may reach the network. Nobody runs them by hand.
//!
//! A window's gateway has its window at the other end of its stdin; the engine whose model computes elsewhere listens as an engine does. Must
//! not read a document or a workspace, and must not decide what is sent: the user's configuration does, and the gateway's crate holds to it.

use std::{
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use config::{Cloud, Globs};
use gateway::{
    keys,
    remote::{self, RemoteError, RemoteOptions, Withholds},
};

use crate::{
    logs, paths,
    settings::{self, Sources},
};

/// `hob gateway …`
#[derive(Debug, Args)]
pub(super) struct Gateway {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be a window's gateway.
    Run,
    /// Be the engine whose model computes elsewhere: at the host that `engine.remote` names.
    Engine,
}

impl Gateway {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Run => run(),
            Command::Engine => engine(),
        }
    }
}

fn run() -> Result<ExitCode> {
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

fn engine() -> Result<ExitCode> {
    keep_to_itself();
    let (config, _) = Sources::read(None).resolve(None);
    logs::start(&paths::state_dir()?, "engine", config.log.level.as_str())?;
    let named = config.engine.remote.as_deref();
    let provider = named.and_then(|id| config.cloud.provider(id)).context(
        "`engine.remote` of your configuration names no provider that may be reached, so nothing is asked elsewhere",
    )?;
    let options = settings::engine(&config, None)?;
    let (source, home) = (provider.key.clone(), etcetera::home_dir().unwrap_or_default());
    let ran = remote::run(RemoteOptions {
        provider: provider.clone(),
        key: Arc::new(move || source.as_ref().map(|source| keys::find(source, &home)).transpose()),
        limits: config.cloud.limits,
        withholds: withholds(&config.cloud),
        socket: options.socket_path(),
        context_tokens: config.engine.context_tokens,
        order: options.order,
        idle_exit: options.idle_exit,
        build: options.build,
    });
    match ran {
        // Another window was quicker; that one serves this one's user just as well.
        Ok(()) | Err(RemoteError::AlreadyRunning(_)) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}

/// Which files stay on this machine.
fn withholds(cloud: &Cloud) -> Withholds {
    let never = Globs::new(&cloud.never);
    Arc::new(move |path| match &never {
        _ if config::is_private(path) => Some(
            "a file with such a name may hold a secret, and nothing of it is sent to the team's engine"
                .into(),
        ),
        Ok(never) => never.find(path).map(|pattern| {
            format!("`cloud.never` has `{pattern}`, so nothing of this file is sent to the team's engine")
        }),
        // Who wanted to forbid something by a pattern that can't be read gets everything forbidden.
        Err(why) => {
            Some(format!("`cloud.never` can't be read ({why}), so nothing is sent to the team's engine"))
        }
    })
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
