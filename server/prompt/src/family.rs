//! The FIM families: how a model is recognised, and how it wants a hole to be asked.
//!
//! A family is decided by the special tokens in the vocabulary first, then by architecture and name, because files are renamed and
//! fine-tuned but a vocabulary stays. Must not read a file: whoever opened the GGUF brings its [`Facts`].

use model::Order;

use crate::Token;

/// Ids of FIM tokens as a GGUF's metadata names them (`tokenizer.ggml.fim_*_token_id`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FimIds {
    /// `fim_pre_token_id`.
    pub prefix: Option<Token>,
    /// `fim_suf_token_id`.
    pub suffix: Option<Token>,
    /// `fim_mid_token_id`.
    pub middle: Option<Token>,
    /// `fim_sep_token_id`: between files.
    pub separator: Option<Token>,
    /// `fim_rep_token_id`: before a repository's name.
    pub repository: Option<Token>,
}

/// What a GGUF says about its model.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// `general.architecture`.
    pub architecture: String,
    /// `general.name`, or the file's stem where it has none.
    pub name: String,
    /// Whether there is a `tokenizer.chat_template`. Base models often carry one too: a hint, not a proof.
    pub chat_template: bool,
    /// FIM ids from the metadata.
    pub ids: FimIds,
    /// The token that a prompt begins with, if the model wants one.
    pub bos: Option<Token>,
    /// Tokens that end a text: end of text, of turn, of message.
    pub ends: Vec<Token>,
}

/// The order of the parts of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `PRE prefix SUF suffix MID typed`: a key adds to the end, the suffix stays evaluated.
    AnchoredMiddle,
    /// `PRE prefix typed SUF suffix MID`: how most models were trained. A key moves the suffix, which is evaluated again.
    EmptyMiddle,
    /// `SUF suffix PRE prefix typed [MID]`, for models trained suffix first.
    SuffixFirst,
}

/// How context from other files is told apart from the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// `SEP path⏎ text` before the hole.
    Separator {
        /// The separator.
        token: Token,
        /// Where the file with the hole has its own path.
        own_path: OwnPath,
        /// What stands before the repository's name, which comes before all files.
        repository: Option<Token>,
    },
    /// A header line of this text and the path, inside the prefix: `+++++ path`.
    Header(&'static str),
    /// A comment line with the path, in the path's own language, inside the prefix.
    Comment,
}

/// Where the path of the file with the hole goes, when there are other files before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPath {
    /// Nowhere: the model was trained without.
    Nowhere,
    /// `SEP path⏎` before the prefix token.
    BeforePrefix,
    /// `SEP PRE path⏎`: the prefix token comes first.
    AfterPrefix,
}

/// A model's way of being asked, in its own tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fim {
    /// The family's name, for people: `qwen`.
    pub family: &'static str,
    /// The order of the parts, unless a request asks for another.
    pub layout: Layout,
    /// Before the text before the hole.
    pub prefix: Token,
    /// Before the text after the hole.
    pub suffix: Token,
    /// Before the middle. Codestral has none.
    pub middle: Option<Token>,
    /// How other files are told apart.
    pub files: Files,
    /// The token that a prompt begins with, if any.
    pub bos: Option<Token>,
    /// Tokens that a text never contains, with their names: they end an answer, and are taken apart in a user's source.
    pub special: Vec<(Token, String)>,
}

impl Fim {
    /// Whether `token` ends an answer.
    pub fn ends(&self, token: Token) -> bool {
        self.special.iter().any(|(special, _)| *special == token)
    }

    /// The same family, asked in `order` unless a request says otherwise.
    #[must_use]
    pub fn in_order(self, order: Option<Order>) -> Self {
        Self { layout: self.layout_for(order), ..self }
    }

    /// The layout for `order`; without one, the family's own. So is every order's in a family without a token before the middle
    /// (Codestral): nothing there ends a suffix that comes last.
    pub fn layout_for(&self, order: Option<Order>) -> Layout {
        match order.filter(|_| self.middle.is_some()) {
            Some(Order::Anchored) => Layout::AnchoredMiddle,
            Some(Order::Psm) => Layout::EmptyMiddle,
            Some(Order::Spm) => Layout::SuffixFirst,
            None => self.layout,
        }
    }
}

/// Why a model can't be used, and what can: the end of a sentence that begins with the model's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

/// How a row of the table tells files apart.
#[derive(Clone, Copy)]
enum RowFiles {
    /// The separator, where the own path goes, and what stands before the repository's name.
    Separator(&'static str, OwnPath, Option<&'static str>),
    Header(&'static str),
    Comment,
}

struct Row {
    family: &'static str,
    layout: Layout,
    /// One of these must begin `general.architecture`, or one of `names` be part of `general.name` (lower case); both empty: any.
    architectures: &'static [&'static str],
    names: &'static [&'static str],
    prefix: &'static str,
    suffix: &'static str,
    middle: Option<&'static str>,
    files: RowFiles,
}

