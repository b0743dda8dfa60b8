//! `textDocument/didChange`: the client's edits, applied in the order of arrival before the next message is looked at.
//!
//! An edit that does not fit is never guessed at: the document is out of sync until its full text comes, and the client is told.

use text::{Edit, Snapshot};
use tower_lsp::gen_lsp_types::{DidChangeTextDocumentParams, MessageType};

use crate::serve::{
    Server,
    foresee::foresee,
    positions,
    session::{ChangeError, Changed},
};

pub(super) async fn did_change(server: &Server, params: DidChangeTextDocumentParams) {
    let uri = &params.text_document.text_document_identifier.uri.0;
    let changes = params.content_changes.into_iter().map(positions::change);
    let applied = server.session().change(uri, params.text_document.version, changes);
    match applied {
        Ok(Changed { edits, texts, places }) => {
            server.changed(&places.acceptance, &edits, &texts);
            foresee(server, uri, &places, &edits);
            server.parser.wants(uri);
            remember(server, uri, places.snapshot(), &edits);
        }
        Err(ChangeError::NotOpen) => {
            tracing::warn!(uri, "a change for a document that is not open");
            let text = format!("Hob: a change for {uri}, which is not open, was ignored");
            server.client.log_message(MessageType::Warning, text).await;
        }
        Err(ChangeError::OutOfSync(error)) => {
            tracing::warn!(uri, %error, "out of sync");
            let text =
                format!("Hob: {uri} is out of sync ({error}); close and open it, or wait for its full text");
            server.client.log_message(MessageType::Warning, text).await;
        }
    }
}

/// Tells the index of the new text, and of the lines that were edited.
fn remember(server: &Server, uri: &str, text: &Snapshot, edits: &[Edit]) {
    let first = edits.iter().map(|edit| edit.start_point.row).min();
    let last = edits.iter().map(|edit| edit.new_end_point.row).max();
    if let (Some(first), Some(last)) = (first, last) {
        server.indexing.edited(uri, text, first..last + 1);
    }
}
