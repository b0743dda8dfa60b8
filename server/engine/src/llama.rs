//! llama.cpp: loading, tokens, evaluation. The only place with `unsafe`, and the only one that names `llama_cpp_2`.
//!
//! llama.cpp answers a broken precondition with an assert that ends the process, so each is checked here first: batches within
//! `n_batch`, positions within the context, sequences that exist, logits that were asked for. Must not know requests or prompts.

#![expect(unsafe_code, reason = "llama-cpp-2 does not bind the abort callback: see `set_abort`")]

use std::{
    ffi::c_void,
    num::NonZeroU32,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use llama_cpp_2::{
    DecodeError, LogOptions,
    context::{LlamaContext, params::LlamaContextParams},
    llama_backend::LlamaBackend,
    llama_batch::LlamaBatch,
    model::{LlamaModel, params::LlamaModelParams},
    token::LlamaToken,
};
use llama_cpp_sys_2 as sys;
use prompt::{Token, Tokens};

/// The largest batch that is ever evaluated at once. On a CPU 64 is within a tenth of 512's speed, and a small batch keeps the buffer
/// for logits small: 128 × a vocabulary of 152,000 are 78 MB already.
pub(crate) const LARGEST_BATCH: usize = 128;

/// llama.cpp, initialized once per process, with its log going to `tracing`.
fn backend() -> Result<&'static LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    let backend = BACKEND.get_or_init(|| {
        llama_cpp_2::send_logs_to_tracing(LogOptions::default());
        LlamaBackend::init().map_err(|error| error.to_string())
    });
    backend.as_ref().map_err(Clone::clone)
}

/// A model's weights and vocabulary.
#[derive(Debug)]
pub(crate) struct Model {
    inner: LlamaModel,
    /// The bytes of all pieces, and where each begins; one more start than there are tokens.
    pieces: Vec<u8>,
    starts: Vec<usize>,
    /// The text put before each text to tokenize, and how many tokens it takes: see [`Model::find_lead`].
    lead: Option<usize>,
}

/// A character that no vocabulary merges with anything.
const LEAD: &str = "\u{1}";

impl Model {
    /// Reads the model at `path`. `progress` is told the share that is loaded, and stops the loading by answering `false`.
    pub(crate) fn load(path: &Path, progress: impl FnMut(f32) -> bool + 'static) -> Result<Self, String> {
        let params = LlamaModelParams::default().with_progress_callback(progress);
        let inner =
            LlamaModel::load_from_file(backend()?, path, &params).map_err(|error| error.to_string())?;
        let mut model = Self { inner, pieces: Vec::new(), starts: vec![0], lead: None };
        let vocabulary = model.inner.vocab();
        let mut pieces = Vec::new();
        for token in vocabulary.tokens() {
            pieces.extend(vocabulary.token_to_piece(token, false, None));
            model.starts.push(pieces.len());
        }
        model.pieces = pieces;
        model.lead = model.find_lead();
        Ok(model)
    }

    /// Vocabularies of `SentencePiece`'s kind put a space before each text, which in the middle of a line is wrong. Tokenizing the text
    /// behind a character that merges with nothing, and taking that character's tokens off again, keeps the space away.
    fn find_lead(&self) -> Option<usize> {
        let spelled = |tokens: &[LlamaToken]| -> Vec<u8> {
            tokens.iter().flat_map(|token| self.piece(Token(token.0)).to_vec()).collect()
        };
        let vocabulary = self.inner.vocab();
        if spelled(&vocabulary.tokenize(b"a b", false, false)) == b"a b" {
            return None;
        }
        let lead = vocabulary.tokenize(LEAD.as_bytes(), false, false).len();
        let behind = vocabulary.tokenize(format!("{LEAD}a b").as_bytes(), false, false);
        behind.get(lead..).is_some_and(|tokens| spelled(tokens) == b"a b").then_some(lead)
    }

    /// The token that the model wants at the start of a prompt, if it wants one.
    pub(crate) fn bos(&self) -> Option<Token> {
        let vocabulary = self.inner.vocab();
        (vocabulary.should_add_bos() && vocabulary.bos().0 >= 0).then(|| Token(vocabulary.bos().0))
    }

