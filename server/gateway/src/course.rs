//! The course of a request along its chain: the only place that tries again or somewhere else.
//!
//! Up to the first text another attempt may be made, within one deadline and one count for the whole chain; from then on what is
//! there stays, and an answer that breaks off is marked. No attempt without a reservation, none reserved that is not settled. Must not
//! know a protocol, a price or a window.

use std::{
    future::Future,
    hash::{BuildHasher, Hasher, RandomState},
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use config::{Limits, Target, Usd};
use model::cloud::{Answered, Ending, Health, Refused};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};

use self::{
    legs::Leg,
    verdict::{Again, Blames, Verdict},
};
use crate::{
    attempt::{Call, Facts, Fault, Phase, Terms, attempt},
    breaker::{Breakers, Failure, Permit, pause},
    transport::Transport,
};

mod legs;
mod verdict;

/// What is said of a request on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The next piece of the answer; whole characters.
    Text(String),
    /// Another destination is tried, before any text.
    Turned {
        /// Where to.
        to: Target,
        /// Why.
        why: String,
    },
}

/// What a machine knows that a test wants to choose. The monotonic clock is tokio's.
pub trait Clock: Sync {
    /// The date, for what providers give as dates.
    fn today(&self) -> SystemTime;

    /// From 0 to 1, at random.
    fn jitter(&self) -> f64;
}

/// This machine's date and chance.
#[derive(Debug, Clone, Copy)]
pub struct Machine;

impl Clock for Machine {
    fn today(&self) -> SystemTime {
        SystemTime::now()
    }

    fn jitter(&self) -> f64 {
        // Its keys are random; nothing here needs more than that those who failed together come back apart.
        let random = RandomState::new().build_hasher().finish();
        f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}

/// What an attempt cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// How much.
    pub amount: Usd,
    /// Whether the provider did not say, so that it was reckoned.
    pub estimated: bool,
}

/// How an attempt ended, as far as money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Answered,
    /// With the beginning of one.
    Partial,
    /// Before any text.
    Failed,
    /// Because the user took it back.
    Cancelled,
}

/// An attempt that is over.
#[derive(Debug)]
pub struct Attempted<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// What is known of it.
    pub facts: &'a Facts,
    /// How long it took.
    pub total: Duration,
    /// What went wrong, if something did.
    pub fault: Option<&'a Fault>,
}

impl<'a> Attempted<'a> {
    fn new(result: &'a Result<Ending, Fault>, facts: &'a Facts, total: Duration) -> Self {
        let outcome = match result {
            Ok(Ending::Cancelled) => Outcome::Cancelled,
            Ok(_) => Outcome::Answered,
            Err(_) if facts.text_bytes > 0 => Outcome::Partial,
            Err(_) => Outcome::Failed,
        };
        Self { outcome, facts, total, fault: result.as_ref().err() }
    }

    /// Whether it is certain that the provider has not seen the request, so that it can't have charged for it.
    pub fn is_unseen(&self) -> bool {
        self.facts.phase == Phase::Connect
    }
}

/// Who holds the money. A reservation is written down before anything is sent.
pub trait Meter: Send {
    /// A reservation; dropped without being settled, it counts as spent.
    type Reservation: Send;

    /// Sets aside what attempt `number` (from 1) at `target` costs at most. Where the refusal's `elsewhere` is false, nothing else is
    /// tried either.
    fn reserve(
        &mut self,
        number: u32,
        target: &Target,
    ) -> impl Future<Output = Result<Self::Reservation, Refused>> + Send;

    /// Says what came of it; what it cost.
    fn settle(
        &mut self,
        reservation: Self::Reservation,
        attempted: Attempted<'_>,
    ) -> impl Future<Output = Cost> + Send;
}

/// What all requests share.
pub struct Roads<'a, T, C> {
    /// Opens connections.
    pub transport: &'a T,
    /// What is known of each line's health.
    pub breakers: &'a Arc<Breakers>,
    /// The date and chance.
    pub clock: &'a C,
    /// How long everything may take, and how often.
    pub limits: &'a Limits,
}

