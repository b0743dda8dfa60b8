//! One test's own machine, as far as `hob` can see: its configuration, its state, its sockets, its workspace, and so its own engine.
//!
//! Must not let anything outlive the test: the engine ends with its last client, and `Drop` sees to it that everything has.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{PATIENCE, Process, Role, Setup, eventually, hob};

/// How long a process may take to see that nobody needs it any more.
const FAREWELL: Duration = Duration::from_secs(10);

/// Folders that only one test uses. They go with it.
#[derive(Debug)]
pub struct World {
    folder: TempDir,
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; -1 for a signal.
    pub code: i32,
    /// What it answered.
    pub stdout: String,
    /// What it remarked.
    pub stderr: String,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A new one, whose engine ends with its last client and whose editors show whatever is said, however little the model thinks of it.
    ///
    /// # Panics
    /// When there is no room on the disk.
    pub fn new() -> Self {
        // Short, because the path of a local socket may have no more than 107 bytes.
        let folder = tempfile::Builder::new().prefix("hob").tempdir().expect("a temporary folder");
        let world = Self { folder };
        for part in ["config/hob", "state", "run", "cache", "home", "work"] {
            fs::create_dir_all(world.path(part)).expect("a folder in a temporary folder");
        }
        world.configure("");
        world
    }

    /// Writes the user's configuration: `lines` of TOML with dotted keys (`completion.popup = "never"`).
    pub fn configure(&self, lines: &str) {
        self.configure_wholly(&format!("engine.idle_exit = 0\n{lines}\ncompletion.min_confidence = 0\n"));
    }

    /// Configures what every user gets who configures nothing, but for the engine's end.
    pub fn configure_nothing(&self) {
        self.configure_wholly("engine.idle_exit = 0\n");
    }

    /// Writes the user's configuration and nothing else: what `idle_exit` says is the caller's business, and so is the engine's end.
    pub fn configure_wholly(&self, text: &str) {
        // In one step, as editors save: an engine that is just starting must not read half of it.
        let new = self.path("config/hob/config.toml.new");
        fs::write(&new, text).expect("the configuration can be written");
        fs::rename(new, self.path("config/hob/config.toml")).expect("a file can be renamed in its folder");
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The folder that editors open.
    pub fn workspace(&self) -> PathBuf {
        self.path("work")
    }

    /// Hob's own folder for state.
    pub fn state(&self) -> PathBuf {
        self.path("state/hob")
    }

    /// Writes a file of the workspace.
    ///
    /// # Panics
    /// When it can't.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.workspace().join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder"))
            .expect("a folder of the workspace");
        fs::write(&path, content).expect("a file of the workspace");
        path
    }

    /// A path as a URI. The folders here have plain names.
    pub fn uri(path: &Path) -> String {
        format!("file://{}", path.display())
    }

