//! What is asked of a model: the text around one cursor, in the pieces that the prompt layout needs.
//!
//! Must not decide anything: no budgets, no token counts, no truncation. The sender cuts windows in bytes, the receiver in tokens.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::WorkspaceKey;

/// Names the KV cache that a request wants to continue: one window and one document in it.
///
/// Two requests with the same key are expected to share most of their text; nothing breaks if they don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionKey(pub u64);

impl SessionKey {
    /// The key of `document` (its URI or path, as the client spells it) in the window that `window` numbers (its process id).
    ///
    /// The hash is `DefaultHasher::new()`, whose keys are fixed: the same pair gives the same key within one build of Hob.
    pub fn new(window: u64, document: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (window, document).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What the model is asked to do with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Evaluate the prompt into the KV cache and stop: the next [`Kind::Fim`] for the same session finds it there. Makes way for
    /// whatever is asked.
    Prefill,
    /// [`Kind::Fim`] for a text that is not there yet but may soon be: what follows once a suggestion is accepted. Makes way for
    /// whatever is asked.
    Ahead,
    /// Fill in the middle: decode what belongs at the cursor.
    Fim,
    /// Up to so many other readings of a hole than the one that [`Kind::Fim`] gives, the likeliest first. Each comes whole, as one
    /// chunk. Where that one is not known any more it is decoded again and comes before the others.
    Alternatives(u8),
}

/// The order of a prompt's parts, where the asker wants another than the model's family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Prefix up to the start of the line, suffix, then the typed part as the beginning of the middle: a key adds to the end.
    Anchored,
    /// Prefix up to the cursor, suffix, and an empty middle: how models are trained. A key moves everything after it.
    Psm,
    /// Suffix, then prefix up to the cursor.
    Spm,
}

/// How to ask. The default is the product; an evaluation switches parts off to learn what each is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each switches one part off, whatever the others are")]
pub struct Asking {
    /// The order of the parts; `None`: the one that suits the model's family.
    pub order: Option<Order>,
    /// Whether the last word typed is taken back and decoded again.
    pub healing: bool,
    /// Whether the model's distribution is mixed with what the text around the hole repeats.
    pub mixture: bool,
    /// Whether tokens that the text suggests are evaluated before they are chosen, several at once.
    pub drafts: bool,
    /// Whether at a place that the engine has not read yet the model may be shown less of the text, so that it answers at once. The rest
    /// is read when nobody waits.
    pub glance: bool,
    /// The workspace whose other files the mixture counts as well, as far as the engine has learnt them; `None`: only what the request holds.
    pub workspace: Option<WorkspaceKey>,
}

impl Asking {
    /// As a person asks who would rather wait than be answered from less text.
    pub fn patiently() -> Self {
        Self { glance: false, ..Self::default() }
    }
}

impl Default for Asking {
    fn default() -> Self {
        Self { order: None, healing: true, mixture: true, drafts: true, glance: true, workspace: None }
    }
}

/// A piece of context from outside the hole's surroundings, sent ahead of the file in a stable order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Where it comes from, relative to the workspace and with `/` between parts. Families with a file separator token print it.
    pub path: String,
    /// The text itself, UTF-8.
    pub text: String,
    /// Where its second and later excerpts begin, in bytes of the text: so much of it can be told apart afterwards.
    #[serde(default)]
    pub further: Vec<u32>,
}

/// One hole to fill: `prefix` + `typed` + ⟨cursor⟩ + `suffix` is a window of the document, with no byte left out between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Evaluate only, or decode.
    pub kind: Kind,
    /// Whose KV cache to continue.
    pub session: SessionKey,
    /// The document's path relative to the workspace, `/` between parts; empty when it has none (an unsaved buffer).
    pub path: String,
    /// The name of the workspace's folder, for families that were shown one; empty when there is none.
    #[serde(default)]
    pub repository: String,
    /// Context from elsewhere, most stable first.
    pub blocks: Vec<Block>,
    /// Text before the anchor. It ends at the start of a line (or is empty): the anchored-middle layout freezes it there.
    pub prefix: String,
    /// Text from the anchor to the cursor: what was already typed of the middle.
    pub typed: String,
    /// Text after the cursor, already without what the answer will replace (auto-closed pairs).
    pub suffix: String,
    /// Stop after this many decoded tokens.
    pub max_tokens: u32,
    /// End the answer before the first line break that follows text: the place asks for a rest of a line.
    pub single_line: bool,
    /// How to ask.
    #[serde(default)]
    pub asking: Asking,
}
