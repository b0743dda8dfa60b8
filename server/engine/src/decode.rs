//! Answers one request: prompt, cache, evaluation, greedy decoding with healing, and when to stop.
//!
//! Must not queue, time out or write to a socket: a [`Sink`] takes the text, an [`Interrupt`] ends it.

mod account;
mod alternatives;
mod crossroads;
mod draft;
mod output;
mod reading;
mod settle;
mod trail;
mod warm;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use model::{Finish, Kind, ModelError, Request, SessionKey, Sink, Stop};
use prompt::{Builder, Healing, PieceIndex, Prompt, Surroundings, Token, Tokens, Views};

use self::{
    account::Account, crossroads::Crossroads, draft::Draft, output::Output, settle::Idle, trail::Trail,
};
use crate::{
    drafting::{self, Drafting},
    interrupt::Interrupt,
    kv::Sequences,
    llama::{Context, Failure, LARGEST_BATCH, Model},
    mixture::{Calibration, Choice, Course, Mixture, trust},
    threads::Threads,
    workspaces::{Table, Workspaces},
};

/// How long learning goes on before somebody else has a turn: a part of the time that a small model takes for a token.
const LESSON: Duration = Duration::from_micros(500);

/// A loaded model, ready to answer.
pub(crate) struct Decoder<'m> {
    model: &'m Model,
    context: Context<'m>,
    builder: Builder<&'m Model>,
    index: PieceIndex,
    mixture: Mixture,
    calibration: Calibration,
    sequences: Sequences,
    views: Views,
    idle: Idle,
    trail: Trail,
    crossroads: Crossroads,
    interrupt: Arc<Interrupt>,
    /// Whether sequences can be copied and taken back in part.
    copies: bool,
    /// Tokens evaluated at once while a prompt is read.
    batch: usize,
    drafting: Drafting,
    threads: Threads,
    /// The last answer of the document that was asked about last.
    said: Option<(SessionKey, Vec<Token>)>,
    /// What the mixture knows of workspaces.
    pub(crate) workspaces: Workspaces,
    /// Only while something is measured.
    pub(crate) rehearsal: Option<Rehearsal>,
}

/// An answer that is given to be measured.
#[derive(Debug, Default)]
pub(crate) struct Rehearsal {
    /// What is said, whatever the model would say; then its own words.
    pub(crate) script: Vec<Token>,
    /// What the model chose, and by how much.
    pub(crate) choices: Vec<Choice>,
}

impl Rehearsal {
    /// Notes what the model chose and says what is said.
    fn said(&mut self, choice: Choice) -> Choice {
        let scripted = self.script.get(self.choices.len()).copied();
        self.choices.push(choice);
        Choice { token: scripted.or(choice.token), ..choice }
    }
}

/// When a request arrived and when work on it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) arrived: Instant,
    pub(crate) began: Instant,
}

/// What ends an answer early, on the way through `?`.
enum End {
    Stopped(Stop),
    Failed(ModelError),
}

impl<'m> Decoder<'m> {
    /// A decoder over `context`, which has `sequences` empty sequences and was made with `threads`.
    pub(crate) fn new(
        model: &'m Model,
        context: Context<'m>,
        builder: Builder<&'m Model>,
        calibration: Calibration,
        (sequences, threads): (usize, usize),
        interrupt: Arc<Interrupt>,
    ) -> Self {
        Self {
            mixture: Mixture::new(model, builder.fim(), trust(model.parameters())),
            model,
            context,
            builder,
            index: PieceIndex::new(model),
            calibration,
            sequences: Sequences::new(sequences),
            views: Views::default(),
            idle: Idle::default(),
            trail: Trail::default(),
            crossroads: Crossroads::default(),
            interrupt,
            copies: true,
            batch: LARGEST_BATCH,
            drafting: Drafting::off(),
            threads: Threads::new(threads),
            said: None,
            workspaces: Workspaces::default(),
            rehearsal: None,
        }
    }

    /// Tokens that a prompt and its answer may take together.
    pub(crate) fn context_tokens(&self) -> usize {
        self.builder.context()
    }

    /// Documents with a warm KV cache.
    pub(crate) fn sessions(&self) -> usize {
        self.sequences.sessions()
    }

    /// Gives up the KV cache of a document.
    pub(crate) fn forget(&mut self, session: SessionKey) {
        for sequence in self.sequences.forget(session) {
            self.context.truncate(sequence, 0);
        }
        self.views.forget(session);
        self.idle.forget(session);
    }

    /// Learns of workspaces what can be learnt in a moment.
    pub(crate) fn learn(&mut self) {
        let began = Instant::now();
        while self.workspaces.has_work() && began.elapsed() < LESSON {
            let builder = &self.builder;
            self.workspaces.work(|line, tokens| builder.line(line, tokens));
        }
    }

    /// Gives up every KV cache, after a job that panicked or broke.
    pub(crate) fn reset(&mut self) {
        self.sequences.clear();
        self.context.clear();
    }

