//! Whether a model at a provider is worth asking just now: learnt from requests that users made, never from ones of its own.
//!
//! Must not look at a clock, wait or send: the time and the jitter are arguments, so that every history can be replayed.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use model::cloud::Health;

/// Failures in the last minute weigh; what is older is forgotten.
const WINDOW: Duration = Duration::from_mins(1);
/// With fewer calls than this in the window, a share says nothing.
const FEWEST: usize = 5;
/// So many failures in a row need no share.
const IN_A_ROW: u32 = 3;
/// No pause of our own choosing is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// More results than this are not kept; a minute has no more of one user's.
const KEPT: usize = 256;

/// What fails and recovers as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The provider's id: two accounts at one host are two.
    pub provider: String,
    /// Scheme, host and port.
    pub origin: String,
    /// The model.
    pub model: String,
}

/// A failure that says something about the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened, for people.
    pub why: String,
    /// Whether it asks for a pause by itself: one such is enough.
    pub is_limit: bool,
    /// How long the provider asks for; kept to exactly.
    pub retry_after: Option<Duration>,
}

/// The pause after the `before` + 1st failure in a row: 1, 2, 4 … 60 seconds, of which `jitter` (0 to 1) takes off up to a quarter, so
/// that those who failed together don't come back together.
pub(crate) fn pause(before: u32, jitter: f64) -> Duration {
    let whole = Duration::from_secs(1 << before.min(6)).min(LONGEST_PAUSE);
    whole.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0)
}

/// The state of one line.
#[derive(Debug, Clone, Default)]
struct Breaker {
    state: State,
    /// Results of the last minute while closed: when, and whether it failed.
    results: VecDeque<(Instant, bool)>,
    failures_in_a_row: u32,
    /// How often it opened since something succeeded.
    opened: u32,
    /// Numbers for probes, so that only the probe's own result counts.
    probes: u64,
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Instant,
        why: String,
    },
    HalfOpen {
        /// The one request on its way.
        probe: Option<u64>,
    },
    NoKey {
        why: String,
    },
}

/// How a request was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admitted {
    Freely,
    AsProbe(u64),
}

impl Breaker {
    fn wake(&mut self, now: Instant) {
        if matches!(self.state, State::Open { until, .. } if until <= now) {
            self.state = State::HalfOpen { probe: None };
        }
    }

    fn health(&self, now: Instant) -> Health {
        match &self.state {
            State::Closed => Health::Ready,
            State::Open { until, .. } if *until <= now => Health::Probing,
            State::Open { until, why } => {
                let left = until.saturating_duration_since(now).as_micros().div_ceil(1000);
                Health::Resting { for_ms: u64::try_from(left).unwrap_or(u64::MAX), why: why.clone() }
            }
            State::HalfOpen { probe: None } => Health::Probing,
            State::HalfOpen { probe: Some(_) } => Health::Resting {
                for_ms: 1000,
                why: "another request is just trying whether it answers again".into(),
            },
            State::NoKey { why } => Health::NoKey { why: why.clone() },
        }
    }

    fn admit(&mut self, now: Instant) -> Result<Admitted, Health> {
        self.wake(now);
        match &mut self.state {
            State::Closed => Ok(Admitted::Freely),
            State::HalfOpen { probe: probe @ None } => {
                self.probes += 1;
                *probe = Some(self.probes);
                Ok(Admitted::AsProbe(self.probes))
            }
            _ => Err(self.health(now)),
        }
    }

    fn is_probe(&self, admitted: Admitted) -> bool {
        matches!((&self.state, admitted), (State::HalfOpen { probe: Some(one) }, Admitted::AsProbe(other)) if *one == other)
    }

    fn succeeded(&mut self, admitted: Admitted, now: Instant) {
        if self.is_probe(admitted) {
            *self = Self { probes: self.probes, ..Self::default() };
        } else if matches!(self.state, State::Closed) {
            self.failures_in_a_row = 0;
            self.opened = 0;
            self.note(now, false);
        }
    }