    /// The tokens that end a text.
    pub(crate) fn ends(&self) -> Vec<Token> {
        let vocabulary = self.inner.vocab();
        vocabulary.tokens().filter(|token| vocabulary.is_eog(*token)).map(|token| Token(token.0)).collect()
    }

    /// Tokens of the context that the model was trained with.
    pub(crate) fn trained_context(&self) -> u32 {
        self.inner.n_ctx_train()
    }

    /// Whether this build can compute where the abort flag isn't read.
    pub(crate) fn may_use_gpu() -> bool {
        backend().is_ok_and(LlamaBackend::supports_gpu_offload)
    }

    /// How many parameters it has.
    pub(crate) fn parameters(&self) -> u64 {
        self.inner.n_params()
    }

    /// Bytes of weights.
    pub(crate) fn bytes(&self) -> u64 {
        self.inner.size()
    }

    /// About how many bytes one token takes in the KV cache, at two bytes a number.
    pub(crate) fn cache_bytes_per_token(&self) -> u64 {
        let width = u64::try_from(self.inner.n_embd()).unwrap_or(0);
        let heads = u64::from(self.inner.n_head().max(1));
        u64::from(self.inner.n_layer()) * (width * u64::from(self.inner.n_head_kv()) / heads) * 2 * 2
    }

    /// A context of `sequences` separate sequences of `per_sequence` tokens, computing with `threads`. While `abort` is set every
    /// evaluation stops within milliseconds (on CPU and Metal; elsewhere at the end of its batch).
    pub(crate) fn context(
        &self,
        sequences: usize,
        per_sequence: usize,
        threads: usize,
        abort: Arc<AtomicBool>,
    ) -> Result<Context<'_>, String> {
        // Separate buffers: a key then never pays for the tokens of other documents, as it would with one buffer for all
        // (docs/decisions/0003-key-path.md).
        self.context_of((sequences, per_sequence), threads, abort, false)
    }

    /// The same with `unified` buffers, which is measured and not used.
    pub(crate) fn context_of(
        &self,
        (sequences, per_sequence): (usize, usize),
        threads: usize,
        abort: Arc<AtomicBool>,
        unified: bool,
    ) -> Result<Context<'_>, String> {
        // llama.cpp may have only one context in the making at a time.
        static MAKING: Mutex<()> = Mutex::new(());
        let number = |value: usize| u32::try_from(value).map_err(|_| format!("{value} is too large"));
        let batch = number(LARGEST_BATCH)?;
        let threads = i32::try_from(threads).map_err(|_| format!("{threads} threads are too many"))?;
        let mut params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(number(sequences * per_sequence)?))
            .with_n_seq_max(number(sequences)?)
            .with_n_batch(batch)
            .with_n_ubatch(batch)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_kv_unified(unified)
            // Models with a sliding window must be able to take tokens back.
            .with_swa_full(true)
            .with_no_perf(true);
        if !Model::may_use_gpu() {
            // On a CPU it is slower, and what it computes depends on the number of threads (docs/decisions/0004-threads.md).
            params = params.with_flash_attention_policy(sys::LLAMA_FLASH_ATTN_TYPE_DISABLED);
        }
        set_abort(&mut params, &abort);
        let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = self.inner.new_context(backend()?, params).map_err(|error| error.to_string())?;
        let batch = LlamaBatch::new(LARGEST_BATCH, 1);
        Ok(Context { inner, batch, sequences, per_sequence, alone: false, logits_at: 0..0, _abort: abort })
    }
}

impl Tokens for Model {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        if text.is_empty() {
            return;
        }
        let vocabulary = self.inner.vocab();
        let tokens = match self.lead {
            None => vocabulary.tokenize(text.as_bytes(), false, false),
            Some(lead) => {
                vocabulary.tokenize(format!("{LEAD}{text}").as_bytes(), false, false).split_off(lead)
            }
        };
        out.extend(tokens.into_iter().map(|token| Token(token.0)));
    }

    fn piece(&self, token: Token) -> &[u8] {
        let at = usize::try_from(token.0).unwrap_or(usize::MAX);
        match (self.starts.get(at), self.starts.get(at.saturating_add(1))) {
            (Some(start), Some(end)) => &self.pieces[*start..*end],
            _ => &[],
        }
    }

    fn size(&self) -> usize {
        self.starts.len() - 1
    }
}

