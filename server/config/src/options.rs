//! The options themselves: the one place where each is declared.
//!
//! Must not hold behaviour. An option is listed here when something in Hob acts on it, not before.

use crate::{
    declare::options,
    values::{LogLevel, ModelFile, Pace, Period, Popup, PromptOrder, Whole},
};

options! {
    /// Hob's options, as written in a configuration file, or in an editor's settings under `hob`.
    Options {
        /// The process that holds the model. One per user, shared by every editor window.
        engine: EngineOptions {
            /// A GGUF file to use instead of Ember, the model that is built in. It has to be a fill-in-the-middle model: Hob refuses
            /// others, and says why.
            user_only model: Option<ModelFile> = None,

            /// How long the engine stays, warm, after the last window has closed. `0` ends it at once.
            user_only idle_exit: Period = Period::minutes(10),

            /// How many processor threads a decode may use. `0` lets Hob choose; it leaves cores to the editor and the build.
            user_only threads: Whole<0, 1024> = Whole::of(0),

            /// How many tokens a prompt and its answer may take together. More shows the model more of the file, and costs memory
            /// and time.
            user_only context_tokens: Whole<256, 131_072> = Whole::of(2048),

            /// In which order the model is shown the text around the cursor. `auto` is what suits its family. `anchored` puts what
            /// is typed on the cursor's line last, so that a key costs a token or two; `psm` (prefix, suffix) and `spm` (suffix,
            /// prefix) are what models are trained on. With `psm` each key has the text after the cursor evaluated again. A model
            /// without a token that begins the middle (Codestral) keeps its own order.
            user_only order: PromptOrder = PromptOrder::Auto,

            /// How much is done before your editor asks. With `full` each change is answered at once, and what follows a suggestion
            /// is decoded while it is on screen. With `gentle` the text is only read, a token or two a key, and decoding begins when the
            /// editor asks. `auto` is `full` as long as that takes no more than half of one engine's time; on battery and while the
            /// machine is busy nothing is decoded ahead.
            user_only pace: Pace = Pace::Auto,
        }

        /// When Hob speaks, and how long it may think.
        completion: CompletionOptions {
            /// Whether Hob completes at all. A repository or an editor can only switch it off.
            tighten enabled: bool = true,

            /// Whether suggestions also appear in the completion popup: `auto` means only where the editor doesn't announce ghost
            /// text.
            anyone popup: Popup = Popup::Auto,

            /// How long a popup may wait for the model before it is answered without a suggestion. Short, because editors hold back
            /// other servers' entries for as long.
            anyone popup_deadline_ms: Whole<1, 2000> = Whole::of(150),

            /// How long a suggestion of several lines may grow before what is there is shown, and how long a suggestion that you ask for by
            /// a key waits for others to stand beside it.
            anyone deadline_ms: Whole<1, 10_000> = Whole::of(250),

            /// How long after a key a suggestion is held back at most, once you have typed past some without looking: it then waits for a
            /// pause a little longer than your usual gap between keys. One that you type along or that stays ends it. `0` shows each at
            /// once.
            anyone debounce_ms: Whole<0, 2000> = Whole::of(200),

            /// How many tokens a suggestion has at most.
            anyone max_tokens: Whole<1, 512> = Whole::of(64),

            /// How sure the model has to be of a suggestion's first line before it appears by itself, in per cent. `0` shows
            /// everything. Ghost text that you ask for by a key is shown whatever the model thinks of it, and so is the popup's
            /// entry where no word stands before the cursor (behind one, the protocol can't tell a key from typing). What Ember states
            /// was held against how often it is right; of another model its own probability is taken, and `hob eval` says how
            /// right that is.
            anyone min_confidence: Whole<0, 100> = Whole::of(40),

            /// Whether suggestions appear by themselves within a string that only quotes and brackets follow. They are as often right there
            /// as elsewhere, as far as the model is as sure.
            anyone strings: bool = true,
            /// Whether what you take is learned from: suggestions of which the model is as sure as of those that you hardly ever took, in
            /// the same language and from the same model, then don't appear by themselves. Never more than 60 % are asked for, what was
            /// learned fades within weeks, and it is never less than `min_confidence`. What is counted stays on this machine: `hob usage`.
            anyone learn: bool = true,

            /// Languages in which Hob stays silent, by their LSP identifiers (`rust`, `python`, `markdown`). A repository or an editor
            /// can only add to the list.
            tighten languages_off: Vec<String> = Vec::new(),
        }

        /// What Hob knows of your workspace beyond the open files: what is defined, imported and said where. It lies in the cache folder, and
        /// files that may hold a secret by their names (`.env`, `*.pem`, `id_rsa`), hidden ones and those that `.gitignore` or `.hobignore`
        /// exclude are never part of it.
        index: IndexOptions {
            /// Whether there is one. A repository or an editor can only switch it off.
            tighten enabled: bool = true,

            /// What to leave out besides: patterns as in a `.gitignore` at the workspace's root. A repository or an editor can only add to
            /// the list.
            tighten exclude: Vec<String> = Vec::new(),

            /// The largest file that is read, in kilobytes.
            user_only largest_file_kb: Whole<1, 100_000> = Whole::of(1000),

            /// How many files of a workspace folder are read at most.
            user_only file_limit: Whole<1, 10_000_000> = Whole::of(200_000),
        }

        /// What the model is shown from elsewhere in the workspace, found in the index while you pause. `hob eval FOLDER --context` says what
        /// each source is worth for your model on your code.
        context: ContextOptions {
            /// Definitions of the names that are used around the cursor. Off, because Ember answers worse with them; for a larger model
            /// they may be what it needs.
            anyone definitions: bool = false,

            /// What you edited lately.
            anyone edits: bool = true,

            /// Other places that use the names around the cursor.
            anyone uses: bool = true,

            /// Places with much the same words as the lines around the cursor.
            anyone neighbours: bool = true,

            /// What all files of the workspace repeat. It is not shown to the model, but corrects what it says: a line that began elsewhere as
            /// it begins here is likely to go on as it does there. The engine learns it while nobody asks for anything, and takes up to 64 MB for
            /// a workspace.
            anyone ngrams: bool = true,
        }

        /// What Hob writes about itself, to a file in the state folder. Document text appears at `trace` only.
        log: LogOptions {
            /// The least serious thing that is still written.
            user_only level: LogLevel = LogLevel::Info,
        }
    }
}
