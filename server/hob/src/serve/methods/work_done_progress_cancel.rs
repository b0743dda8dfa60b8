//! `window/workDoneProgress/cancel`: somebody pressed the button beside a progress. Only an index's has one.

use tower_lsp::gen_lsp_types::{ProgressToken, WorkDoneProgressCancelParams};

use crate::serve::Server;

pub(super) async fn work_done_progress_cancel(server: &Server, params: WorkDoneProgressCancelParams) {
    if let ProgressToken::String(token) = params.token {
        server.indexing.cancel(&token);
    }
}
