//! What an editor starts: it starts `serve` on the editor's own stdio and, when asked, the engine.
//!
//! A seccomp filter is inherited by every child, so the process that starts the others must be the one without a filter; therefore
//! it must never see a document, a model or a key. It reads nothing but the control frames of its own `serve`.

use std::{
    path::Path,
    process::{Child, Command, ExitCode, ExitStatus},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use anyhow::{Context, Result};
use interprocess::local_socket::{
    GenericFilePath, ListenerOptions, Stream, ToFsName,
    traits::{ListenerExt, StreamCommon},
};
use model::wire::{read_frame, write_frame};
use serde::{Deserialize, Serialize};

#[cfg(feature = "gateway")]
use crate::handover::{self, Receiver};
use crate::{paths, spawn};

/// The environment variable that tells `serve` where its supervisor listens.
pub(crate) const CONTROL: &str = "HOB_SUPERVISOR";

/// From `serve` to its supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToSupervisor {
    /// Start an engine process. One that finds another engine already at work ends at once, quietly.
    StartEngine {
        /// One that asks a host elsewhere. It reads the user's own configuration, and asks nobody whom that does not name.
        remote: bool,
    },
    /// Start this window's gateway. The end of the line that it is to listen on comes along with the frame.
    #[cfg(feature = "gateway")]
    StartGateway,
}

/// From the supervisor to `serve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FromSupervisor {
    /// An engine that this supervisor started has ended.
    EngineEnded {
        /// Whether it ended by its own decision.
        clean: bool,
        /// How, for people.
        how: String,
    },
}

/// Runs `serve` until it ends and passes its exit status on.
pub(crate) fn run() -> Result<ExitCode> {
    let state = paths::state_dir()?;
    let socket = paths::runtime_dir()?.join(format!("window-{}.sock", std::process::id()));
    // A process with our number may have been killed before it could tidy up.
    let _ = std::fs::remove_file(&socket);
    let listener = ListenerOptions::new()
        .name(socket.as_path().to_fs_name::<GenericFilePath>()?)
        .create_sync()
        .with_context(|| format!("can't listen on {}", socket.display()))?;

    let mut serve = Command::new(spawn::own_binary()?);
    serve.arg("serve").env(CONTROL, &socket);
    spawn::without_keys(&mut serve);
    let mut serve = serve.spawn().context("can't start `hob serve`")?;
    let pid = serve.id();
    thread::Builder::new().name("control".into()).spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            if is_process(&stream, pid) {
                attend(stream, &state);
                return;
            }
        }
    })?;
    let status = serve.wait();
    let _ = std::fs::remove_file(&socket);
    Ok(exit_code(status.context("lost sight of `hob serve`")?))
}

/// Whether the other end of `stream` is the process `pid`; where the system can't tell, the folder's mode has to do.
fn is_process(stream: &Stream, pid: u32) -> bool {
    let peer = stream.peer_creds().ok().and_then(|peer| peer.pid());
    peer.is_none_or(|peer| u32::try_from(peer).is_ok_and(|peer| peer == pid))
}

/// Obeys `serve` until it hangs up.
fn attend(stream: Stream, state: &Path) {
    let line = Arc::new(Line { stream, writing: Mutex::new(()) });
    #[cfg(feature = "gateway")]
    let mut orders = Receiver::new(handover::Line(&line.stream));
    #[cfg(not(feature = "gateway"))]
    let mut orders = &line.stream;
    while let Ok(Some(order)) = read_frame(&mut orders) {
        match order {
            ToSupervisor::StartEngine { remote } => {
                let started = if remote { spawn::remote_engine(state) } else { spawn::engine(state, None) };
                match started {
                    Ok(child) => watch(child, state, Arc::clone(&line)),
                    Err(error) => line.report(false, format!("the engine could not be started: {error}")),
                }
            }
            // Where it can't be started its end is dropped here: `serve` sees the line closed.
            #[cfg(feature = "gateway")]
            ToSupervisor::StartGateway => {
                if let Some(end) = orders.take_end()
                    && let Ok(mut child) = spawn::gateway(end)
                {
                    thread::spawn(move || child.wait());
                }
            }
        }
    }
}

/// The line to `serve`; engines may end at the same moment, and each report is whole.
struct Line {
    stream: Stream,
    writing: Mutex<()>,
}

impl Line {
    fn report(&self, clean: bool, how: String) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // A `serve` that is gone needs no report.
        let _ = write_frame(&mut &self.stream, &FromSupervisor::EngineEnded { clean, how });
    }
}

/// Waits for an engine on a thread of its own and reports its end.
fn watch(mut child: Child, state: &Path, line: Arc<Line>) {
    let state = state.to_owned();
    thread::spawn(move || {
        let Ok(status) = child.wait() else { return };
        let words = if status.success() { String::new() } else { spawn::last_words(&state) };
        let how = if words.is_empty() { status.to_string() } else { format!("{status}: {words}") };
        line.report(status.success(), how);
    });
}

/// `serve`'s own code, or 1 when a signal ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
