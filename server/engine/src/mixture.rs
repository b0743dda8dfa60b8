//! What to say next: the model's distribution, made one over what a person sees, and mixed with the n-grams of the text around.
//!
//! A vocabulary spells one text in many ways: `);` may be one token or two, and with the line break after it a third. Where the rest of
//! a line is asked for, the tokens that hold a line break are counted as what they show: `);⏎` as `)`, then `;`, then the end. Without
//! that, an end that the model is sure of loses against a token that is not the end.
//!
//! Must not evaluate anything, and must not know documents: tokens in, a token out.

mod calibration;
mod exponential;
mod ngrams;

use model::{Request, WorkspaceKey};
use prompt::{Fim, Healing, LINE_END, PieceIndex, Surroundings, Token, Tokens};

pub(crate) use self::calibration::Calibration;
use self::{exponential::exp, ngrams::Followers};
use crate::workspaces::Table;

/// Parameters up to which a model is trusted no further than Ember.
const SMALL: f64 = 10e6;

/// How many times as far as Ember a model is trusted against the text around: in proportion to its size.
///
/// By reckoning, not by measurement: a model of 7 billion parameters has learned to copy, and is all but left alone.
pub(crate) fn trust(parameters: u64) -> f64 {
    let millions = u32::try_from(parameters / 1_000_000).unwrap_or(u32::MAX);
    (f64::from(millions) * 1e6 / SMALL).max(1.0)
}

/// A share of probability that is not worth following.
const LEAST_SHARE: f64 = 1e-6;

/// A token that holds a line break, and what it shows as the rest of a line: symbols, the last of which is the end.
#[derive(Debug)]
struct Break {
    token: usize,
    shows: Box<[usize]>,
}

/// How many of the next best a choice remembers.
pub(crate) const RIVALS: usize = 2;

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    /// `None`: the answer ends here.
    pub(crate) token: Option<Token>,
    /// Natural logarithm of its probability among what could be said.
    pub(crate) logprob: f64,
    /// By how much the next best was less probable, as a difference of logarithms: next to nothing where the two are all but equal.
    pub(crate) margin: f64,
    /// What would have been chosen else, the likeliest first, with its logarithm; that of what is not allowed is infinite.
    pub(crate) rivals: [(Option<Token>, f64); RIVALS],
}

/// Tokens with a line break of which a beginning was said: index, symbols said, and the share of probability that it is one of them.
pub(crate) type Begun = Vec<(usize, usize, f64)>;

/// Chooses tokens for one model. Symbols are its tokens by number, and one more for the end of the answer.
pub(crate) struct Mixture {
    /// The symbol of the end, and so the number of tokens.
    end: usize,
    /// Tokens without text, and those that end an answer.
    ends: Vec<usize>,
    breaks: Vec<Break>,
    trust: f64,
    /// Probability of each symbol, not normalized; made anew at each step.
    weights: Vec<f32>,
    /// Of those, what the tokens of [`Self::breaks`] had of their own.
    broken: Vec<f32>,
    /// The sum of all weights before healing.
    all: f64,
}

/// One answer on its way.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    surroundings: Surroundings,
    /// Whether the rest of a line is asked for, so that a line break is the end.
    by_line: bool,
    /// The workspace whose other files count, and what it calls this one. Its files are learnt by line, so only for answers that are.
    pub(crate) workspace: Option<WorkspaceKey>,
    path: String,
    /// Breaks of which a beginning was said.
    begun: Begun,
    /// The document's last answer, with what stood before it.
    before: Vec<Token>,
    /// Whether drafts may be made.
    pub(crate) drafts: bool,
}

impl Course {
    /// Whether the rest of the answer to `request` is said by line. Not if healing took a line break back.
    pub(crate) fn is_by_line(request: &Request, healing: &Healing) -> bool {
        request.single_line && !healing.rest().contains(&b'\n')
    }

    /// The beginning of an answer to `request`.
    pub(crate) fn new(
        request: &Request,
        healing: &Healing,
        surroundings: Surroundings,
        before: Vec<Token>,
    ) -> Self {
        let by_line = Self::is_by_line(request, healing);
        Self {
            before,
            surroundings,
            by_line,
            workspace: request.asking.workspace.filter(|_| by_line && request.asking.mixture),
            path: request.path.clone(),
            begun: Vec::new(),
            drafts: request.asking.drafts,
        }
    }

