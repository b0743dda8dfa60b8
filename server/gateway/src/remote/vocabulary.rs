//! A host's vocabulary, as far as it was needed: texts in tokens and the bytes of tokens, asked for once and kept.
//!
//! [`Vocabulary::fetch`] asks for everything that a prompt may need before it is laid out, in one question. What is missing all the same is
//! asked for by itself, and waited for: never on a thread of the runtime. Must not guess: what a host did not say is a fault, and the
//! prompt that was made of it is thrown away.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use lru::LruCache;
use prompt::{Token, Tokens};
use tokio::runtime::Handle;

use super::{
    host::{Host, Trouble},
    speech::{Pieces, Speech},
};

/// Texts kept, most of them lines.
const TEXTS: NonZeroUsize = NonZeroUsize::new(32 * 1024).expect("not zero");

/// Tokens whose bytes lie side by side, and how many such pages there may be: a million tokens are more than any vocabulary has.
const PAGE: usize = 1024;
const PAGES: usize = 1024;

/// Bytes of text in one question at most.
const MOST: usize = 256 << 10;

type Page = Box<[OnceLock<Box<[u8]>>]>;

/// See the module.
#[derive(Debug)]
pub(super) struct Vocabulary {
    host: Host,
    speech: Speech,
    runtime: Handle,
    /// A token that no text has, to tell texts apart that are asked about together.
    between: Option<Token>,
    size: usize,
    known: Mutex<LruCache<Box<str>, Arc<[Token]>>>,
    pieces: Box<[OnceLock<Page>]>,
    fault: Mutex<Option<Trouble>>,
}

impl Vocabulary {
    /// An empty one, of `size` tokens if that is known.
    pub(super) fn new(host: Host, speech: Speech, between: Option<Token>, size: Option<usize>) -> Self {
        Self {
            host,
            speech,
            runtime: Handle::current(),
            between,
            size: size.unwrap_or(PAGE * PAGES),
            known: Mutex::new(LruCache::new(TEXTS)),
            pieces: (0..PAGES).map(|_| OnceLock::new()).collect(),
            fault: Mutex::new(None),
        }
    }

    /// Learns the tokens of those of `texts` that are not known.
    pub(super) async fn fetch(&self, texts: impl IntoIterator<Item = String>) -> Result<(), Trouble> {
        let mut missing: Vec<String> = {
            let mut known = lock(&self.known);
            texts.into_iter().filter(|text| !text.is_empty() && known.get(text.as_str()).is_none()).collect()
        };
        while !missing.is_empty() {
            let mut bytes = 0;
            let fits = |text: &String| {
                bytes += text.len();
                bytes <= MOST
            };
            let count = missing.iter().map(fits).take_while(|fits| *fits).count().max(1);
            let rest = missing.split_off(count);
            self.learn(&missing).await?;
            missing = rest;
        }
        Ok(())
    }

    /// [`Self::fetch`], waited for; not on a thread of the runtime.
    pub(super) fn block_on_fetch(&self, texts: impl IntoIterator<Item = String>) -> Result<(), Trouble> {
        self.runtime.block_on(self.fetch(texts))
    }

    /// What went wrong since it was asked last.
    pub(super) fn take_fault(&self) -> Option<Trouble> {
        lock(&self.fault).take()
    }

    async fn learn(&self, texts: &[String]) -> Result<(), Trouble> {
        let slices: Vec<&str> = texts.iter().map(String::as_str).collect();
        let question = self.between.filter(|_| slices.len() > 1);
        let question =
            question.and_then(|between| Some((between, self.speech.tokenize_all(&slices, between)?)));
        if let Some((between, (path, body))) = question {
            let Pieces(all) = self.speech.pieces(&self.host.post(path, &body).await?)?;
            let parts: Vec<_> = all.split(|(token, _)| *token == between).collect();
            // One part behind the last text, which is empty. A text that holds that very token has more: then each by itself.
            if parts.len() == texts.len() + 1 {
                for (text, part) in texts.iter().zip(parts) {
                    self.keep(text, part);
                }
                return Ok(());
            }
        }
        let each = slices.iter().map(|text| self.ask(text));
        futures::future::try_join_all(each).await.map(drop)
    }

    /// Asks about one text.
    async fn ask(&self, text: &str) -> Result<Arc<[Token]>, Trouble> {
        let (path, body) = self.speech.tokenize(text);
        let Pieces(pieces) = self.speech.pieces(&self.host.post(path, &body).await?)?;
        Ok(self.keep(text, &pieces))
    }

    fn keep(&self, text: &str, pieces: &[(Token, Vec<u8>)]) -> Arc<[Token]> {
        for (token, bytes) in pieces {
            if let Some(place) = self.place(*token) {
                place.get_or_init(|| bytes.as_slice().into());
            }
        }
        let tokens: Arc<[Token]> = pieces.iter().map(|(token, _)| *token).collect();
        lock(&self.known).put(text.into(), Arc::clone(&tokens));
        tokens
    }

    fn place(&self, token: Token) -> Option<&OnceLock<Box<[u8]>>> {
        let at = usize::try_from(token.0).ok()?;
        let page = self.pieces.get(at / PAGE)?.get_or_init(|| (0..PAGE).map(|_| OnceLock::new()).collect());
        page.get(at % PAGE)
    }
}

impl Tokens for Vocabulary {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        if text.is_empty() {
            return;
        }
        if let Some(tokens) = lock(&self.known).get(text) {
            return out.extend_from_slice(tokens);
        }
        if lock(&self.fault).is_some() {
            return;
        }
        tracing::debug!(bytes = text.len(), "a text was not foreseen");
        match self.runtime.block_on(self.ask(text)) {
            Ok(tokens) => out.extend_from_slice(&tokens),
            Err(trouble) => *lock(&self.fault) = Some(trouble),
        }
    }

    fn piece(&self, token: Token) -> &[u8] {
        self.place(token).and_then(OnceLock::get).map_or(&[], |bytes| bytes)
    }

    fn size(&self) -> usize {
        self.size
    }
}

/// Nothing panics while one of these is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