const ANY: &[&str] = &[];

/// The first row whose tokens are all there, and whose hints fit, wins. Rows with hints come before rows without.
const TABLE: &[Row] = &[
    Row {
        family: "ember",
        layout: Layout::AnchoredMiddle,
        architectures: ANY,
        names: &["ember"],
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: Some("<|fim_middle|>"),
        files: RowFiles::Separator("<|file_sep|>", OwnPath::Nowhere, None),
    },
    Row {
        family: "codegemma",
        layout: Layout::AnchoredMiddle,
        architectures: &["gemma"],
        names: &["codegemma"],
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: Some("<|fim_middle|>"),
        files: RowFiles::Separator("<|file_separator|>", OwnPath::AfterPrefix, None),
    },
    Row {
        family: "granite",
        layout: Layout::AnchoredMiddle,
        architectures: &["granite"],
        names: &["granite"],
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: Some("<|fim_middle|>"),
        files: RowFiles::Comment,
    },
    Row {
        family: "granite",
        layout: Layout::AnchoredMiddle,
        architectures: &["granite"],
        names: &["granite"],
        prefix: "<fim_prefix>",
        suffix: "<fim_suffix>",
        middle: Some("<fim_middle>"),
        files: RowFiles::Comment,
    },
    Row {
        family: "mellum",
        layout: Layout::SuffixFirst,
        architectures: ANY,
        names: &["mellum"],
        prefix: "<fim_prefix>",
        suffix: "<fim_suffix>",
        middle: Some("<fim_middle>"),
        files: RowFiles::Separator("<filename>", OwnPath::BeforePrefix, None),
    },
    Row {
        family: "qwen",
        layout: Layout::AnchoredMiddle,
        architectures: ANY,
        names: ANY,
        prefix: "<|fim_prefix|>",
        suffix: "<|fim_suffix|>",
        middle: Some("<|fim_middle|>"),
        files: RowFiles::Separator("<|file_sep|>", OwnPath::BeforePrefix, Some("<|repo_name|>")),
    },
    Row {
        family: "starcoder2",
        layout: Layout::AnchoredMiddle,
        architectures: ANY,
        names: ANY,
        prefix: "<fim_prefix>",
        suffix: "<fim_suffix>",
        middle: Some("<fim_middle>"),
        files: RowFiles::Separator("<file_sep>", OwnPath::AfterPrefix, Some("<repo_name>")),
    },
    Row {
        family: "starcoder",
        layout: Layout::AnchoredMiddle,
        architectures: ANY,
        names: ANY,
        prefix: "<fim_prefix>",
        suffix: "<fim_suffix>",
        middle: Some("<fim_middle>"),
        files: RowFiles::Comment,
    },
    Row {
        family: "deepseek",
        layout: Layout::AnchoredMiddle,
        architectures: ANY,
        names: ANY,
        prefix: "<｜fim▁begin｜>",
        suffix: "<｜fim▁hole｜>",
        middle: Some("<｜fim▁end｜>"),
        files: RowFiles::Header("#"),
    },
    Row {
        family: "seed-coder",
        layout: Layout::SuffixFirst,
        architectures: ANY,
        names: ANY,
        prefix: "<[fim-prefix]>",
        suffix: "<[fim-suffix]>",
        middle: Some("<[fim-middle]>"),
        files: RowFiles::Comment,
    },
    Row {
        family: "codestral",
        layout: Layout::SuffixFirst,
        architectures: ANY,
        names: ANY,
        prefix: "[PREFIX]",
        suffix: "[SUFFIX]",
        middle: None,
        files: RowFiles::Header("+++++ "),
    },
    Row {
        family: "codellama",
        layout: Layout::AnchoredMiddle,
        architectures: ANY,
        names: ANY,
        prefix: "▁<PRE>",
        suffix: "▁<SUF>",
        middle: Some("▁<MID>"),
        files: RowFiles::Comment,
    },
];

/// Special tokens that some families print beside those of their row; none belongs into a text.
const BESIDE: &[&str] = &[
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<|file_separator|>",
    "<|endoftext|>",
    "<|cursor|>",
    "<fim_pad>",
    "<repo_name>",
    "<reponame>",
    "<file_sep>",
    "<filename>",
    "<gh_stars>",
    "[MIDDLE]",
    "<[fim-pad]>",
    "▁<EOT>",
    "<EOT>",
];

/// Every string that [`recognise`] may ask for: whoever reads a vocabulary needs to remember only these.
pub fn token_names() -> impl Iterator<Item = &'static str> {
    let of_row = |row: &'static Row| {
        let separator = if let RowFiles::Separator(name, ..) = row.files { Some(name) } else { None };
        [Some(row.prefix), Some(row.suffix), row.middle, separator].into_iter().flatten()
    };
    TABLE.iter().flat_map(of_row).chain(BESIDE.iter().copied())
}