    /// Answers `request`. Ends with [`Stop::Cancelled`] soon after the interrupt is set.
    pub(crate) fn answer(
        &mut self,
        request: &Request,
        timing: Timing,
        sink: &mut dyn Sink,
    ) -> Result<Finish, ModelError> {
        let laying_out = Instant::now();
        let prompt = self.lay_out(request);
        let course = self.course(request, &prompt.healing);
        let mut account = Account::new(timing, prompt.tokens.len());
        account.stats.prompt_ms = milliseconds(laying_out);
        account.stats.background_tokens = self.idle.account_for(request.session);
        let sequence = self.claim(request.session, &prompt.tokens);
        let interrupt = Arc::clone(&self.interrupt);
        let evaluated = &mut account.stats.evaluated_tokens;
        let read = if self.can_branch_off(sequence, &prompt, request) {
            Ok(())
        } else {
            interrupt.reading(|| self.read(sequence, &prompt.tokens, evaluated))
        };
        let end = read.and_then(|()| match request.kind {
            Kind::Prefill => Ok(Stop::Prefilled),
            Kind::Fim | Kind::Ahead => {
                let output = Output::new(sink, request.single_line);
                self.fill(sequence, &prompt, (request, course), output, &mut account)
            }
            Kind::Alternatives(most) => {
                let most = usize::from(most);
                self.alternatives(sequence, &prompt, (request, course), most, sink, &mut account)
            }
        });
        match end {
            Ok(stop) | Err(End::Stopped(stop)) => {
                Ok(Finish { stop, stats: account.close(stop, self.calibration), shown: prompt.shown })
            }
            Err(End::Failed(error)) => {
                self.reset();
                Err(error)
            }
        }
    }

    /// The beginning of an answer to `request`, whose prompt left `healing` to be said again.
    fn course(&mut self, request: &Request, healing: &Healing) -> Course {
        let surroundings = if request.asking.mixture && request.kind != Kind::Prefill {
            self.builder.surroundings(request, healing, Course::is_by_line(request, healing))
        } else {
            Surroundings::default()
        };
        if let Some(workspace) = request.asking.workspace {
            self.workspaces.uses(workspace);
        }
        let before = self.said.as_ref().filter(|(session, _)| *session == request.session);
        Course::new(request, healing, surroundings, before.map(|(_, said)| said.clone()).unwrap_or_default())
    }

    /// Decodes until something says stop. The prompt has been read.
    fn fill(
        &mut self,
        sequence: usize,
        prompt: &Prompt,
        (request, mut course): (&Request, Course),
        output: Output<'_>,
        account: &mut Account,
    ) -> Result<Stop, End> {
        self.crossroads.begin(prompt, request);
        let stop = self.decode(sequence, prompt, &mut course, output, account);
        self.crossroads.end(stop.as_ref().ok().copied());
        // What is said to be measured is said again and again, and would draft itself.
        if self.rehearsal.is_none() {
            self.said = Some((request.session, Mixture::said(course)));
        }
        // What was drafted and not said is no part of the document.
        let said = self.sequences.len(sequence);
        if self.context.length(sequence) > said {
            let kept = self.context.truncate(sequence, said);
            self.sequences.truncate(sequence, kept);
        }
        stop
    }

    fn decode(
        &mut self,
        sequence: usize,
        prompt: &Prompt,
        course: &mut Course,
        mut output: Output<'_>,
        account: &mut Account,
    ) -> Result<Stop, End> {
        let mut healing = prompt.healing.clone();
        let mut answered = 0;
        let mut draft = Draft::default();
        let drafts = course.drafts;
        // What healing took back and was not said again yet; nothing once something else was said.
        let mut again = prompt.healing.dropped();
        // What was said while healing, and what of it is not evaluated yet because what follows was known.
        let (mut resaid, mut owed) = (Vec::new(), Vec::new());
        self.trail.begin(&prompt.tokens);
        loop {
            let choosing = Instant::now();
            let choice = self.choose((sequence, prompt.tokens.len()), draft.row, &owed, course, &healing);
            account.stats.choosing_ms += milliseconds(choosing);
            let Some(choice) = choice else {
                return self.say_again(sequence, &healing, &prompt.healing);
            };
            let choice = self.rehearsal.as_mut().map_or(choice, |rehearsal| rehearsal.said(choice));
            self.crossroads.note(choice, |token| self.mixture.begun_by(course, token));
            let Some(token) = choice.token else {
                account.decoded(choice, false);
                return Ok(Stop::EndOfText);
            };
            let model = self.model;
            let beyond = healing.say(model.piece(token));
            again = again.split_first().filter(|(next, _)| **next == token).map_or(&[], |(_, rest)| rest);
            account.decoded(choice, !beyond.is_empty());
            if !beyond.is_empty() {
                answered += 1;
                if let Some(stop) = output.push(beyond) {
                    return Ok(stop);
                }
                account.line_is_whole |= output.has_line();
            }
            let room = self.context.per_sequence() - self.sequences.len(sequence) - owed.len();
            if answered >= prompt.answer_tokens || room == 0 {
                return Ok(Stop::Length);
            }
            let choosing = Instant::now();
            self.mixture.say(course, token);
            resaid.push(token);
            if owed.len() + 1 == resaid.len() && !healing.is_done() && self.trail.after(&resaid).is_some() {
                owed.push(token);
                account.stats.choosing_ms += milliseconds(choosing);
                continue;
            }
            let drafted = draft.confirm(token);
            if let Some(right) = draft.verdict(drafted) {
                self.drafting.judged(draft.matched, right);
            }
            if !drafted {
                let most = if drafts { room - 1 } else { 0 };
                draft = match again {
                    // A word of several tokens that was taken back costs one step to say again, not one for each.
                    [_, ..] => Draft::of(&mut self.drafting, again, drafting::TYPED, most),
                    [] if healing.is_done() => self.draft(course, most),
                    [] => Draft::default(),
                };
            }
            account.stats.choosing_ms += milliseconds(choosing);
            if drafted {
                account.stats.drafted_tokens += 1;
                self.sequences.extend(sequence, &[token]);
            } else {
                let stepping = Instant::now();
                owed.push(token);
                self.say(sequence, &owed, &draft.tokens)?;
                if owed.len() + draft.tokens.len() == 1 {
                    account.step(stepping);
                }
                owed.clear();
            }
            if !healing.is_done()
                && let Some(logits) = self.context.logits(draft.row)
            {
                self.trail.note(&resaid, logits);
            }
        }
    }

