//! A request becomes the exact bytes for each provider of its chain, if the user's policy lets it.
//!
//! This is the enforcement: it does not matter what the window thought. Must not send, and must not look for a key.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use config::{
    Cloud, Destination, Globs, Mode, Provider, Secrets, Target, Usd,
    price::{self, Rate},
};
use model::cloud::{Ask, Decided, Prepared, Preview, Redaction, Refused};
use sha2::{Digest, Sha256};

use super::{never, now_ms};
use crate::{
    client,
    dialect::{self, KeyHeader, Outgoing},
    ledger::{Deciding, Ledger},
    redact::{Redacted, Redactor, Vault},
};

/// A request that may be sent.
pub(super) struct Ready {
    /// Its decision in the ledger.
    pub(super) decision: String,
    /// What is asked, without its secrets.
    pub(super) ask: Ask,
    /// Whom it goes to, in this order.
    pub(super) legs: Vec<Leg>,
    /// What its placeholders stand for.
    pub(super) vault: Vault,
}

/// The bytes for one provider, and what they may cost.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) target: Target,
    pub(super) provider: Provider,
    pub(super) outgoing: Outgoing,
    pub(super) sha256: String,
    pub(super) rate: Rate,
    pub(super) worst: Usd,
}

/// What a request is prepared with.
pub(super) struct Desk<'a> {
    pub(super) policy: &'a Cloud,
    pub(super) redactor: &'a Redactor,
    pub(super) ledger: &'a Arc<Mutex<Ledger>>,
    /// The day, UTC.
    pub(super) today: String,
}

impl Desk<'_> {
    /// Makes the bytes and writes the decision down.
    pub(super) fn prepare(
        &self,
        workspace: &str,
        ask: &Ask,
        chain: &[Target],
        decided: &Decided,
    ) -> Result<(Prepared, Ready), Refused> {
        self.admit(ask)?;
        let Redacted { ask, vault, redactions, hidden } = self.redactor.redact(ask);
        if self.policy.secrets == Secrets::Refuse && !redactions.is_empty() {
            return Err(never(&refused_secrets(&redactions)));
        }
        if chain.is_empty() {
            return Err(never("nobody was named who might answer"));
        }
        let legs: Vec<Leg> =
            chain.iter().map(|target| self.leg(&ask, target)).collect::<Result<_, Refused>>()?;
        let previews = legs.iter().map(|leg| self.preview(leg)).collect();
        let decision = {
            let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            let deciding = Deciding {
                task: ask.task,
                workspace,
                policy_sha256: &hexadecimal(format!("{:?}", self.policy).as_bytes()),
                chosen: &Destination::Cloud(chain[0].clone()),
                chain,
                redactions: &redactions,
                decided,
            };
            ledger.decide(&deciding, now_ms()).map_err(|error| never(&error.to_string()))?
        };
        let prepared = Prepared { decision: decision.clone(), previews, redactions, hidden };
        Ok((prepared, Ready { decision, ask, legs, vault }))
    }

    /// Refuses what never leaves, whoever asks.
    fn admit(&self, ask: &Ask) -> Result<(), Refused> {
        if self.policy.mode == Mode::LocalOnly {
            return Err(never("nothing leaves this machine: `cloud.mode` is \"local-only\""));
        }
        let never_globs = Globs::new(&self.policy.never)
            .map_err(|error| never(&format!("`cloud.never` can't be read, so nothing leaves: {error}")))?;
        for (path, _) in ask.files() {
            if config::is_private(path) {
                return Err(never(&format!(
                    "{path} never leaves this machine: by its name it holds secrets"
                )));
            }
            if never_globs.matches(path) {
                return Err(never(&format!("{path} never leaves this machine: `cloud.never` names it")));
            }
        }
        Ok(())
    }

    /// The bytes for `target`, if it keeps what the policy asks of it and its price is known.
    fn leg(&self, ask: &Ask, target: &Target) -> Result<Leg, Refused> {
        let provider = provider(self.policy, target)?;
        if !self.policy.may_reach(provider) {
            return Err(never(&format!(
                "{target} is not asked: `cloud.hosts` does not name {}, or it does not promise what `cloud.require_retention` and \
                 `cloud.require_regions` ask for",
                provider.host()
            )));
        }
        let rate = rate(self.policy, target, &self.today)?;
        let outgoing = dialect::outgoing(provider, &target.model, ask);
        let worst = worst(&rate, &outgoing, ask);
        Ok(Leg {
            target: target.clone(),
            provider: provider.clone(),
            sha256: hexadecimal(outgoing.body.as_bytes()),
            outgoing,
            rate,
            worst,
        })
    }

    fn preview(&self, leg: &Leg) -> Preview {
        let mut headers: Vec<(String, String)> =
            leg.outgoing.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        if let Some(source) = &leg.provider.key {
            let (name, before) = match dialect::key_header(leg.provider.dialect) {
                KeyHeader::Bearer => ("authorization", "Bearer "),
                KeyHeader::Plain(name) => (name, ""),
            };
            headers.push((name.to_owned(), format!("{before}<the key from {}>", place(source))));
        }
        headers.extend(client::added(&leg.outgoing));
        Preview {
            target: leg.target.clone(),
            url: leg.outgoing.url.clone(),
            headers,
            body: leg.outgoing.body.clone(),
            sha256: leg.sha256.clone(),
            input_tokens: price::most_tokens(&leg.outgoing.body),
            at_most: leg.worst,
            price_note: leg.rate.note(&self.today),
        }
    }
}

