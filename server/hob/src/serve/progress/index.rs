//! Shows an index being built, with a button that stops it.
//!
//! Must not slow the build down: it looks at how far it is now and then.

use index::{Progress, Stage};
use tokio::{
    sync::watch,
    time::{Duration, sleep, timeout},
};
use tower_lsp::{Client, gen_lsp_types::ProgressToken};

use super::UNNOTICED;
use crate::serve::indexing::State;

/// No person reads faster.
const STEP: Duration = Duration::from_millis(200);

/// Follows one build to its end. `shows` says whether the client shows progress.
pub(in crate::serve) async fn show(
    client: Client,
    mut state: watch::Receiver<State>,
    token: String,
    shows: bool,
) {
    let over = |state: &State| matches!(state, State::Over(_));
    let quick = timeout(UNNOTICED, state.wait_for(over)).await.is_ok();
    if quick || !shows {
        return;
    }
    let token = ProgressToken::String(token);
    if client.create_work_done_progress(token.clone()).await.is_err() {
        return;
    }
    let shown = client
        .progress(token, "Hob: indexing the workspace")
        .with_percentage(0)
        .with_cancel_button()
        .begin()
        .await;
    let end = loop {
        let now = state.borrow_and_update().clone();
        match now {
            State::Building(progress) => {
                shown.report_with_message(message(progress), percentage(progress), None).await;
            }
            State::Over(message) => break message,
        }
        sleep(STEP).await;
        if state.has_changed().is_err() {
            break "stopped".to_owned();
        }
    };
    shown.finish_with_message(end).await;
}

fn message(progress: Progress) -> String {
    let Progress { stage, done, total } = progress;
    match stage {
        Stage::Looking => "looking for files".to_owned(),
        Stage::Reading => format!("reading {done} of {total} files"),
        Stage::Parsing => format!("parsing {done} of {total} files"),
    }
}

/// Of both stages: reading takes about a fifth of the time.
fn percentage(progress: Progress) -> u32 {
    let Progress { stage, done, total } = progress;
    let share = u32::try_from(done * 100 / total.max(1)).unwrap_or(100).min(100);
    match stage {
        Stage::Looking => 0,
        Stage::Reading => share / 5,
        Stage::Parsing => 20 + share * 4 / 5,
    }
}
