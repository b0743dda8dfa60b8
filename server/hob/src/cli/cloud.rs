//! `hob cloud`: what may leave this machine, as it stands; and what the user may change about it outside of the configuration.
//!
//! Must not show a key, and sends nothing: providers are not asked how they are.

use std::{
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use config::{Mode, Usd};
use model::cloud::{Health, Snapshot};
use serde_json::json;

use super::out;
use crate::{
    cloud::consent::Consents,
    gateway::{Direct, Gateway},
    paths,
    settings::Sources,
};

/// `hob cloud …`
#[derive(Debug, Args)]
pub(super) struct Cloud {
    #[command(subcommand)]
    command: Option<Command>,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put a key, read from stdin, into the system's keyring, under the account that `key = { keyring = "…" }` names.
    Key {
        /// The account.
        account: String,
    },
    /// Forget what you agreed to, or refused, for a workspace: you are asked anew.
    Forget {
        /// Its folder; without one, this folder.
        folder: Option<PathBuf>,
    },
}

impl Cloud {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Some(Command::Key { account }) => keep_key(&account),
            Some(Command::Forget { folder }) => forget(folder),
            None => show(self.json),
        }
    }
}

/// What may leave, by the user's own configuration and that of this folder.
fn show(as_json: bool) -> Result<ExitCode> {
    let here = std::env::current_dir().context("can't tell where this is")?;
    let (config, problems) = Sources::read(Some(here.as_path())).resolve(None);
    for problem in problems {
        out::note(&format!("hob: {problem}"));
    }
    let policy = config.cloud;
    let consents = Consents::read(&paths::state_dir()?);
    let snapshot = if policy.providers.is_empty() {
        None
    } else {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Some(runtime.block_on(Gateway::new(Direct).look(&policy.restriction(), None))?)
    };
    if as_json {
        let mode = mode(policy.mode);
        out::json(&json!({ "mode": mode, "gateway": snapshot, "consents": consents }))?;
        return Ok(ExitCode::SUCCESS);
    }
    out::line(&format!("mode      {}", mode(policy.mode)));
    match &snapshot {
        None => {
            out::line("providers none: nothing leaves this machine (docs/privacy.md tells how to name one)");
        }
        Some(snapshot) => describe(snapshot, &policy),
    }
    for granted in &consents.granted {
        out::line(&format!(
            "agreed    {} to {} at {}",
            granted.workspace.display(),
            granted.provider,
            granted.origin
        ));
    }
    for never in &consents.never {
        out::line(&format!("never     {}", never.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::LocalOnly => "local-only",
        Mode::Ask => "ask",
        Mode::Auto => "auto",
    }
}

fn describe(snapshot: &Snapshot, policy: &config::Cloud) {
    for status in &snapshot.targets {
        let host = policy.provider(&status.target.provider).map_or("", |provider| provider.origin());
        let health = match &status.health {
            _ if !status.priced => "its price is not known: `[[cloud.price]]` gives one".to_owned(),
            Health::Ready | Health::Probing => "ready".to_owned(),
            Health::Resting { for_ms, why } => format!("{why}; asked again in {} s", for_ms.div_ceil(1000)),
            Health::NoKey { why } => why.clone(),
        };
        out::line(&format!("provider  {} at {host}: {health}", status.target));
    }
    let left = |left: Usd, of: Usd| format!("{left} of {of}");
    out::line(&format!(
        "left      {} today, {} this month; {} for one request",
        left(snapshot.left_today, policy.budget.day),
        left(snapshot.left_this_month, policy.budget.month),
        policy.budget.per_call
    ));
    if let Some(why) = &snapshot.closed {
        out::line(&format!("closed    {why}"));
    }
}

fn keep_key(account: &str) -> Result<ExitCode> {
    let mut line = String::new();
    if io::stdin().is_terminal() {
        bail!(
            "the key is read from stdin, so that no terminal shows it: `hob cloud key {account} < FILE`, or paste it into `read -s KEY; printf %s \"$KEY\" | hob cloud key {account}`"
        );
    }
    io::stdin().lock().read_line(&mut line).context("can't read the key from stdin")?;
    let key = line.trim();
    if key.is_empty() {
        bail!("there is no key on stdin");
    }
    gateway::keys::keep(account, &key.to_owned().into()).map_err(|why| anyhow!(why))?;
    out::line(&format!("kept, as hob/{account}: `key = {{ keyring = \"{account}\" }}` names it"));
    Ok(ExitCode::SUCCESS)
}

fn forget(folder: Option<PathBuf>) -> Result<ExitCode> {
    let folder = match folder {
        Some(folder) => std::path::absolute(folder)?,
        None => std::env::current_dir().context("can't tell where this is")?,
    };
    let mut known = false;
    Consents::change(&paths::state_dir()?, |consents| known = consents.forget(&folder))?;
    let what = if known { "forgotten; you are asked anew" } else { "nothing was known of it" };
    out::line(&format!("{}: {what}", folder.display()));
    Ok(ExitCode::SUCCESS)
}
