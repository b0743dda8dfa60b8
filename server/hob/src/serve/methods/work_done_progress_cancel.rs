//! `window/workDoneProgress/cancel`: somebody pressed the button beside a progress. An index's has one, and an answer's.

use tower_lsp::gen_lsp_types::{ProgressToken, WorkDoneProgressCancelParams};

use crate::serve::Server;

pub(super) async fn work_done_progress_cancel(server: &Server, params: WorkDoneProgressCancelParams) {
    if let ProgressToken::String(token) = params.token {
        server.indexing.cancel(&token);
        #[cfg(feature = "gateway")]
        server.asking.cancel(&token);
    }
}
