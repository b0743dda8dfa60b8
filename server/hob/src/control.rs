//! `serve`'s end of the line to its supervisor.
//!
//! Must not carry anything of a document: the supervisor has no business with them.

use std::{
    io,
    path::Path,
    process::Child,
    sync::{Arc, mpsc},
    thread,
};

use anyhow::{Context, Result};
use interprocess::local_socket::{GenericFilePath, Stream, ToFsName, traits::Stream as _};
use model::wire::{read_frame, write_frame};

#[cfg(feature = "gateway")]
use crate::handover;
use crate::{
    link::Starter,
    spawn,
    supervisor::{CONTROL, FromSupervisor, ToSupervisor},
};

/// Asks the supervisor to start engines and hears of their ends.
#[derive(Debug)]
pub(crate) struct Supervisor {
    stream: Arc<Stream>,
    ends: mpsc::Receiver<Result<(), String>>,
}

/// Asks the supervisor to start gateways.
#[cfg(feature = "gateway")]
#[derive(Debug)]
pub(crate) struct GatewayLine {
    stream: Arc<Stream>,
}

#[cfg(feature = "gateway")]
impl crate::gateway::Opener for GatewayLine {
    fn open(&self) -> io::Result<std::os::unix::net::UnixStream> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        handover::send(handover::Line(&self.stream), &ToSupervisor::StartGateway, theirs)?;
        Ok(ours)
    }
}

impl Supervisor {
    /// Connects to the supervisor that started this process. `gone` is called when it ends.
    pub(crate) fn connect(gone: impl FnOnce() + Send + 'static) -> Result<Self> {
        let socket = std::env::var_os(CONTROL).context(
            "`hob serve` is started by `hob`: run that instead, or `hob --help` for what people can run",
        )?;
        let name = Path::new(&socket).to_fs_name::<GenericFilePath>()?;
        let stream = Arc::new(Stream::connect(name).context("the supervisor does not answer")?);
        let replies = Arc::clone(&stream);
        let (send, ends) = mpsc::channel();
        thread::Builder::new().name("control".into()).spawn(move || {
            while let Ok(Some(FromSupervisor::EngineEnded { clean, how })) = read_frame(&mut &*replies) {
                drop(send.send(if clean { Ok(()) } else { Err(how) }));
            }
            tracing::warn!("the supervisor is gone");
            gone();
        })?;
        Ok(Self { stream, ends })
    }

    /// The same line, for gateways.
    #[cfg(feature = "gateway")]
    pub(crate) fn gateways(&self) -> GatewayLine {
        GatewayLine { stream: Arc::clone(&self.stream) }
    }
}

impl Starter for Supervisor {
    fn start(&mut self, remote: bool) -> io::Result<()> {
        write_frame(&mut &*self.stream, &ToSupervisor::StartEngine { remote })
    }

    fn ended(&mut self) -> Option<Result<(), String>> {
        self.ends.try_recv().ok()
    }
}

/// Starts engines itself: the command line's way.
#[derive(Debug)]
pub(crate) struct Direct {
    /// The state folder, for the engine's stderr.
    pub(crate) state: std::path::PathBuf,
    /// Overrides `engine.model`.
    pub(crate) model: Option<std::path::PathBuf>,
    /// The engines that were started and have not been seen to end.
    pub(crate) children: Vec<Child>,
}

impl Starter for Direct {
    fn start(&mut self, remote: bool) -> io::Result<()> {
        let child = if remote {
            spawn::remote_engine(&self.state)?
        } else {
            spawn::engine(&self.state, self.model.as_deref())?
        };
        self.children.push(child);
        Ok(())
    }

    fn ended(&mut self) -> Option<Result<(), String>> {
        for at in 0..self.children.len() {
            if let Ok(Some(status)) = self.children[at].try_wait() {
                // Reaped by `try_wait`: there is nothing left to wait for.
                drop(self.children.remove(at));
                let words = || spawn::last_words(&self.state);
                return Some(if status.success() { Ok(()) } else { Err(format!("{status}: {}", words())) });
            }
        }
        None
    }
}
