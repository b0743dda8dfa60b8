//! Where the last answer could have gone on otherwise: at each of its tokens the next best, and how likely the whole is up to there.
//!
//! Alternatives begin there. It is noted while an answer is decoded, because the distributions are gone afterwards, and to ask the model for
//! them again takes as long as the answer took. Must not evaluate anything.

use model::{Asking, Kind, Request, Stop};
use prompt::{Healing, Prompt, Token};

use crate::mixture::{Begun, Choice, RIVALS};

/// A branch less probable than this (1 in 1000) is no reading of the place, but what is left over where the model is sure.
const LEAST: f64 = 1e-3;

/// One answer's choices.
#[derive(Debug, Default)]
pub(super) struct Crossroads {
    /// What was answered.
    question: Option<Question>,
    steps: Vec<Step>,
    /// How it ended; `None` if it was stopped, or has not ended.
    end: Option<Stop>,
    /// Whether what is decoded now is that answer.
    noting: bool,
}

/// What the model was shown and how it was asked.
#[derive(Debug, PartialEq)]
struct Question {
    tokens: Vec<Token>,
    healing: Healing,
    asking: Asking,
    single_line: bool,
    max_tokens: u32,
}

impl Question {
    fn new(prompt: &Prompt, request: &Request) -> Self {
        Self {
            tokens: prompt.tokens.clone(),
            healing: prompt.healing.clone(),
            asking: request.asking,
            single_line: request.single_line,
            max_tokens: request.max_tokens,
        }
    }
}

#[derive(Debug)]
struct Step {
    said: Option<Token>,
    logprob: f64,
    rivals: [Rival; RIVALS],
}

#[derive(Debug)]
struct Rival {
    token: Option<Token>,
    logprob: f64,
    begun: Begun,
}

/// A way that the answer did not take.
#[derive(Debug)]
pub(super) struct Branch {
    /// Tokens that it shares with the answer.
    pub(super) depth: usize,
    /// What comes next; `None`: the end.
    pub(super) token: Option<Token>,
    /// The logarithm of how probable all of that is together.
    pub(super) logprob: f64,
    /// For the mixture.
    pub(super) begun: Begun,
}

impl Crossroads {
    /// An answer to `request` is decoded from now on. What is decoded ahead of it is not noted: that on screen stays known.
    pub(super) fn begin(&mut self, prompt: &Prompt, request: &Request) {
        self.noting = request.kind != Kind::Ahead;
        if self.noting {
            (self.question, self.end) = (Some(Question::new(prompt, request)), None);
            self.steps.clear();
        }
    }

    /// Notes a choice; `begun_by` says what of the mixture goes with each token that might have been said.
    pub(super) fn note(&mut self, choice: Choice, begun_by: impl Fn(Token) -> Begun) {
        if self.noting {
            let rivals = choice.rivals.map(|(token, logprob)| {
                let begun = token.filter(|_| logprob.is_finite()).map(&begun_by).unwrap_or_default();
                Rival { token, logprob, begun }
            });
            self.steps.push(Step { said: choice.token, logprob: choice.logprob, rivals });
        }
    }

    /// The answer has ended; `None`: it was stopped.
    pub(super) fn end(&mut self, stop: Option<Stop>) {
        if self.noting {
            self.end = stop;
        }
    }

    /// Whether it was the answer to `request` that was noted, and all of it that matters: a block is stopped by whoever has enough of it, a
    /// line never is.
    pub(super) fn lead_from(&self, prompt: &Prompt, request: &Request) -> bool {
        let whole = self.end.is_some() || !request.single_line;
        whole && self.question.as_ref() == Some(&Question::new(prompt, request))
    }

    /// The tokens that were said.
    pub(super) fn said(&self) -> impl Iterator<Item = Token> {
        self.steps.iter().map_while(|step| step.said)
    }

    /// The ways that were not taken, the likeliest first; of equals the earliest.
    pub(super) fn branches(&self) -> Vec<Branch> {
        let mut before = 0.0;
        let mut branches = Vec::new();
        for (depth, step) in self.steps.iter().enumerate() {
            branches.extend(step.rivals.iter().map(|rival| Branch {
                depth,
                token: rival.token,
                logprob: before + rival.logprob,
                begun: rival.begun.clone(),
            }));
            before += step.logprob;
        }
        branches.retain(|branch| branch.logprob > LEAST.ln());
        branches.sort_by(|one, other| other.logprob.total_cmp(&one.logprob));
        branches
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// A choice of tokens by number; -1 is the end.
    fn choice(said: i32, probability: f64, rivals: [(i32, f64); RIVALS]) -> Choice {
        let token = |number: i32| (number >= 0).then_some(Token(number));
        Choice {
            token: token(said),
            logprob: probability.ln(),
            margin: 0.0,
            rivals: rivals.map(|(rival, probability)| (token(rival), probability.ln())),
        }
    }

    fn check(choices: &[Choice], expected: &Expect) {
        let mut crossroads = Crossroads { noting: true, ..Crossroads::default() };
        for choice in choices {
            crossroads.note(*choice, |_| Begun::new());
        }
        let show = |branch: Branch| {
            let next = branch.token.map_or("end".to_owned(), |token| token.0.to_string());
            format!("{}:{next} {:.1} %", branch.depth, branch.logprob.exp() * 100.0)
        };
        expected.assert_eq(&crossroads.branches().into_iter().map(show).collect::<Vec<_>>().join(", "));
    }

    #[test]
    fn the_likeliest_branch_is_where_the_model_hesitates() {
        check(
            &[
                choice(1, 0.98, [(2, 0.01), (3, 0.005)]),
                choice(4, 0.5, [(5, 0.4), (-1, 0.05)]),
                choice(6, 0.9, [(7, 0.06), (8, 0.0)]),
            ],
            &expect!["1:5 39.2 %, 1:end 4.9 %, 2:7 2.9 %, 0:2 1.0 %, 0:3 0.5 %"],
        );
    }

    #[test]
    fn where_the_model_is_sure_there_is_no_other_way() {
        check(
            &[choice(1, 0.9999, [(2, 0.0001), (3, 0.0)]), choice(-1, 1.0, [(4, 0.0), (5, 0.0)])],
            &expect![""],
        );
    }
}
