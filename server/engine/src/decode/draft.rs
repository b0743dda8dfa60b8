//! Tokens that are evaluated along with one that was chosen, and what became of them.
//!
//! Must not know where they come from, nor what pays: that is the mixture's and [`Drafting`]'s.

use prompt::Token;

use crate::drafting::Drafting;

/// Tokens that were evaluated before they were chosen: what comes next if the text repeats itself.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) tokens: Vec<Token>,
    /// How many of them were chosen since, and so the row of logits to choose by.
    pub(super) row: usize,
    /// How many tokens suggested them.
    pub(super) matched: usize,
}

impl Draft {
    /// As many of `next`, which a match of `matched` tokens suggests, as pay; at most `most`.
    pub(super) fn of(drafting: &mut Drafting, next: &[Token], matched: usize, most: usize) -> Self {
        let length = if most == 0 { 0 } else { drafting.length(matched).min(most).min(next.len()) };
        Self { tokens: next[..length].to_vec(), row: 0, matched }
    }

    /// Whether the token chosen is the drafted one: then it need not be evaluated.
    pub(super) fn confirm(&mut self, chosen: Token) -> bool {
        let right = self.tokens.get(self.row) == Some(&chosen);
        self.row += usize::from(right);
        right
    }

    /// What has been learned about the draft by a choice that `confirmed` its next token or did not; `None` if all of it was confirmed
    /// before.
    pub(super) fn verdict(&self, confirmed: bool) -> Option<bool> {
        (confirmed || self.row < self.tokens.len()).then_some(confirmed)
    }
}
