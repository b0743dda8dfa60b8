//! What a document's prompts show from elsewhere in the workspace: gathered when it is calm, and kept while its user stays near.
//!
//! Must not make a key wait: a question on its way has the blocks that were there when it came. Must not read a file: the index has.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use assist::{Context, Query, Source, gather};
use config::{Config, ContextSource};
use tokio::{task::spawn_blocking, time::sleep};

use super::{Server, flow::lock, foresee::prepare, pace::Effort, session::Asked};

/// How long nothing has to be typed: longer than between two keys, a little shorter than what the engine waits before it reads the rest
/// of a place, so that it reads this along.
const CALM: Duration = Duration::from_millis(200);

/// Has what helps at the place of `asked` gathered, once it is calm there, unless that was done near it.
pub(super) fn gather_in_the_calm(server: &Server, asked: &Asked, config: &Arc<Config>) {
    let Query { offset, ref snapshot, .. } = asked.query;
    let line = snapshot.line_of(offset.min(snapshot.len()));
    let mut flow = lock(&asked.flow);
    if config.context.is_empty() || !config.index.enabled || flow.is_gathered(line, offset) {
        return;
    }
    let (server, config) = (server.clone(), Arc::clone(config));
    let (uri, query, its_flow) = (Arc::clone(&asked.uri), asked.query.clone(), Arc::clone(&asked.flow));
    let work = async move {
        sleep(CALM).await;
        let Some(context) = gathered(&server, &uri, query.clone(), &config).await else { return };
        // An index that is still being built has more to say the next time.
        if !context.considered.is_empty() {
            lock(&its_flow).gathered(line);
        }
        tracing::debug!(?context, "gathered");
        let query = Query { blocks: Arc::clone(&context.blocks), ..query };
        let dated = server.session.lock().unwrap_or_else(PoisonError::into_inner).show(&uri, context);
        if dated {
            read(&server, &query, &config);
        }
    };
    flow.gathers(offset, tokio::spawn(work));
}

/// What helps at the place of `query`; `None` where there is no index to ask.
async fn gathered(server: &Server, uri: &str, query: Query, config: &Config) -> Option<Context> {
    let (reader, path) = server.indexing.reader(uri)?;
    let sources: Vec<Source> = config.context.iter().copied().map(source).collect();
    // The index has its own name for the file, which tells the file's own text from what is elsewhere.
    let query = Query { path, ..query };
    spawn_blocking(move || gather(&query, &reader, &sources)).await.ok()
}

/// Has the engine read a place with what is shown now, so that the next key finds it read.
fn read(server: &Server, query: &Query, config: &Config) {
    let effort = server.pace.effort(config.engine.pace, Instant::now());
    let plan = assist::plan(query, &server.settings(config, &query.language));
    if let (Ok(plan), Some(engine), Effort::Ahead) = (plan, server.link.connected(), effort) {
        prepare(&engine, plan.request);
    }
}

fn source(configured: ContextSource) -> Source {
    match configured {
        ContextSource::Definitions => Source::Definition,
        ContextSource::Edits => Source::Edit,
        ContextSource::Uses => Source::Use,
        ContextSource::Neighbours => Source::Neighbour,
    }
}
