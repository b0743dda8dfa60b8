//! `workspace/didChangeWatchedFiles`: files that changed on disk, by whoever's hand. The index reads them again.

use index::Exclusion;
use tower_lsp::gen_lsp_types as lsp;

use crate::serve::{Server, session::path};

pub(super) async fn did_change_watched_files(server: &Server, params: lsp::DidChangeWatchedFilesParams) {
    let changed: Vec<String> = params.changes.into_iter().map(|change| change.uri.0).collect();
    let is_list = |uri: &String| path(uri).is_some_and(|path| Exclusion::is_list(&path));
    let relisted = changed.iter().any(is_list);
    server.indexing.changed(changed);
    if relisted {
        server.judge_anew();
    }
}

/// Asks the client to watch everything: which files count is decided by the lists in the workspace, and those change too.
pub(super) async fn register(server: &Server) {
    let everything = serde_json::json!({ "watchers": [{ "globPattern": "**/*" }] });
    let registration = lsp::Registration {
        id: "hob/watch".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::from_value(everything).ok(),
    };
    if let Err(error) = server.client.register_capability(vec![registration]).await {
        tracing::warn!(%error, "the client does not watch files: only what is saved in this editor is read again");
    }
}
