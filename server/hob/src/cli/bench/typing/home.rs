//! A home of its own for the server under test: its configuration, its state, its sockets, and so its own engine.
//!
//! Must not read or write anything of the user's Hob, and must leave nothing running.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use config::{Source, Sources};
use model::wire::{EngineStatus, ModelState};
use serde::Deserialize;
use tempfile::TempDir;

use crate::spawn;

/// However large the model, loading it takes less.
const LOADING: Duration = Duration::from_mins(10);
/// Between two looks at a model that loads.
const LOOK: Duration = Duration::from_millis(200);
/// Lines of the server's stderr that an error quotes.
const LAST_WORDS: usize = 5;

/// Folders that go with the run.
#[derive(Debug)]
pub(super) struct Home {
    folder: TempDir,
}

/// What `hob engine status --json` prints.
#[derive(Debug, Deserialize)]
struct Told {
    status: Option<EngineStatus>,
}

impl Home {
    /// A new one, with this model, or Ember, and these lines of configuration.
    pub(super) fn new(model: Option<&Path>, settings: &[String]) -> Result<Self> {
        // Short, because the path of a local socket may have no more than 107 bytes.
        let folder = tempfile::Builder::new().prefix("hobb").tempdir();
        let home = Self { folder: folder.context("can't make a temporary folder: set TMPDIR to one")? };
        for part in ["config/hob", "state", "run", "cache", "work"] {
            fs::create_dir_all(home.path(part))
                .with_context(|| format!("can't make {}", home.path(part).display()))?;
        }
        let model = match model {
            Some(model) => {
                let model = model.to_str().context("the model's path is not Unicode: move or link it")?;
                // TOML's basic strings have JSON's escapes.
                format!("engine.model = {}\n", serde_json::to_string(model)?)
            }
            None => String::new(),
        };
        let config = format!("engine.idle_exit = 0\n{model}{}\n", settings.join("\n"));
        let source = Source { name: "the configuration of this run", text: &config };
        let sources = Sources { user: Some(source), ..Sources::default() };
        if let Some(problem) = config::load(&sources).1.first() {
            bail!("{problem}");
        }
        fs::write(home.path("config/hob/config.toml"), config).context("can't write the configuration")?;
        Ok(home)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The folder that the editor has open. Nothing is in it: documents are only told of.
    pub(super) fn workspace(&self) -> PathBuf {
        self.path("work")
    }

    /// This binary, at home here.
    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(spawn::own_binary()?);
        command
            .args(arguments)
            .current_dir(self.workspace())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_RUNTIME_DIR", self.path("run"));
        Ok(command)
    }

    /// Starts the server as an editor does.
    pub(super) fn serve(&self) -> Result<Child> {
        let stderr = fs::File::create(self.path("stderr")).context("can't write to the temporary folder")?;
        let mut command = self.command(&["--stdio"])?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // A Ctrl-C in the terminal is for the one who measures; the server ends with its stdin.
            command.process_group(0);
        }
        command.spawn().context("can't start `hob --stdio`")
    }

    /// What the server said before it ended.
    pub(super) fn last_words(&self) -> String {
        let said = fs::read_to_string(self.path("stderr")).unwrap_or_default();
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].join("; ")
    }

    /// Waits until the window's engine has its model; the model's name. `goes_on` is asked now and then.
    pub(super) fn warm(&self, mut goes_on: impl FnMut() -> Result<()>) -> Result<String> {
        let deadline = Instant::now() + LOADING;
        while Instant::now() < deadline {
            goes_on()?;
            thread::sleep(LOOK);
            // Both the window and this look are its clients: an engine that has only this one leaves with it.
            let Some(status) = self.status()?.filter(|status| status.clients > 1) else { continue };
            match status.model {
                ModelState::Ready(info) => return Ok(info.name),
                ModelState::Failed(error) => bail!("{error}"),
                ModelState::Loading { .. } => {}
            }
        }
        bail!("the model was not loaded within {} minutes", LOADING.as_secs() / 60)
    }

    fn status(&self) -> Result<Option<EngineStatus>> {
        let output = self.command(&["engine", "status", "--json"])?.output()?;
        // One that is only just starting may not answer yet.
        Ok(serde_json::from_slice::<Told>(&output.stdout).ok().and_then(|told| told.status))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // It ends with its last client; after a window that had to be killed this makes sure.
        if let Ok(mut command) = self.command(&["engine", "stop"]) {
            let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
            drop(ended);
        }
    }
}