/// Why a batch was not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The abort flag was set. Some of the batch may be in the cache: ask [`Context::length`].
    Aborted,
    /// Anything else; the cache is in an unknown state.
    Broken(String),
}

/// The KV caches, and what was computed last.
pub(crate) struct Context<'m> {
    inner: LlamaContext<'m>,
    batch: LlamaBatch<'static>,
    sequences: usize,
    per_sequence: usize,
    /// Whether one thread computes, whatever the context was made with.
    alone: bool,
    /// Which tokens of the last batch have logits.
    logits_at: std::ops::Range<usize>,
    /// Declared last, and so dropped after the context that holds a pointer to it.
    _abort: Arc<AtomicBool>,
}

impl Context<'_> {
    /// Tokens that fit into one sequence.
    pub(crate) fn per_sequence(&self) -> usize {
        self.per_sequence
    }

    /// Lets one thread compute from now on, or all that the context was made with. Where threads are not OpenMP's it changes nothing.
    pub(crate) fn compute_alone(&mut self, alone: bool) {
        if self.alone != alone {
            self.alone = alone;
            #[cfg(target_os = "linux")]
            set_parallel(!alone);
        }
    }

    /// Evaluates `tokens`, at most [`LARGEST_BATCH`], as the next ones of `sequence`, which holds `position` tokens. The logits after
    /// each of the last `rows` of them are kept for [`Self::logits`].
    pub(crate) fn evaluate(
        &mut self,
        sequence: usize,
        position: usize,
        tokens: &[Token],
        rows: usize,
    ) -> Result<(), Failure> {
        let broken = |text: String| Failure::Broken(text);
        self.logits_at = 0..0;
        if tokens.is_empty() || tokens.len() > LARGEST_BATCH || rows > tokens.len() {
            return Err(broken(format!("a batch of {} tokens", tokens.len())));
        }
        if sequence >= self.sequences || position + tokens.len() > self.per_sequence {
            return Err(broken(format!("{} tokens at {position} of sequence {sequence}", tokens.len())));
        }
        self.batch.clear();
        let wanted = tokens.len() - rows..tokens.len();
        for (offset, token) in tokens.iter().enumerate() {
            self.add(sequence, position + offset, *token, wanted.contains(&offset))?;
        }
        self.decode(wanted)
    }

    /// Evaluates one token each of several sequences at once: the sequence, how many tokens it holds, and its next. Neighbouring
    /// sequences in ascending order cost the least. The logits after each are kept for [`Self::logits`], in this order.
    pub(crate) fn evaluate_each(&mut self, steps: &[(usize, usize, Token)]) -> Result<(), Failure> {
        self.logits_at = 0..0;
        let fits = |step: &(usize, usize, Token)| step.0 < self.sequences && step.1 < self.per_sequence;
        // One sequence twice in a batch would need its tokens in order.
        if steps.is_empty() || !steps.iter().all(fits) || !steps.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(Failure::Broken(format!("a step of {} sequences", steps.len())));
        }
        self.batch.clear();
        for (sequence, position, token) in steps {
            self.add(*sequence, *position, *token, true)?;
        }
        self.decode(0..steps.len())
    }

    /// Adds a token to the batch.
    fn add(
        &mut self,
        sequence: usize,
        position: usize,
        token: Token,
        with_logits: bool,
    ) -> Result<(), Failure> {
        let number = |value: usize| i32::try_from(value).map_err(|error| Failure::Broken(error.to_string()));
        let (id, position) = ([number(sequence)?], number(position)?);
        let added = self.batch.add(LlamaToken(token.0), position, &id, with_logits);
        added.map_err(|error| Failure::Broken(error.to_string()))
    }

    /// Evaluates the batch, of which the tokens `wanted` have logits.
    fn decode(&mut self, wanted: std::ops::Range<usize>) -> Result<(), Failure> {
        match self.inner.decode(&mut self.batch) {
            Ok(()) => {
                self.logits_at = wanted;
                Ok(())
            }
            // llama.h: 2 is "aborted (processed ubatches will remain in the context's memory)".
            Err(DecodeError::Unknown(2)) => Err(Failure::Aborted),
            Err(error) => Err(Failure::Broken(error.to_string())),
        }
    }

    /// The logits of row `row` of those that the last evaluation kept; `None` if it failed or kept fewer.
    pub(crate) fn logits(&self, row: usize) -> Option<&[f32]> {
        let at = self.logits_at.clone().nth(row)?;
        i32::try_from(at).ok().map(|at| self.inner.get_logits_ith(at))
    }

    /// Keeps only the first `keep` tokens of `sequence`. Some kinds of model can't take back a part: then all is gone, and the answer
    /// is 0 instead of `keep`.
    pub(crate) fn truncate(&mut self, sequence: usize, keep: usize) -> usize {
        let (Ok(id), Ok(from)) = (u32::try_from(sequence), u32::try_from(keep)) else { return 0 };
        if matches!(self.inner.clear_kv_cache_seq(Some(id), Some(from), None), Ok(true)) {
            return keep;
        }
        // Removing a whole sequence never fails (llama.h); its result says nothing new.
        let _gone = self.inner.clear_kv_cache_seq(Some(id), None, None);
        0
    }

    /// Makes `to` hold what `from` holds. The buffers are moved at the next evaluation.
    pub(crate) fn copy(&mut self, from: usize, to: usize) {
        let (Ok(source), Ok(target)) = (i32::try_from(from), i32::try_from(to)) else { return };
        // llama.cpp asserts that both exist, and that a copy between buffers is one of the whole.
        if from != to && from < self.sequences && to < self.sequences {
            // It can fail only on positions that are no `i32`, and there are none.
            let _whole = self.inner.copy_kv_cache_seq(source, target, None, None);
        }
    }

    /// Whether the first sequence, which must hold two tokens or more, can take back its last: some kinds of model can't.
    pub(crate) fn truncates(&mut self) -> bool {
        let held = self.length(0);
        held > 1 && self.truncate(0, held - 1) == held - 1
    }

    /// Tokens that `sequence` holds.
    pub(crate) fn length(&self, sequence: usize) -> usize {
        let last = i32::try_from(sequence).map_or(-1, |id| self.inner.kv_cache_seq_pos_max(id));
        usize::try_from(last + 1).unwrap_or(0)
    }

    /// Empties every sequence.
    pub(crate) fn clear(&mut self) {
        self.inner.clear_kv_cache();
    }
}

