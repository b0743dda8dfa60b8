//! The engine with its model loaded, for commands that ask it: the path of an editor's request, without an editor.
//!
//! Must not open a document before the sandbox is closed.

use std::{ops::ControlFlow, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use assist::{Collector, Plan, Silence, Suggestion};
use config::Config;
use engine::EngineClient;
use model::{Finish, ModelInfo, Sink, Stop, wire::ModelState};
use syntax::Tree;
use text::Snapshot;

use super::{Choice, out};
use crate::{
    control::Direct,
    link::{Link, State},
    logs, paths,
    row::Ended,
    sandbox::{self, Role},
    settings::{self, Sources},
};

/// However large the model, loading it takes less.
const LOADING: Duration = Duration::from_mins(10);

/// An engine that can be asked, in a process that can't reach a network any more.
pub(super) struct Ready {
    /// What the user's file says.
    pub(super) config: Config,
    /// Hob's own folder.
    pub(super) state: PathBuf,
    /// What answers.
    pub(super) info: ModelInfo,
    pub(super) engine: Arc<EngineClient>,
    /// Holds the connection.
    _link: Link,
}

impl Ready {
    /// Starts the engine where none runs, waits for its model, and closes this process's doors.
    pub(super) fn start(choice: &Choice) -> Result<Self> {
        let state = paths::state_dir()?;
        let (config, problems) = Sources::read(None).resolve(None);
        for problem in &problems {
            out::note(&format!("hob: {problem}"));
        }
        let options = settings::engine(&config, choice.model.as_deref())?;
        let starter = Direct { state: state.clone(), model: choice.model.clone(), children: Vec::new() };
        // The engine must be started by a process without a filter: its own may only be stricter.
        let link = Link::start(options, starter)?;
        let (engine, info) = warm(&link)?;
        sandbox::enter(Role::Serve)?;
        logs::start(&state, "cli", config.log.level.as_str())?;
        Ok(Self { config, state, info, engine, _link: link })
    }

    /// Asks, and gathers what is said until the place wants no more; says why that was the end. `heard` is told of each piece, and
    /// whether a whole line is there.
    pub(super) fn ask(
        &self,
        plan: &Plan,
        heard: &mut dyn FnMut(&str, bool),
    ) -> Result<(String, Ended, Finish), Silence> {
        let mut collector = Collector::new(plan);
        let finish =
            self.engine.ask_and_wait(plan.request.clone(), &mut |text: &str| -> ControlFlow<()> {
                let flow = collector.chunk(text);
                heard(text, collector.has_line());
                flow
            })?;
        let ended =
            if finish.stop == Stop::Sink { Ended::stopped(&collector) } else { Ended::by(finish.stop) };
        Ok((collector.text().to_owned(), ended, finish))
    }

    /// Asks for up to `wanted` other readings beside `first`, the suggestion at the place of `plan`, and waits for all.
    pub(super) fn others(
        &self,
        plan: &Plan,
        first: &Suggestion,
        (snapshot, tree): (&Snapshot, Option<&Tree>),
        wanted: u8,
    ) -> Result<Vec<Suggestion>, Silence> {
        let mut shown = vec![first.clone()];
        if wanted > 0 {
            self.engine.ask_and_wait(plan.other_readings(wanted), &mut |text: &str| {
                shown.extend(assist::alternative(plan, text, snapshot, tree, &shown));
                if shown.len() > usize::from(wanted) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
        }
        Ok(shown.split_off(1))
    }
}

/// The engine with its model loaded.
fn warm(link: &Link) -> Result<(Arc<EngineClient>, ModelInfo)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let mut state = link.watch();
        let settled = |state: &State| match state {
            State::Connected(_, model) => !matches!(model, ModelState::Loading { .. }),
            State::Starting(failed) => failed.is_some(),
        };
        let found = tokio::time::timeout(LOADING, state.wait_for(settled)).await;
        match found.context("the model is still loading")??.clone() {
            State::Connected(engine, ModelState::Ready(info)) => Ok((engine, info)),
            State::Connected(_, ModelState::Failed(error)) => Err(anyhow!(error)),
            State::Connected(_, ModelState::Loading { .. }) => bail!("the model is still loading"),
            State::Starting(how) => bail!("{}", how.unwrap_or_default()),
        }
    })
}
