//! `textDocument/didOpen`: begin to mirror a document.

use tower_lsp::gen_lsp_types::DidOpenTextDocumentParams;

use crate::serve::Server;

pub(super) async fn did_open(server: &Server, params: DidOpenTextDocumentParams) {
    let document = params.text_document;
    let language = String::from(document.language_id);
    // One that was open already starts anew.
    let before = server.session().acceptance(&document.uri.0);
    if let Some(before) = before {
        server.closed(&before);
    }
    server.session().open(&document.uri.0, &language, document.version, &document.text);
    server.parser.wants(&document.uri.0);
    let opened = server.session().view(&document.uri.0);
    if let Some((_, text)) = opened {
        server.indexing.update(&document.uri.0, &text);
    }
}
