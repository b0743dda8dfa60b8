//! The host as an engine: a request becomes a prompt in the host's own tokens, and what it says becomes the answer.
//!
//! Only what somebody waits for is asked, and the text before it read: a host has many users, and what is decoded ahead for one keeps
//! another waiting. Must not know who asks, and must not send a file that its user keeps back.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, Instant},
};

use model::{Finish, Kind, ModelInfo, Order, Request, SessionKey, Shown, Stats, Stop};
use prompt::{Builder, Facts, Fim, Hole, Prompt, Refusal, Token, View, Views, cache, family};
use tokio::{sync::Mutex as AsyncMutex, task::spawn_blocking};

use super::{
    Withholds,
    answer::Answer,
    host::{Host, Trouble},
    pace::Pace,
    speech::{Fill, Pieces, Profile, Speech, Strange, Told},
    vocabulary::Vocabulary,
};
use crate::sse;

/// After so long without a word of it a host may have become another.
const STRANGERS: Duration = Duration::from_secs(30);

/// How long a host may take to notice that nobody listens any more.
const LEAVING: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Team {
    pub(super) host: Host,
    speech: Speech,
    /// Tokens of a prompt and its answer at most, whatever the host has room for.
    context: u32,
    order: Option<Order>,
    withholds: Withholds,
    model: RwLock<Option<Arc<Model>>>,
    heard: Mutex<Instant>,
    pace: Pace,
}

/// The model that the host serves.
struct Model {
    vocabulary: Arc<Vocabulary>,
    fim: Fim,
    context: usize,
    identity: String,
    layouts: Mutex<Layouts>,
    seats: Mutex<BTreeMap<SessionKey, Arc<AsyncMutex<Seat>>>>,
}

/// What is known of the host's slot for a document.
///
/// A llama-server chooses the free slot that holds the longest beginning of a prompt. When a person types on before the answer is there, the
/// slot that does is not free yet: the host takes another, reads everything anew, and may never catch up. So that slot is asked for then, and
/// only then: at other times the host knows better.
#[derive(Debug, Default)]
struct Seat {
    slot: Option<u32>,
    /// When the last question was asked, if it was not read to its end.
    left: Option<Instant>,
}

/// How its prompts are laid out.
struct Layouts {
    /// `None` after it was told wrong tokens, until it is made anew.
    builder: Option<Builder<Arc<Vocabulary>>>,
    views: Views,
}

impl Team {
    pub(super) fn new(
        host: Host,
        speech: Speech,
        (context, order): (u32, Option<Order>),
        withholds: Withholds,
    ) -> Self {
        let (model, heard) = (RwLock::new(None), Mutex::new(Instant::now()));
        Self { host, speech, context, order, withholds, model, heard, pace: Pace::default() }
    }

