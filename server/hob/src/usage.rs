//! What came of suggestions, counted for months: by day, task and language, without text.
//!
//! `serve` hands over what it counts and goes on; a thread adds it to the counters' file now and then, and works out what is learned from
//! it. Must not slow an answer or a key down, and a file that can't be written costs the counts and nothing else.

pub(crate) mod cloud;
pub(crate) mod day;
pub(crate) mod figures;
pub(crate) mod html;
pub(crate) mod money;
pub(crate) mod report;
pub(crate) mod store;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io,
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use assist::{DECILES, Noted, Tally, Task, Verdict, least_confidence, weight};

use crate::row::{self, Row};
use store::{Decided, Store};

/// What is counted waits so long for more.
const GATHERED: Duration = Duration::from_millis(500);

/// Other windows learn too: so often what is learned is read again, once there is something new.
const LEARNED: Duration = Duration::from_mins(10);

/// What was decided longer ago, in days, weighs nothing.
const FORGOTTEN: i64 = 120;

/// Sums that wait for a disk that is full.
const MOST: usize = 10_000;

/// A language's name is the editor's to choose, but has its bounds.
const LONGEST_NAME: usize = 40;

/// What is to be written: sums by day, task, language and counter, and what was decided by day, model, language and decile.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    counts: BTreeMap<Counted, u64>,
    /// Shown, accepted, typed over.
    verdicts: BTreeMap<Of, [u64; 3]>,
}

/// A sum's day, task, language and counter.
type Counted = (i64, &'static str, Arc<str>, Cow<'static, str>);

/// A decision's day, model, language and decile.
type Of = (i64, String, Arc<str>, u8);

/// The least confidence, by model and language.
type Learned = BTreeMap<(String, String), u32>;

#[derive(Debug)]
enum Message {
    Count(&'static str, Arc<str>, Vec<(Cow<'static, str>, u64)>),
    Noted(Arc<str>, String, Noted),
    /// Writes, and drops it.
    Flush(SyncSender<()>),
}

/// Takes counts, and tells what was learned. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    messages: mpsc::Sender<Message>,
    learned: Arc<RwLock<Learned>>,
}

impl Usage {
    /// Starts the thread for the state folder `state`.
    pub(crate) fn start(state: &Path) -> io::Result<Self> {
        let (messages, taken) = mpsc::channel();
        let learned = Arc::<RwLock<Learned>>::default();
        let mut writer = Writer {
            store: Store::of(state),
            batch: Batch::default(),
            learned: Arc::clone(&learned),
            learned_at: None,
            has_complained: false,
        };
        thread::Builder::new().name("usage".into()).spawn(move || writer.work(&taken))?;
        Ok(Self { messages, learned })
    }

    /// Counts one answer. `decoded`: whether its tokens were decoded for it, and so count.
    pub(crate) fn answered(&self, row: &Row, decoded: bool) {
        let task = if row.asked == "popup" { Task::Popup } else { Task::Inline };
        let mut counts = vec![(Cow::Borrowed("requests"), 1)];
        if row.outcome == "shown" {
            counts.push((figures::latency(row.total_ms), 1));
        } else {
            counts.push((figures::silence(&row.outcome), 1));
        }
        if let Some(stats) = row.stats.filter(|_| decoded) {
            counts.push((figures::DECODED.into(), stats.decoded_tokens.into()));
            counts.push((figures::PROMPT.into(), stats.prompt_tokens.into()));
            let known = stats.prompt_tokens.saturating_sub(stats.evaluated_tokens);
            counts.push((figures::KNOWN.into(), known.into()));
        }
        self.send(Message::Count(task.name(), row.language.as_str().into(), counts));
    }

    /// Counts what was noted in a document of this language while this model answered.
    pub(crate) fn noted(&self, language: &Arc<str>, model: impl FnOnce() -> String, noted: Noted) {
        if !noted.is_empty() {
            let model = if noted.verdicts.is_empty() { String::new() } else { model() };
            self.send(Message::Noted(Arc::clone(language), model, noted));
        }
    }

    /// How sure this model has to be in this language, in per cent, by what was learned.
    pub(crate) fn learned(&self, language: &str, model: impl FnOnce() -> String) -> u32 {
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        if learned.is_empty() {
            return 0;
        }
        learned.get(&(model(), language.to_owned())).copied().unwrap_or(0)
    }

    /// Waits until everything is written, not longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let (done, waited) = mpsc::sync_channel(0);
        self.send(Message::Flush(done));
        // It is dropped, never sent: an error is the signal.
        let _ = waited.recv_timeout(patience);
    }

    fn send(&self, message: Message) {
        drop(self.messages.send(message));
    }
}

