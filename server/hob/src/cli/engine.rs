//! `hob engine`: look at the engine or end it; and, hidden, be it.

use std::{process::ExitCode, time::Duration};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use engine::{EngineClient, EngineError};
use model::wire::{EngineStatus, ModelState};

use super::{Choice, out};
use crate::{
    logs, paths,
    sandbox::{self, Role},
    settings::{self, Sources},
};

/// How long a living engine may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// `hob engine …`
#[derive(Debug, Args)]
pub(super) struct Engine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Whether it runs, with which model, and what it holds.
    Status {
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        choice: Choice,
    },
    /// End it. The next completion starts it again.
    Stop {
        #[command(flatten)]
        choice: Choice,
    },
    /// Be the engine; started by `hob` itself.
    #[command(hide = true)]
    Run {
        #[command(flatten)]
        choice: Choice,
    },
}

impl Engine {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Status { json, choice } => status(&choice, json),
            Command::Stop { choice } => stop(&choice),
            Command::Run { choice } => be(&choice),
        }
    }
}

fn be(choice: &Choice) -> Result<ExitCode> {
    let guarantee = sandbox::enter(Role::Engine)?;
    let (config, _) = Sources::read(None).resolve(None);
    logs::start(&paths::state_dir()?, "engine", config.log.level.as_str())?;
    tracing::info!(?guarantee, "sandbox");
    match engine::run(settings::engine(&config, choice.model.as_deref())?) {
        // Another window was quicker; its engine serves this one's user just as well.
        Ok(()) | Err(EngineError::AlreadyRunning(_)) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}

/// The engine that runs for this configuration; `None` when there is none.
fn running(choice: &Choice) -> Result<Option<EngineClient>> {
    let (config, _) = Sources::read(None).resolve(None);
    let options = settings::engine(&config, choice.model.as_deref())?;
    Ok(EngineClient::connect(&options.socket_path(), &options.build, |_| ()).ok())
}

fn status(choice: &Choice, json: bool) -> Result<ExitCode> {
    let Some(engine) = running(choice)? else {
        if json {
            out::json(&serde_json::json!({ "running": false }))?;
        } else {
            out::line("no engine is running; the next completion starts one");
        }
        return Ok(ExitCode::SUCCESS);
    };
    let status = engine.status(ANSWER)?;
    if json {
        out::json(&serde_json::json!({ "running": true, "status": status }))?;
    } else {
        out::line(&describe(&status));
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(status: &EngineStatus) -> String {
    let model = match &status.model {
        ModelState::Ready(info) => format!(
            "{} ({} family, {:.1} MB, {} tokens of context), loaded and warmed in {} ms",
            info.name,
            info.family,
            megabytes(info.bytes),
            info.context_tokens,
            info.load_ms
        ),
        ModelState::Loading { progress } => format!("loading, {:.0} %", progress * 100.0),
        ModelState::Failed(error) => format!("none: {error}"),
    };
    format!(
        "running for {} s as process {}\nmodel     {model}\nclients   {} (this one included)\ndocuments {} warm\nanswered  {}\nlearnt    {} tokens of workspaces\nmemory    {:.1} MB",
        status.uptime_s,
        status.pid,
        status.clients,
        status.sessions,
        status.answered,
        status.learnt_tokens,
        megabytes(status.rss_bytes)
    )
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn stop(choice: &Choice) -> Result<ExitCode> {
    match running(choice)? {
        None => out::line("no engine is running"),
        Some(engine) if engine.stop(ANSWER) => out::line("the engine has ended"),
        Some(_) => bail!("the engine did not end within {} s", ANSWER.as_secs()),
    }
    Ok(ExitCode::SUCCESS)
}