    /// What to evaluate along with the next token, at most `most` tokens.
    fn draft(&mut self, course: &Course, most: usize) -> Draft {
        match Mixture::draft(course, elsewhere(&self.workspaces, course)) {
            Some((next, matched)) => Draft::of(&mut self.drafting, next, matched, most),
            None => Draft::default(),
        }
    }

    /// The tokens of `text`, as a prompt would have them.
    pub(crate) fn tokenize(&self, text: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        self.model.tokenize(text, &mut tokens);
        tokens
    }

    /// Appends `tokens` to `sequence`, and evaluates `draft` in the same batch without appending it. The first row of logits is then that
    /// after the last of `tokens`.
    fn say(&mut self, sequence: usize, tokens: &[Token], draft: &[Token]) -> Result<(), End> {
        let said = self.sequences.len(sequence);
        if self.context.length(sequence) > said {
            self.context.truncate(sequence, said);
        }
        if draft.is_empty() {
            return self.evaluate(sequence, tokens);
        }
        if self.interrupt.is_set() {
            return Err(End::Stopped(Stop::Cancelled));
        }
        let batch = [tokens, draft].concat();
        match self.compute(sequence, said, &batch, draft.len() + 1) {
            Ok(()) => {
                self.sequences.extend(sequence, tokens);
                Ok(())
            }
            // Whatever of the batch is in the cache goes with the rest of the draft.
            Err(Failure::Aborted) => Err(End::Stopped(Stop::Cancelled)),
            Err(Failure::Broken(text)) => Err(End::Failed(ModelError::Failed(text))),
        }
    }

    /// Ends an answer that healing can't begin: no token of the vocabulary fits what was taken back. A byte-level vocabulary never gets
    /// here. The tokens taken back are put into the cache, so that it holds what was typed.
    fn say_again(&mut self, sequence: usize, left: &Healing, taken: &Healing) -> Result<Stop, End> {
        if left == taken
            && !taken.dropped().is_empty()
            && self.sequences.len(sequence) + taken.dropped().len() <= self.context.per_sequence()
        {
            self.evaluate(sequence, taken.dropped())?;
        }
        Ok(Stop::EndOfText)
    }

    /// What to say after what `sequence` holds, which began with a prompt of so many tokens, and after `owed`, which it doesn't hold yet.
    /// The logits are those of `row`.
    fn choose(
        &mut self,
        (sequence, prompt): (usize, usize),
        row: usize,
        owed: &[Token],
        course: &Course,
        healing: &Healing,
    ) -> Option<Choice> {
        // After the prompt itself and within its last word the logits may be an earlier request's.
        let logits = match self.sequences.len(sequence) {
            length if length == prompt && owed.is_empty() => self.sequences.ending(sequence, prompt),
            length if length == prompt => self.trail.after(owed),
            _ => self.context.logits(row),
        }?;
        let elsewhere = elsewhere(&self.workspaces, course);
        self.mixture.choose(course, logits, healing, (self.model, &self.index), elsewhere)
    }
}

/// What is learnt of the workspace that an answer is for. Blocks are not said by line, as workspaces are learnt: for them nothing.
fn elsewhere<'w>(workspaces: &'w Workspaces, course: &Course) -> Option<&'w Table> {
    workspaces.table(course.workspace?)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod alternatives_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod warm_tests;
