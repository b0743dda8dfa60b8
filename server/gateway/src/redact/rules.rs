//! The rules by which secrets are found: those of rules.toml and the user's own, each asked only where one of its keywords stands.
//!
//! Must not judge a value by more than its rule says; words that only look like secrets are [`super::doubt`]'s.

use std::{ops::Range, sync::OnceLock};

use aho_corasick::AhoCorasick;
use regex::Regex;
use serde::Deserialize;

use super::{
    doubt::{self, Doubt},
    scan::Find,
};

/// The bundled rules. Their examples are for the tests.
const BUNDLED: &str = include_str!("rules.toml");

/// How far before a keyword a match may begin.
const BEFORE: usize = 160;

/// A pattern of `cloud.secret_patterns` that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`cloud.secret_patterns` has {pattern:?}, which can't be read: {why}")]
pub struct BadPattern {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

/// One rule as it is written down.
#[derive(Deserialize)]
struct Rule {
    id: String,
    kind: String,
    keywords: Vec<String>,
    pattern: String,
    doubt: Doubt,
    /// Bits a byte, at least.
    #[serde(default)]
    entropy: f64,
    /// What is no secret after all, by all that was matched.
    #[serde(default)]
    allow: Vec<String>,
    /// How far behind a keyword a match is looked for at first, in bytes.
    #[serde(default = "usual_reach")]
    reach: usize,
    #[serde(skip)]
    compiled: OnceLock<Compiled>,
}

fn usual_reach() -> usize {
    400
}

struct Compiled {
    pattern: Regex,
    allow: Vec<Regex>,
}

#[derive(Deserialize)]
struct File {
    rule: Vec<Rule>,
}

/// Every rule, behind the one automaton that knows all keywords.
pub(super) struct Rules {
    list: Vec<Rule>,
    keywords: AhoCorasick,
    /// For each keyword, whose it is.
    owners: Vec<usize>,
    /// Rules that are asked without a keyword: the user's own.
    always: Range<usize>,
}

impl Rules {
    /// The bundled rules and patterns of the user's own, whose secret is the first group, or all that they match.
    pub(super) fn new(own: &[String]) -> Result<Self, BadPattern> {
        let File { mut rule } = toml::from_str(BUNDLED).expect("redact/tests.rs reads rules.toml");
        let bundled = rule.len();
        for pattern in own {
            let compiled = config::secret_pattern(pattern)
                .map_err(|why| BadPattern { pattern: pattern.clone(), why })
                .map(|pattern| Compiled { pattern, allow: Vec::new() })?;
            rule.push(Rule {
                // Not the pattern: what it says of a secret has no place in the ledger.
                id: "own-pattern".into(),
                kind: "OWN".into(),
                keywords: Vec::new(),
                pattern: pattern.clone(),
                doubt: Doubt::None,
                entropy: 0.0,
                allow: Vec::new(),
                reach: usual_reach(),
                compiled: compiled.into(),
            });
        }
        let (mut owners, mut words) = (Vec::new(), Vec::new());
        for (index, rule) in rule.iter().enumerate() {
            for word in &rule.keywords {
                owners.push(index);
                words.push(word.as_str());
            }
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(words)
            .expect("the bundled keywords are few and short");
        Ok(Self { always: bundled..rule.len(), list: rule, keywords, owners })
    }

    /// A rule's name in reports.
    pub(super) fn id(&self, rule: usize) -> &str {
        &self.list[rule].id
    }

    /// What its placeholders say of the secret.
    pub(super) fn kind(&self, rule: usize) -> &str {
        &self.list[rule].kind
    }

    /// Adds what the rules find in a text as it stands. `sure`: only those that need no words beside the secret, for texts that were
    /// decoded or put together and may be nothing of the sort.
    pub(super) fn find(&self, text: &str, sure: bool, finds: &mut Vec<Find>) {
        let mut regions: Vec<(usize, Range<usize>)> = Vec::new();
        for hit in self.keywords.find_overlapping_iter(text) {
            let owner = self.owners[hit.pattern().as_usize()];
            let rule = &self.list[owner];
            if sure && rule.doubt == Doubt::Words {
                continue;
            }
            let region = hit.start().saturating_sub(BEFORE)..(hit.end() + rule.reach).min(text.len());
            regions.push((owner, region));
        }
        regions.sort_by_key(|(owner, region)| (*owner, region.start));
        regions.dedup_by(|(owner, next), (last_owner, last)| {
            let joins = owner == last_owner && next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
        for (owner, region) in regions {
            self.list[owner].find(owner, text, region, finds);
        }
        for owner in self.always.clone() {
            self.list[owner].find(owner, text, 0..text.len(), finds);
        }
    }
}

impl Rule {
    /// What this rule finds in a region of a text.
    fn find(&self, own: usize, text: &str, region: Range<usize>, finds: &mut Vec<Find>) {
        let compiled = self.compiled();
        let start = text.floor_char_boundary(region.start);
        let mut end = text.ceil_char_boundary(region.end);
        let mut at = start;
        while let Some(groups) = compiled.pattern.captures_at(&text[..end], at) {
            let whole = groups.get_match();
            // What reaches the region's end may go on behind it.
            if whole.end() == end && end < text.len() {
                end = text.ceil_char_boundary((end + 4 * (end - start).max(1024)).min(text.len()));
                continue;
            }
            let secret = groups.iter().skip(1).flatten().next().unwrap_or(whole);
            let is_allowed = || compiled.allow.iter().any(|allow| allow.is_match(whole.as_str()));
            let value = secret.as_str();
            if !value.is_empty()
                && doubt::entropy(value) >= self.entropy
                && !self.doubt.excuses(value)
                && !is_allowed()
            {
                finds.push(Find { range: secret.range(), rule: own });
            }
            // From the secret's end, because what bounds one secret may open the next.
            at = if secret.end() > at {
                secret.end()
            } else {
                text.ceil_char_boundary(whole.end().max(at + 1))
            };
            if at >= end {
                break;
            }
        }
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| {
            let compile =
                |pattern: &str| compile(pattern).expect("redact/tests.rs compiles each bundled pattern");
            Compiled {
                pattern: compile(&self.pattern),
                allow: self.allow.iter().map(|pattern| compile(pattern)).collect(),
            }
        })
    }
}

/// Compiles a pattern with the shorthands that rules.toml explains.
fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    let pattern = pattern
        .replace("<<", r"(?:^|[^0-9A-Za-z]|\\[nrt])")
        .replace(">>", r"(?:[^0-9A-Za-z]|$)")
        .replace(r"\b", r"(?-u:\b)");
    Regex::new(&pattern)
}