    /// Learns what the host serves and how that is asked.
    pub(super) async fn load(&self) -> Result<ModelInfo, Trouble> {
        let began = Instant::now();
        self.host.find_key().await?;
        let mut answers = Vec::new();
        for path in self.speech.about() {
            answers.push(self.host.get(path).await?);
        }
        let profile = self.speech.profile(&answers)?;
        let fim = self.family(&profile).await?.in_order(self.order);
        let context = profile.context.min(self.context);
        let model = Arc::new(Model {
            vocabulary: Arc::new(Vocabulary::new(
                self.host.clone(),
                self.speech.clone(),
                Some(fim.suffix),
                profile.vocabulary,
            )),
            fim: fim.clone(),
            context: usize::try_from(context).unwrap_or(usize::MAX),
            identity: profile.identity,
            layouts: Mutex::new(Layouts { builder: None, views: Views::default() }),
            seats: Mutex::default(),
        });
        model.vocabulary.fetch(cache::sample().map(str::to_owned)).await?;
        let own = Arc::clone(&model);
        spawn_blocking(move || own.with_layouts(|_| ())).await.map_err(|_| BROKEN)??;
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = Some(model);
        self.hear();
        Ok(ModelInfo {
            name: profile.name,
            family: fim.family.into(),
            context_tokens: context,
            bytes: profile.bytes,
            load_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }

    async fn family(&self, profile: &Profile) -> Result<Fim, Trouble> {
        let mut names: Vec<&str> = family::token_names().collect();
        names.extend(profile.ends.iter().map(String::as_str).filter(|name| !name.is_empty()));
        let (path, body) = self.speech.tokenize_names(&names.join("\n"), false);
        let Pieces(pieces) = self.speech.pieces(&self.host.post(path, &body).await?)?;
        let known: BTreeMap<&[u8], Token> =
            pieces.iter().rev().map(|(token, bytes)| (bytes.as_slice(), *token)).collect();
        // Some vocabularies write the space in these names as `▁`, and tokenizers give it back as one.
        let find = |name: &str| {
            let spaced = name.replace('▁', " ");
            known.get(name.as_bytes()).or_else(|| known.get(spaced.as_bytes())).copied()
        };
        let mut beginnings = Vec::new();
        for begins in [false, true] {
            let (path, body) = self.speech.tokenize_names("x", begins);
            let Pieces(pieces) = self.speech.pieces(&self.host.post(path, &body).await?)?;
            beginnings.push(pieces.first().map(|(token, _)| *token));
        }
        let facts = Facts {
            name: profile.name.clone(),
            bos: beginnings[1].filter(|first| Some(*first) != beginnings[0]),
            ends: profile.ends.iter().filter_map(|name| find(name)).collect(),
            ..Facts::default()
        };
        family::recognise(&facts, find).map_err(|Refusal(reason)| Trouble::Model(reason))
    }

    /// Documents whose places are known.
    pub(super) fn sessions(&self) -> usize {
        self.model().map_or(0, |model| model.layouts().views.sessions())
    }

    /// A document was closed.
    pub(super) fn forget(&self, session: SessionKey) {
        if let Ok(model) = self.model() {
            model.layouts().views.forget(session);
            model.seats.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
        }
    }

    fn model(&self) -> Result<Arc<Model>, Trouble> {
        let model = self.model.read().unwrap_or_else(PoisonError::into_inner);
        model.clone().ok_or_else(|| Trouble::Silent("it was not there yet".into()))
    }

    fn hear(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Answers `request`, which `arrived` then. `say` gets what is to be shown. Ends with [`Stop::Cancelled`] as soon as `cancelled` does, and
    /// the connection to the host with it.
    pub(super) async fn answer(
        &self,
        request: Request,
        arrived: Instant,
        cancelled: impl Future<Output = ()>,
        say: impl FnMut(String),
    ) -> Result<Finish, Trouble> {
        let quick = match request.kind {
            Kind::Ahead => Some(Stop::Cancelled),
            Kind::Alternatives(_) => Some(Stop::EndOfText),
            Kind::Fim | Kind::Prefill => None,
        };
        let mut work = Work { arrived, is_asked: false, answer: None, shown: Shown::default() };
        let stop = if let Some(stop) = quick {
            stop
        } else {
            tokio::select! {
                biased;
                () = cancelled => Stop::Cancelled,
                end = self.fill(request, &mut work, say) => end?,
            }
        };
        let came = work.answer.as_ref().is_some_and(|answer| answer.stats.ttft_ms.is_some());
        if came {
            self.pace.kept_up();
        } else if stop == Stop::Cancelled && work.is_asked {
            self.pace.overtaken();
        }
        let waited = || Stats { total_ms: milliseconds(arrived), ..Stats::default() };
        let mut stats = work.answer.map_or_else(waited, |answer| answer.close(stop));
        // The connection is closed by now; what the host does until it sees that is its own time.
        stats.cancel_ms = (stop == Stop::Cancelled).then_some(0.0);
        Ok(Finish { stop, stats, shown: work.shown })
    }

    async fn fill(
        &self,
        mut request: Request,
        work: &mut Work,
        say: impl FnMut(String),
    ) -> Result<Stop, Trouble> {
        let model = self.model()?;
        tokio::time::sleep(self.pace.wait()).await;
        self.check(&model).await?;
        work.is_asked = true;
        let before = request.blocks.len();
        request.blocks.retain(|block| (self.withholds)(&block.path).is_none());
        let (kind, single_line, whole) = (request.kind, request.single_line, request.blocks.len() == before);
        // One at a time for each document: what the one before has had read is where this one goes on.
        let mut seat = model.seat(request.session).lock_owned().await;
        let own = Arc::clone(&model);
        let laid_out = spawn_blocking(move || own.lay_out(&request));
        let (prompt, is_new) = laid_out.await.map_err(|_| BROKEN)??;
        let answer = work.answer.insert(Answer::new(&prompt, single_line, work.arrived));
        answer.stats.prompt_ms = milliseconds(work.arrived);
        work.shown = prompt.shown.clone();
        if !whole {
            work.shown.excerpts.clear();
        }
        let reads = kind == Kind::Prefill;
        let begins = prompt.healing.rest();
        let fill = Fill {
            tokens: &prompt.tokens,
            begins: if reads { &[] } else { begins },
            // A word that was taken back may be said in as many tokens as it has bytes.
            most: if reads { 0 } else { prompt.answer_tokens + begins.len() },
            slot: seat.slot.filter(|_| seat.left.is_some_and(|left| left.elapsed() < LEAVING)),
        };
        let reading = self.speech.read(&fill).filter(|_| is_new || reads);
        let read_it_all = reading.is_some();
        let mut evaluated = 0;
        if let Some((path, body)) = reading {
            // A task of its own: whoever types on wants it to be read to the end all the same.
            let (host, speech) = (self.host.clone(), self.speech.clone());
            let task = tokio::spawn(async move {
                let read = speech.was_read(&host.post(path, &body).await?);
                seat.slot = read.slot;
                Ok::<_, Trouble>((seat, read.evaluated))
            });
            (seat, evaluated) = task.await.map_err(|_| BROKEN)??;
            self.hear();
            answer.stats.evaluated_tokens = evaluated;
        }
        if reads && read_it_all {
            return Ok(Stop::Prefilled);
        }
        // Until it has ended by itself the host may not have noticed that nobody listens.
        seat.left = Some(Instant::now());
        let heard = self.listen(&fill, (reads, &model.fim), answer, say).await;
        answer.stats.evaluated_tokens += evaluated;
        let (stop, is_over) = heard?;
        if is_over {
            seat.left = None;
        }
        Ok(if reads && is_over { Stop::Prefilled } else { stop })
    }

    /// Has `fill` filled and takes the answer in, until that has enough or the host is done: why it ended, and whether the host is.
    async fn listen(
        &self,
        fill: &Fill<'_>,
        (reads, fim): (bool, &Fim),
        answer: &mut Answer,
        mut say: impl FnMut(String),
    ) -> Result<(Stop, bool), Trouble> {
        let (path, body) = self.speech.fill(fill);
        let mut response = self.host.stream(path, &body).await?;
        let (mut events, mut ended) = (sse::Decoder::with_stray("error"), None);
        while let Some(bytes) = self.host.next(&mut response).await? {
            self.hear();
            let (mut text, mut enough) = (String::new(), None);
            for told in self.told(&mut events, &bytes)? {
                match told {
                    // The last counts come behind it; and a connection that was read to its end serves again.
                    Told::Ended(stop) => ended = Some(stop),
                    told if ended.is_none()
                        && enough.is_none()
                        && (!reads || !matches!(told, Told::Said(_))) =>
                    {
                        enough = answer.take(told, fim, &mut text);
                    }
                    Told::Evaluated(tokens) => answer.stats.evaluated_tokens = tokens,
                    Told::Said(_) | Told::Step(_) => {}
                }
            }
            if !text.is_empty() {
                say(text);
            }
            if let Some(stop) = enough {
                return Ok((stop, false));
            }
        }
        let stop = ended.ok_or_else(|| Trouble::Silent("it broke its answer off".into()))?;
        Ok((stop, true))
    }

    /// What the events say that end with these bytes.
    fn told(&self, events: &mut sse::Decoder, bytes: &[u8]) -> Result<Vec<Told>, Strange> {
        let mut whole = Vec::new();
        let read = events.push(bytes, |message| {
            whole.push(message);
            Ok(())
        });
        read.map_err(|_| Strange("sends events without an end"))?;
        let mut told = Vec::new();
        for sse::Message { name, data } in whole {
            if name == "error" {
                return Err(Strange("breaks its answer off with an error"));
            }
            told.extend(self.speech.event(&data)?);
        }
        Ok(told)
    }

    /// Sees to it that the host still serves what it served, if nothing was heard of it for a while.
    async fn check(&self, model: &Model) -> Result<(), Trouble> {
        let silent = self.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if silent < STRANGERS {
            return Ok(());
        }
        let about = self.speech.about().first().ok_or(Trouble::Changed)?;
        if self.speech.identity(&self.host.get(about).await?) != model.identity {
            return Err(Trouble::Changed);
        }
        self.hear();
        Ok(())
    }

    /// Why nothing of a file at `path` is sent; `None`: it may be.
    pub(super) fn withholds(&self, path: &str) -> Option<String> {
        (self.withholds)(path)
    }
}

/// A thread of ours that panicked costs the answer.
const BROKEN: Trouble = Trouble::Strange("could not be asked: a fault in Hob, whose log has the details");

/// What is known of an answer, however it ends.
struct Work {
    arrived: Instant,
    /// The host was, or is just being.
    is_asked: bool,
    answer: Option<Answer>,
    shown: Shown,
}

impl Model {
    /// Where the host holds what it has read of a document.
    fn seat(&self, session: SessionKey) -> Arc<AsyncMutex<Seat>> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(seats.entry(session).or_default())
    }

    /// The prompt for `request`, and whether it is of a place that was not shown before. Waits for the host where texts are new; not
    /// for an async thread.
    fn lay_out(&self, request: &Request) -> Result<(Prompt, bool), Trouble> {
        let sources = self.with_layouts(|layouts| {
            layouts.builder.as_ref().map(|builder| builder.sources(&Hole::of(request)))
        })?;
        // Without the lock, so that a host that takes its time holds up nobody else's prompt.
        self.vocabulary.block_on_fetch(sources.into_iter().flatten())?;
        self.with_layouts(|Layouts { builder, views }| {
            let builder = builder.as_mut()?;
            // Where an anchor stands it stays, until no more fits behind it: to move it costs the host the text after the cursor.
            if let Some((hole, view, _)) = views.find(builder, request) {
                return Some((builder.build_view(&hole, view), false));
            }
            let hole = Hole::of(request);
            views.put(&hole, View::Whole);
            Some((builder.build_view(&hole, View::Whole), true))
        })?
        .ok_or(BROKEN)
    }

    /// Does `work`; what came of it counts for nothing if the host could not be asked for a text on the way.
    fn with_layouts<R>(&self, work: impl FnOnce(&mut Layouts) -> R) -> Result<R, Trouble> {
        let mut layouts = self.layouts();
        let vocabulary = &self.vocabulary;
        layouts
            .builder
            .get_or_insert_with(|| Builder::new(Arc::clone(vocabulary), self.fim.clone(), self.context));
        let done = work(&mut layouts);
        match vocabulary.take_fault() {
            None => Ok(done),
            Some(trouble) => {
                // It remembers what it was not told.
                layouts.builder = None;
                Err(trouble)
            }
        }
    }

    fn layouts(&self) -> MutexGuard<'_, Layouts> {
        // A panic may have left half a prompt in the cache of its tokens, not in the cache of views.
        self.layouts.lock().unwrap_or_else(|poisoned| {
            let mut layouts = poisoned.into_inner();
            layouts.builder = None;
            self.layouts.clear_poison();
            layouts
        })
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
