//! A llama-server on loopback that serves the embedded model: the real thing, as a team would run it.
//!
//! Must not be needed where none can be had: there a test says so on stderr and holds nothing. CI has one.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use crate::{PATIENCE, eventually};

/// The embedded model's file.
const EMBER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/ember/ember.gguf");

/// The key that it wants.
pub const LLAMA_SERVER_KEY: &str = "sesame";

/// A running one, which goes with this.
#[derive(Debug)]
pub struct LlamaServer {
    process: Child,
    /// Where it listens.
    pub port: u16,
}

impl LlamaServer {
    /// The program, fetched if it is not there; `None` where it can't be had.
    ///
    /// # Panics
    /// In CI, where it can't be had.
    pub fn program() -> Option<PathBuf> {
        static FETCHING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = FETCHING.lock().unwrap_or_else(PoisonError::into_inner);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let program = root.join("target/peers/llama-server");
        if !program.exists() {
            let fetched = Command::new(root.join("benches/peers/fetch.sh")).arg("llama-server").output();
            if !fetched.as_ref().is_ok_and(|fetched| fetched.status.success()) {
                not_tested(&format!("no llama-server can be had here: {fetched:?}"));
                return None;
            }
        }
        Some(program)
    }

    /// Starts it at a port that nobody has.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(program: &Path) -> Self {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        Self::start_at(program, port)
    }

    /// Starts it at `port`.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_at(program: &Path, port: u16) -> Self {
        let mut command = Command::new(program);
        command.args(["-m", EMBER, "--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["-t", "1", "--parallel", "4", "-c", "8192", "--api-key", LLAMA_SERVER_KEY]);
        let process =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("llama-server starts");
        let server = Self { process, port };
        let up = eventually(PATIENCE, || server.is_up().then_some(()));
        assert!(up.is_some(), "llama-server does not come up");
        server
    }

    fn is_up(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }
}

impl Drop for LlamaServer {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says past the test's own capture that something was not tested here: whoever runs it has to see it.
///
/// # Panics
/// In CI, which has everything, and where standard error is closed.
pub fn not_tested(why: &str) {
    let text = format!("NOT TESTED: {why}\n");
    assert!(std::env::var_os("CI").is_none(), "{text}");
    std::io::stderr().write_all(text.as_bytes()).expect("stderr");
}
