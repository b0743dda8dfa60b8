//! `textDocument/didClose`: forget the document, let the engine forget its KV cache, and the index read the file again.

use tower_lsp::gen_lsp_types::DidCloseTextDocumentParams;

use crate::{link::State, serve::Server};

pub(super) async fn did_close(server: &Server, params: DidCloseTextDocumentParams) {
    let acceptance = server.session().acceptance(&params.text_document.uri.0);
    if let Some(acceptance) = acceptance {
        server.closed(&acceptance);
    }
    let Some(session) = server.session().close(&params.text_document.uri.0) else { return };
    server.indexing.close(&params.text_document.uri.0);
    if let State::Connected(engine, _) = &*server.link.watch().borrow() {
        engine.forget(session);
    }
}
