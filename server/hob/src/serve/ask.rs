//! `hob.ask` and `hob.preview`: a question about open documents, answered by whom the router chooses; or the bytes that it would send.
//!
//! Argument: `{"question": "…", "task": "question", "documents": [{"uri": "…", "range": {…}}], "use": "local" | "cloud" | "provider/model"}`, of
//! which only the question is needed. Must not send what the person was not asked about where the policy says to ask, and must not show
//! an answer as if it were whole when it is not.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use assist::route::{Choice, Local};
use config::{Cloud, Task};
use model::cloud::{Answered, Ending, Refused};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower_lsp::{
    Cancellable, Client, OngoingProgress, Unbounded,
    gen_lsp_types::{MessageActionItem, MessageType, ProgressToken, Range},
    jsonrpc::{Error, Result},
};

use super::{
    Server, positions,
    session::path,
    show::{Page, show},
};
use crate::{
    cloud::{Arranged, Desk, Person, Purpose, Request, Surroundings, Verdict},
    gateway::Said,
};

/// Asks a question.
pub(super) const ASK: &str = "hob.ask";
/// Shows what [`ASK`] would send.
pub(super) const PREVIEW: &str = "hob.preview";

/// So many tokens come between two words about how far an answer is.
const STEP: u32 = 16;

/// A window's questions. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    desk: Desk,
    /// What stops an answer that is on its way, by the token of its progress.
    stops: Arc<Mutex<BTreeMap<String, Arc<Notify>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Argument {
    question: String,
    task: Option<Task>,
    #[serde(default)]
    documents: Vec<Place>,
    r#use: Option<String>,
}

/// A document or a part of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    uri: String,
    range: Option<Range>,
}

impl Asking {
    pub(super) fn new(desk: Desk) -> Self {
        Self { desk, stops: Arc::default() }
    }

    /// Stops the answer whose progress has this token, if it is one of these.
    pub(super) fn cancel(&self, token: &str) {
        let stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stop) = stops.get(token) {
            stop.notify_one();
        }
    }

    fn stop_for(&self, token: &str) -> Arc<Notify> {
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(stops.entry(token.to_owned()).or_default())
    }

    fn forget(&self, token: &str) {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }
}

/// What a question takes with it when it leaves the session.
struct Taken {
    request: Request,
    policy: Cloud,
    workspaces: Vec<PathBuf>,
    opens: bool,
    progress: bool,
}

impl Taken {
    fn surroundings(&self) -> Surroundings<'_> {
        // The model of this machine fills holes; instructions it does not follow.
        let local = Local { fills: true, ..Local::default() };
        Surroundings { policy: &self.policy, workspaces: &self.workspaces, local }
    }
}

/// Answers with the text, who wrote it and what it cost; and shows it.
pub(super) async fn ask(server: &Server, argument: &Value) -> Result<Value> {
    let taken = take(server, argument, ASK)?;
    let asking = server.asking.clone();
    let mut window = Window { client: server.client.clone(), opens: taken.opens };
    let arranged =
        asking.desk.arrange(&taken.request, taken.surroundings(), Purpose::Send).await.map_err(refused)?;
    asking.desk.send(&arranged, taken.surroundings(), &mut window).await.map_err(refused)?;
    let decision = arranged.prepared.decision.clone();
    let told = listen(&asking, &window.client, taken.progress, arranged).await;
    let (text, answered) = told.map_err(refused)?;
    let note = note(&answered.ending);
    let markdown =
        format!("{text}{}", note.as_ref().map_or_else(String::new, |note| format!("\n\n---\n{note}\n")));
    let brief = note.unwrap_or_else(|| text.clone());
    show(window.client, taken.opens, Page { name: "answer", markdown, brief });
    Ok(json!({
        "answer": text,
        "ending": answered.ending,
        "by": answered.by,
        "decision": decision,
        "tokens": answered.tokens,
        "cost_nanousd": answered.cost,
        "estimated": answered.estimated,
    }))
}

/// Answers with the page that shows the bytes, and shows it. Nothing is sent.
pub(super) async fn preview(server: &Server, argument: &Value) -> Result<Value> {
    let taken = take(server, argument, PREVIEW)?;
    let arranged = server
        .asking
        .desk
        .arrange(&taken.request, taken.surroundings(), Purpose::Show)
        .await
        .map_err(refused)?;
    let page = crate::cloud::page(&arranged.prepared, &arranged.decision);
    let mut window = Window { client: server.client.clone(), opens: taken.opens };
    window.show(page.clone()).await;
    Ok(
        json!({ "page": page, "previews": arranged.prepared.previews, "decision": arranged.prepared.decision }),
    )
}

/// Reads the argument, and takes texts and policy as they are now.
fn take(server: &Server, argument: &Value, command: &str) -> Result<Taken> {
    let argument: Argument = serde_json::from_value(argument[0].clone())
        .map_err(|error| Error::invalid_params(format!("`{command}` does not take that: {error}")))?;
    let choice = match argument.r#use.as_deref() {
        None => Choice::None,
        Some("local") => Choice::Local,
        Some("cloud") => Choice::Cloud,
        Some(target) => Choice::Target(
            target.parse().map_err(|what| Error::invalid_params(format!("`use` takes {what}")))?,
        ),
    };
    let session = server.session();
    let mut files = Vec::new();
    for place in &argument.documents {
        let Some(excerpt) = session.excerpt(&place.uri, place.range.map(positions::range)) else {
            return Err(Error::invalid_params(format!(
                "{} is not open, or the range lies outside of it",
                place.uri
            )));
        };
        files.push(excerpt);
    }
    let taken = Taken {
        request: Request {
            task: argument.task.unwrap_or(Task::Question),
            words: argument.question,
            files,
            choice,
        },
        policy: session.config.cloud.clone(),
        workspaces: about(session.roots(), &argument.documents),
        opens: session.client.opens,
        progress: session.client.progress,
    };
    drop(session);
    Ok(judge(taken, &argument.documents))
}

