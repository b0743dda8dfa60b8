//! The model thread: loads the model, then answers what the queue gives it, one request at a time.
//!
//! Owns everything of llama.cpp on its own stack. Must not read from a client; answers go through the job's [`Outgoing`].

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use model::{
    Finish, ModelError, ModelInfo, Shown, Sink, Stats, Stop,
    wire::{FromEngine, ModelState, RequestId},
};
use prompt::{Builder, Fim, family};

use crate::{
    connection::Outgoing,
    decode::{Decoder, Timing},
    embedded, gguf,
    interrupt::Interrupt,
    llama::Model,
    mixture::Calibration,
    options::{EngineOptions, ModelChoice, default_threads},
    queue::{Job, Next, Queue},
    workspaces::{Question, Told, Workspaces},
};

/// Tokens of a prompt and its answer, unless the options or the model say otherwise.
const CONTEXT: u32 = 2048;
/// Most bytes that KV caches may take together.
const CACHE_BYTES: u64 = 512 << 20;
/// Documents kept warm: as many as people switch between, as few as memory allows.
const SEQUENCES: std::ops::RangeInclusive<u64> = 2..=8;

/// What the model thread shares with the rest of the engine.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue<Arc<Outgoing>>,
    pub(crate) interrupt: Arc<Interrupt>,
    /// Documents with a warm KV cache.
    pub(crate) sessions: AtomicU32,
    /// Requests answered, however they ended.
    pub(crate) answered: AtomicU64,
    /// Tokens that are learnt of workspaces.
    pub(crate) learnt: AtomicU64,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let interrupt = Arc::new(Interrupt::default());
        Self {
            queue: Queue::new(Arc::clone(&interrupt)),
            interrupt,
            sessions: AtomicU32::new(0),
            answered: AtomicU64::new(0),
            learnt: AtomicU64::new(0),
        }
    }

    /// Sends the one end of a request.
    pub(crate) fn done(&self, reply: &Outgoing, id: RequestId, result: Result<Finish, ModelError>) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        reply.send(FromEngine::Done { id, result });
    }

    /// Answers requests that were never begun as cancelled.
    pub(crate) fn cancelled(&self, jobs: impl IntoIterator<Item = Job<Arc<Outgoing>>>) {
        for job in jobs {
            let waited_ms = job.arrived.elapsed().as_secs_f64() * 1e3;
            let stats = Stats { queued_ms: waited_ms, total_ms: waited_ms, ..Stats::default() };
            self.done(
                &job.reply,
                job.id,
                Ok(Finish { stop: Stop::Cancelled, stats, shown: Shown::default() }),
            );
        }
    }
}

/// Loads the model and answers until the queue closes. `state` is told how the model is doing.
pub(crate) fn work(
    options: &EngineOptions,
    shared: &Arc<Shared>,
    state: impl Fn(ModelState) + Clone + 'static,
) {
    let result = catch_unwind(AssertUnwindSafe(|| load_and_answer(options, shared, &state)));
    let result =
        result.unwrap_or_else(|_| Err("failed in a way that nobody foresaw; the log has the details".into()));
    if let Err(problem) = result {
        // An engine that ends while it loads has interrupted itself: nothing is wrong with the model, and nobody is there to tell.
        if shared.queue.is_closed() {
            tracing::info!("the load was interrupted");
            return;
        }
        fail(shared, &state, &unusable(&options.model, &problem));
    }
}

