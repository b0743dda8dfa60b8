//! The options themselves: the one place where each is declared.
//!
//! Must not hold behaviour. An option is listed here when something in Hob acts on it, not before.

use crate::{
    Mode, Retention, Secrets,
    declare::options,
    tables::{PriceTable, ProviderTable, RuleTable},
    terms::{Dollars, HostName, Pattern, ProviderId, Region, SecretPattern},
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

            /// The `id` of a `[[cloud.provider]]` that answers completions in place of this machine's engine: a llama-server or a vLLM with a
            /// fill-in-the-middle model, on hardware that you trust. What you type is sent there while you type it, unasked: this is the only
            /// way in which text leaves without your looking at it. `cloud.mode = "local-only"` ends it, whoever wrote that.
            user_only remote: Option<ProviderId> = None,
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

        /// What may leave this machine. Without a provider, nothing does. A repository, an editor and an organisation can forbid, and none of
        /// them can allow, redirect or name a key. Files that may hold a secret by their names never leave, and secrets within others are
        /// replaced.
        cloud: CloudOptions {
            /// `local-only` sends nothing. `ask` sends what the rules allow once you have agreed, for this time or for the workspace. `auto`
            /// sends what the rules allow. Without it: `ask` where there is a provider. The stricter wins.
            tighten mode: Option<Mode> = None,

            /// Files that never leave, besides those whose names are those of secrets: patterns as in a `.gitignore` at the workspace's root,
            /// in any case of letters. Everybody else can only add to the list.
            tighten never: Vec<Pattern> = Vec::new(),

            /// The only hosts that anything may be sent to. Without it: those of your providers. Of two lists, what is in both holds.
            tighten hosts: Option<Vec<HostName>> = None,

            /// What is done about a secret within a file: `redact` puts a placeholder in its place, and takes it back out of the answer;
            /// `refuse` keeps the request on this machine. The stricter wins.
            tighten secrets: Secrets = Secrets::Redact,

            /// What secrets of your own look like, besides those that Hob knows: regular expressions, of which the first group is the secret, or
            /// all that is matched. Everybody else can only add to the list.
            tighten secret_patterns: Vec<SecretPattern> = Vec::new(),

            /// How much a provider may keep of what it was sent: `zero` is nothing, `limited` something for some time. One of which it isn't
            /// known is sent nothing. The stricter wins.
            tighten require_retention: Option<Retention> = None,

            /// Where a provider has to compute. One of which it isn't known is sent nothing. Of two lists, what is in both holds; if that is
            /// nothing, nothing is sent.
            tighten require_regions: Option<Vec<Region>> = None,

            /// Who may be asked.
            #[schemars(extend("x-example" = "\
[[cloud.provider]]
id = \"anthropic\"
key = { env = \"ANTHROPIC_API_KEY\" }
models = [\"claude-sonnet-5\"]
region = \"us\"
retention = \"limited\"

[[cloud.provider]]
id = \"team\"
dialect = \"llama-server\"
base_url = \"https://gpu.example.com\"
key = { file = \"~/.config/hob/team.key\" }
models = [\"qwen2.5-coder-7b\"]
context_tokens = 16384
retention = \"zero\"
"))]
            user_only provider: Vec<ProviderTable> = Vec::new(),

            /// What goes where. The first rule that speaks decides; where none does, what the model of this machine can do is done here, and
            /// changes or explanations across files, and what is too long for it, go to the first provider that may have them.
            #[schemars(extend("x-example" = "\
[[cloud.rule]]
name = \"billing stays here\"
when = { path = [\"billing/\", \"*.sql\"] }
then = \"deny-cloud\"

[[cloud.rule]]
name = \"large refactorings\"
when = { task = [\"refactor\", \"refactor-across\"], files_min = 2, tokens_min = 6000 }
then = [\"anthropic/claude-sonnet-5\", \"local\"]
require = { retention = \"limited\" }
"))]
            user_only rule: Vec<RuleTable> = Vec::new(),

            /// What a model costs you. It goes before the price that Hob knows, and without either nothing is sent: an unknown price is no
            /// price. Engines on hardware of your own need none.
            #[schemars(extend("x-example" = "\
[[cloud.price]]
model = \"anthropic/claude-sonnet-5\"
input_usd = \"3.00\"
cached_input_usd = \"0.30\"
output_usd = \"15.00\"
as_of = \"2026-11-01\"
source = \"our contract\"
"))]
            user_only price: Vec<PriceTable> = Vec::new(),
        }

        /// What may be spent, by all windows together. What would cost more at worst is not sent. Of two amounts the lesser holds.
        budget: BudgetOptions {
            /// On one request, with everything that is tried for it.
            tighten per_call_usd: Dollars = Dollars::cents(25),

            /// On one day (UTC).
            tighten day_usd: Dollars = Dollars::cents(200),

            /// In one month (UTC).
            tighten month_usd: Dollars = Dollars::cents(2000),
        }

        /// How long a provider may take.
        limits: LimitsOptions {
            /// Until there is a connection.
            user_only connect_ms: Whole<1, 60_000> = Whole::of(3000),

            /// Until the first word.
            user_only first_token_ms: Whole<1, 600_000> = Whole::of(15_000),

            /// Between two words.
            user_only idle_ms: Whole<1, 600_000> = Whole::of(20_000),

            /// For everything, however often it is tried.
            user_only total_ms: Whole<1, 3_600_000> = Whole::of(180_000),

            /// How often it is tried, at all providers together.
            user_only attempts: Whole<1, 10> = Whole::of(3),
        }

        /// What Hob writes about itself, to a file in the state folder. Document text appears at `trace` only.
        log: LogOptions {
            /// The least serious thing that is still written.
            user_only level: LogLevel = LogLevel::Info,
        }
    }
}
