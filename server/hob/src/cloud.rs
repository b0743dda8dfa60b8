//! From what a person asks to an answer of a provider: the router's decision, the exact bytes, the person's consent, the answer as it comes.
//!
//! The window's part and the command line's are the same but for how a person is asked ([`Person`]). Must not send anything that was not
//! shown to be asked about, and must not decide: `assist::route` does, and the gateway enforces.

pub(crate) mod consent;
mod request;
mod words;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use assist::route::{self, Chosen, Decision, Local, World};
use config::Cloud;
use model::cloud::{Decided, Health, Prepared, Refused};

pub(crate) use request::{Request, Shown};
pub(crate) use words::{offer, page};

use crate::gateway::{Answer, Gateway};
use consent::Consents;

/// What a person says when asked whether something may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This time.
    Once,
    /// Whenever something is asked in this workspace.
    Workspace,
    /// Never in this workspace.
    Never,
    /// Let me see the bytes first.
    Show,
    /// Not this time.
    No,
}

/// Whoever can be asked.
pub(crate) trait Person {
    /// Asks whether this may be sent. `remembers`: whether there is a workspace to remember an answer by.
    async fn may_send(&mut self, offer: &str, remembers: bool) -> Verdict;

    /// Shows the bytes: a page of Markdown.
    async fn show(&mut self, page: String);
}

/// What a request is put together for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be sent.
    Send,
    /// To be looked at, and dropped.
    Show,
}

/// Where requests are put together.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    /// The line to the gateway.
    pub(crate) gateway: Gateway,
    /// The state folder: consents are there.
    pub(crate) state: PathBuf,
}

/// What surrounds a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    /// What holds here.
    pub(crate) policy: &'a Cloud,
    /// The folders that it is about.
    pub(crate) workspaces: &'a [PathBuf],
    /// The engine of this machine.
    pub(crate) local: Local,
}

/// A request that may be sent.
#[derive(Debug)]
pub(crate) struct Arranged {
    /// Why it goes where it goes.
    pub(crate) decision: Decision,
    /// Its bytes.
    pub(crate) prepared: Prepared,
    /// To be sent, or dropped.
    pub(crate) answer: Answer,
}

impl Desk {
    /// Decides about `request` and has its bytes made. Nothing is sent yet, and nobody was asked.
    pub(crate) async fn arrange(
        &self,
        request: &Request,
        around: Surroundings<'_>,
        purpose: Purpose,
    ) -> Result<Arranged, Refused> {
        let ask = request.ask();
        let policy = around.policy;
        let consents = Consents::read(&self.state).of(around.workspaces, &policy.providers);
        let mut world = World { consent: consents, local: around.local, ..World::default() };
        let mut errand = request.errand(BTreeMap::new());
        // A gateway is started only where what it knows can matter.
        if route::asks_gateway(&errand, policy, &world) {
            let mut snapshot = self.gateway.look(&policy.restriction(), Some(ask.clone())).await?;
            if purpose == Purpose::Show {
                // The bytes are the same without a key.
                for status in &mut snapshot.targets {
                    if matches!(status.health, Health::NoKey { .. }) {
                        status.health = Health::Ready;
                    }
                }
            }
            errand.secrets = snapshot.secrets.clone();
            let priced = snapshot.targets.iter();
            world.at_most =
                priced.filter_map(|status| Some((status.target.clone(), status.at_most?))).collect();
            world.gateway = Some(snapshot);
        }
        let decision = route::decide(&errand, policy, &world);
        let chain = match &decision.chosen {
            Chosen::Cloud { chain, .. } => chain.clone(),
            Chosen::Local { .. } | Chosen::Refused { .. } => return Err(declined(&decision.sentence())),
        };
        let decided = record(&decision)?;
        let workspace = around.workspaces.first().map(|folder| folder.to_string_lossy()).unwrap_or_default();
        let (prepared, answer) = self.gateway.prepare(&workspace, ask, chain, decided).await?;
        Ok(Arranged { decision, prepared, answer })
    }

    /// Asks `person` where that is needed, and has `arranged` sent. The answer is to be listened to.
    pub(crate) async fn send(
        &self,
        arranged: &Arranged,
        around: Surroundings<'_>,
        person: &mut impl Person,
    ) -> Result<(), Refused> {
        if matches!(arranged.decision.chosen, Chosen::Cloud { needs_consent: true, .. }) {
            self.agree(arranged, around, person).await?;
        }
        arranged.answer.send();
        Ok(())
    }

    /// Asks until the person has agreed, or has not.
    async fn agree(
        &self,
        arranged: &Arranged,
        around: Surroundings<'_>,
        person: &mut impl Person,
    ) -> Result<(), Refused> {
        let offer = offer(&arranged.prepared, around.policy);
        loop {
            match person.may_send(&offer, !around.workspaces.is_empty()).await {
                Verdict::Show => person.show(page(&arranged.prepared, &arranged.decision)).await,
                Verdict::Once => return Ok(()),
                Verdict::Workspace => {
                    let asked = |id: &str| {
                        arranged.prepared.previews.iter().any(|preview| preview.target.provider == id)
                    };
                    return self.remember(around, |consents, workspace| {
                        for provider in around.policy.providers.iter().filter(|provider| asked(&provider.id))
                        {
                            consents.grant(workspace, provider);
                        }
                    });
                }
                Verdict::Never => {
                    self.remember(around, Consents::refuse)?;
                    return Err(declined(
                        "nothing was sent, and nothing will be sent from this workspace (`hob cloud forget` asks anew)",
                    ));
                }
                Verdict::No => return Err(declined("nothing was sent")),
            }
        }
    }

    fn remember(
        &self,
        around: Surroundings<'_>,
        change: impl Fn(&mut Consents, &Path),
    ) -> Result<(), Refused> {
        let change = |consents: &mut Consents| {
            for workspace in around.workspaces {
                change(consents, workspace);
            }
        };
        Consents::change(&self.state, change).map_err(|error| {
            declined(&format!("nothing was sent, because that can't be remembered: {error:#}"))
        })
    }
}

/// For the ledger: why, and from which numbers.
fn record(decision: &Decision) -> Result<Decided, Refused> {
    let inputs = serde_json::to_string(&decision.facts)
        .map_err(|error| declined(&format!("the decision can't be recorded, so nothing is sent: {error}")))?;
    Ok(decision.record(inputs))
}

/// Nothing is sent, and nobody else is to be asked.
fn declined(why: &str) -> Refused {
    Refused { why: why.to_owned(), elsewhere: false }
}