    /// `hob` with `arguments`, at home in this world.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(hob());
        command
            .args(arguments)
            .current_dir(self.workspace())
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env_remove("HOB_POLICY")
            .env_remove("RUST_LOG")
            .env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs `hob` with `arguments` to its end.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("the binary under test can be run");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that answers in JSON.
    ///
    /// # Panics
    /// When it fails or answers something else.
    pub fn run_json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "hob {}: {}", arguments.join(" "), ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
    }

    /// The rows of `hob why`, oldest first.
    ///
    /// # Panics
    /// When there is no array of rows.
    pub fn rows(&self) -> Vec<Value> {
        self.run_json(&["why", "--json", "-n", "100000"]).as_array().expect("rows").clone()
    }

    /// Waits until `hob why` has a row that `wanted` picks. Rows are written by a thread of their own, after the answer.
    ///
    /// # Panics
    /// When none comes.
    pub fn row(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = eventually(PATIENCE, || self.rows().into_iter().rev().find(|row| wanted(row)));
        found.unwrap_or_else(|| panic!("no such row among {:#?}", self.rows()))
    }

    /// An editor that is about to open this workspace.
    pub fn editor(&self) -> Setup<'_> {
        Setup::new(self)
    }

    /// What every process of this world has in its environment.
    fn mark(&self) -> String {
        format!("XDG_RUNTIME_DIR={}", self.path("run").display())
    }

    /// Every process of this world.
    pub fn processes(&self) -> Vec<Process> {
        Process::all(&self.mark())
    }

    /// Those with one kind of work.
    pub fn processes_of(&self, role: Role) -> Vec<Process> {
        self.processes().into_iter().filter(|process| process.role == role).collect()
    }

    /// The engine, as soon as it listens.
    ///
    /// # Panics
    /// When none does.
    pub fn engine(&self) -> Process {
        let found = eventually(PATIENCE, || {
            let status = self.engine_status()?;
            self.processes_of(Role::Engine).into_iter().find(|engine| status["pid"] == engine.id)
        });
        found.unwrap_or_else(|| panic!("no engine answers; {:?}", self.processes()))
    }

    /// What the engine says of itself; `None` when none runs.
    pub fn engine_status(&self) -> Option<Value> {
        let ran = self.run(&["engine", "status", "--json"]);
        let mut answer: Value = serde_json::from_str(&ran.stdout).ok()?;
        (answer["running"] == true).then(|| answer["status"].take())
    }

    /// Waits until a process is gone.
    ///
    /// # Panics
    /// When it isn't.
    #[track_caller]
    pub fn gone(&self, process: &Process) {
        let gone = eventually(FAREWELL, || (!process.is_alive()).then_some(()));
        assert!(gone.is_some(), "{process:?} is still there; {:?}", self.processes());
    }

    /// Waits until no process of this world is left.
    ///
    /// # Panics
    /// When one is.
    #[track_caller]
    pub fn empty(&self) {
        let empty = eventually(FAREWELL, || self.is_empty().then_some(()));
        assert!(empty.is_some(), "still there: {:?}", self.processes());
    }

    /// Everything that processes of one role (`serve`, `engine`, `cli`) have logged.
    pub fn log(&self, role: &str) -> String {
        let folder = self.state().join("log");
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|f| f.path()).collect();
        files.sort();
        let of_role = |file: &&PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(&format!("{role}.")) && !name.ends_with(".stderr")
        };
        files.iter().filter(of_role).map(|file| fs::read_to_string(file).unwrap_or_default()).collect()
    }

    /// Waits for a line of the log that holds `text`.
    ///
    /// # Panics
    /// When none comes.
    pub fn logged(&self, role: &str, text: &str) {
        let found = eventually(PATIENCE, || self.log(role).contains(text).then_some(()));
        assert!(found.is_some(), "the log of {role} never said {text:?}:\n{}", self.log(role));
    }

    /// How many engines were started so far.
    pub fn engines_started(&self) -> usize {
        self.log("engine").lines().filter(|line| line.contains("started") && line.contains("pid=")).count()
    }

    /// Where `hob`'s stderr goes.
    pub(crate) fn stderr(&self) -> File {
        let file = OpenOptions::new().create(true).append(true).open(self.path("stderr"));
        file.expect("a file in a temporary folder")
    }

    /// What `hob` and its children have written to stderr.
    pub fn complaints(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }

    /// Whether no process of this world is left.
    ///
    /// An engine whose window was gone before the two had met waits for another, for half a minute whatever `idle_exit` says. That is
    /// no leak, but no test waits as long: it is met here, and then it has to end as it always does.
    fn is_empty(&self) -> bool {
        let left = self.processes();
        let engines = left.iter().filter(|process| process.role == Role::Engine).count();
        let met = self.log("engine").matches("a client joined client=1 ").count();
        // One that was started a moment ago has not written to its log yet.
        if engines == left.len() && engines > 0 && met < self.engines_started().max(engines) {
            self.engine_status();
        }
        left.is_empty() && !Process::one_is_starting()
    }

    /// For a test that failed: what the processes said of it.
    fn tell(&self) {
        let mut text = format!("stderr of hob:\n{}", self.complaints());
        for role in ["serve", "engine", "cli"] {
            let log = self.log(role);
            let skip = log.lines().count().saturating_sub(40);
            text.extend(["end of the log of ", role, ":\n"]);
            text.extend(log.lines().skip(skip).flat_map(|line| [line, "\n"]));
        }
        // stderr is where a failed test speaks.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let failed = thread::panicking();
        let left = if failed {
            self.processes()
        } else {
            eventually(FAREWELL, || self.is_empty().then(Vec::new)).unwrap_or_else(|| self.processes())
        };
        for process in &left {
            process.kill();
        }
        if failed {
            self.tell();
            return;
        }
        if !left.is_empty() {
            self.tell();
            panic!("these outlived the test: {left:?}");
        }
        let complaints = self.complaints();
        assert!(!complaints.contains("panicked"), "something panicked:\n{complaints}");
        assert!(!self.log("serve").contains("panicked"), "something panicked:\n{}", self.log("serve"));
    }
}
