//! The ledger as the course of a request sees it: what an attempt may cost is set aside before it, and what it did cost is booked after.
//!
//! Must not send, and must not let a request go on whose money could not be written down.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use config::{Budget, Target};
use model::cloud::Refused;
use tokio::task::spawn_blocking;

use super::{never, now_ms, prepare::Leg};
use crate::{
    attempt,
    course::{self, Attempted, Cost},
    ledger::{self, Attempting, Charge, Ledger, Reservation, ReserveError, Settled, charge},
};

/// The money that all requests share.
pub(super) struct Purse {
    pub(super) ledger: Arc<Mutex<Ledger>>,
    pub(super) budget: Budget,
}

impl Purse {
    /// For one request.
    pub(super) fn meter(self, decision: String, legs: &[Leg]) -> Meter {
        let legs = legs.iter().map(|leg| (leg.target.clone(), leg.clone())).collect();
        Meter { purse: self, decision, legs }
    }
}

/// The money of one request.
pub(super) struct Meter {
    purse: Purse,
    decision: String,
    legs: HashMap<Target, Leg>,
}

/// What was set aside, and for whom.
pub(super) struct Held {
    reservation: Reservation,
    target: Target,
}

impl course::Meter for Meter {
    type Reservation = Held;

    async fn reserve(&mut self, number: u32, target: &Target) -> Result<Held, Refused> {
        let leg = self.legs.get(target).cloned().ok_or_else(|| never("that was not prepared"))?;
        let (ledger, budget) = (Arc::clone(&self.purse.ledger), self.purse.budget);
        let (decision, target) = (self.decision.clone(), target.clone());
        let held = target.clone();
        let reserved = spawn_blocking(move || {
            let attempting = Attempting {
                decision: &decision,
                number,
                target: &target,
                rate: &leg.rate,
                worst: leg.worst,
                body_bytes: u64::try_from(leg.outgoing.body.len()).unwrap_or(u64::MAX),
                body_sha256: &leg.sha256,
            };
            ledger.lock().unwrap_or_else(PoisonError::into_inner).reserve(&attempting, &budget, now_ms())
        });
        match reserved.await {
            Ok(Ok(reservation)) => Ok(Held { reservation, target: held }),
            // A cheaper one may still fit.
            Ok(Err(ReserveError::Refused(refusal))) => {
                Err(Refused { why: refusal.to_string(), elsewhere: true })
            }
            Ok(Err(error)) => Err(never(&error.to_string())),
            Err(_) => Err(never("the ledger could not be written")),
        }
    }

    async fn settle(&mut self, held: Held, attempted: Attempted<'_>) -> Cost {
        let Held { reservation, target } = held;
        let Some(leg) = self.legs.get(&target) else { return Cost::default() };
        let facts = attempted.facts;
        let charge = if is_unpaid(&attempted) {
            Charge::nothing()
        } else {
            let sent = u64::try_from(leg.outgoing.body.len()).unwrap_or(u64::MAX);
            let is_final = facts.phase == attempt::Phase::End;
            charge(&leg.rate, sent, facts.text_bytes, facts.tokens, is_final)
        };
        let (outcome, phase) = (outcome(attempted.outcome), phase(facts.phase));
        let (status, request_id) = (facts.status, facts.provider_request.clone());
        let first_ms = facts.first.map(milliseconds);
        let total_ms = milliseconds(attempted.total);
        let ledger = Arc::clone(&self.purse.ledger);
        let settled = spawn_blocking(move || {
            let settled = Settled {
                outcome,
                phase,
                http_status: status,
                request_id: request_id.as_deref(),
                charge,
                first_ms,
                total_ms,
            };
            ledger.lock().unwrap_or_else(PoisonError::into_inner).settle(reservation, &settled, now_ms())
        });
        // What can't be settled goes on counting in full.
        match settled.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "what a request cost can't be written down"),
            Err(error) => tracing::error!(%error, "what a request cost can't be written down"),
        }
        Cost { amount: charge.cost, estimated: charge.counted == ledger::Counted::Estimated }
    }
}

/// Whether a provider takes nothing for it: it has not seen the request, or answered with an error in place of an answer.
fn is_unpaid(attempted: &Attempted<'_>) -> bool {
    let is_error = attempted.facts.status.is_some_and(|status| !(200..300).contains(&status));
    attempted.is_unseen() || is_error
}

fn outcome(outcome: course::Outcome) -> ledger::Outcome {
    match outcome {
        course::Outcome::Answered => ledger::Outcome::Ok,
        course::Outcome::Partial => ledger::Outcome::Partial,
        course::Outcome::Failed => ledger::Outcome::FailedBeforeTokens,
        course::Outcome::Cancelled => ledger::Outcome::Cancelled,
    }
}

fn phase(phase: attempt::Phase) -> ledger::Phase {
    match phase {
        attempt::Phase::Connect => ledger::Phase::Connecting,
        attempt::Phase::Headers | attempt::Phase::FirstToken => ledger::Phase::Waiting,
        attempt::Phase::Stream => ledger::Phase::Streaming,
        attempt::Phase::End => ledger::Phase::Ended,
    }
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
