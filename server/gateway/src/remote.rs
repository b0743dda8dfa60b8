//! A team's own engine in place of this machine's: a llama-server or a vLLM that the user's configuration names, asked for ghost text.
//!
//! [`run`] is the process. To `serve` and the command line it is an engine: it listens on a local socket and speaks [`model::wire`], one for
//! each user, and leaves when nobody needs it any more. It computes nothing: `team` lays prompts out in the host's own tokens, `host` is
//! the one connection that leaves the machine, `speech` knows how hosts want to be spoken to. What a window tells of its workspace is not
//! asked for and does not leave.
//!
//! Must not send a file that its user keeps back, and must not ask a host for what nobody waits for.

mod answer;
mod connection;
mod desk;
mod host;
mod pace;
mod socket;
mod speech;
mod team;
mod vocabulary;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use config::{Dialect, Limits, Provider};
use model::Order;
use secrecy::SecretString;

use self::{desk::Desk, host::Host, socket::Socket, speech::Speech, team::Team};

/// Says of a file, by its path relative to the workspace, why nothing of it is sent; `None`: it may be.
pub type Withholds = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Finds the provider's key, if it has one; a sentence where it is not where it should be. It may wait for a person.
pub type FindsKey = Arc<dyn Fn() -> Result<Option<SecretString>, String> + Send + Sync>;

/// What [`run`] needs.
#[derive(Clone)]
pub struct RemoteOptions {
    /// Whose host it is. Only its own origin is ever spoken to.
    pub provider: Provider,
    /// Finds the provider's key, whenever the host is asked what it serves.
    pub key: FindsKey,
    /// How long it may take.
    pub limits: Limits,
    /// Which files stay here.
    pub withholds: Withholds,
    /// Where to listen: a path in a folder that only its user can open.
    pub socket: PathBuf,
    /// Tokens of a prompt and its answer, where the host has room for as many.
    pub context_tokens: u32,
    /// The order of a prompt's parts, where it is to be another than the model's family has.
    pub order: Option<Order>,
    /// How long to stay after the last client left; zero: not at all.
    pub idle_exit: Duration,
    /// Version and build, for the handshake and the log.
    pub build: String,
}

/// Why there is no remote engine.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Another process does this already: connect to it.
    #[error("the remote engine runs already, at {0}")]
    AlreadyRunning(PathBuf),
    /// The socket can't be made.
    #[error("can't listen at {0}: {1}")]
    Listen(PathBuf, io::Error),
    /// The provider can't complete code.
    #[error(
        "`engine.remote` names the provider `{0}`, which fills no holes: its `dialect` has to be \"llama-server\" or \"vllm\""
    )]
    Dialect(String),
    /// The provider can't be spoken to; a whole sentence.
    #[error("{0}")]
    Provider(String),
    /// The runtime can't be started.
    #[error("can't start: {0}")]
    Runtime(#[from] io::Error),
}

/// Serves one host's model until it is idle, told to stop, or sent SIGTERM.
///
/// A host that is not there is no error: clients are told so, and it is asked again, with growing pauses, as long as there are any.
///
/// # Errors
/// When it can't listen, or the provider is none that fills holes.
pub fn run(options: RemoteOptions) -> Result<(), RemoteError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let done = runtime.block_on(serve(options));
    // A thread may still wait for a host that says nothing.
    runtime.shutdown_background();
    done
}

async fn serve(options: RemoteOptions) -> Result<(), RemoteError> {
    let team = team(&options)?;
    let socket = Socket::open(&options.socket).await?;
    tracing::info!(path = %options.socket.display(), build = options.build, "listening");
    let desk = Desk::new(team, options.build);
    desk.stop_on_signals()?;
    let reason = desk.open(socket, options.idle_exit).await;
    tracing::info!(reason, "ending");
    Ok(())
}

fn team(options: &RemoteOptions) -> Result<Team, RemoteError> {
    let provider = &options.provider;
    let speech = match provider.dialect {
        Dialect::LlamaServer => Speech::LlamaServer,
        Dialect::Vllm => Speech::Vllm(provider.models.first().cloned().unwrap_or_default()),
        Dialect::Openai | Dialect::Anthropic | Dialect::Gemini | Dialect::Ollama => {
            return Err(RemoteError::Dialect(provider.id.clone()));
        }
    };
    let host = Host::new(provider, Arc::clone(&options.key), options.limits);
    let host = host.map_err(|what| {
        RemoteError::Provider(format!("the team's engine at {} {what}", provider.origin()))
    })?;
    Ok(Team::new(host, speech, (options.context_tokens, options.order), Arc::clone(&options.withholds)))
}