// The cast in `set_abort` stands on `LlamaContextParams` being nothing but llama.cpp's struct.
const _: () = assert!(
    size_of::<LlamaContextParams>() == size_of::<sys::llama_context_params>()
        && align_of::<LlamaContextParams>() == align_of::<sys::llama_context_params>()
);

/// Sets llama.cpp's abort callback, which llama-cpp-2 doesn't bind, to read `flag`. Whoever makes a context of `params` must keep `flag`
/// for as long as the context lives.
fn set_abort(params: &mut LlamaContextParams, flag: &Arc<AtomicBool>) {
    // SAFETY: `LlamaContextParams` has exactly one field, a `llama_context_params` (llama-cpp-2 is pinned, its size and alignment are
    // asserted above), so both types have the same layout; the reference lives no longer than the borrow of `params`.
    let raw = unsafe { &mut *std::ptr::from_mut(params).cast::<sys::llama_context_params>() };
    raw.abort_callback = Some(read_flag);
    raw.abort_callback_data = Arc::as_ptr(flag).cast_mut().cast::<c_void>();
}

/// Lets OpenMP make teams of threads in this thread, or not. llama-cpp-2 binds neither `llama_set_n_threads` nor a way to the context that
/// it wants; ggml computes with as many threads as OpenMP gives it, and OpenMP gives one where no level of parallelism is allowed.
#[cfg(target_os = "linux")]
fn set_parallel(parallel: bool) {
    unsafe extern "C" {
        /// OpenMP 5.2, 18.2.14; libgomp, which llama.cpp is linked with.
        safe fn omp_set_max_active_levels(levels: std::ffi::c_int);
    }
    omp_set_max_active_levels(std::ffi::c_int::from(parallel));
}

unsafe extern "C" fn read_flag(data: *mut c_void) -> bool {
    // SAFETY: `data` is the `AtomicBool` of the `Arc` that `Context` holds and drops only after the llama.cpp context, the sole caller.
    unsafe { &*data.cast::<AtomicBool>() }.load(Ordering::Relaxed)
}
