//! Other readings of a hole: decoded from where the last answer could have gone on otherwise, several at once, in copies of its sequence.
//!
//! Nothing is drawn by chance: the same answer has the same alternatives. Must not touch the sequence of the answer (the next key goes on in
//! it), nor leave anything in those that it borrows.

use std::{collections::VecDeque, ops::ControlFlow};

use model::{Kind, ModelError, Request, Sink, Stop};
use prompt::{Healing, Lines, Prompt, Token, Tokens};

use super::{Decoder, End, account::Account, crossroads::Branch, elsewhere, output::Output};
use crate::{llama::Failure, mixture::Course};

/// How many are decoded at once. What turns out not to be wanted has then cost as little as it can.
const LANES: usize = 2;

/// What all alternatives share: the answer, and the sequence that holds it.
struct Trunk<'a> {
    sequence: usize,
    prompt: &'a Prompt,
    request: &'a Request,
    course: Course,
    /// The answer's tokens.
    said: Vec<Token>,
    /// What of it a person sees.
    looks: String,
}

/// An alternative on its way.
struct Lane {
    sequence: usize,
    course: Course,
    spelled: Spelled,
    /// Tokens said so far, those that the answer said too included.
    said: usize,
    /// Tokens beyond the cursor that the answer did not say.
    own: usize,
    /// What was said last and is not evaluated yet.
    next: Token,
}

/// Tokens as text.
struct Spelled {
    healing: Healing,
    lines: Lines,
    /// What lies beyond the cursor.
    text: String,
    /// In how many tokens.
    tokens: usize,
}

impl Spelled {
    fn new(prompt: &Prompt, request: &Request) -> Self {
        let lines = Lines::new(request.single_line);
        Self { healing: prompt.healing.clone(), lines, text: String::new(), tokens: 0 }
    }

    /// Adds a token; says whether the text ends with it.
    fn say(&mut self, piece: &[u8]) -> bool {
        let beyond = self.healing.say(piece);
        self.tokens += usize::from(!beyond.is_empty());
        !beyond.is_empty() && self.lines.push(beyond, &mut self.text).is_some()
    }
}

/// What becomes of a lane.
enum Turn {
    On(Box<Lane>),
    /// Its text, whole.
    Whole(String),
    /// It shows what the answer shows.
    Vain,
}

/// The texts told so far.
struct Told {
    /// As [`visible`]: the answer, and each alternative.
    looks: Vec<String>,
    /// Alternatives to be told in all.
    most: usize,
    single_line: bool,
}

impl Told {
    fn new(trunk: &Trunk<'_>, most: usize) -> Self {
        Self { looks: vec![trunk.looks.clone()], most, single_line: trunk.request.single_line }
    }

    /// Alternatives still to be told.
    fn wanted(&self) -> usize {
        self.most - (self.looks.len() - 1)
    }

    /// Tells `sink` a text that is not there yet.
    fn tell(&mut self, text: &str, sink: &mut dyn Sink) -> ControlFlow<()> {
        let looks = visible(text);
        if looks.is_empty() || self.looks.contains(&looks) {
            return ControlFlow::Continue(());
        }
        self.looks.push(looks);
        sink.chunk(text)
    }

    /// Tells `sink` the whole lines of blocks that are not finished: nobody waits for the rest any more.
    fn tell_lines(&mut self, lanes: &[Lane], sink: &mut dyn Sink) {
        for Spelled { lines, text, .. } in lanes.iter().map(|lane| &lane.spelled) {
            if !self.single_line
                && lines.has_line()
                && let Some(end) = text.rfind('\n')
                && self.tell(&text[..end], sink).is_break()
            {
                return;
            }
        }
    }
}

/// `text` without white space: what is alike here is alike to somebody who looks.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