    /// The same answer after `said`, of which `begun` are beginnings: see [`Mixture::begun_by`].
    pub(crate) fn after(&self, said: &[Token], begun: Begun) -> Self {
        let mut course = Self { begun, ..self.clone() };
        course.surroundings.context.extend_from_slice(said);
        course
    }
}

impl Mixture {
    /// For the vocabulary of `model`, that is trusted `trust` times as far as Ember.
    pub(crate) fn new(model: &dyn Tokens, fim: &Fim, trust: f64) -> Self {
        let end = model.size();
        let token = |at: usize| Token(i32::try_from(at).unwrap_or(i32::MAX));
        let is_end = |at: &usize| model.piece(token(*at)).is_empty() || fim.ends(token(*at));
        let ends: Vec<usize> = (0..end).filter(is_end).collect();
        let mut breaks = Vec::new();
        for at in (0..end).filter(|at| ends.binary_search(at).is_err()) {
            let piece = model.piece(token(at));
            let Some(line_break) = piece.iter().position(|byte| *byte == b'\n') else { continue };
            // A token that shows a broken character has no text to tokenize: it is left as it is, and its break ends the answer.
            let Ok(shown) = std::str::from_utf8(&piece[..line_break]) else { continue };
            let mut tokens = Vec::new();
            model.tokenize(shown.trim_end(), &mut tokens);
            let symbols = tokens.iter().filter_map(|token| usize::try_from(token.0).ok());
            breaks.push(Break { token: at, shows: symbols.chain([end]).collect() });
        }
        Self { end, ends, breaks, trust, weights: Vec::new(), broken: Vec::new(), all: 0.0 }
    }

    /// The likeliest thing to say after `logits` were computed, with what is known of the workspace `elsewhere`; of equals the first. `None` if healing allows nothing.
    pub(crate) fn choose(
        &mut self,
        course: &Course,
        logits: &[f32],
        healing: &Healing,
        (model, index): (&dyn Tokens, &PieceIndex),
        elsewhere: Option<&Table>,
    ) -> Option<Choice> {
        self.weigh(logits);
        self.gather(course);
        if !healing.is_done() {
            self.keep_only(index.allowed(healing.rest()));
        }
        let all: f64 = self.weights.iter().map(|weight| f64::from(*weight)).sum();
        // Not a number, or nothing allowed: there is nothing to say.
        if all.is_nan() || all <= 0.0 {
            return None;
        }
        let may_follow = |token: Token| self.symbol(token).filter(|_| healing.allows(model.piece(token)));
        let Surroundings { text, context } = &course.surroundings;
        let elsewhere = elsewhere.map(|table| Followers::elsewhere(table, context, &course.path, may_follow));
        let here = Followers::find(text, context, may_follow);
        let correction = here.correction(&elsewhere.unwrap_or_default(), self.trust);
        let probability = |symbol: usize| {
            let seen = correction.seen.get(&symbol).copied().unwrap_or(0.0);
            correction.share * f64::from(self.weights[symbol]) / all + seen
        };
        let by_model = largest(&self.weights);
        let mut best = by_model.map(|symbol| (symbol, probability(symbol)));
        // What the text adds may have changed the order of the model's own.
        best.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        for symbol in correction.seen.keys().filter(|symbol| !by_model.contains(symbol)) {
            let mass = probability(*symbol);
            if let Some(at) = best.iter().position(|known| mass > known.1) {
                best[at..].rotate_right(1);
                best[at] = (*symbol, mass);
            }
        }
        let [chosen, rivals @ ..] = best.map(|(symbol, probability)| {
            let token = (symbol != self.end).then(|| i32::try_from(symbol).ok().map(Token)).flatten();
            (token, probability.min(1.0).ln())
        });
        Some(Choice { token: chosen.0, logprob: chosen.1, margin: (best[0].1 / best[1].1).ln(), rivals })
    }

    /// Notes that `token`, which [`Self::choose`] chose just now, was said.
    pub(crate) fn say(&mut self, course: &mut Course, token: Token) {
        course.begun = self.begun_by(course, token);
        course.surroundings.context.push(token);
    }