/// Of the workspace's folders those that the documents lie in; the first where there are none.
fn about(roots: &[PathBuf], places: &[Place]) -> Vec<PathBuf> {
    let paths: Vec<PathBuf> = places.iter().filter_map(|place| path(&place.uri)).collect();
    let holds = |root: &&PathBuf| paths.iter().any(|path| path.starts_with(root));
    let about: Vec<PathBuf> = roots.iter().filter(holds).cloned().collect();
    if about.is_empty() { roots.first().cloned().into_iter().collect() } else { about }
}

/// A link's name tells nothing: what it leads to may be private all the same.
fn judge(mut taken: Taken, places: &[Place]) -> Taken {
    for (file, place) in taken.request.files.iter_mut().zip(places) {
        let real = path(&place.uri).and_then(|path| path.canonicalize().ok());
        file.private |= real.is_some_and(config::is_private);
    }
    taken
}

/// Takes the answer as it comes, and shows how far it is, with a button that stops it.
async fn listen(
    asking: &Asking,
    client: &Client,
    progress: bool,
    mut arranged: Arranged,
) -> std::result::Result<(String, Box<Answered>), Refused> {
    let token = format!("hob/ask/{}", arranged.prepared.decision);
    let stop = asking.stop_for(&token);
    let mut to =
        arranged.prepared.previews.first().map(|preview| preview.target.to_string()).unwrap_or_default();
    let shown = if progress { begin(client, &token, &to).await } else { None };
    let (mut text, mut pieces) = (String::new(), 0_u32);
    let result = loop {
        let said = tokio::select! {
            said = arranged.answer.next() => said,
            () = stop.notified() => {
                arranged.answer.cancel();
                continue;
            }
        };
        match said {
            Said::Text(piece) => {
                text.push_str(&piece);
                pieces += 1;
                if let Some(shown) = shown.as_ref().filter(|_| pieces.is_multiple_of(STEP)) {
                    let message = format!("{to}: {} characters", text.chars().count());
                    shown.report_with_message(message, None).await;
                }
            }
            Said::Turned { to: next, why } => {
                tracing::info!(%next, why, "another provider is asked");
                to = next.to_string();
            }
            Said::Done(result) => break result,
        }
    };
    asking.forget(&token);
    if let Some(shown) = shown {
        shown.finish().await;
    }
    result.map(|answered| (text, answered))
}

/// Shows that an answer is on its way; `None` where the client does not want to know.
async fn begin(client: &Client, token: &str, to: &str) -> Option<OngoingProgress<Unbounded, Cancellable>> {
    let token = ProgressToken::String(token.to_owned());
    client.create_work_done_progress(token.clone()).await.ok()?;
    Some(client.progress(token, "Hob: asking").with_message(to).with_cancel_button().begin().await)
}

/// What a reader must know of an answer that is not whole.
fn note(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Whole => None,
        Ending::Length => Some("The answer ends here because it may not be longer.".into()),
        Ending::Truncated { why } => Some(format!("The answer broke off here: {why}.")),
        Ending::Withheld { why } => Some(format!("The provider held the rest back: {why}.")),
        Ending::Cancelled => Some("You stopped the answer here.".into()),
    }
}

/// The window's person.
struct Window {
    client: Client,
    opens: bool,
}

const ONCE: &str = "Send";
const WORKSPACE: &str = "Always from this workspace";
const SHOW: &str = "Show the bytes";
const NEVER: &str = "Never from this workspace";

impl Person for Window {
    async fn may_send(&mut self, offer: &str, remembers: bool) -> Verdict {
        let titles: &[&str] = if remembers { &[ONCE, WORKSPACE, SHOW, NEVER] } else { &[ONCE, SHOW] };
        let item =
            |title: &&str| MessageActionItem { title: (*title).to_owned(), ..MessageActionItem::default() };
        let actions = titles.iter().map(item).collect();
        let chosen = self.client.show_message_request(MessageType::Info, offer, Some(actions)).await;
        match chosen.ok().flatten().map(|item| item.title).as_deref() {
            Some(ONCE) => Verdict::Once,
            Some(WORKSPACE) => Verdict::Workspace,
            Some(SHOW) => Verdict::Show,
            Some(NEVER) => Verdict::Never,
            // Dismissed, or a client that can't ask.
            _ => Verdict::No,
        }
    }

    async fn show(&mut self, page: String) {
        let brief = "Hob: this editor opens no documents; `hob ask --preview` in a terminal shows the bytes."
            .to_owned();
        show(self.client.clone(), self.opens, Page { name: "preview", markdown: page, brief });
    }
}

/// Not the client's fault, and not ours: the sentence says what mends it.
fn refused(refused: Refused) -> Error {
    Error { message: refused.why.into(), ..Error::internal_error() }
}
