//! `workspace/executeCommand`: the commands that the server offers.

use serde_json::{Value, json};
use tower_lsp::{
    gen_lsp_types::ExecuteCommandParams,
    jsonrpc::{Error, Result},
};

#[cfg(feature = "gateway")]
use crate::serve::ask;
use crate::serve::{
    Server,
    acceptance::ACCEPTED,
    capabilities::{VIEW_FILE_TEXT, WHY},
    why,
};

pub(super) async fn execute_command(server: &Server, params: ExecuteCommandParams) -> Result<Value> {
    let arguments = serde_json::to_value(params.arguments).unwrap_or_default();
    match params.command.as_str() {
        VIEW_FILE_TEXT => view_file_text(server, &arguments),
        ACCEPTED => accepted(server, &arguments),
        WHY => why(server, &arguments).await,
        #[cfg(feature = "gateway")]
        ask::ASK => ask::ask(server, &arguments).await,
        #[cfg(feature = "gateway")]
        ask::PREVIEW => ask::preview(server, &arguments).await,
        other => Err(Error::invalid_params(format!("Hob has no command `{other}`"))),
    }
}

/// A document's version and text as the server has them: for bug reports, and for tests. Argument: the document's URI.
fn view_file_text(server: &Server, arguments: &Value) -> Result<Value> {
    let Some(uri) = arguments.get(0).and_then(Value::as_str) else {
        return Err(Error::invalid_params(format!(
            "`{VIEW_FILE_TEXT}` takes one argument: a document's URI"
        )));
    };
    match server.session().view(uri) {
        Some((version, snapshot)) => Ok(json!({ "version": version, "text": snapshot.to_string() })),
        None => Err(Error::invalid_params(format!("{uri} is not open"))),
    }
}

/// An item's own command: it was taken. Arguments: the document's URI, and the number that the item's answer had. A document that was
/// closed meanwhile, and a number that is no longer known, are nobody's fault.
fn accepted(server: &Server, arguments: &Value) -> Result<Value> {
    let (Some(uri), Some(id)) = (arguments[0].as_str(), arguments[1].as_u64()) else {
        return Err(Error::invalid_params(format!(
            "`{ACCEPTED}` takes two arguments: a document's URI, and the number that the item says"
        )));
    };
    let acceptance = server.session().acceptance(uri);
    if let Some(acceptance) = acceptance {
        server.accepted(&acceptance, id);
    }
    Ok(Value::Null)
}

/// Explains the last answers and silences, opens that as a document, and answers with its text, which is Markdown. Argument: a document's
/// URI; without one it is about all documents.
async fn why(server: &Server, arguments: &Value) -> Result<Value> {
    let uri = match arguments.get(0) {
        None | Some(Value::Null) => None,
        Some(Value::String(uri)) => Some(uri.clone()),
        Some(_) => {
            return Err(Error::invalid_params(format!(
                "`{WHY}` takes a document's URI, or nothing for all documents"
            )));
        }
    };
    let failed =
        |error: anyhow::Error| Error { message: format!("{error:#}").into(), ..Error::internal_error() };
    why::why(server, uri).await.map(Value::String).map_err(failed)
}
