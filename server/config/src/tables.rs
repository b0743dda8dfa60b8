//! The tables of which a user's file may have several: a provider, a rule, a price; as they are written.
//!
//! Must not hold behaviour, and nothing here is required: what is missing, and what does not fit together, `policy` says, with a place.
//! The texts are printed in the manual.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Dialect, Retention, Target, Task,
    terms::{
        Account, BaseUrl, Consequence, Day, Dollars, EnvName, KeyFile, ModelName, Pattern, ProviderId,
        Region, Title,
    },
    values::Whole,
};

/// One `[[cloud.provider]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline, extend("required" = ["id", "models"]))]
pub(crate) struct ProviderTable {
    /// Its name in rules, rows and messages. Required.
    pub(crate) id: Option<ProviderId>,

    /// Its protocol. `openai` is also that of most others and of gateways; `llama-server`, `ollama` and `vllm` are engines on hardware of
    /// your own, where a request has no price. Without it: the protocol that `id` names.
    pub(crate) dialect: Option<Dialect>,

    /// Where it is, with or without the `/v1` that its documentation may show. A key is sent there and nowhere else. Without it: where
    /// Anthropic, Google or `OpenAI` themselves are, for their protocols.
    #[schemars(extend("x-unsaid" = true))]
    pub(crate) base_url: Option<BaseUrl>,

    /// Where its key is. Without it: it needs none.
    #[schemars(extend("x-unsaid" = true))]
    pub(crate) key: Option<KeyTable>,

    /// The models that may be used, the preferred one first. Required.
    pub(crate) models: Vec<ModelName>,

    /// How many tokens fit into a request and its answer. Without it: 200000 for `anthropic`, 128000 for `openai`, 1000000 for `gemini`,
    /// 8192 for engines of your own.
    pub(crate) context_tokens: Option<Whole<256, 10_000_000>>,

    /// Where it computes, in a word of your own (`eu`). Without it nothing is sent there that a region is required for.
    pub(crate) region: Option<Region>,

    /// What it keeps of what it was sent, as agreed with you: nothing, something for some time, or what it learns from. Without it
    /// nothing is sent there that a retention is required for.
    pub(crate) retention: Option<Retention>,
}

/// Where a key is. One of the three, never the key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(
    inline,
    extend("x-takes" = "a table that says where the key is, never the key itself: { env = \"NAME\" }, { keyring = \"NAME\" } or \
        { file = \"PATH\" }")
)]
pub(crate) struct KeyTable {
    /// In this environment variable.
    pub(crate) env: Option<EnvName>,

    /// In the system's keyring, under the service `hob` and this name.
    pub(crate) keyring: Option<Account>,

    /// In this file, which only you can read (mode 0600).
    pub(crate) file: Option<KeyFile>,
}

/// One `[[cloud.rule]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline, extend("required" = ["name", "then"]))]
pub(crate) struct RuleTable {
    /// What it is called when Hob explains a decision. Required.
    pub(crate) name: Option<Title>,

    /// When it speaks: all of what stands here has to hold. Without it: always.
    pub(crate) when: WhenTable,

    /// Who answers then: `"deny-cloud"` keeps the request on this machine whatever other rules say, those of a list are asked in its
    /// order. Required.
    pub(crate) then: Option<Consequence>,

    /// What a provider has to promise besides, for what this rule sends.
    pub(crate) require: RequireTable,
}

/// When a rule speaks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct WhenTable {
    /// The request is one of these.
    pub(crate) task: Vec<Task>,

    /// Any of its files matches one of these patterns.
    pub(crate) path: Vec<Pattern>,

    /// Any of its files is in one of these languages, by LSP identifiers.
    pub(crate) language: Vec<Title>,

    /// It has at least so many files.
    pub(crate) files_min: Whole<0, 1_000_000>,

    /// It has at least so many tokens.
    pub(crate) tokens_min: Whole<0, 100_000_000>,
}

/// What a rule requires of a provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct RequireTable {
    /// It keeps no more than this.
    pub(crate) retention: Option<Retention>,

    /// It computes in one of these regions.
    pub(crate) regions: Option<Vec<Region>>,
}

/// One `[[cloud.price]]`; amounts are for a million tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline, extend("required" = ["model", "input_usd", "output_usd", "as_of"]))]
pub(crate) struct PriceTable {
    /// The model, with its provider's name in front. Required.
    pub(crate) model: Option<Target>,

    /// A million tokens of what is sent. Required.
    pub(crate) input_usd: Option<Dollars>,

    /// A million tokens of what is sent and the provider still had. Without it: as much as any others.
    pub(crate) cached_input_usd: Option<Dollars>,

    /// A million tokens of what is answered. Required.
    pub(crate) output_usd: Option<Dollars>,

    /// The day on which that was so. Required.
    pub(crate) as_of: Option<Day>,

    /// Where it was read.
    pub(crate) source: Option<Title>,
}
