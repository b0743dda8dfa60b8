//! A client of `hob`: starts it, talks to it, and holds it to the protocol until the end.
//!
//! Must not be kinder than a real editor: it reads everything, but it never repeats a request and never corrects what it sent.

use std::{
    collections::BTreeSet,
    process::Child,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Answer, Buffer, Encoding, PATIENCE, RpcError, World, conversation::Conversation};

/// One window, and the `hob` that it started.
#[derive(Debug)]
pub struct Editor {
    conversation: Conversation,
    pub(crate) encoding: Encoding,
    pub(crate) handshake: Value,
    workspace: String,
    process: u32,
    next: AtomicI64,
    sent: Mutex<BTreeSet<i64>>,
    over: bool,
}

impl Editor {
    pub(crate) fn new(mut child: Child, conversation: Conversation, world: &World) -> Self {
        let process = child.id();
        let waiting = conversation.clone();
        thread::spawn(move || {
            let status = child.wait().expect("a child can be waited for");
            waiting.note(|heard| heard.exit = Some(status));
        });
        Self {
            conversation,
            encoding: Encoding::Utf16,
            handshake: Value::Null,
            workspace: World::uri(&world.workspace()),
            process,
            next: AtomicI64::new(1),
            sent: Mutex::default(),
            over: false,
        }
    }

    /// The number of the process that the editor started.
    pub fn process(&self) -> u32 {
        self.process
    }

    /// The negotiated encoding.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What `initialize` answered.
    pub fn handshake(&self) -> &Value {
        &self.handshake
    }