/// The thread's side.
struct Writer {
    store: Store,
    batch: Batch,
    learned: Arc<RwLock<Learned>>,
    learned_at: Option<Instant>,
    has_complained: bool,
}

impl Writer {
    /// Takes messages until nobody can send one.
    fn work(&mut self, messages: &Receiver<Message>) {
        self.learn();
        loop {
            let Ok(first) = messages.recv() else { return };
            let due = Instant::now() + GATHERED;
            let mut next = Ok(first);
            while let Ok(message) = next {
                if let Some(done) = self.take(message) {
                    self.write();
                    drop(done);
                }
                next = messages.recv_timeout(due.saturating_duration_since(Instant::now()));
            }
            self.write();
            if matches!(next, Err(RecvTimeoutError::Disconnected)) {
                return;
            }
            self.learn();
        }
    }

    /// Adds what a message brings; who waits for it to be written.
    fn take(&mut self, message: Message) -> Option<SyncSender<()>> {
        let today = day::of(row::now());
        match message {
            Message::Flush(done) => return Some(done),
            Message::Count(task, language, counts) => {
                let language = named(language);
                for (counter, by) in counts {
                    self.batch.count(today, task, &language, counter, by);
                }
            }
            Message::Noted(language, model, noted) => {
                let language = named(language);
                for (task, counter, by) in noted.counts {
                    self.batch.count(today, task.name(), &language, counter.name().into(), by.into());
                }
                for verdict in noted.verdicts {
                    self.batch.decide(today, &model, &language, verdict);
                }
            }
        }
        None
    }

    /// Writes what has been gathered; what can't be written waits for the next time.
    fn write(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        match self.store.add(&self.batch) {
            Ok(was_damaged) => {
                self.batch = Batch::default();
                if was_damaged {
                    let aside = self.store.aside();
                    tracing::warn!(aside = %aside.display(), "the file of `hob usage` was damaged, and was put aside: the counts begin anew");
                }
            }
            Err(error) => {
                if !self.has_complained {
                    tracing::warn!(%error, path = %self.store.path().display(), "usage can't be counted");
                    self.has_complained = true;
                }
                if self.batch.counts.len() + self.batch.verdicts.len() > MOST {
                    self.batch = Batch::default();
                }
            }
        }
    }

    /// Works out what is learned, unless that was done a moment ago.
    fn learn(&mut self) {
        if self.learned_at.is_some_and(|at| at.elapsed() < LEARNED) {
            return;
        }
        self.learned_at = Some(Instant::now());
        let today = day::of(row::now());
        match self.store.decided(today - FORGOTTEN) {
            Ok(decided) => {
                *self.learned.write().unwrap_or_else(PoisonError::into_inner) = learn(&decided, today);
            }
            Err(error) => tracing::debug!(%error, "nothing is learned from usage"),
        }
    }
}

/// The least confidence by model and language, as of `today`, where there is one.
pub(crate) fn learn(decided: &[Decided], today: i64) -> Learned {
    let mut tallies: BTreeMap<(String, String), [Tally; DECILES]> = BTreeMap::new();
    for Decided { day, model, language, decile, shown, accepted } in decided {
        let tallies = tallies.entry((model.clone(), language.clone())).or_default();
        if let Some(tally) = tallies.get_mut(*decile) {
            // A clock that was set back has no say over what is learned.
            tally.add(*shown, *accepted, weight(u64::try_from(today - day).unwrap_or(0)));
        }
    }
    let least = tallies.into_iter().map(|(whose, tallies)| (whose, least_confidence(&tallies)));
    least.filter(|(_, least)| *least > 0).collect()
}

