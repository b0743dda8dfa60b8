//! Where the secrets of one text are: as it stands, and below what is commonly wrapped around them.
//!
//! Must not change a text: what is found in another form of it is reported where it stands in the text itself.

use std::ops::Range;

use super::{rules::Rules, views};

/// A secret's place, and the rule that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Find {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// Index of a rule.
    pub(super) rule: usize,
}

/// How many layers of base64 are taken off.
const LAYERS: u32 = 2;

/// Every find in a text, in no order; they may overlap.
pub(super) fn find(rules: &Rules, text: &str) -> Vec<Find> {
    let mut finds = Vec::new();
    rules.find(text, false, &mut finds);
    for view in views::of(text) {
        let mut seen = Vec::new();
        rules.find(&view.text, true, &mut seen);
        finds.extend(seen.into_iter().map(|find| Find { range: view.source(&find.range), rule: find.rule }));
    }
    below_base64(rules, text, LAYERS, &mut finds);
    finds
}

/// Adds each run of base64 that has a secret in it, whole: a placeholder within it would leave neither base64 nor the secret's place.
fn below_base64(rules: &Rules, text: &str, layers: u32, finds: &mut Vec<Find>) {
    for range in views::base64_runs(text) {
        let Some(decoded) = views::from_base64(&text[range.clone()]) else { continue };
        let mut below = Vec::new();
        rules.find(&decoded, true, &mut below);
        if below.is_empty() && layers > 1 {
            below_base64(rules, &decoded, layers - 1, &mut below);
        }
        if let Some(find) = below.first() {
            finds.push(Find { range, rule: find.rule });
        }
    }
}
