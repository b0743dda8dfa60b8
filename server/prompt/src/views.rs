//! How each place in a document is shown to the model: from which anchor, and how much of the text.
//!
//! A place that the engine has not read yet may be shown in a glance first, a prompt short enough to be read at once; the whole view is
//! read when nobody waits. From key to key a view stays what it is, or the KV cache would be of no use. Must not know what a cache holds.

use std::collections::{BTreeSet, VecDeque};

use model::{Request, SessionKey};

use crate::{Anchor, Builder, Hole, Tokens, View};

/// Views kept, of all documents. Each holds the text around its place, up to some 40 kB.
const MOST: usize = 24;

/// Lines typed behind an anchor after which it is time to move it; or half of the room that there is before it has to be moved.
const LINES: usize = 4;

/// How one place is shown.
#[derive(Debug)]
struct Place {
    session: SessionKey,
    anchor: Anchor,
    view: View,
}

/// Views, the newest first.
#[derive(Debug, Default)]
pub struct Views(VecDeque<Place>);

impl Views {
    /// How the place of `request` is shown now: the hole from its anchor, how much around it, and whether the anchor has stayed behind so
    /// far that it should be moved when nobody waits. `None` for a place that is new, or where so much was typed that the view no longer
    /// holds it.
    pub fn find<'r, T: Tokens>(
        &mut self,
        builder: &mut Builder<T>,
        request: &'r Request,
    ) -> Option<(Hole<'r>, View, bool)> {
        let own = |place: &Place| place.session == request.session;
        let (at, hole) = (0..self.0.len())
            .filter(|at| own(&self.0[*at]))
            .find_map(|at| Some((at, self.0[at].anchor.hole(request)?)))?;
        let place = self.0.remove(at)?;
        let filled = builder.fills(&hole);
        if filled > 1.0 {
            return None;
        }
        let view = place.view;
        self.0.push_front(place);
        let behind = hole.lines() >= LINES || filled > 0.5;
        Some((hole, view, behind))
    }

    /// From now on the place of `hole` is shown from there, in this view.
    pub fn put(&mut self, hole: &Hole<'_>, view: View) {
        self.0.truncate(MOST - 1);
        self.0.push_front(Place { session: hole.request.session, anchor: Anchor::of(hole), view });
    }

    /// Gives up the views of a closed document.
    pub fn forget(&mut self, session: SessionKey) {
        self.0.retain(|place| place.session != session);
    }

    /// Documents of which a view is kept.
    pub fn sessions(&self) -> usize {
        let sessions: BTreeSet<SessionKey> = self.0.iter().map(|place| place.session).collect();
        sessions.len()
    }
}
