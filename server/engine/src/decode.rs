//! Answers one request: prompt, cache, evaluation, greedy decoding with healing, and when to stop.
//!
//! Must not queue, time out or write to a socket: a [`Sink`] takes the text, an abort flag ends it.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use model::{Finish, Kind, ModelError, Request, SessionKey, Sink, Stats, Stop};
use prompt::{Builder, Healing, PieceIndex, Prompt, Surroundings, Token, Tokens, utf8::Assembler};

use crate::{
    kv::Sequences,
    llama::{Context, Failure, LARGEST_BATCH, Model},
    mixture::{Calibration, Choice, Course, Mixture, trust},
};

/// Tokens of a draft. Longer ones are seldom right to their end.
const DRAFT: usize = 4;

/// A loaded model, ready to answer.
pub(crate) struct Decoder<'m> {
    model: &'m Model,
    context: Context<'m>,
    builder: Builder<&'m Model>,
    index: PieceIndex,
    mixture: Mixture,
    calibration: Calibration,
    sequences: Sequences,
    abort: Arc<AtomicBool>,
    /// Tokens evaluated at once while a prompt is read.
    batch: usize,
    /// Tokens of a draft; 0 where drafts don't pay.
    draft: usize,
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
    /// A decoder over `context`, which has `sequences` empty sequences.
    pub(crate) fn new(
        model: &'m Model,
        context: Context<'m>,
        builder: Builder<&'m Model>,
        calibration: Calibration,
        sequences: usize,
        abort: Arc<AtomicBool>,
    ) -> Self {
        Self {
            mixture: Mixture::new(model, builder.fim(), trust(model.parameters())),
            model,
            context,
            builder,
            index: PieceIndex::new(model),
            calibration,
            sequences: Sequences::new(sequences),
            abort,
            batch: LARGEST_BATCH,
            draft: 0,
        }
    }

    /// Evaluates a little text, so that the weights are in memory, and chooses by the time it takes how many tokens to evaluate at once.
    pub(crate) fn warm(&mut self) {
        let sample = [Token(i32::try_from(self.model.size() / 2).unwrap_or(0)); 64];
        // The first round reads the weights from disk.
        self.time(&sample);
        let token_ms = self.time(&sample) / 64.0;
        self.batch = fitting_batch(token_ms);
        let rounds = || 0..3;
        let step_ms = rounds().map(|_| self.time(&sample[..1])).fold(f64::INFINITY, f64::min);
        let drafted_ms = rounds().map(|_| self.time(&sample[..=DRAFT])).fold(f64::INFINITY, f64::min);
        // A draft of which half is right must be worth its evaluation.
        let pays = drafted_ms < step_ms * (1.0 + as_f64(DRAFT) / 2.0) && self.context.truncates();
        self.draft = if pays { DRAFT } else { 0 };
        self.context.clear();
        tracing::info!(token_ms, step_ms, drafted_ms, batch = self.batch, draft = self.draft, "warm");
    }

    /// Milliseconds that evaluating `tokens` as a prompt takes.
    fn time(&mut self, tokens: &[Token]) -> f64 {
        self.context.clear();
        let began = Instant::now();
        if let Err(failure) = self.context.evaluate(0, 0, tokens, tokens.len().min(DRAFT + 1)) {
            tracing::warn!(?failure, "the warm-up failed");
        }
        milliseconds(began)
    }

    /// Documents with a warm KV cache.
    pub(crate) fn sessions(&self) -> usize {
        self.sequences.sessions()
    }

    /// Gives up the KV cache of a document.
    pub(crate) fn forget(&mut self, session: SessionKey) {
        if let Some(sequence) = self.sequences.forget(session) {
            self.context.truncate(sequence, 0);
        }
    }

    /// Gives up every KV cache, after a job that panicked or broke.
    pub(crate) fn reset(&mut self) {
        self.sequences.clear();
        self.context.clear();
    }

    /// Answers `request`. Ends with [`Stop::Cancelled`] soon after the abort flag is set.
    pub(crate) fn answer(
        &mut self,
        request: &Request,
        timing: Timing,
        sink: &mut dyn Sink,
    ) -> Result<Finish, ModelError> {
        let laying_out = Instant::now();
        let prompt = self.builder.build(request);
        let course = self.course(request, &prompt.healing);
        let mut account = Account::new(timing, prompt.tokens.len());
        account.stats.prompt_ms = milliseconds(laying_out);
        let sequence = self.sequences.claim(request.session);
        let end = self.read(sequence, &prompt.tokens, &mut account).and_then(|()| match request.kind {
            Kind::Prefill => Ok(Stop::Prefilled),
            Kind::Fim => {
                let output = Output {
                    assembler: Assembler::default(),
                    single_line: request.single_line,
                    said: false,
                    has_line: false,
                    sink,
                };
                self.fill(sequence, &prompt, course, output, &mut account)
            }
        });
        match end {
            Ok(stop) | Err(End::Stopped(stop)) => {
                Ok(Finish { stop, stats: account.close(stop, self.calibration) })
            }
            Err(End::Failed(error)) => {
                self.reset();
                Err(error)
            }
        }
    }

    /// Brings `sequence` to hold exactly `tokens` and to know the logits after them, evaluating only what it doesn't hold yet.
    fn read(&mut self, sequence: usize, tokens: &[Token], account: &mut Account) -> Result<(), End> {
        let Some(last) = tokens.len().checked_sub(1) else {
            return Err(End::Failed(ModelError::Failed("the prompt is empty".into())));
        };
        let common = self.sequences.common(sequence, tokens);
        let known = common == tokens.len() && self.sequences.ending(sequence, tokens.len()).is_some();
        let wanted = if known { common } else { common.min(last) };
        let keep = if wanted < self.sequences.len(sequence) {
            self.context.truncate(sequence, wanted)
        } else {
            wanted
        };
        self.sequences.truncate(sequence, keep);
        for part in tokens[keep..].chunks(self.batch) {
            self.evaluate(sequence, part)?;
            account.stats.evaluated_tokens += u32::try_from(part.len()).unwrap_or(u32::MAX);
        }
        if keep < tokens.len()
            && let Some(logits) = self.context.logits(0)
        {
            self.sequences.set_ending(sequence, logits);
        }
        Ok(())
    }

    /// Appends `tokens` to `sequence`, unless there is a cancel.
    fn evaluate(&mut self, sequence: usize, tokens: &[Token]) -> Result<(), End> {
        if self.abort.load(Ordering::Relaxed) {
            return Err(End::Stopped(Stop::Cancelled));
        }
        let position = self.sequences.len(sequence);
        let result = self.context.evaluate(sequence, position, tokens, 1);
        match result {
            Ok(()) => {
                self.sequences.extend(sequence, tokens);
                Ok(())
            }
            Err(Failure::Aborted) => {
                // What was finished of the batch stays in the cache and is as good as any.
                let done = self.context.length(sequence).saturating_sub(position).min(tokens.len());
                self.sequences.extend(sequence, &tokens[..done]);
                Err(End::Stopped(Stop::Cancelled))
            }
            Err(Failure::Broken(text)) => Err(End::Failed(ModelError::Failed(text))),
        }
    }

    /// The beginning of an answer to `request`, whose prompt left `healing` to be said again.
    fn course(&mut self, request: &Request, healing: &Healing) -> Course {
        let surroundings = if request.asking.mixture && request.kind == Kind::Fim {
            self.builder.surroundings(request, healing, Course::is_by_line(request, healing))
        } else {
            Surroundings::default()
        };
        Course::new(request, healing, surroundings)
    }

    /// Decodes until something says stop. The prompt has been read.
    fn fill(
        &mut self,
        sequence: usize,
        prompt: &Prompt,
        course: Course,
        output: Output<'_>,
        account: &mut Account,
    ) -> Result<Stop, End> {
        let stop = self.decode(sequence, prompt, course, output, account);
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
        mut course: Course,
        mut output: Output<'_>,
        account: &mut Account,
    ) -> Result<Stop, End> {
        let mut healing = prompt.healing.clone();
        let mut answered = 0;
        let mut draft = Draft::default();
        loop {
            let choosing = Instant::now();
            let choice = self.choose(sequence, prompt.tokens.len(), draft.row, &course, &healing);
            account.stats.choosing_ms += milliseconds(choosing);
            let Some(choice) = choice else {
                return self.say_again(sequence, &healing, &prompt.healing);
            };
            let Some(token) = choice.token else {
                account.decoded(choice, false);
                return Ok(Stop::EndOfText);
            };
            let model = self.model;
            let beyond = healing.say(model.piece(token));
            account.decoded(choice, !beyond.is_empty());
            if !beyond.is_empty() {
                answered += 1;
                if let Some(stop) = output.push(beyond) {
                    return Ok(stop);
                }
                account.line_is_whole |= output.has_line;
            }
            let room = self.context.per_sequence() - self.sequences.len(sequence);
            if answered >= prompt.answer_tokens || room == 0 {
                return Ok(Stop::Length);
            }
            let choosing = Instant::now();
            self.mixture.say(&mut course, token);
            let drafted = draft.confirm(token);
            if !drafted {
                let most = if healing.is_done() { self.draft.min(room - 1) } else { 0 };
                draft = Draft::new(Mixture::draft(&course, most));
            }
            account.stats.choosing_ms += milliseconds(choosing);
            if drafted {
                account.stats.drafted_tokens += 1;
                self.sequences.extend(sequence, &[token]);
            } else {
                self.say(sequence, token, &draft.tokens)?;
            }
        }
    }

    /// Appends `token` to `sequence`, and evaluates `draft` in the same batch without appending it.
    fn say(&mut self, sequence: usize, token: Token, draft: &[Token]) -> Result<(), End> {
        let said = self.sequences.len(sequence);
        if self.context.length(sequence) > said {
            self.context.truncate(sequence, said);
        }
        if draft.is_empty() {
            return self.evaluate(sequence, &[token]);
        }
        if self.abort.load(Ordering::Relaxed) {
            return Err(End::Stopped(Stop::Cancelled));
        }
        let batch: Vec<Token> = std::iter::once(token).chain(draft.iter().copied()).collect();
        match self.context.evaluate(sequence, said, &batch, batch.len()) {
            Ok(()) => {
                self.sequences.extend(sequence, &[token]);
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

    /// What to say after what `sequence` holds, which began with a prompt of `prompt` tokens. The logits are those of `row`.
    fn choose(
        &mut self,
        sequence: usize,
        prompt: usize,
        row: usize,
        course: &Course,
        healing: &Healing,
    ) -> Option<Choice> {
        // After the prompt itself the logits may be an earlier request's.
        let logits = match self.sequences.len(sequence) {
            length if length == prompt => self.sequences.ending(sequence, prompt),
            _ => self.context.logits(row),
        }?;
        self.mixture.choose(course, logits, healing, (self.model, &self.index))
    }
}

/// Tokens that were evaluated before they were chosen: what comes next if the text repeats itself.
#[derive(Debug, Default)]
struct Draft {
    tokens: Vec<Token>,
    /// How many of them were chosen since, and so the row of logits to choose by.
    row: usize,
}

impl Draft {
    fn new(tokens: &[Token]) -> Self {
        Self { tokens: tokens.to_vec(), row: 0 }
    }

    /// Whether the token chosen is the drafted one: then it need not be evaluated.
    fn confirm(&mut self, chosen: Token) -> bool {
        let right = self.tokens.get(self.row) == Some(&chosen);
        self.row += usize::from(right);
        right
    }
}

/// Tokens to evaluate at once: as many as take no longer than a cancel may, where the abort flag does not reach (a GPU), but not so few
/// that reading a prompt gets slow.
fn fitting_batch(token_ms: f64) -> usize {
    const LONGEST_MS: f64 = 12.0;
    let fewest = if Model::may_use_gpu() { 32 } else { 64 };
    let fitting = [LARGEST_BATCH, 64].into_iter().find(|batch| token_ms * as_f64(*batch) <= LONGEST_MS);
    fitting.unwrap_or(fewest)
}

/// What an answer costs, while it is being made.
struct Account {
    timing: Timing,
    stats: Stats,
    /// Sum of the log-probabilities of tokens beyond the cursor, and their number.
    logprobs: (f64, u32),
    /// Log-probability of the first line: of all that was chosen up to its end, and of the end. `None` as long as nothing was.
    line_logprob: Option<f64>,
    /// Whether the first line has ended.
    line_is_whole: bool,
}

impl Account {
    fn new(timing: Timing, prompt_tokens: usize) -> Self {
        let queued_ms = timing.began.saturating_duration_since(timing.arrived).as_secs_f64() * 1e3;
        let prompt_tokens = u32::try_from(prompt_tokens).unwrap_or(u32::MAX);
        let stats = Stats { prompt_tokens, queued_ms, ..Stats::default() };
        Self { timing, stats, logprobs: (0.0, 0), line_logprob: None, line_is_whole: false }
    }

    /// Notes a choice, and whether it reached beyond the cursor.
    fn decoded(&mut self, choice: Choice, beyond: bool) {
        self.stats.decoded_tokens += u32::from(choice.token.is_some());
        if !self.line_is_whole {
            *self.line_logprob.get_or_insert(0.0) += choice.logprob;
        }
        if beyond {
            let since = self.timing.arrived;
            self.stats.ttft_ms.get_or_insert_with(|| milliseconds(since));
            self.logprobs = (self.logprobs.0 + choice.logprob, self.logprobs.1 + 1);
        }
    }

    /// The figures of an answer that ended with `stop`.
    fn close(mut self, stop: Stop, calibration: Calibration) -> Stats {
        let (sum, count) = self.logprobs;
        self.stats.mean_logprob = if count == 0 { 0.0 } else { sum / f64::from(count) };
        // A line that was cut off in the middle is not what belongs there, however sure its beginning is.
        let line = self.line_logprob.filter(|_| self.line_is_whole || stop != Stop::Length);
        self.stats.confidence = line.map_or(0.0, |logprob| calibration.probability(logprob));
        self.stats.total_ms = milliseconds(self.timing.arrived);
        self.stats
    }
}

/// Turns bytes into whole characters for the sink, and stops at the line break that was asked for.
struct Output<'s> {
    sink: &'s mut dyn Sink,
    assembler: Assembler,
    single_line: bool,
    /// Whether anything but white space was said.
    said: bool,
    /// Whether a line with something on it has ended.
    has_line: bool,
}

impl Output<'_> {
    fn push(&mut self, bytes: &[u8]) -> Option<Stop> {
        let mut text = String::new();
        let broken = self.assembler.push(bytes, &mut text).is_err();
        let end = self.line_end(&text);
        self.has_line |= end.is_some();
        let end = end.filter(|_| self.single_line);
        let text = &text[..end.unwrap_or(text.len())];
        if !text.is_empty() && self.sink.chunk(text) == ControlFlow::Break(()) {
            return Some(Stop::Sink);
        }
        if end.is_some() {
            return Some(Stop::Line);
        }
        // Bytes that can't be UTF-8 don't belong into a document, and nothing sensible follows them.
        broken.then_some(Stop::EndOfText)
    }

    /// Where the first line break that follows text lies.
    fn line_end(&mut self, text: &str) -> Option<usize> {
        for (at, character) in text.char_indices() {
            if self.said && matches!(character, '\n' | '\r') {
                return Some(at);
            }
            self.said |= !character.is_whitespace();
        }
        None
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests;
