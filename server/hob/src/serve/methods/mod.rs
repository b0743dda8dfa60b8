//! The methods that the server knows, one file each: this page is their list.
//!
//! A handler changes the session, or takes its snapshot, before its first await; see `transport`. Must not hold logic that another
//! front end would need: that is `assist`'s.

mod completion;
mod did_change;
mod did_change_configuration;
mod did_change_watched_files;
mod did_change_workspace_folders;
mod did_close;
mod did_open;
mod did_save;
mod execute_command;
mod initialize;
mod initialized;
mod inline_completion;
mod set_trace;
mod work_done_progress_cancel;

use tower_lsp::{
    ClientSocket, LanguageServer, LspService, LspServiceBuilder, gen_lsp_types as lsp, jsonrpc::Result,
};

use super::Server;

impl LanguageServer for Server {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        Ok(initialize::initialize(self, params))
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        initialized::initialized(self).await;
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

/// Registers every method but those of the life cycle.
pub(super) fn register(service: LspServiceBuilder<Server>) -> (LspService<Server>, ClientSocket) {
    service
        .custom_method("textDocument/didOpen", did_open::did_open)
        .custom_method("textDocument/didChange", did_change::did_change)
        .custom_method("textDocument/didSave", did_save::did_save)
        .custom_method("textDocument/didClose", did_close::did_close)
        .custom_method("textDocument/inlineCompletion", inline_completion::inline_completion)
        .custom_method("textDocument/completion", completion::completion)
        .custom_method("workspace/executeCommand", execute_command::execute_command)
        .custom_method("workspace/didChangeConfiguration", did_change_configuration::did_change_configuration)
        .custom_method(
            "workspace/didChangeWorkspaceFolders",
            did_change_workspace_folders::did_change_workspace_folders,
        )
        .custom_method("workspace/didChangeWatchedFiles", did_change_watched_files::did_change_watched_files)
        .custom_method("window/workDoneProgress/cancel", work_done_progress_cancel::work_done_progress_cancel)
        .custom_method("$/setTrace", set_trace::set_trace)
        .finish()
}