/// Decides how the model with these `facts` is asked. `find` looks a special token up by its exact text.
///
/// # Errors
/// A [`Refusal`] that says what to do, for a model that was not trained to fill in the middle.
pub fn recognise(facts: &Facts, find: impl Fn(&str) -> Option<Token>) -> Result<Fim, Refusal> {
    let fim = TABLE
        .iter()
        .filter(|row| hints_fit(row, facts))
        .find_map(|row| resolve(row, facts, &find))
        .or_else(|| by_ids(facts))
        .ok_or_else(|| refuse_without_tokens(facts))?;
    refuse_chat(facts)?;
    Ok(with_special(fim, facts, find))
}

fn hints_fit(row: &Row, facts: &Facts) -> bool {
    if row.architectures.is_empty() && row.names.is_empty() {
        return true;
    }
    let name = facts.name.to_lowercase();
    row.architectures.iter().any(|start| facts.architecture.starts_with(start))
        || row.names.iter().any(|part| name.contains(part))
}

fn resolve(row: &Row, facts: &Facts, find: &impl Fn(&str) -> Option<Token>) -> Option<Fim> {
    let middle = match row.middle {
        Some(name) => Some(find(name)?),
        None => None,
    };
    let files = match row.files {
        RowFiles::Separator(name, own_path, repository) => {
            Files::Separator { token: find(name)?, own_path, repository: repository.and_then(find) }
        }
        RowFiles::Header(start) => Files::Header(start),
        RowFiles::Comment => Files::Comment,
    };
    Some(Fim {
        family: row.family,
        layout: row.layout,
        prefix: find(row.prefix)?,
        suffix: find(row.suffix)?,
        middle,
        files,
        bos: facts.bos,
        special: named(&[Some(row.prefix), Some(row.suffix), row.middle], find),
    })
}

/// A model of no known family whose metadata names all three FIM tokens.
fn by_ids(facts: &Facts) -> Option<Fim> {
    let ids = facts.ids;
    let files = ids.separator.map_or(Files::Comment, |token| Files::Separator {
        token,
        own_path: OwnPath::BeforePrefix,
        repository: ids.repository,
    });
    Some(Fim {
        family: "generic",
        layout: Layout::AnchoredMiddle,
        prefix: ids.prefix?,
        suffix: ids.suffix?,
        middle: Some(ids.middle?),
        files,
        bos: facts.bos,
        special: Vec::new(),
    })
}

/// Completes the list of what never belongs into a text.
fn with_special(mut fim: Fim, facts: &Facts, find: impl Fn(&str) -> Option<Token>) -> Fim {
    let beside: Vec<_> = BESIDE.iter().map(|name| Some(*name)).collect();
    fim.special.extend(named(&beside, &find));
    let ids = facts.ids;
    let unnamed =
        [Some(fim.prefix), Some(fim.suffix), fim.middle, ids.separator, ids.repository].into_iter().flatten();
    fim.special.extend(unnamed.chain(facts.ends.iter().copied()).map(|token| (token, String::new())));
    // Sorted by token, and of two entries for one token the one with a name first.
    fim.special.sort_by(|(a, a_name), (b, b_name)| (a, a_name.is_empty()).cmp(&(b, b_name.is_empty())));
    fim.special.dedup_by_key(|(token, _)| *token);
    fim
}

fn named(names: &[Option<&str>], find: &impl Fn(&str) -> Option<Token>) -> Vec<(Token, String)> {
    names.iter().flatten().filter_map(|name| Some((find(name)?, (*name).to_owned()))).collect()
}

const INSTEAD: &str = "use a model that was trained to fill in the middle, for example the GGUF of Qwen2.5-Coder-1.5B (the base model, not \
                       the Instruct one)";

fn says_chat(facts: &Facts) -> bool {
    let name = facts.name.to_lowercase();
    let parts: Vec<_> = name.split(|c: char| !c.is_alphanumeric()).collect();
    ["instruct", "chat", "it", "assistant"].iter().any(|word| parts.contains(word))
}

fn refuse_without_tokens(facts: &Facts) -> Refusal {
    Refusal(if says_chat(facts) || facts.chat_template {
        format!("is a chat model without fill-in-the-middle tokens, which would answer in prose: {INSTEAD}")
    } else {
        format!(
            "has no fill-in-the-middle tokens in its vocabulary, so it can't see what follows the cursor: {INSTEAD}"
        )
    })
}

/// Qwen's general models have the coder's FIM tokens in their vocabulary and were never trained on them.
fn refuse_chat(facts: &Facts) -> Result<(), Refusal> {
    let name = facts.name.to_lowercase();
    if !says_chat(facts) || name.contains("cod") || name.contains("granite") {
        return Ok(());
    }
    Err(Refusal(format!(
        "is a general chat model: its vocabulary has fill-in-the-middle tokens, but it was not trained on code with them: {INSTEAD}"
    )))
}

#[cfg(test)]
mod tests;