/// The language's own name, or what stands for those that are none.
fn named(language: Arc<str>) -> Arc<str> {
    let is_name = !language.is_empty()
        && language.len() <= LONGEST_NAME
        && language.chars().all(|c| c.is_ascii_alphanumeric() || "+#._-".contains(c));
    if is_name { language } else { "other".into() }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.verdicts.is_empty()
    }

    fn count(
        &mut self,
        day: i64,
        task: &'static str,
        language: &Arc<str>,
        counter: Cow<'static, str>,
        by: u64,
    ) {
        *self.counts.entry((day, task, Arc::clone(language), counter)).or_default() += by;
    }

    fn decide(&mut self, day: i64, model: &str, language: &Arc<str>, verdict: Verdict) {
        let Verdict { decile, accepted, typed_over } = verdict;
        let sums = self.verdicts.entry((day, model.to_owned(), Arc::clone(language), decile)).or_default();
        sums[0] += 1;
        sums[1] += u64::from(accepted);
        sums[2] += u64::from(typed_over);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{store::Sum, *};

    /// A batch that counts `by` requests of today's and one verdict.
    fn batch(by: u64) -> Batch {
        let (mut batch, rust) = (Batch::default(), Arc::from("rust"));
        batch.count(20_000, "inline", &rust, "requests".into(), by);
        batch.decide(20_000, "ember", &rust, Verdict { decile: 4, accepted: true, typed_over: false });
        batch
    }

    fn requests(state: &Path) -> u64 {
        Store::of(state).sums(0).unwrap().iter().map(|sum| sum.value).sum()
    }

    #[test]
    fn sums_grow_and_stay() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(requests(state.path()), 0, "nothing there is no error");
        let (mut one, mut other) = (Store::of(state.path()), Store::of(state.path()));
        one.add(&batch(3)).unwrap();
        other.add(&batch(4)).unwrap();
        one.add(&batch(5)).unwrap();
        let sum = Sum {
            day: 20_000,
            task: "inline".into(),
            destination: "local".into(),
            language: "rust".into(),
            counter: "requests".into(),
            value: 12,
        };
        assert_eq!(Store::of(state.path()).sums(0).unwrap(), [sum]);
        assert_eq!(Store::of(state.path()).sums(20_001).unwrap(), []);
        let decided = Store::of(state.path()).decided(0).unwrap();
        assert_eq!((decided[0].shown, decided[0].accepted, decided[0].decile), (3, 3, 4));
    }

    #[test]
    fn a_damaged_file_is_put_aside() {
        let state = tempfile::tempdir().unwrap();
        let path = Store::of(state.path()).path().to_owned();
        for damage in ["no database at all, but longer than the header of one ".repeat(9), String::new()] {
            fs::write(&path, damage).unwrap();
            Store::of(state.path()).add(&batch(1)).unwrap();
            assert_eq!(requests(state.path()), 1);
            fs::remove_file(&path).unwrap();
        }
        assert!(Store::of(state.path()).aside().exists());
        // While it is open.
        let mut open = Store::of(state.path());
        open.add(&batch(1)).unwrap();
        fs::remove_file(&path).unwrap();
        open.add(&batch(2)).unwrap();
        assert_eq!(requests(state.path()), 2);
    }

    #[test]
    fn a_damaged_page_is_found_too() {
        let state = tempfile::tempdir().unwrap();
        let mut many = Batch::default();
        for language in 0..2000 {
            many.count(1, "inline", &format!("language{language}").into(), "requests".into(), 1);
        }
        let mut store = Store::of(state.path());
        store.add(&many).unwrap();
        drop(store);
        let path = Store::of(state.path()).path().to_owned();
        let mut bytes = fs::read(&path).unwrap();
        bytes[4096..].fill(0xa5);
        fs::write(&path, bytes).unwrap();
        assert_eq!(Store::of(state.path()).add(&batch(7)), Ok(true));
        assert_eq!(requests(state.path()), 7);
    }

    #[test]
    fn what_cannot_be_written_waits_and_is_said_once() {
        let state = tempfile::tempdir().unwrap();
        let inside = state.path().join("later");
        let mut writer = Writer {
            store: Store::of(&inside),
            batch: batch(3),
            learned: Arc::default(),
            learned_at: None,
            has_complained: false,
        };
        writer.write();
        assert!(writer.has_complained && !writer.batch.is_empty());
        fs::create_dir(&inside).unwrap();
        writer.write();
        assert!(writer.batch.is_empty());
        assert_eq!(requests(&inside), 3);
    }

    #[test]
    fn what_is_learned_is_for_one_model_and_language_and_fades() {
        let decided = |language: &str, day| Decided {
            day,
            model: "ember".into(),
            language: language.into(),
            decile: 4,
            shown: 40,
            accepted: 0,
        };
        let learned = learn(&[decided("rust", 100), decided("go", 60)], 100);
        assert_eq!(learned, BTreeMap::from([(("ember".into(), "rust".into()), 50)]));
    }

    #[test]
    fn an_editors_own_idea_of_a_language_is_bounded() {
        assert_eq!(&*named("c++".into()), "c++");
        for odd in ["", "a language of a name that is far too long for one", "fn main() {}"] {
            assert_eq!(&*named(odd.into()), "other");
        }
    }
}
