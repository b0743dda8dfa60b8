//! What placeholders stand for, and how an answer gets its secrets back while it comes in.
//!
//! Secrets live in memory that is wiped when it is given back, without `Debug` and without a way into a file or a frame. Must never
//! guess: a placeholder that came back changed stays as it came.

use std::{collections::HashMap, fmt, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::spread::WINDOW;

/// More than an RSA key of 16,384 bits, written with escapes.
const LONGEST: usize = 16 * 1024;

/// One text and its placeholder.
struct Kept {
    placeholder: String,
    text: Arc<SecretString>,
    /// The rule that found it first; `None`: no secret.
    rule: Option<usize>,
}

/// Every placeholder of this process: the same secret has the same one in each request, so that a provider's cache of the request's
/// beginning holds.
pub(super) struct Session {
    stem: String,
    kept: Vec<Kept>,
    numbers: HashMap<[u8; 32], usize>,
}

impl Session {
    /// One whose placeholders all begin with `stem`.
    pub(super) fn new(stem: String) -> Self {
        Self { stem, kept: Vec::new(), numbers: HashMap::new() }
    }

    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.kept.clear();
        self.numbers.clear();
    }

    /// Secrets of earlier requests that are long enough to be nothing else where they stand, with their rules. What is longer than any
    /// key is left out: should a rule ever take a text for a secret, later requests don't suffer.
    pub(super) fn long_secrets(&self) -> impl Iterator<Item = (usize, &str)> {
        self.kept.iter().filter_map(|kept| {
            let text = kept.text.expose_secret();
            kept.rule.filter(|_| (WINDOW..LONGEST).contains(&text.len())).map(|rule| (rule, text))
        })
    }

    /// A vault for one request.
    pub(super) fn vault(&self) -> Vault {
        Vault { stem: self.stem.clone(), kept: Vec::new() }
    }

    /// The placeholder of a text, which the vault then knows.
    pub(super) fn placeholder(
        &mut self,
        text: &str,
        kind: &str,
        rule: Option<usize>,
        vault: &mut Vault,
    ) -> &str {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let number = *self.numbers.entry(digest).or_insert_with(|| {
            // The number first: it decides the rest, so that no placeholder is the beginning of another.
            let placeholder = format!("{}{}_{kind}", self.stem, self.kept.len() + 1);
            self.kept.push(Kept { placeholder, text: Arc::new(text.to_owned().into()), rule });
            self.kept.len() - 1
        });
        let Kept { placeholder, text, .. } = &self.kept[number];
        if !vault.kept.iter().any(|(known, _)| known == placeholder) {
            vault.kept.push((placeholder.clone(), Arc::clone(text)));
        }
        placeholder
    }
}

/// What the placeholders of one request stand for.
#[derive(Clone)]
pub struct Vault {
    stem: String,
    kept: Vec<(String, Arc<SecretString>)>,
}

impl Vault {
    /// Whether the request has no placeholder.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.kept.iter().map(|(placeholder, text)| (placeholder.as_str(), text.as_ref()))
    }

    /// How many different placeholders the request has.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// A text with what its placeholders stand for.
    pub fn restore(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut restorer = Restorer::new(self.clone());
        restorer.push(text, &mut out);
        restorer.finish(&mut out);
        out
    }

    /// What stands at the beginning of a text.
    fn meets<'a>(&'a self, text: &str) -> Meets<'a> {
        let shared = text.len().min(self.stem.len());
        if text.as_bytes()[..shared] != self.stem.as_bytes()[..shared] {
            return Meets::Nothing;
        }
        let mut begins = false;
        for (placeholder, secret) in &self.kept {
            if text.starts_with(placeholder.as_str()) {
                return Meets::Placeholder(placeholder, secret);
            }
            begins |= placeholder.starts_with(text);
        }
        if begins { Meets::Beginning } else { Meets::Nothing }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} placeholders)", self.len())
    }
}

enum Meets<'a> {
    Placeholder(&'a str, &'a SecretString),
    /// More text could make it one.
    Beginning,
    Nothing,
}

/// Restores an answer that comes in pieces.
pub struct Restorer {
    vault: Vault,
    /// What may be the beginning of a placeholder.
    held: String,
}

impl Restorer {
    /// For the answer to the request that the vault is of.
    pub fn new(vault: Vault) -> Self {
        Self { vault, held: String::new() }
    }

    /// Takes the next piece, and appends what is certain to `out`. No more is held back than one placeholder's beginning.
    pub fn push(&mut self, piece: &str, out: &mut String) {
        self.held.push_str(piece);
        let mut done = 0;
        let mut at = 0;
        while let Some(found) = self.held[at..].find('H') {
            at += found;
            match self.vault.meets(&self.held[at..]) {
                Meets::Placeholder(placeholder, secret) => {
                    out.push_str(&self.held[done..at]);
                    out.push_str(secret.expose_secret());
                    at += placeholder.len();
                    done = at;
                }
                Meets::Beginning => {
                    out.push_str(&self.held[done..at]);
                    self.held.drain(..at);
                    return;
                }
                Meets::Nothing => at += 1,
            }
        }
        out.push_str(&self.held[done..]);
        self.held.clear();
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// The answer has ended: what was held back was no placeholder.
    pub fn finish(&mut self, out: &mut String) {
        out.push_str(&self.held);
        self.held.clear();
    }
}