impl<T: Transport, C: Clock> Roads<'_, T, C> {
    /// Asks the chain's targets until one answers. `said` gets text and turns; dropping its receiver cancels, and so does `cancelled`,
    /// which closes the socket and settles. Don't cancel by dropping the future: nobody would settle.
    pub async fn travel(
        &self,
        chain: &[Call],
        meter: &mut impl Meter,
        said: &mpsc::Sender<Said>,
        cancelled: impl Future<Output = ()> + Send,
    ) -> Result<Answered, Refused> {
        let began = Instant::now();
        let terms =
            Terms { limits: self.limits, deadline: began + self.limits.total, clock: self.clock, said };
        let mut cancelled = pin!(async {
            tokio::select! { () = cancelled => {}, () = said.closed() => {} }
        });
        let mut legs: Vec<_> = chain.iter().map(|call| Leg::new(call, began)).collect();
        let mut trip = Trip { began, attempts: 0, cost: Cost::default() };
        let mut last = None;
        loop {
            let left = self.limits.attempts.saturating_sub(trip.attempts);
            let Some((at, ready)) = legs::next(&legs, last, left, terms.deadline, Instant::now()) else {
                return Err(Refused { why: legs::reasons(&legs), elsewhere: true });
            };
            let turned = last.filter(|last| *last != at).map(|last| Said::Turned {
                to: legs[at].call.target.clone(),
                why: legs[last].why.clone().unwrap_or_default(),
            });
            let leg = &mut legs[at];
            last = Some(at);
            let is_cancelled = tokio::select! {
                biased;
                () = &mut cancelled => true,
                () = announce(said, turned, ready, terms.deadline) => false,
            };
            if is_cancelled {
                return Ok(trip.over(leg.call, Ending::Cancelled, &Facts::default()));
            }
            let permit = match self.breakers.admit(&leg.line, Instant::now().into_std()) {
                Ok(permit) => permit,
                Err(health) => {
                    leg.close(resting(&health));
                    continue;
                }
            };
            let reservation = match meter.reserve(trip.attempts + 1, &leg.call.target).await {
                Ok(reservation) => reservation,
                Err(refused) if refused.elsewhere => {
                    leg.close(refused.why);
                    continue;
                }
                Err(refused) => return Err(refused),
            };
            trip.attempts += 1;
            leg.tries += 1;
            let mut facts = Facts::default();
            let set_out = Instant::now();
            let result = tokio::select! {
                biased;
                () = &mut cancelled => Ok(Ending::Cancelled),
                result = attempt(self.transport, leg.call, &terms, &mut facts) => result,
            };
            let attempted = Attempted::new(&result, &facts, set_out.elapsed());
            trip.pay(meter.settle(reservation, attempted).await);
            facts.first = facts.first.map(|first| set_out - began + first);
            match result {
                Ok(ending) => {
                    if ending != Ending::Cancelled {
                        permit.succeeded(Instant::now().into_std());
                    }
                    return Ok(trip.over(leg.call, ending, &facts));
                }
                Err(fault) => self.judge(leg, permit, &fault, facts.retry_after),
            }
            if facts.text_bytes > 0 {
                let why = leg.why.take().unwrap_or_default();
                return Ok(trip.over(leg.call, Ending::Truncated { why }, &facts));
            }
        }
    }

    /// Notes what a fault means for the line's health and for the rest of this request.
    fn judge(&self, leg: &mut Leg<'_>, permit: Permit, fault: &Fault, retry_after: Option<Duration>) {
        let now = Instant::now();
        let verdict = Verdict::on(fault);
        let why = fault.to_string();
        match verdict.blames {
            Blames::Provider => {
                let failure = Failure { why: why.clone(), is_limit: verdict.is_limit, retry_after };
                permit.failed(&failure, now.into_std(), self.clock.jitter());
            }
            Blames::Key => {
                permit.key_refused(&format!(
                    "{why}. It is asked again once its key or the configuration changes"
                ));
            }
            Blames::Request => drop(permit),
        }
        leg.is_open = verdict.again != Again::Never;
        leg.comes_last = verdict.again == Again::AfterOthers;
        leg.ready = now + retry_after.unwrap_or_else(|| pause(leg.tries - 1, self.clock.jitter()));
        if let Health::Resting { for_ms, .. } = self.breakers.health(&leg.line, now.into_std()) {
            leg.ready = leg.ready.max(now + Duration::from_millis(for_ms));
        }
        leg.why = Some(why);
    }
}

/// What a request has used up so far.
struct Trip {
    began: Instant,
    attempts: u32,
    cost: Cost,
}

impl Trip {
    fn pay(&mut self, cost: Cost) {
        self.cost.amount = self.cost.amount.plus(cost.amount);
        self.cost.estimated |= cost.estimated;
    }

    fn over(&self, call: &Call, ending: Ending, facts: &Facts) -> Answered {
        Answered {
            by: call.target.clone(),
            ending,
            tokens: facts.tokens,
            cost: self.cost.amount,
            estimated: self.cost.estimated,
            first_ms: facts.first.map(milliseconds),
            total_ms: milliseconds(self.began.elapsed()),
        }
    }
}

/// Says that another target is tried, and waits until it may be.
async fn announce(said: &mpsc::Sender<Said>, turned: Option<Said>, ready: Instant, deadline: Instant) {
    if let Some(turned) = turned {
        // Nobody who reads slowly, or not at all, holds this up for longer than a request may take.
        let _ = timeout_at(deadline, said.send(turned)).await;
    }
    sleep_until(ready).await;
}

fn resting(health: &Health) -> String {
    match health {
        Health::Resting { for_ms, why } => {
            format!("{why}; it is asked again in {} s", for_ms.div_ceil(1000))
        }
        Health::NoKey { why } => why.clone(),
        Health::Ready | Health::Probing => String::new(),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
