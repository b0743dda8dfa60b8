//! What the server tells the client it can do: only what works.
//!
//! Inline completion is offered to everybody, because Emacs asks for it without having announced it. The popup is offered only where
//! it is wanted. Must not depend on the client's name.

use config::Popup;
use text::Encoding;
use tower_lsp::gen_lsp_types as lsp;

use super::{acceptance::ACCEPTED, session::Client};

/// The command that answers with a document as the server has it.
pub(super) const VIEW_FILE_TEXT: &str = "hob.viewFileText";

/// The command that explains the last answers.
pub(super) const WHY: &str = "hob.why";

/// What `workspace/executeCommand` takes.
#[cfg(feature = "gateway")]
const COMMANDS: [&str; 5] = [VIEW_FILE_TEXT, ACCEPTED, WHY, super::ask::ASK, super::ask::PREVIEW];
#[cfg(not(feature = "gateway"))]
const COMMANDS: [&str; 3] = [VIEW_FILE_TEXT, ACCEPTED, WHY];

/// What the client said about itself.
pub(super) fn client(capabilities: &lsp::ClientCapabilities) -> Client {
    let document = capabilities.text_document.as_ref();
    Client {
        encoding: encoding(capabilities),
        inline: document.is_some_and(|document| document.inline_completion.is_some()),
        configuration: capabilities.workspace.as_ref().is_some_and(|w| w.configuration == Some(true)),
        progress: capabilities.window.as_ref().is_some_and(|w| w.work_done_progress == Some(true)),
        watches: capabilities.workspace.as_ref().is_some_and(|workspace| {
            let watched = workspace.did_change_watched_files.as_ref();
            watched.is_some_and(|watched| watched.dynamic_registration == Some(true))
        }),
        opens: capabilities
            .window
            .as_ref()
            .is_some_and(|window| window.show_document.as_ref().is_some_and(|showing| showing.support)),
        measures: measures(capabilities),
    }
}

/// Whether the client announced `experimental.hobTrace`.
fn measures(capabilities: &lsp::ClientCapabilities) -> bool {
    let experimental = serde_json::to_value(&capabilities.experimental).unwrap_or_default();
    experimental["hobTrace"] == true
}

/// The cheapest unit that the client offers: bytes, then characters; UTF-16 is what every client knows.
fn encoding(capabilities: &lsp::ClientCapabilities) -> Encoding {
    let offered = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref());
    let offers = |kind| offered.is_some_and(|offered| offered.contains(&kind));
    if offers(lsp::PositionEncodingKind::UTF8) {
        Encoding::Utf8
    } else if offers(lsp::PositionEncodingKind::UTF32) {
        Encoding::Utf32
    } else {
        Encoding::Utf16
    }
}

/// Whether suggestions also go into the completion popup.
pub(super) fn popup(client: &Client, popup: Popup) -> bool {
    match popup {
        Popup::Auto => !client.inline,
        Popup::Always => true,
        Popup::Never => false,
    }
}

/// What the server offers to this client.
pub(super) fn server(client: &Client, config: &config::Config) -> lsp::ServerCapabilities {
    let completion = lsp::CompletionOptions {
        trigger_characters: Some([".", "("].map(str::to_owned).to_vec()),
        ..Default::default()
    };
    lsp::ServerCapabilities {
        position_encoding: Some(match client.encoding {
            Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
            Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
            Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
        }),
        text_document_sync: Some(lsp::TextDocumentSync::Options(lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::Incremental),
            save: Some(lsp::Save::Bool(true)),
            ..Default::default()
        })),
        inline_completion_provider: Some(lsp::InlineCompletionProvider::Bool(true)),
        completion_provider: popup(client, config.completion.popup).then_some(completion),
        execute_command_provider: Some(lsp::ExecuteCommandOptions {
            commands: COMMANDS.map(str::to_owned).to_vec(),
            ..Default::default()
        }),
        workspace: Some(lsp::WorkspaceOptions {
            workspace_folders: Some(lsp::WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(lsp::ChangeNotifications::Bool(true)),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}