    /// The breaks of which there is a beginning once `token` is said, which [`Self::choose`] chose just now or might have.
    pub(crate) fn begun_by(&self, course: &Course, token: Token) -> Begun {
        let Some(said) = self.symbol(token).filter(|_| course.by_line) else { return Begun::new() };
        let whole = f64::from(self.weights[said]);
        let going_on = course.begun.iter().map(|(at, done, share)| (*at, *done, share * self.all));
        let beginning = self.broken.iter().enumerate().map(|(at, weight)| (at, 0, f64::from(*weight)));
        going_on
            .chain(beginning)
            .filter(|(at, done, _)| self.breaks[*at].shows.get(*done) == Some(&said))
            .map(|(at, done, weight)| (at, done + 1, weight / whole))
            .filter(|(_, _, share)| *share > LEAST_SHARE)
            .collect()
    }

    /// What may well be said next, and how many tokens of what stands before suggest it: from the text around, from elsewhere in the
    /// workspace, or from the answer before this one, which often still holds after a key that it did not foresee.
    pub(crate) fn draft<'a>(
        course: &'a Course,
        elsewhere: Option<&'a Table>,
    ) -> Option<(&'a [Token], usize)> {
        let context = &course.surroundings.context;
        let around = ngrams::draft(&course.surroundings.text, context);
        let elsewhere = elsewhere.and_then(|table| ngrams::draft_elsewhere(table, context, &course.path));
        let around = match (around, elsewhere) {
            (Some((_, matched)), Some((_, better))) if better <= matched => around,
            (_, Some(_)) => elsewhere,
            (_, None) => around,
        };
        let before = ngrams::draft(&course.before, context);
        match (around, before) {
            (Some((_, matched)), Some((_, better))) if better >= matched => before,
            (None, _) => before,
            _ => around,
        }
    }

    /// What was said, with what stood before it: what the next answer's drafts are made from.
    pub(crate) fn said(course: Course) -> Vec<Token> {
        course.surroundings.context
    }

    /// The probability of each token but for a factor, and all that mean the end as the end's.
    fn weigh(&mut self, logits: &[f32]) {
        let largest = logits.iter().copied().fold(f32::MIN, f32::max);
        self.weights.clear();
        self.weights.extend(logits.iter().take(self.end).map(|logit| exp(logit - largest)));
        self.weights.resize(self.end + 1, 0.0);
        for at in &self.ends {
            self.weights[self.end] += std::mem::take(&mut self.weights[*at]);
        }
    }

    /// Where a line break is the end: gives the weight of each token with a break to what it shows next.
    fn gather(&mut self, course: &Course) {
        self.broken.clear();
        if course.by_line {
            for known in &self.breaks {
                let weight = std::mem::take(&mut self.weights[known.token]);
                self.broken.push(weight);
                self.weights[known.shows[0]] += weight;
            }
        }
        // A break that was begun is not what the model was asked about: it saw the token without the break. So the two share.
        let begun: f64 = course.begun.iter().map(|(_, _, share)| share).sum();
        let asked: f64 = self.weights.iter().map(|weight| f64::from(*weight)).sum();
        let others = (1.0 - begun).max(LEAST_SHARE);
        self.all = asked / others;
        for (at, done, share) in &course.begun {
            #[expect(clippy::cast_possible_truncation, reason = "weights are f32 as logits are")]
            let weight = (self.all * share) as f32;
            self.weights[self.breaks[*at].shows[*done]] += weight;
        }
    }

    /// Leaves only the weights of `allowed`.
    fn keep_only(&mut self, allowed: impl Iterator<Item = Token>) {
        let kept: Vec<_> = allowed
            .filter_map(|token| usize::try_from(token.0).ok())
            .filter_map(|at| self.weights.get(at).map(|weight| (at, *weight)))
            .collect();
        self.weights.fill(0.0);
        for (at, weight) in kept {
            self.weights[at] = weight;
        }
    }

    /// The number of a token of the surroundings; `None` for a gap.
    fn symbol(&self, token: Token) -> Option<usize> {
        if token == LINE_END {
            return Some(self.end);
        }
        usize::try_from(token.0).ok().filter(|at| *at < self.end)
    }
}

/// The largest of `weights`, by number, the largest first; of equals the first. Where there are fewer the rest are 0.
fn largest(weights: &[f32]) -> [usize; 1 + RIVALS] {
    let mut found = [(0, f32::MIN); 1 + RIVALS];
    for (symbol, weight) in weights.iter().enumerate() {
        if *weight > found[RIVALS].1 {
            let at = found.iter().position(|known| *weight > known.1).unwrap_or(RIVALS);
            found[at..].rotate_right(1);
            found[at] = (symbol, *weight);
        }
    }
    found.map(|(symbol, _)| symbol)
}

#[cfg(test)]
mod tests;
