//! The configuration as the code uses it: plain values, every default filled in, nothing left to check.
//!
//! Must not know how an option is written, or by whom.

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use crate::{Cloud, LogLevel, ModelFile, Options, Pace, Popup, PromptOrder, policy};

/// What holds, once every source has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The process that holds the model.
    pub engine: Engine,
    /// When Hob speaks.
    pub completion: Completion,
    /// What it knows of the workspace.
    pub index: Index,
    /// What of that the model is shown.
    pub context: Vec<ContextSource>,
    /// Whether the engine is to know what all files of the workspace repeat.
    pub ngrams: bool,
    /// What may leave the machine.
    pub cloud: Cloud,
    /// What it writes about itself.
    pub log: Log,
}

/// See [`Config::engine`].
#[derive(Debug, Clone, PartialEq)]
pub struct Engine {
    /// The user's own model; `None` is the built-in one.
    pub model: Option<ModelFile>,
    /// How long the engine outlives its last client.
    pub idle_exit: Duration,
    /// Threads for a decode; `None` leaves the choice to the engine.
    pub threads: Option<NonZeroU32>,
    /// Tokens of a prompt and its answer together.
    pub context_tokens: u32,
    /// The order of a prompt's parts.
    pub order: PromptOrder,
    /// How much is done before anybody asks.
    pub pace: Pace,
    /// The [`crate::Provider`] that answers completions in this engine's place; one that [`Cloud::may_reach`].
    pub remote: Option<String>,
}

/// See [`Config::completion`].
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Whether there are completions at all.
    pub enabled: bool,
    /// Whether they appear in the popup.
    pub popup: Popup,
    /// After this, a popup request is answered with what is there.
    pub popup_deadline: Duration,
    /// After this, an inline request is answered with what is verified.
    pub deadline: Duration,
    /// How long after a key a suggestion is held back at most.
    pub debounce: Duration,
    /// The longest suggestion.
    pub max_tokens: u32,
    /// How sure the model has to be before a suggestion appears by itself, in whole per cent.
    pub min_confidence: u32,
    /// Whether there are any at the end of a string.
    pub strings: bool,
    /// Whether more may be asked of it where its suggestions are seldom taken.
    pub learn: bool,
    /// Language identifiers for which there are none.
    pub languages_off: BTreeSet<String>,
}

/// See [`Config::index`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Whether there is one.
    pub enabled: bool,
    /// Patterns of what is left out.
    pub exclude: Vec<String>,
    /// The largest file, in bytes.
    pub largest_file: u64,
    /// The most files.
    pub most_files: u32,
}

/// Where what is shown from elsewhere may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextSource {
    /// Definitions of names around the cursor.
    Definitions,
    /// What was edited lately.
    Edits,
    /// Other uses of those names.
    Uses,
    /// Places with the same words.
    Neighbours,
}

/// See [`Config::log`].
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// The least serious thing that is written.
    pub level: LogLevel,
}

impl Completion {
    /// Whether Hob may speak in a document of this language.
    pub fn speaks(&self, language: &str) -> bool {
        self.enabled && !self.languages_off.contains(language)
    }
}

impl Default for Config {
    fn default() -> Self {
        Options::default().into()
    }
}

impl From<Options> for Config {
    fn from(options: Options) -> Self {
        // What does not fit together was told where it was read, and is not among the options then.
        let (cloud, _) = policy::cloud(&options);
        let Options { engine, completion, index, context, log, cloud: _, budget: _, limits: _ } = options;
        Self {
            engine: Engine {
                model: engine.model,
                idle_exit: engine.idle_exit.get(),
                threads: NonZeroU32::new(engine.threads.get()),
                context_tokens: engine.context_tokens.get(),
                order: engine.order,
                pace: engine.pace,
                remote: engine.remote.map(|id| id.get().to_owned()),
            },
            completion: Completion {
                enabled: completion.enabled,
                popup: completion.popup,
                popup_deadline: Duration::from_millis(completion.popup_deadline_ms.get().into()),
                deadline: Duration::from_millis(completion.deadline_ms.get().into()),
                debounce: Duration::from_millis(completion.debounce_ms.get().into()),
                max_tokens: completion.max_tokens.get(),
                strings: completion.strings,
                min_confidence: completion.min_confidence.get(),
                learn: completion.learn,
                languages_off: completion.languages_off.into_iter().collect(),
            },
            index: Index {
                enabled: index.enabled,
                exclude: index.exclude,
                largest_file: u64::from(index.largest_file_kb.get()) * 1000,
                most_files: index.file_limit.get(),
            },
            context: [
                context.definitions.then_some(ContextSource::Definitions),
                context.edits.then_some(ContextSource::Edits),
                context.uses.then_some(ContextSource::Uses),
                context.neighbours.then_some(ContextSource::Neighbours),
            ]
            .into_iter()
            .flatten()
            .collect(),
            ngrams: context.ngrams,
            cloud,
            log: Log { level: log.level },
        }
    }
}
