//! `textDocument/didSave`: the text came with the changes; the index hears that the file is the same now.

use index::Exclusion;
use tower_lsp::gen_lsp_types::DidSaveTextDocumentParams;

use crate::serve::{Server, session::path};

pub(super) async fn did_save(server: &Server, params: DidSaveTextDocumentParams) {
    let uri = &params.text_document.uri.0;
    let known = server.session().view(uri).is_some();
    tracing::debug!(uri, known, "saved");
    server.indexing.changed([uri.clone()]);
    if path(uri).is_some_and(|path| Exclusion::is_list(&path)) {
        server.judge_anew();
    }
}
