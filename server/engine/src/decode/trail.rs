//! The logits inside the word that is being typed.
//!
//! Healing takes the word at the cursor back and has it said again, at each of its letters. The prompt is the same each time and so are the
//! first tokens said, all but the last; their logits were computed at the letter before. Must not hold more than a word's: a token's logits are as many numbers as
//! there are tokens.

use prompt::Token;

/// Tokens of a word whose logits are kept.
const MOST: usize = 4;

/// What was said after one prompt before healing was done, and the logits after each token of it.
#[derive(Debug, Default)]
pub(super) struct Trail {
    prompt: Vec<Token>,
    said: Vec<(Token, Box<[f32]>)>,
}

impl Trail {
    /// Begins an answer to `prompt`; what was said after another is forgotten.
    pub(super) fn begin(&mut self, prompt: &[Token]) {
        if self.prompt != prompt {
            self.prompt = prompt.to_vec();
            self.said.clear();
        }
    }

    /// The logits after `said`, if they are known.
    pub(super) fn after(&self, said: &[Token]) -> Option<&[f32]> {
        let same = said.len() <= self.said.len()
            && self.said.iter().zip(said).all(|(known, token)| known.0 == *token);
        let last = said.len().checked_sub(1).filter(|_| same)?;
        self.said.get(last).map(|(_, logits)| logits.as_ref())
    }

    /// Whether so many tokens are known.
    #[cfg(test)]
    pub(super) fn knows(&self, tokens: usize) -> bool {
        self.said.len() >= tokens
    }

    /// Notes the logits after `said`, if those after all but its last token are known.
    pub(super) fn note(&mut self, said: &[Token], logits: &[f32]) {
        let Some((last, before)) = said.split_last() else { return };
        let follows = before.is_empty() || self.after(before).is_some();
        if follows && said.len() <= MOST {
            self.said.truncate(before.len());
            self.said.push((*last, logits.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(numbers: &[i32]) -> Vec<Token> {
        numbers.iter().copied().map(Token).collect()
    }

    #[test]
    fn what_was_said_is_known_as_long_as_the_prompt_is_the_same() {
        let mut trail = Trail::default();
        trail.begin(&tokens(&[1, 2]));
        trail.note(&tokens(&[7]), &[0.5]);
        trail.note(&tokens(&[7, 8]), &[0.25]);
        assert_eq!(trail.after(&tokens(&[7, 8])), Some([0.25].as_slice()));
        assert_eq!(trail.after(&tokens(&[7])), Some([0.5].as_slice()));
        assert_eq!((trail.after(&tokens(&[8])), trail.after(&[])), (None, None));

        trail.begin(&tokens(&[1, 2]));
        trail.note(&tokens(&[7, 9]), &[0.125]);
        assert_eq!(trail.after(&tokens(&[7, 8])), None, "another word now");
        trail.note(&tokens(&[6, 9]), &[0.0]);
        assert_eq!(trail.after(&tokens(&[6, 9])), None, "nobody knows what came before");
        trail.begin(&tokens(&[1, 3]));
        assert_eq!(trail.after(&tokens(&[7])), None);
    }
}
