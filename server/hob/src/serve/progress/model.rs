//! Shows the model's load, and says loudly when the model can't be used.
//!
//! Must not decide what happens then: that is for whoever asks the engine.

use model::wire::ModelState;
use tokio::{sync::watch, time::timeout};
use tower_lsp::{
    Client,
    gen_lsp_types::{MessageType, ProgressToken},
};

use super::UNNOTICED;
use crate::link::State;

/// Follows the engine for as long as the window lives.
pub(in crate::serve) async fn show(client: Client, mut state: watch::Receiver<State>, progress: bool) {
    let mut told = String::new();
    loop {
        let settled = |state: &State| {
            matches!(state, State::Connected(_, ModelState::Ready(_) | ModelState::Failed(_)))
        };
        let quick = timeout(UNNOTICED, state.wait_for(settled)).await.is_ok();
        if !quick && progress {
            load(&client, &mut state).await;
        }
        let Ok(now) = state.wait_for(settled).await.map(|state| state.clone()) else { return };
        if let State::Connected(_, ModelState::Failed(error)) = now {
            let text = error.to_string();
            if text != told {
                client.show_message(MessageType::Error, format!("Hob: {text}")).await;
                told = text;
            }
        }
        // Until the engine goes away and another load begins.
        if state.wait_for(|state| !settled(state)).await.is_err() {
            return;
        }
    }
}

/// One load, from wherever it is now to its end.
async fn load(client: &Client, state: &mut watch::Receiver<State>) {
    let token = ProgressToken::String("hob/model".to_owned());
    if client.create_work_done_progress(token.clone()).await.is_err() {
        return;
    }
    let shown = client.progress(token, "Hob: loading the model").with_percentage(0).begin().await;
    let end = loop {
        let now = state.borrow_and_update().clone();
        match now {
            State::Connected(_, ModelState::Loading { progress }) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of 100, clamped"
                )]
                shown.report((progress.clamp(0.0, 1.0) * 100.0) as u32).await;
            }
            State::Connected(_, ModelState::Ready(info)) => break format!("{} is warm", info.name),
            State::Connected(_, ModelState::Failed(_)) => break "failed".to_owned(),
            State::Starting(_) => {}
        }
        if state.changed().await.is_err() {
            break "stopped".to_owned();
        }
    };
    shown.finish_with_message(end).await;
}