fn load_and_answer(
    options: &EngineOptions,
    shared: &Arc<Shared>,
    state: &(impl Fn(ModelState) + Clone + 'static),
) -> Result<(), String> {
    let began = Instant::now();
    let loaded = load(options, shared, state.clone())?;
    let mut decoder = decoder(options, &loaded, Arc::clone(&shared.interrupt))?;
    decoder.warm();
    state(ModelState::Ready(ModelInfo {
        name: options.model.name(),
        family: loaded.fim.family.into(),
        context_tokens: u32::try_from(decoder.context_tokens()).unwrap_or(u32::MAX),
        bytes: loaded.model.bytes(),
        load_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    }));
    answer_all(&mut decoder, shared);
    Ok(())
}

/// A decoder over a loaded model, with as much room as the options and the memory allow.
pub(crate) fn decoder<'m>(
    options: &EngineOptions,
    loaded: &'m Loaded,
    interrupt: Arc<Interrupt>,
) -> Result<Decoder<'m>, String> {
    let Loaded { model, fim, calibration, .. } = loaded;
    let per_sequence = options.context_tokens.unwrap_or(CONTEXT).min(model.trained_context()).max(256);
    let tokens = usize::try_from(per_sequence).unwrap_or(usize::MAX);
    let fitting = CACHE_BYTES / (model.cache_bytes_per_token() * u64::from(per_sequence)).max(1);
    let sequences = usize::try_from(fitting.clamp(*SEQUENCES.start(), *SEQUENCES.end())).unwrap_or(2);
    let threads = options.threads.map_or_else(default_threads, std::num::NonZeroUsize::get);
    let context = model.context(sequences, tokens, threads, interrupt.flag()).map_err(|problem| {
        format!("has no room for its context: llama.cpp says {problem:?}; a smaller model or less context would fit")
    })?;
    let family = fim.family;
    let builder = Builder::new(model, fim.clone().in_order(options.order), tokens);
    tracing::info!(family, sequences, per_sequence, threads, caches_lines = builder.caches_lines(), "loaded");
    Ok(Decoder::new(model, context, builder, *calibration, (sequences, threads), interrupt))
}

fn answer_all(decoder: &mut Decoder<'_>, shared: &Shared) {
    // Who tells of workspaces, and so may be asked.
    let mut tellers = BTreeMap::new();
    loop {
        match shared.queue.next(decoder.calm_at(), decoder.workspaces.has_work()) {
            Next::Answer(job) => answer(decoder, shared, &job),
            Next::Calm => settle(decoder),
            Next::Told(client, reply, told) => {
                if told == Told::Left {
                    tellers.remove(&client);
                } else {
                    tellers.insert(client, reply);
                }
                learn(decoder, shared, &tellers, |decoder| decoder.workspaces.told(client, told));
            }
            Next::Learn => learn(decoder, shared, &tellers, Decoder::learn),
            Next::Forget(session) => {
                decoder.forget(session);
                count_sessions(decoder, shared);
            }
            Next::Closed => return,
        }
    }
}

/// Does something for what is learnt, and asks for what is lacking then.
fn learn<'m>(
    decoder: &mut Decoder<'m>,
    shared: &Shared,
    tellers: &BTreeMap<u64, Arc<Outgoing>>,
    work: impl FnOnce(&mut Decoder<'m>),
) {
    if catch_unwind(AssertUnwindSafe(|| work(decoder))).is_err() {
        // Nobody knows what a half-made table would find. Windows that come tell of everything again.
        decoder.workspaces = Workspaces::default();
    }
    while let Some(Question { client, workspace, wanted }) = decoder.workspaces.question() {
        if let Some(teller) = tellers.get(&client) {
            teller.send(FromEngine::Wants { workspace, wanted });
        }
    }
    let learnt = u64::try_from(decoder.workspaces.tokens()).unwrap_or(u64::MAX);
    shared.learnt.store(learnt, Ordering::Relaxed);
}

fn answer(decoder: &mut Decoder<'_>, shared: &Shared, job: &Job<Arc<Outgoing>>) {
    let timing = Timing { arrived: job.arrived, began: Instant::now() };
    let mut sink = Chunks { reply: &job.reply, id: job.id };
    let result = catch_unwind(AssertUnwindSafe(|| decoder.answer(&job.request, timing, &mut sink)));
    decoder.answered();
    let result = result.map(|result| {
        result.map(|mut finish| {
            let stopped = shared.queue.aborted_for().filter(|_| finish.stop == Stop::Cancelled);
            finish.stats.cancel_ms = stopped.map(|since| since.as_secs_f64() * 1e3);
            finish
        })
    });
    let result = result.unwrap_or_else(|_| {
        // One answer is lost, and the caches with it: nobody knows what state the panic left them in.
        decoder.reset();
        Err(ModelError::Failed("a fault inside the engine; its log has the details".into()))
    });
    // Counted before the answer is sent: whoever has the answer sees the count.
    count_sessions(decoder, shared);
    shared.done(&job.reply, job.id, result);
}

