//! The thread that parses: one for the window, off the edit path.
//!
//! Must not hold the session's lock while it parses, and must not fall behind: documents that change while one is parsed wait in a
//! set, not in a queue.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use syntax::Tree;

use super::session::Session;

/// The documents that wait for a parse, oldest first, each once.
#[derive(Debug, Default)]
struct Waiting {
    documents: Mutex<VecDeque<String>>,
    changed: Condvar,
}

/// Asks for parses.
#[derive(Debug, Clone)]
pub(super) struct Parser(Arc<Waiting>);

impl Parser {
    /// Starts the thread. It ends with the process.
    pub(super) fn start(session: Arc<Mutex<Session>>) -> std::io::Result<Self> {
        let waiting = Arc::new(Waiting::default());
        let parser = Self(Arc::clone(&waiting));
        thread::Builder::new().name("parser".into()).spawn(move || {
            yield_to_answers();
            loop {
                let uri = waiting.next();
                let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parse(&session, &uri)));
                if parsed.is_err() {
                    tracing::error!(
                        "a parse panicked; the document stays without a tree until its next change"
                    );
                }
            }
        })?;
        Ok(parser)
    }

    /// Has the document parsed soon.
    pub(super) fn wants(&self, uri: &str) {
        let mut documents = self.0.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if !documents.iter().any(|waiting| waiting == uri) {
            documents.push_back(uri.to_owned());
            self.0.changed.notify_one();
        }
    }
}

/// Lets the threads that carry messages go first: a parse may take a tenth of a second where a quote was opened in a large file, and
/// on a machine of two cores the engine has the other one.
#[cfg(target_os = "linux")]
fn yield_to_answers() {
    // On Linux a thread has a priority of its own; one that can't be lowered is no harm.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 10);
}

#[cfg(not(target_os = "linux"))]
fn yield_to_answers() {}

impl Waiting {
    fn next(&self) -> String {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(uri) = documents.pop_front() {
                return uri;
            }
            documents = self.changed.wait(documents).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Parses until the tree is that of the newest text.
fn parse(session: &Mutex<Session>, uri: &str) {
    loop {
        let job = session.lock().unwrap_or_else(PoisonError::into_inner).parse_job(uri);
        let Some(job) = job else { return };
        let version = job.snapshot.version();
        let Some(tree) = Tree::parse(job.language, &job.snapshot, job.old.as_ref(), None) else { return };
        if session.lock().unwrap_or_else(PoisonError::into_inner).parsed(uri, tree, version) {
            return;
        }
    }
}
