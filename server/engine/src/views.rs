//! How each place in a document is shown to the model: from which anchor, and how much of the text.
//!
//! A place that the engine has not read yet may be shown in a glance first, a prompt short enough to be read at once; the whole view is
//! read when nobody waits. From key to key a view stays what it is, or the KV cache would be of no use. Must not evaluate anything.

use std::collections::VecDeque;

use model::{Request, SessionKey};
use prompt::{Anchor, Builder, Hole, Tokens};

/// Views kept, of all documents. Each holds the text around its place, up to some 40 kB.
const MOST: usize = 24;

/// One way to show one place.
#[derive(Debug)]
struct View {
    session: SessionKey,
    anchor: Anchor,
    /// Tokens that the prompt and its answer may take.
    context: usize,
}

/// Views, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Views(VecDeque<View>);

impl Views {
    /// How the place of `request` is shown now: the hole from its anchor, and the tokens for the prompt. `None` for a place that is new,
    /// or where so much was typed that the view no longer holds it.
    pub(crate) fn find<'r, T: Tokens>(
        &mut self,
        builder: &mut Builder<T>,
        request: &'r Request,
    ) -> Option<(Hole<'r>, usize)> {
        let own = |view: &View| view.session == request.session;
        let (at, hole) = (0..self.0.len())
            .filter(|at| own(&self.0[*at]))
            .find_map(|at| Some((at, self.0[at].anchor.hole(request)?)))?;
        let view = self.0.remove(at)?;
        let context = view.context;
        if builder.fills(&hole, context) > 1.0 {
            return None;
        }
        self.0.push_front(view);
        Some((hole, context))
    }

    /// From now on the place of `hole` is shown from there, in prompts of `context` tokens.
    pub(crate) fn put(&mut self, hole: &Hole<'_>, context: usize) {
        self.0.truncate(MOST - 1);
        self.0.push_front(View { session: hole.request.session, anchor: Anchor::of(hole), context });
    }

    /// Gives up the views of a closed document.
    pub(crate) fn forget(&mut self, session: SessionKey) {
        self.0.retain(|view| view.session != session);
    }
}

/// Whether the anchor has stayed behind so far that it should be moved when nobody waits: by some lines, or by half of the room that
/// there is before it has to be moved.
pub(crate) fn is_behind<T: Tokens>(builder: &mut Builder<T>, hole: &Hole<'_>, context: usize) -> bool {
    const LINES: usize = 4;
    hole.lines() >= LINES || builder.fills(hole, context) > 0.5
}
