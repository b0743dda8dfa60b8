//! What a document's prompts show from elsewhere in the workspace: gathered when it is calm, and kept until it is calm again.
//!
//! Must not make a key wait: a question on its way has the blocks that were there when it came. Must not read a file: the index has.

use std::{sync::Arc, time::Duration};

use assist::{Query, Source, gather};
use config::{Config, ContextSource};
use tokio::{task::spawn_blocking, time::sleep};

use super::{Server, flow::lock, session::Asked};

/// How long nothing has to be typed: longer than between two keys, a little shorter than what the engine waits before it reads the rest
/// of a place, so that it reads this along.
const CALM: Duration = Duration::from_millis(200);

/// Has what helps at the place of `asked` gathered, once it is calm there.
pub(super) fn gather_in_the_calm(server: &Server, asked: &Asked, config: &Config) {
    let sources: Vec<Source> = config.context.iter().copied().map(source).collect();
    if sources.is_empty() || !config.index.enabled {
        return;
    }
    let mut flow = lock(&asked.flow);
    if flow.is_gathering(asked.query.offset) {
        return;
    }
    let (session, indexing) = (Arc::clone(&server.session), server.indexing.clone());
    let (uri, query) = (Arc::clone(&asked.uri), asked.query.clone());
    let work = async move {
        sleep(CALM).await;
        let Some((reader, path)) = indexing.reader(&uri) else { return };
        // The index has its own name for the file, which tells the file's own text from what is elsewhere.
        let query = Query { path, ..query };
        let gathered = spawn_blocking(move || gather(&query, &reader, &sources)).await;
        if let Ok(context) = gathered {
            tracing::debug!(?context, "gathered");
            let mut session = session.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            session.show(&uri, context);
        }
    };
    flow.gathers(asked.query.offset, tokio::spawn(work));
}

fn source(configured: ContextSource) -> Source {
    match configured {
        ContextSource::Definitions => Source::Definition,
        ContextSource::Edits => Source::Edit,
        ContextSource::Uses => Source::Use,
        ContextSource::Neighbours => Source::Neighbour,
    }
}
