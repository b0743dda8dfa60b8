//! `textDocument/inlineCompletion` (LSP 3.18): ghost text.

use std::time::Instant;

use assist::Suggestion;
use text::{Encoding, Snapshot};
use tower_lsp::{gen_lsp_types as lsp, jsonrpc::Result};

use crate::serve::{
    Server, acceptance,
    complete::{Answered, Asker, complete},
    positions,
};

pub(super) async fn inline_completion(
    server: &Server,
    params: lsp::InlineCompletionParams,
) -> Result<lsp::InlineCompletionList> {
    let arrived = Instant::now();
    let invoked = params.context.trigger_kind == lsp::InlineCompletionTriggerKind::Invoked;
    let place = params.text_document_position_params;
    let selected =
        params.context.selected_completion_info.map(|info| (positions::range(info.range), info.text));
    let uri = place.text_document.uri.0;
    let (asked, encoding) = {
        let mut session = server.session();
        let at = positions::position(place.position);
        let asked = session.ask(&uri, at, selected);
        (asked.map(|asked| asked.explicitly(invoked)), session.client.encoding)
    };
    let answered = complete(server, asked, Asker::Inline, arrived).await;
    let items = answered.map(|Answered { suggestion, others, snapshot, id }| {
        // Whichever is taken, it is the one answer that was.
        let command = acceptance::command(&uri, id);
        let all = [suggestion].into_iter().chain(others);
        all.map(|suggestion| item(suggestion, command.clone(), &snapshot, encoding)).collect()
    });
    Ok(lsp::InlineCompletionList { items: items.unwrap_or_default() })
}

fn item(
    suggestion: Suggestion,
    command: lsp::Command,
    snapshot: &Snapshot,
    encoding: Encoding,
) -> lsp::InlineCompletionItem {
    let suggestion = suggestion.with_word(snapshot);
    lsp::InlineCompletionItem {
        insert_text: lsp::InsertText::String(suggestion.text.clone()),
        filter_text: Some(suggestion.text),
        range: Some(positions::to_wire(snapshot, suggestion.range, encoding)),
        command: Some(command),
    }
}
