//! `workspace/didChangeWorkspaceFolders`: folders come to the window, and go.

use std::path::PathBuf;

use tower_lsp::gen_lsp_types as lsp;

use super::did_change_configuration;
use crate::serve::{Server, session::path};

pub(super) async fn did_change_workspace_folders(
    server: &Server,
    params: lsp::DidChangeWorkspaceFoldersParams,
) {
    let paths = |folders: Vec<lsp::WorkspaceFolder>| -> Vec<PathBuf> {
        folders.iter().filter_map(|folder| path(&folder.uri.0)).collect()
    };
    server.session().change_roots(paths(params.event.added), &paths(params.event.removed));
    server.judge_anew();
    did_change_configuration::report(server).await;
    server.indexing.arrange();
}
