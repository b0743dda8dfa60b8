//! Which target of a chain is asked next, and when.
//!
//! Must not ask: it looks at what came of the attempts so far.

use std::time::Duration;

use tokio::time::Instant;

use crate::{attempt::Call, breaker::Line};

/// While another target has not been asked, nobody waits longer than this for the same one.
const PATIENCE: Duration = Duration::from_secs(5);

/// One target of the chain, for one request.
pub(super) struct Leg<'a> {
    pub(super) call: &'a Call,
    pub(super) line: Line,
    /// Attempts that were made.
    pub(super) tries: u32,
    /// `false`: nothing would change by asking it again.
    pub(super) is_open: bool,
    /// It is asked again only after all others: it has cost too much time.
    pub(super) comes_last: bool,
    /// Not before this.
    pub(super) ready: Instant,
    /// Why it did not answer.
    pub(super) why: Option<String>,
}

impl<'a> Leg<'a> {
    pub(super) fn new(call: &'a Call, now: Instant) -> Self {
        let line = Line {
            provider: call.target.provider.clone(),
            origin: call.origin.clone(),
            model: call.target.model.clone(),
        };
        Self { call, line, tries: 0, is_open: true, comes_last: false, ready: now, why: None }
    }

    /// It is of no use for this request.
    pub(super) fn close(&mut self, why: String) {
        self.is_open = false;
        self.why = Some(why);
    }

    fn is_untried(&self) -> bool {
        self.is_open && self.tries == 0
    }
}

/// Which leg is next and from when, if any: the one just tried, where that is soon and leaves an attempt for each of the others; else
/// the next one that was not tried; else whichever is ready first. `left` attempts may be made, before `deadline`.
pub(super) fn next(
    legs: &[Leg<'_>],
    last: Option<usize>,
    left: u32,
    deadline: Instant,
    now: Instant,
) -> Option<(usize, Instant)> {
    if left == 0 || now >= deadline {
        return None;
    }
    let fits = |leg: &Leg<'_>| leg.is_open && leg.ready < deadline;
    let others = legs.iter().filter(|leg| leg.is_untried()).count();
    let at = match (legs.iter().position(Leg::is_untried), last) {
        (Some(untried), Some(last)) => {
            let leg = &legs[last];
            let is_soon = fits(leg) && !leg.comes_last && leg.ready <= now + PATIENCE;
            let leaves_enough = usize::try_from(left).is_ok_and(|left| left > others);
            if is_soon && leaves_enough { last } else { untried }
        }
        (Some(untried), None) => untried,
        (None, _) => (0..legs.len()).filter(|at| fits(&legs[*at])).min_by_key(|at| legs[*at].ready)?,
    };
    Some((at, legs[at].ready))
}

/// Why nobody answered: each target that was asked or left out, with its reason.
pub(super) fn reasons(legs: &[Leg<'_>]) -> String {
    let each = legs.iter().filter_map(|leg| Some(format!("{} {}", leg.call.target, leg.why.as_ref()?)));
    let each = each.collect::<Vec<_>>().join("; ");
    if each.is_empty() {
        "there was no time to ask anybody".into()
    } else {
        format!("nobody answered: {each}")
    }
}
