//! The language server of one editor window: documents, decisions, and the conversation with the client.
//!
//! It has no network (the sandbox sees to that), no keys and no model: it asks the engine. It must never write into a workspace.

mod acceptance;
mod alternatives;
#[cfg(feature = "gateway")]
mod ask;
mod capabilities;
mod complete;
mod debounce;
mod exclusions;
mod flow;
mod foresee;
mod framing;
mod gathering;
mod indexing;
mod measure;
mod methods;
mod pace;
mod parsing;
mod positions;
mod progress;
mod record;
mod session;
mod show;
mod stream;
mod teaching;
mod transport;
mod watchdog;
mod whereabouts;
mod why;

use std::{
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::{Context, Result};
use tokio::sync::Notify;
use tower_lsp::{Client, LspService};

use crate::{
    control::Supervisor,
    link::{Link, State},
    logs, paths,
    row::Rows,
    sandbox::{self, Role},
    settings::{self, Sources},
    usage::Usage,
};
use indexing::Indexing;
use measure::Measure;
use pace::Pace;
use parsing::Parser;
use session::Session;

/// Everything that a handler can reach. Clones reach the same.
#[derive(Debug, Clone)]
struct Server {
    client: Client,
    session: Arc<Mutex<Session>>,
    parser: Parser,
    indexing: Indexing,
    link: Link,
    rows: Rows,
    usage: Usage,
    measure: Measure,
    pace: Pace,
    #[cfg(feature = "gateway")]
    asking: ask::Asking,
    /// Ends the process: the editor or the supervisor is gone.
    abandoned: Arc<Notify>,
}

impl Server {
    /// The session, for the moment of a first poll. A panic of an earlier holder costs its own answer, not this one.
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads anew what is excluded, and has everybody forget what came from there.
    fn judge_anew(&self) {
        judge_anew(&self.session, &self.link);
    }

    /// What the configuration says about completion, and what was learned about it in this language.
    fn settings(&self, config: &config::Config, language: &str) -> assist::Settings {
        let completion = &config.completion;
        let learned = || self.usage.learned(language, || self.link.model_name());
        assist::Settings {
            enabled: completion.enabled,
            languages_off: completion.languages_off.iter().cloned().collect(),
            strings: completion.strings,
            max_tokens: completion.max_tokens,
            min_confidence: completion.min_confidence,
            learned_confidence: if completion.learn { learned() } else { 0 },
        }
    }
}

/// See [`Server::judge_anew`], for who is no handler.
fn judge_anew(session: &Mutex<Session>, link: &Link) {
    let stale = session.lock().unwrap_or_else(PoisonError::into_inner).judge_anew();
    if let State::Connected(engine, _) = &*link.watch().borrow() {
        for session in stale {
            engine.forget(session);
        }
    }
}

/// Runs the server on stdio until the client ends it.
pub(crate) fn run() -> Result<ExitCode> {
    // Before any thread, any document, any configuration of a workspace.
    let guarantee = sandbox::enter(Role::Serve)?;
    let state = paths::state_dir()?;
    let sources = Sources::read(None);
    let (config, _) = sources.resolve(None);
    if let Err(error) = logs::start(&state, "serve", config.log.level.as_str()) {
        // stderr is the editor's own log.
        complain(&error);
    }
    tracing::info!(?guarantee, "sandbox");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    let ended = runtime.block_on(converse(&state, &config, sources))?;
    // stdin's reading thread may still be blocked in a read that nobody will answer.
    runtime.shutdown_background();
    tracing::info!(?ended, "ended");
    Ok(if ended == transport::Ended::Properly { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn converse(state: &Path, config: &config::Config, sources: Sources) -> Result<transport::Ended> {
    let abandoned = Arc::new(Notify::new());
    let supervisor = Supervisor::connect({
        let abandoned = Arc::clone(&abandoned);
        move || abandoned.notify_one()
    })?;
    #[cfg(feature = "gateway")]
    let asking = ask::Asking::new(crate::cloud::Desk {
        gateway: crate::gateway::Gateway::new(supervisor.gateways()),
        state: state.to_owned(),
    });
    let link = Link::start(settings::engine(config, None)?, supervisor)?;
    let session = Arc::new(Mutex::new(Session::new(sources)));
    let parser = Parser::start(Arc::clone(&session))?;
    let rows = Rows::start(state)?;
    let usage = Usage::start(state)?;
    let (service, socket) = methods::register(LspService::build_with_lifecycle_methods({
        let abandoned = Arc::clone(&abandoned);
        move |client: Client| {
            let measure = Measure::start(client.clone());
            let pace = Pace::new(Instant::now());
            let indexing = Indexing::new(client.clone(), Arc::clone(&session), link.clone());
            Server {
                client,
                session,
                parser,
                indexing,
                link,
                rows,
                usage,
                measure,
                pace,
                #[cfg(feature = "gateway")]
                asking,
                abandoned,
            }
        }
    }));
    let server = service.inner().clone();
    let ended = tokio::select! {
        ended = transport::serve(tokio::io::stdin(), tokio::io::stdout(), service, socket) => ended,
        () = abandoned.notified() => transport::Ended::Abruptly,
    };
    server.count_the_rest();
    Ok(ended)
}

/// The one place where `serve` writes to stderr: when it has no log to write to.
fn complain(error: &anyhow::Error) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "hob: {error:#}"));
}