fn settle(decoder: &mut Decoder<'_>) {
    if catch_unwind(AssertUnwindSafe(|| decoder.settle())).is_err() {
        decoder.reset();
    }
}

fn count_sessions(decoder: &Decoder<'_>, shared: &Shared) {
    shared.sessions.store(u32::try_from(decoder.sessions()).unwrap_or(u32::MAX), Ordering::Relaxed);
}

/// Sends chunks on. A client ends its answer by a `Cancel`, never by refusing a chunk.
struct Chunks<'a> {
    reply: &'a Outgoing,
    id: RequestId,
}

impl Sink for Chunks<'_> {
    fn chunk(&mut self, text: &str) -> ControlFlow<()> {
        self.reply.send(FromEngine::Chunk { id: self.id, text: text.to_owned(), at_us: now_us() });
        ControlFlow::Continue(())
    }
}

/// Microseconds since 1970, UTC: a clock that other processes can read, too.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

fn fail(shared: &Shared, state: &impl Fn(ModelState), error: &ModelError) {
    tracing::error!(%error, "the model can't be used");
    // In this order whoever is refused has heard of the state before.
    state(ModelState::Failed(error.clone()));
    for job in shared.queue.fail(error) {
        shared.done(&job.reply, job.id, Err(error.clone()));
    }
}

/// The sentence a person reads: which file, what is wrong, what to do.
fn unusable(choice: &ModelChoice, problem: &str) -> ModelError {
    ModelError::Unusable(match choice {
        ModelChoice::Embedded => format!(
            "the built-in model {problem}; set `engine.model` in ~/.config/hob/config.toml to a GGUF file"
        ),
        ModelChoice::File(path) => format!(
            "the model {} {problem}; set `engine.model` in ~/.config/hob/config.toml to another GGUF file, or remove it to use the built-in model",
            path.display()
        ),
    })
}

/// A model and what its file says about it.
pub(crate) struct Loaded {
    pub(crate) model: Model,
    pub(crate) fim: Fim,
    pub(crate) calibration: Calibration,
    /// The embedded model is mapped from it: it must live as long.
    _file: Option<embedded::EmbeddedFile>,
}

/// Checks and loads the chosen model.
pub(crate) fn load(
    options: &EngineOptions,
    shared: &Arc<Shared>,
    state: impl Fn(ModelState) + 'static,
) -> Result<Loaded, String> {
    let (path, file): (PathBuf, _) = match &options.model {
        ModelChoice::File(path) => (path.clone(), None),
        ModelChoice::Embedded => {
            let file = embedded::open(&options.cache_dir)
                .map_err(|error| format!("could not be unpacked: {error}"))?;
            (file.path.clone(), Some(file))
        }
    };
    let header = gguf::check(&path).map_err(|gguf::Problem(problem)| problem)?;
    let mut facts = header.facts_or_name(&options.model.name());
    if options.model == ModelChoice::Embedded {
        facts.name = options.model.name();
    }
    // Before the weights are read: a chat model of many gigabytes is refused at once.
    family::recognise(&facts, |text| header.find(text)).map_err(|family::Refusal(reason)| reason)?;
    let shared = Arc::clone(shared);
    let mut told = 0.0;
    let progress = move |progress: f32| {
        if progress >= told + 0.05 {
            told = progress;
            state(ModelState::Loading { progress });
        }
        !shared.queue.is_closed()
    };
    let model = Model::load(&path, progress)
        .map_err(|error| format!("could not be loaded by llama.cpp ({error}); the log has its reason"))?;
    facts.bos = model.bos();
    facts.ends = model.ends();
    let fim =
        family::recognise(&facts, |text| header.find(text)).map_err(|family::Refusal(reason)| reason)?;
    let (slope, offset) = header.confidence;
    Ok(Loaded { model, fim, calibration: Calibration::new(slope, offset), _file: file })
}