impl Decoder<'_> {
    /// Whether alternatives are asked for and `sequence` holds what they begin with: the answer behind the prompt is not to be given up.
    pub(super) fn can_branch_off(&self, sequence: usize, prompt: &Prompt, request: &Request) -> bool {
        matches!(request.kind, Kind::Alternatives(_))
            && self.crossroads.lead_from(prompt, request)
            && self.sequences.common(sequence, &prompt.tokens) == prompt.tokens.len()
    }

    /// Tells `sink` up to `most` other answers to `request` than the one that it has, each whole. The prompt was read in
    /// `sequence`. If that answer is not known here, it is decoded anew and told first.
    pub(super) fn alternatives(
        &mut self,
        sequence: usize,
        prompt: &Prompt,
        (request, course): (&Request, Course),
        most: usize,
        sink: &mut dyn Sink,
        account: &mut Account,
    ) -> Result<Stop, End> {
        if !self.crossroads.lead_from(prompt, request) {
            let mut text = String::new();
            let mut whole = |piece: &str| {
                text.push_str(piece);
                ControlFlow::Continue(())
            };
            let output = Output::new(&mut whole, request.single_line);
            self.fill(sequence, prompt, (request, course.clone()), output, account)?;
            if !text.is_empty() && sink.chunk(&text).is_break() {
                return Ok(Stop::Sink);
            }
        }
        if !self.copies {
            return Ok(Stop::EndOfText);
        }
        let said: Vec<Token> = self.crossroads.said().collect();
        let mut answer = Spelled::new(prompt, request);
        for token in &said {
            answer.say(self.model.piece(*token));
        }
        let trunk = Trunk { sequence, prompt, request, course, said, looks: visible(&answer.text) };
        let forks = self.sequences.forks(sequence, most.min(LANES));
        let mut told = Told::new(&trunk, most);
        let stop = self.branch_off(&trunk, forks.clone().collect(), &mut told, sink, account);
        for fork in forks.clone() {
            self.context.truncate(fork, 0);
        }
        self.sequences.free(forks);
        stop
    }

    /// Decodes in the sequences `free` until enough is told, or there are no more branches.
    fn branch_off(
        &mut self,
        trunk: &Trunk<'_>,
        mut free: Vec<usize>,
        told: &mut Told,
        sink: &mut dyn Sink,
        account: &mut Account,
    ) -> Result<Stop, End> {
        let mut branches = VecDeque::from(self.crossroads.branches());
        let mut lanes: Vec<Lane> = Vec::new();
        loop {
            while told.wanted() > lanes.len()
                && let Some(sequence) = free.last().copied()
                && let Some(branch) = branches.pop_front()
            {
                match self.set_out(trunk, sequence, branch)? {
                    Turn::On(lane) => {
                        free.pop();
                        lanes.push(*lane);
                    }
                    Turn::Whole(text) if told.tell(&text, sink).is_break() => return Ok(Stop::Sink),
                    Turn::Whole(_) | Turn::Vain => {}
                }
            }
            if lanes.is_empty() {
                return Ok(Stop::EndOfText);
            }
            lanes.sort_by_key(|lane| lane.sequence);
            if let Err(end) = self.step(&lanes) {
                told.tell_lines(&lanes, sink);
                return Err(end);
            }
            for (row, lane) in std::mem::take(&mut lanes).into_iter().enumerate() {
                let sequence = lane.sequence;
                match self.turn(trunk, lane, row, account) {
                    Turn::On(lane) => lanes.push(*lane),
                    Turn::Whole(text) if told.tell(&text, sink).is_break() => return Ok(Stop::Sink),
                    Turn::Whole(_) | Turn::Vain => free.push(sequence),
                }
            }
        }
    }

    /// Begins an alternative in `sequence`.
    fn set_out(&mut self, trunk: &Trunk<'_>, sequence: usize, branch: Branch) -> Result<Turn, End> {
        let shared = &trunk.said[..branch.depth];
        let mut spelled = Spelled::new(trunk.prompt, trunk.request);
        for token in shared {
            spelled.say(self.model.piece(*token));
        }
        let Some(next) = branch.token else { return Ok(Turn::Whole(spelled.text)) };
        let course = trunk.course.after(&[shared, &[next]].concat(), branch.begun);
        let turn = self.say_in(Lane { sequence, course, spelled, said: shared.len(), own: 0, next }, trunk);
        if matches!(turn, Turn::On(_)) {
            self.fork(trunk, sequence, shared)?;
        }
        Ok(turn)
    }

    /// Brings `sequence` to hold what was said before the fork.
    fn fork(&mut self, trunk: &Trunk<'_>, sequence: usize, shared: &[Token]) -> Result<(), End> {
        let wanted = [&trunk.prompt.tokens, shared].concat();
        if self.sequences.common(sequence, &wanted) < self.sequences.common(trunk.sequence, &wanted) {
            self.context.copy(trunk.sequence, sequence);
            self.sequences.copy(trunk.sequence, sequence);
        }
        let keep = self.context.truncate(sequence, self.sequences.common(sequence, &wanted));
        self.sequences.truncate(sequence, keep);
        wanted[keep..].chunks(self.batch).try_for_each(|part| self.evaluate(sequence, part))
    }

    /// Evaluates what each lane said last, all in one batch.
    fn step(&mut self, lanes: &[Lane]) -> Result<(), End> {
        if self.interrupt.is_set() {
            return Err(End::Stopped(Stop::Cancelled));
        }
        let step = |lane: &Lane| (lane.sequence, self.sequences.len(lane.sequence), lane.next);
        let steps: Vec<_> = lanes.iter().map(step).collect();
        match self.timed(steps.len(), |context| context.evaluate_each(&steps)) {
            Ok(()) => {
                for lane in lanes {
                    self.sequences.extend(lane.sequence, &[lane.next]);
                }
                Ok(())
            }
            // What of it is in the cache is thrown away with the rest.
            Err(Failure::Aborted) => Err(End::Stopped(Stop::Cancelled)),
            Err(Failure::Broken(text)) => Err(End::Failed(ModelError::Failed(text))),
        }
    }

    /// Chooses what a lane says next by the logits of `row`.
    fn turn(&mut self, trunk: &Trunk<'_>, mut lane: Lane, row: usize, account: &mut Account) -> Turn {
        let Some(logits) = self.context.logits(row) else { return Turn::Vain };
        let vocabulary = (self.model as &dyn Tokens, &self.index);
        let elsewhere = elsewhere(&self.workspaces, &lane.course);
        let choice = self.mixture.choose(&lane.course, logits, &lane.spelled.healing, vocabulary, elsewhere);
        let Some(choice) = choice else { return Turn::Vain };
        let Some(token) = choice.token else { return Turn::Whole(lane.spelled.text) };
        account.stats.decoded_tokens += 1;
        self.mixture.say(&mut lane.course, token);
        self.say_in(Lane { next: token, ..lane }, trunk)
    }

    /// Spells what a lane says next.
    fn say_in(&self, mut lane: Lane, trunk: &Trunk<'_>) -> Turn {
        let before = lane.spelled.tokens;
        let ends = lane.spelled.say(self.model.piece(lane.next));
        lane.own += lane.spelled.tokens - before;
        lane.said += 1;
        let is_full = trunk.prompt.tokens.len() + lane.said >= self.context.per_sequence();
        if ends || is_full || lane.spelled.tokens >= trunk.prompt.answer_tokens {
            return Turn::Whole(lane.spelled.text);
        }
        // The same text in other tokens: where one of two ways to spell a word is taken the next token is still the answer's.
        let same = lane.own >= 2 && trunk.looks.starts_with(&visible(&lane.spelled.text));
        if same { Turn::Vain } else { Turn::On(Box::new(lane)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of `texts` beside `answer`.
    fn check(answer: &str, texts: &[&str], expected: &[&str]) {
        let mut told = Told { looks: vec![visible(answer)], most: 3, single_line: true };
        let mut heard = Vec::new();
        for text in texts {
            let mut sink = |text: &str| {
                heard.push(text.to_owned());
                ControlFlow::Continue(())
            };
            assert!(told.tell(text, &mut sink).is_continue());
        }
        assert_eq!(heard, expected);
        assert_eq!(told.wanted(), 3 - expected.len());
    }

    #[test]
    fn a_model_whose_alternatives_are_all_alike_has_none() {
        check("f(a, b);", &["f(a,b);", "f( a, b );", "f(a, b);", " "], &[]);
    }

    #[test]
    fn what_looks_different_is_told_once() {
        check("f(a);", &["f(b);", "f( b );", "f(a)", "g(a);"], &["f(b);", "f(a)", "g(a);"]);
    }
}
