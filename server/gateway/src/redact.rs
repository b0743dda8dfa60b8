//! Secrets are taken out of a request before it leaves, and put back into its answer.
//!
//! A secret is found by a rule, gets a placeholder that stands for it as long as this process lives, and is looked for in all the rest
//! of the request too. Must not open, send or log anything, and must not decide whether a request with secrets in it may leave:
//! the policy does. What is not found is written down in docs/privacy.md.

mod doubt;
mod hidden;
mod rules;
mod scan;
mod spread;
mod vault;
mod views;

#[cfg(test)]
mod tests;

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use model::cloud::{Ask, Hidden, Part, Redaction, Turn};

use rules::Rules;
use scan::Find;
use spread::Spread;
use vault::Session;

pub use rules::BadPattern;
pub use vault::{Restorer, Vault};

/// Finds secrets by the bundled rules and the user's own, and remembers for which it has a placeholder.
pub struct Redactor {
    rules: Rules,
    /// What all placeholders begin with.
    stem: String,
    session: Mutex<Session>,
}

/// A request without its secrets, and what it takes to understand the answer.
pub struct Redacted {
    /// What may be sent.
    pub ask: Ask,
    /// What its placeholders stand for.
    pub vault: Vault,
    /// What was taken out, in the order of the request.
    pub redactions: Vec<Redaction>,
    /// The invisible characters of the request as it came. Tag characters are gone from `ask`; the others are still there.
    pub hidden: Hidden,
}

/// A place in a text that gets a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    range: Range<usize>,
    /// Index of the rule that found it; `None`: it is no secret, but looks like a placeholder.
    rule: Option<usize>,
}

impl Redactor {
    /// One that also looks for what `own` patterns find ([`config::secret_pattern`]). `tag` is random: it keeps placeholders apart from whatever
    /// somebody wrote into a file on purpose.
    pub fn new(tag: u16, own: &[String]) -> Result<Self, BadPattern> {
        let stem = format!("HOB_SECRET_{tag:04X}_");
        Ok(Self { rules: Rules::new(own)?, session: Mutex::new(Session::new(stem.clone())), stem })
    }

    /// Takes the secrets out of every text of a request, names of files included.
    pub fn redact(&self, ask: &Ask) -> Redacted {
        let mut hidden = Hidden::default();
        let texts: Vec<_> = texts(ask)
            .map(|text| {
                hidden::count(text, &mut hidden);
                hidden::without_tags(text)
            })
            .collect();

        let mut spans: Vec<_> = texts.iter().map(|text| self.spans(text)).collect();

        // Another request's panic leaves the session whole: entries are only ever added.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spread = Spread::default();
        for (rule, secret) in session.long_secrets() {
            spread.add(secret, rule);
        }
        for (text, spans) in texts.iter().zip(&spans) {
            for span in spans {
                if let Some(rule) = span.rule {
                    spread.add(&text[span.range.clone()], rule);
                }
            }
        }
        for (text, spans) in texts.iter().zip(&mut spans) {
            spread.find(text, spans);
        }

        let mut places = texts.iter().zip(&spans);
        let mut vault = session.vault();
        let mut redactions = Vec::new();
        let mut next = |path: &str| {
            let (text, spans) =
                places.next().expect("`texts` gives the texts in the order in which they are rebuilt");
            self.rebuild(text, spans, path, &mut session, &mut vault, &mut redactions)
        };
        let system = next("");
        let turns = ask.turns.iter().map(|turn| {
            let parts = turn.parts.iter().map(|part| match part {
                Part::Text(_) => Part::Text(next("")),
                Part::File { .. } => {
                    let path = next("");
                    let text = next(&path);
                    Part::File { path, text }
                }
            });
            Turn { role: turn.role, parts: parts.collect() }
        });
        let turns = turns.collect();
        let ask = Ask { task: ask.task, system, turns, max_tokens: ask.max_tokens };
        Redacted { ask, vault, redactions, hidden }
    }

    /// As if nothing had been found yet.
    #[cfg(test)]
    fn forget(&self) {
        self.session.lock().expect("no test panics with it").forget();
    }

    /// Where a text has secrets or what looks like our placeholders: in order, without overlaps.
    fn spans(&self, text: &str) -> Vec<Span> {
        let mut spans: Vec<_> = scan::find(&self.rules, text)
            .into_iter()
            .map(|Find { range, rule }| Span { range, rule: Some(rule) })
            .collect();
        for (start, _) in text.match_indices(&self.stem) {
            let tail = text[start + self.stem.len()..].bytes();
            let len = tail.take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            spans.push(Span { range: start..start + self.stem.len() + len, rule: None });
        }
        merged(spans)
    }

    /// The text with placeholders, each of which is noted in vault and report.
    fn rebuild(
        &self,
        text: &str,
        spans: &[Span],
        path: &str,
        session: &mut Session,
        vault: &mut Vault,
        redactions: &mut Vec<Redaction>,
    ) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut copied, mut line) = (0, 1);
        for Span { range, rule } in spans {
            let before = &text[copied..range.start];
            out.push_str(before);
            line += lines(before);
            let secret = &text[range.clone()];
            let kind = rule.map_or("TEXT", |rule| self.rules.kind(rule));
            out.push_str(session.placeholder(secret, kind, *rule, vault));
            if let Some(rule) = *rule {
                let rule = self.rules.id(rule).to_owned();
                redactions.push(Redaction { rule, path: path.to_owned(), line });
            }
            line += lines(secret);
            copied = range.end;
        }
        out.push_str(&text[copied..]);
        out
    }
}

/// The texts of a request, in one order for reading and for rebuilding.
fn texts(ask: &Ask) -> impl Iterator<Item = &str> {
    let parts = ask.turns.iter().flat_map(|turn| &turn.parts).flat_map(|part| match part {
        Part::Text(text) => [Some(text.as_str()), None],
        Part::File { path, text } => [Some(path.as_str()), Some(text.as_str())],
    });
    std::iter::once(ask.system.as_str()).chain(parts.flatten())
}

/// Line ends in a text.
fn lines(text: &str) -> u32 {
    let ends = text.bytes().filter(|byte| *byte == b'\n').count();
    u32::try_from(ends).unwrap_or(u32::MAX)
}

/// Spans in order; those that overlap become one, by the rule of the first of them.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.range.start, std::cmp::Reverse(span.range.end)));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.range.start < last.range.end => {
                last.rule = last.rule.or(span.rule);
                last.range.end = last.range.end.max(span.range.end);
            }
            _ => merged.push(span),
        }
    }
    merged
}
