//! `initialize`: who the client is, where its workspace lies, and what the server offers.

use std::{path::PathBuf, sync::Arc};

use tower_lsp::gen_lsp_types as lsp;

use super::did_change_configuration;
use crate::serve::{Server, capabilities, session::path, watchdog};

pub(super) fn initialize(server: &Server, params: lsp::InitializeParams) -> lsp::InitializeResult {
    if let Some(process) = params.process_id {
        watchdog::watch(process, Arc::clone(&server.abandoned));
    }
    let client = capabilities::client(&params.capabilities);
    let name = params
        .client_info
        .as_ref()
        .map(|info| format!("{} {}", info.name, info.version.as_deref().unwrap_or("")));
    tracing::info!(client = name, encoding = ?client.encoding, inline = client.inline, "initialize");

    let mut session = server.session();
    session.enter(roots(&params));
    session.client = client;
    session.trace = params.trace.is_some_and(|trace| trace != lsp::TraceValue::Off);
    let settings = params.initialization_options.and_then(|options| serde_json::to_value(options).ok());
    session.configure(did_change_configuration::section(settings));
    // Nothing is open yet, so there is nothing to forget.
    session.judge_anew();
    lsp::InitializeResult {
        capabilities: capabilities::server(&session.client, &session.config),
        server_info: Some(lsp::ServerInfo {
            name: "hob".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}

/// The workspace's folders as paths; the older field counts where the newer is missing.
#[expect(deprecated, reason = "clients that are older than workspace folders say `rootUri`")]
fn roots(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    let folders = serde_json::to_value(&params.workspace_folders_initialize_params.workspace_folders)
        .unwrap_or_default();
    let uris = folders.as_array().map_or_else(Vec::new, |folders| {
        folders.iter().filter_map(|folder| folder.get("uri")?.as_str().map(str::to_owned)).collect()
    });
    let uris = if uris.is_empty() { params.root_uri.iter().map(|uri| uri.0.clone()).collect() } else { uris };
    uris.iter().filter_map(|uri| path(uri)).collect()
}