    fn failed(&mut self, admitted: Admitted, failure: &Failure, now: Instant, jitter: f64) {
        let opens = match &self.state {
            State::NoKey { .. } => return,
            State::Closed => {
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.note(now, true);
                let failed = self.results.iter().filter(|(_, failed)| *failed).count();
                let is_most = self.results.len() >= FEWEST && failed * 2 > self.results.len();
                is_most
                    || self.failures_in_a_row >= IN_A_ROW
                    || failure.is_limit
                    || failure.retry_after.is_some()
            }
            // What set out before it opened has nothing to add, but for a wish of the provider.
            State::Open { .. } => failure.retry_after.is_some(),
            State::HalfOpen { .. } => self.is_probe(admitted) || failure.retry_after.is_some(),
        };
        if opens {
            self.open(failure, now, jitter);
        }
    }

    fn open(&mut self, failure: &Failure, now: Instant, jitter: f64) {
        let wait = failure.retry_after.unwrap_or_else(|| pause(self.opened, jitter));
        let mut until = now + wait;
        if let State::Open { until: before, .. } = self.state {
            until = until.max(before);
        }
        self.opened = self.opened.saturating_add(1);
        self.failures_in_a_row = 0;
        self.results.clear();
        self.state = State::Open { until, why: failure.why.clone() };
    }

    /// The request said nothing about the provider: it was cancelled, or wrong itself.
    fn forgotten(&mut self, admitted: Admitted) {
        if self.is_probe(admitted) {
            self.state = State::HalfOpen { probe: None };
        }
    }

    fn note(&mut self, now: Instant, failed: bool) {
        self.results.push_back((now, failed));
        while self.results.len() > KEPT || self.results.front().is_some_and(|(at, _)| *at + WINDOW < now) {
            self.results.pop_front();
        }
    }
}

/// The breakers of all lines, shared by all requests of a gateway.
#[derive(Debug, Default)]
pub struct Breakers {
    lines: Mutex<BTreeMap<Line, Breaker>>,
}

impl Breakers {
    /// Whether a request to `line` could be made.
    pub fn health(&self, line: &Line, now: Instant) -> Health {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(line).map_or(Health::Ready, |breaker| breaker.health(now))
    }

    /// Lets a user's request through, or says why not. Whoever drops the permit without a result has said nothing.
    pub fn admit(self: &Arc<Self>, line: &Line, now: Instant) -> Result<Permit, Health> {
        let admitted = self.with(line, |breaker| breaker.admit(now))?;
        Ok(Permit { breakers: Arc::clone(self), line: line.clone(), admitted })
    }

    /// There is no key for `line`, or the provider does not take it: until [`Self::keys_changed`]. `why` says what to do.
    pub fn no_key(&self, line: &Line, why: &str) {
        self.with(line, |breaker| breaker.state = State::NoKey { why: why.into() });
    }

    /// A key or the configuration was changed: what waited for that is tried again.
    pub fn keys_changed(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, breaker| !matches!(breaker.state, State::NoKey { .. }));
    }

    fn with<T>(&self, line: &Line, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        act(lines.entry(line.clone()).or_default())
    }
}

/// Leave for one request.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once lets nothing through"]
pub struct Permit {
    breakers: Arc<Breakers>,
    line: Line,
    admitted: Admitted,
}

impl Permit {
    /// The provider answered.
    pub fn succeeded(self, now: Instant) {
        self.breakers.with(&self.line, |breaker| breaker.succeeded(self.admitted, now));
    }

    /// The provider failed. `jitter` is from 0 to 1.
    pub fn failed(self, failure: &Failure, now: Instant, jitter: f64) {
        self.breakers.with(&self.line, |breaker| breaker.failed(self.admitted, failure, now, jitter));
    }

    /// The provider does not take the key.
    pub fn key_refused(self, why: &str) {
        self.breakers.no_key(&self.line, why);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.breakers.with(&self.line, |breaker| breaker.forgotten(self.admitted));
    }
}

#[cfg(test)]
mod tests;
