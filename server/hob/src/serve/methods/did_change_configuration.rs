//! `workspace/didChangeConfiguration`: the editor's settings, pushed or (as most clients want it now) pulled.
//!
//! Settings say nothing of where they come from, so `config` lets them tighten only.

use serde_json::Value;
use tower_lsp::gen_lsp_types::{ConfigurationItem, DidChangeConfigurationParams, MessageType};

use crate::serve::Server;

pub(super) async fn did_change_configuration(server: &Server, params: DidChangeConfigurationParams) {
    let pulls = server.session().client.configuration;
    if pulls {
        pull(server).await;
    } else {
        configure(server, section(serde_json::to_value(params.settings).ok()));
        report(server).await;
    }
    server.indexing.arrange();
}

/// Asks the client for the settings under `hob`.
pub(super) async fn pull(server: &Server) {
    let wanted = ConfigurationItem { section: Some(config::SETTINGS_KEY.to_owned()), scope_uri: None };
    match server.client.configuration(vec![wanted]).await {
        Ok(values) => {
            let settings = values.into_iter().next().and_then(|value| serde_json::to_value(value).ok());
            configure(server, section(settings));
        }
        Err(error) => tracing::warn!(%error, "the client does not tell its settings"),
    }
    report(server).await;
}

fn configure(server: &Server, settings: Option<Value>) {
    let changed = server.session().configure(settings);
    if changed {
        server.judge_anew();
    }
}

/// Shows what is wrong with the configuration, each problem once.
pub(super) async fn report(server: &Server) {
    let problems = server.session().take_problems();
    for problem in problems {
        tracing::error!(%problem, "configuration");
        server.client.show_message(MessageType::Warning, format!("Hob: {problem}")).await;
    }
}

/// The settings object itself, wherever the client put it: bare, or under `hob`.
pub(super) fn section(settings: Option<Value>) -> Option<Value> {
    match settings {
        Some(Value::Object(mut all)) => Some(all.remove(config::SETTINGS_KEY).unwrap_or(Value::Object(all))),
        other => other.filter(|value| !value.is_null()),
    }
}