/// What `ask` costs at most at each provider that may be asked, and which secrets are in it.
pub(super) fn estimate(
    policy: &Cloud,
    redactor: &Redactor,
    ask: &Ask,
    today: &str,
) -> (BTreeMap<Target, Usd>, BTreeMap<String, u32>) {
    let Redacted { ask: redacted, redactions, .. } = redactor.redact(ask);
    let mut secrets = BTreeMap::new();
    for redaction in redactions {
        *secrets.entry(redaction.rule).or_default() += 1;
    }
    let cost = |target: Target| {
        let provider = provider(policy, &target).ok()?;
        let rate = rate(policy, &target, today).ok()?;
        let outgoing = dialect::outgoing(provider, &target.model, &redacted);
        Some((target, worst(&rate, &outgoing, &redacted)))
    };
    (policy.targets().filter_map(cost).collect(), secrets)
}

/// The provider of `target`, if the user's configuration has it and lets this model be used.
fn provider<'a>(policy: &'a Cloud, target: &Target) -> Result<&'a Provider, Refused> {
    policy
        .provider(&target.provider)
        .filter(|provider| provider.models.contains(&target.model))
        .ok_or_else(|| never(&format!("your configuration does not name {target}")))
}

/// The price of `target`. What has none is not asked.
pub(super) fn rate(policy: &Cloud, target: &Target, today: &str) -> Result<Rate, Refused> {
    let provider = provider(policy, target)?;
    price::rate(provider, &target.model, &policy.prices, today).ok_or_else(|| never(&price::unknown(target)))
}

fn worst(rate: &Rate, outgoing: &Outgoing, ask: &Ask) -> Usd {
    rate.worst_case(price::most_tokens(&outgoing.body), ask.max_tokens.into())
}

fn refused_secrets(redactions: &[Redaction]) -> String {
    let first = &redactions[0];
    let place = if first.path.is_empty() { "what you wrote" } else { &first.path };
    format!(
        "nothing was sent: {} secret(s) were found, the first in {place}, line {} ({}), and `cloud.secrets` is \"refuse\"",
        redactions.len(),
        first.line,
        first.rule
    )
}

/// Where a key is, in words.
fn place(source: &config::KeySource) -> String {
    match source {
        config::KeySource::Env(name) => format!("the environment variable {name}"),
        config::KeySource::Keyring(account) => format!("the keyring's {}/{account}", crate::keys::SERVICE),
        config::KeySource::File(path) => path.clone(),
    }
}

/// SHA-256, in hexadecimal.
fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` has no way to fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
