//! What the decoder reads when nobody waits: the whole view of a place that was only glanced at, from an anchor that has kept up.
//!
//! Must not answer anybody: the next question finds what was read, and if there is none it cost only time that nobody else wanted.

use std::time::{Duration, Instant};

use model::{Request, SessionKey};
use prompt::{Hole, View};

use super::{Decoder, End};

/// How long nobody has to have asked before something is read on suspicion: longer than between two keys, shorter than a look at what
/// was typed.
const CALM: Duration = Duration::from_millis(300);

/// What there is to read.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// The place that was asked about last, and since when it is calm; `None` if its view is good.
    wanted: Option<(Request, Instant)>,
    /// Tokens read for documents that have not asked since.
    read: Vec<(SessionKey, u32)>,
}

impl Idle {
    /// Notes the place that is being asked about, and whether there is a better view of it to read.
    pub(super) fn note(&mut self, request: &Request, unsettled: bool) {
        self.wanted = unsettled.then(|| (request.clone(), Instant::now()));
    }

    /// Notes that all there is to see at the place of `request` is being read for somebody.
    pub(super) fn is_read(&mut self, request: &Request) {
        let same = |wanted: &Request| {
            (wanted.session, &wanted.prefix, &wanted.suffix)
                == (request.session, &request.prefix, &request.suffix)
        };
        self.wanted.take_if(|(wanted, _)| same(wanted));
    }

    /// The tokens read for `session` since this was asked last.
    pub(super) fn account_for(&mut self, session: SessionKey) -> u32 {
        let found = self.read.iter().position(|(owner, _)| *owner == session);
        found.map_or(0, |at| self.read.swap_remove(at).1)
    }

    /// Gives up what concerns a closed document.
    pub(super) fn forget(&mut self, session: SessionKey) {
        self.wanted.take_if(|(request, _)| request.session == session);
        self.read.retain(|(owner, _)| *owner != session);
    }

    fn count(&mut self, session: SessionKey, tokens: u32) {
        let before = self.account_for(session);
        self.read.push((session, before + tokens));
    }
}

impl Decoder<'_> {
    /// When to call [`Self::settle`], if nobody asks before.
    pub(crate) fn calm_at(&self) -> Option<Instant> {
        self.idle.wanted.as_ref().map(|(_, since)| *since + CALM)
    }

    /// Says that an answer has just ended: the calm begins now.
    pub(crate) fn answered(&mut self) {
        if let Some((_, since)) = &mut self.idle.wanted {
            *since = Instant::now();
        }
    }

    /// Reads the whole view of the place that was asked about last, from the cursor's line. Stops soon after the interrupt is set; what
    /// was read until then is found by the next attempt.
    pub(crate) fn settle(&mut self) {
        let Some((request, _)) = self.idle.wanted.take() else { return };
        let hole = Hole::of(&request);
        let prompt = self.builder.build_view(&hole, View::Whole);
        let sequence = self.claim(request.session, &prompt.tokens);
        let mut evaluated = 0;
        let end = self.read(sequence, &prompt.tokens, &mut evaluated);
        self.idle.count(request.session, evaluated);
        match end {
            Ok(()) => self.views.put(&hole, View::Whole),
            Err(End::Stopped(_)) => self.idle.wanted = Some((request, Instant::now())),
            Err(End::Failed(error)) => {
                tracing::error!(%error, "what nobody asked for could not be read");
                self.reset();
            }
        }
    }
}