    /// Sends a request and does not wait; its number.
    ///
    /// # Panics
    /// When the server does not listen any more.
    #[track_caller]
    pub fn request(&self, method: &str, params: Value) -> i64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        self.say(&message(json!({ "jsonrpc": "2.0", "id": id, "method": method }), params));
        id
    }

    /// Counts on an answer to a request that the test wrote itself.
    pub fn expect_answer(&self, id: i64) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Sends a notification.
    ///
    /// # Panics
    /// When the server does not listen any more.
    #[track_caller]
    pub fn notify(&self, method: &str, params: Value) {
        self.say(&message(json!({ "jsonrpc": "2.0", "method": method }), params));
    }

    #[track_caller]
    fn say(&self, message: &Value) {
        let said = self.conversation.say(message);
        assert!(said.is_ok(), "the server does not listen to {}: {said:?}", message["method"]);
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the server does not listen any more.
    #[track_caller]
    pub fn raw(&self, bytes: &[u8]) {
        let written = self.conversation.write(bytes);
        assert!(written.is_ok(), "the server does not listen: {written:?}");
    }

    /// Waits for the answer to a request.
    ///
    /// # Panics
    /// When none comes in time.
    #[track_caller]
    pub fn wait(&self, id: i64) -> Answer {
        self.wait_for(id, PATIENCE)
            .unwrap_or_else(|| panic!("request {id} was not answered within {PATIENCE:?}"))
    }

    /// Waits for the answer to a request, not longer than `patience`.
    pub fn wait_for(&self, id: i64, patience: Duration) -> Option<Answer> {
        self.conversation.wait(patience, |heard| heard.answers.get(&id)?.first().cloned())
    }

    /// Whether a request was answered already.
    pub fn is_answered(&self, id: i64) -> bool {
        self.conversation.look(|heard| heard.answers.contains_key(&id))
    }

    /// Sends a request and waits for its answer.
    #[track_caller]
    pub fn call(&self, method: &str, params: Value) -> Answer {
        let id = self.request(method, params);
        self.wait(id)
    }

    /// Takes a request back.
    pub fn cancel(&self, id: i64) {
        self.notify("$/cancelRequest", json!({ "id": id }));
    }

    /// The person will press these buttons of the next messages that have any, one each; afterwards none.
    pub fn will_choose(&self, titles: &[&str]) {
        self.conversation.will_choose(titles);
    }

    /// How often the server asked the client for this.
    pub fn times_asked(&self, method: &str) -> usize {
        self.conversation.look(|heard| heard.asked.iter().filter(|asked| asked["method"] == method).count())
    }

    /// Runs a command of the server.
    #[track_caller]
    pub fn execute(&self, command: &str, arguments: &Value) -> Answer {
        self.call("workspace/executeCommand", json!({ "command": command, "arguments": arguments }))
    }

    /// Waits for a notification that `wanted` picks, however long ago it came; its parameters.
    ///
    /// # Panics
    /// When none comes in time.
    #[track_caller]
    pub fn notification(&self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let picked = |message: &&Value| message["method"] == method && wanted(&message["params"]);
        let found =
            self.conversation.wait(PATIENCE, |heard| heard.notifications.iter().find(picked).cloned());
        match found {
            Some(mut message) => message["params"].take(),
            None => panic!("no such {method} among {:#?}", self.notifications("")),
        }
    }

    /// The notifications so far whose method begins with `method`.
    pub fn notifications(&self, method: &str) -> Vec<Value> {
        let of_method =
            |message: &&Value| message["method"].as_str().is_some_and(|name| name.starts_with(method));
        self.conversation.look(|heard| heard.notifications.iter().filter(of_method).cloned().collect())
    }

    /// The texts that a person was shown (`window/showMessage`).
    pub fn messages(&self) -> Vec<String> {
        let shown = self.notifications("window/showMessage");
        shown
            .iter()
            .map(|message| message["params"]["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Waits for a shown message that holds `text`.
    #[track_caller]
    pub fn message(&self, text: &str) -> String {
        let params = self.notification("window/showMessage", |params| {
            params["message"].as_str().is_some_and(|m| m.contains(text))
        });
        params["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits for a request of the server with this method; the server has its answer already.
    ///
    /// # Panics
    /// When none comes in time.
    #[track_caller]
    pub fn asked(&self, method: &str) -> Value {
        let found = self
            .conversation
            .wait(PATIENCE, |heard| heard.asked.iter().find(|message| message["method"] == method).cloned());
        found.unwrap_or_else(|| panic!("the server never asked {method}"))
    }

    /// Waits for an error about a message that no request could be told of, and takes it: one that nobody takes fails the test.
    ///
    /// # Panics
    /// When none comes in time.
    #[track_caller]
    pub fn unmatched(&self) -> RpcError {
        let found = self.conversation.wait(PATIENCE, |heard| heard.unmatched.first().cloned());
        self.conversation.note(|heard| drop(heard.unmatched.drain(..heard.unmatched.len().min(1))));
        found.expect("an error with `id: null`")
    }

    /// Takes every error so far about messages that no request could be told of.
    pub fn take_unmatched(&self) -> Vec<RpcError> {
        let mut taken = Vec::new();
        self.conversation.note(|heard| taken = std::mem::take(&mut heard.unmatched));
        taken
    }

    /// Changes the settings and says so, as an editor does when its user has.
    pub fn change_settings(&self, settings: &Value) {
        self.conversation.set_settings(settings.clone());
        self.notify("workspace/didChangeConfiguration", json!({ "settings": { "hob": settings } }));
    }

    /// Opens a document of the workspace.
    pub fn open(&self, name: &str, language: &str, text: &str) -> Buffer<'_> {
        let uri = format!("{}/{name}", self.workspace);
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": language, "version": 1, "text": text } }),
        );
        Buffer::new(self, uri, text)
    }

    /// A document as the server has it: version and text.
    #[track_caller]
    pub fn view(&self, uri: &str) -> Answer {
        self.execute("hob.viewFileText", &json!([uri]))
    }

    /// Closes the server's stdin.
    pub fn hang_up(&mut self) {
        self.conversation.hang_up();
        self.over = true;
    }

    /// Waits for the end of the process that the editor started; its exit code, -1 for a signal. After it nothing is sent any more.
    ///
    /// # Panics
    /// When it doesn't end in time.
    #[track_caller]
    pub fn ended(&mut self) -> i32 {
        self.over = true;
        let status = self.conversation.wait(PATIENCE, |heard| heard.exit);
        status.expect("`hob` ends").code().unwrap_or(-1)
    }

    /// Ends the conversation as the protocol asks, and checks it.
    #[track_caller]
    pub fn quit(mut self) {
        self.farewell();
    }

    #[track_caller]
    fn farewell(&mut self) {
        let answer = self.call("shutdown", Value::Null);
        self.over = true;
        assert_eq!(answer, Ok(Value::Null), "the answer to `shutdown`");
        self.notify("exit", Value::Null);
        assert_eq!(self.ended(), 0, "the exit code after `shutdown` and `exit`");
        // What was said before the end may still be on its way to us.
        let silent = self.conversation.wait(PATIENCE, |heard| heard.silent.then_some(()));
        assert!(silent.is_some(), "somebody still holds the server's stdout");
        self.check();
    }

    /// Each request was answered, and once; nothing came that nobody asked for.
    ///
    /// # Panics
    /// When not.
    #[track_caller]
    pub fn check(&self) {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.conversation.look(|heard| {
            let unanswered: Vec<i64> =
                sent.iter().filter(|id| !heard.answers.contains_key(id)).copied().collect();
            assert!(unanswered.is_empty(), "never answered: {unanswered:?}");
            for (id, answers) in &heard.answers {
                assert!(sent.contains(id), "an answer to {id}, which was never asked: {answers:?}");
                assert_eq!(answers.len(), 1, "answers to request {id}: {answers:?}");
            }
            assert!(heard.garbage.is_empty(), "not LSP on stdout: {:?}", heard.garbage);
            assert!(heard.unmatched.is_empty(), "errors that the test did not expect: {:?}", heard.unmatched);
        });
    }

    /// Lets go of a `hob` that the test has killed: nobody can be held to answers any more.
    pub fn abandon(mut self) {
        self.over = true;
    }
}

/// Null parameters are no parameters: JSON-RPC has no null there.
fn message(mut message: Value, params: Value) -> Value {
    if !params.is_null() {
        message["params"] = params;
    }
    message
}

impl Drop for Editor {
    fn drop(&mut self) {
        if thread::panicking() {
            // The world, which goes next, ends whatever still runs.
            self.conversation.hang_up();
        } else if !self.over {
            self.farewell();
        }
    }
}
