//! How an editor starts `hob`: what it announces, where its workspace lies, what its settings say.
//!
//! The default is an editor that can do everything the server knows of. Must not imitate one editor by name: the server must not
//! look at names either.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::{Editor, Encoding, World, conversation::Conversation};

/// Announcements of an editor that is not started yet.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "abilities that have nothing to do with one another")]
pub struct Setup<'w> {
    pub(crate) world: &'w World,
    encodings: Vec<Encoding>,
    inline: bool,
    progress: bool,
    configuration: bool,
    settings: Value,
    options: Value,
    process: Option<u32>,
    trace: &'static str,
    measures: bool,
    watches: bool,
    opens: bool,
    environment: Vec<(String, String)>,
}

impl<'w> Setup<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self {
            world,
            encodings: vec![Encoding::Utf8, Encoding::Utf16, Encoding::Utf32],
            inline: true,
            progress: true,
            configuration: true,
            settings: Value::Null,
            options: Value::Null,
            process: Some(std::process::id()),
            trace: "off",
            measures: false,
            watches: false,
            opens: false,
            environment: Vec::new(),
        }
    }

    /// Offers only these position encodings; none: does not speak of them.
    #[must_use]
    pub fn encodings(mut self, encodings: &[Encoding]) -> Self {
        self.encodings = encodings.to_vec();
        self
    }

    /// Does not announce `textDocument/inlineCompletion`.
    #[must_use]
    pub fn without_inline(mut self) -> Self {
        self.inline = false;
        self
    }

    /// Does not announce work-done progress.
    #[must_use]
    pub fn without_progress(mut self) -> Self {
        self.progress = false;
        self
    }

    /// Does not answer `workspace/configuration`.
    #[must_use]
    pub fn without_configuration(mut self) -> Self {
        self.configuration = false;
        self
    }

    /// What `workspace/configuration` answers.
    #[must_use]
    pub fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }

    /// `initializationOptions`.
    #[must_use]
    pub fn options(mut self, options: Value) -> Self {
        self.options = options;
        self
    }

    /// `processId`.
    #[must_use]
    pub fn process(mut self, id: Option<u32>) -> Self {
        self.process = id;
        self
    }

    /// `trace`.
    #[must_use]
    pub fn trace(mut self, trace: &'static str) -> Self {
        self.trace = trace;
        self
    }

    /// Wants `hob/trace`.
    #[must_use]
    pub fn measuring(mut self) -> Self {
        self.measures = true;
        self
    }

    /// Watches files for a server that asks it to.
    #[must_use]
    pub fn watching(mut self) -> Self {
        self.watches = true;
        self
    }

    /// Opens documents that a server wants to be seen.
    #[must_use]
    pub fn opening(mut self) -> Self {
        self.opens = true;
        self
    }

    /// Has this in its environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The parameters of `initialize`.
    pub fn initialize(&self) -> Value {
        let root = World::uri(&self.world.workspace());
        let mut capabilities = json!({
            "textDocument": { "synchronization": { "didSave": true } },
            "workspace": { "configuration": self.configuration },
            "window": { "workDoneProgress": self.progress },
        });
        if self.inline {
            capabilities["textDocument"]["inlineCompletion"] = json!({ "dynamicRegistration": false });
        }
        if self.watches {
            capabilities["workspace"]["didChangeWatchedFiles"] = json!({ "dynamicRegistration": true });
        }
        if self.opens {
            capabilities["window"]["showDocument"] = json!({ "support": true });
        }
        if self.measures {
            capabilities["experimental"] = json!({ "hobTrace": true });
        }
        if !self.encodings.is_empty() {
            let names: Vec<&str> = self.encodings.iter().map(|encoding| encoding.name()).collect();
            capabilities["general"] = json!({ "positionEncodings": names });
        }
        json!({
            "processId": self.process,
            "clientInfo": { "name": "e2e", "version": "1" },
            "rootUri": root,
            "workspaceFolders": [{ "uri": root, "name": "workspace" }],
            "capabilities": capabilities,
            "initializationOptions": self.options,
            "trace": self.trace,
        })
    }

    /// Starts `hob` and shakes hands.
    ///
    /// # Panics
    /// When the server refuses, or negotiates an encoding that was not offered.
    pub fn start(self) -> Editor {
        let initialize = self.initialize();
        let offered = self.encodings.clone();
        let mut editor = self.start_silently();
        let capabilities = editor.call("initialize", initialize).expect("`initialize` is answered");
        let chosen = capabilities["capabilities"]["positionEncoding"].as_str().unwrap_or("utf-16").to_owned();
        editor.encoding =
            *Encoding::ALL.iter().find(|encoding| encoding.name() == chosen).expect("a known encoding");
        assert!(
            offered.contains(&editor.encoding) || editor.encoding == Encoding::Utf16,
            "{chosen} was not offered"
        );
        editor.handshake = capabilities;
        editor.notify("initialized", json!({}));
        editor
    }

    /// Starts `hob` and says nothing.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start_silently(self) -> Editor {
        let mut command = self.world.command(&["--stdio"]);
        let stderr = self.world.stderr();
        let mut child = command
            .envs(self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the binary under test can be run");
        let stdin = child.stdin.take().expect("stdin was piped");
        let stdout = child.stdout.take().expect("stdout was piped");
        let conversation = Conversation::begin(stdin, stdout, self.settings);
        Editor::new(child, conversation, self.world)
    }
}
