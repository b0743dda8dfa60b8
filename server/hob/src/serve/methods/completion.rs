//! `textDocument/completion`: the suggestion as one item of the popup, for editors that can't show ghost text.
//!
//! Must be quick or empty: the editor holds the user's other servers' items back until the slowest has answered.

use std::time::Instant;

use tower_lsp::{gen_lsp_types as lsp, jsonrpc::Result};

use crate::serve::{
    Server, acceptance, capabilities,
    complete::{Answered, Asker, complete},
    positions,
};

/// Characters of a suggestion that its label shows.
const LABEL: usize = 60;

/// Sorts behind whatever another server calls its items.
const LAST: &str = "\u{10FFFD}";

pub(super) async fn completion(
    server: &Server,
    params: lsp::CompletionParams,
) -> Result<lsp::CompletionList> {
    let arrived = Instant::now();
    let kind = params.context.map(|context| context.trigger_kind);
    let invoked = kind == Some(lsp::CompletionTriggerKind::Invoked);
    let place = params.text_document_position_params;
    let uri = place.text_document.uri.0;
    let (asked, encoding) = {
        let mut session = server.session();
        if !capabilities::popup(&session.client, session.config.completion.popup) {
            return Ok(list(None));
        }
        let at = positions::position(place.position);
        let asked = session.ask(&uri, at, None).map(|asked| {
            // The protocol has one kind for a key that asks and for the typing of a word. Where no word was typed it was a key.
            let explicit = invoked && !asked.query.follows_word();
            asked.explicitly(explicit)
        });
        (asked, session.client.encoding)
    };
    let answered = complete(server, asked, Asker::Popup, arrived).await;
    Ok(list(answered.map(|answered| {
        let command = acceptance::command(&uri, answered.id);
        lsp::CompletionItem { command: Some(command), ..item(answered, encoding, &server.link.model_name()) }
    })))
}

/// Incomplete: the next key asks again.
fn list(item: Option<lsp::CompletionItem>) -> lsp::CompletionList {
    lsp::CompletionList { is_incomplete: true, items: item.into_iter().collect(), ..Default::default() }
}

fn item(answered: Answered, encoding: text::Encoding, model: &str) -> lsp::CompletionItem {
    let snapshot = answered.snapshot;
    let suggestion = answered.suggestion.with_word(&snapshot);
    let range = positions::to_wire(&snapshot, suggestion.range, encoding);
    let first = suggestion.text.lines().next().unwrap_or_default().trim();
    let mut label: String = first.chars().take(LABEL).collect();
    if suggestion.text.trim().chars().count() > LABEL || suggestion.text.contains('\n') {
        label.push('…');
    }
    lsp::CompletionItem {
        label,
        kind: Some(lsp::CompletionItemKind::Text),
        detail: Some(format!("Hob ({model})")),
        documentation: Some(lsp::Documentation::String(suggestion.text.clone())),
        sort_text: Some(LAST.to_owned()),
        filter_text: Some(suggestion.text.clone()),
        insert_text_format: Some(lsp::InsertTextFormat::PlainText),
        text_edit: Some(lsp::TextEdit { range, new_text: suggestion.text }.into()),
        ..Default::default()
    }
}
