//! One row for each answer: what was decided and why, without any text of the document.
//!
//! `serve` and `hob complete` append rows to `<state>/decisions.jsonl`; `hob why` reads them. Several processes append to one file,
//! so a row is one write of one line. Must not hold text of a document, nor slow an answer down: the appender is a thread.

mod elsewhere;

use std::{
    fs::{File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use assist::{Collector, Cut, Shape};
use model::{Finish, Shown, Stats, Stop};
use serde::{Deserialize, Serialize};

pub(crate) use elsewhere::{Elsewhere, Excerpt, Rejected};

/// When the file has grown to this many bytes it becomes `decisions.jsonl.1`, and that one goes.
const ROTATE: u64 = 8 << 20;

/// Where the words of an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// The engine decoded them for this text.
    Decode,
    /// An answer to older text, still running, agrees with what was typed since.
    Stream,
    /// They were finished before.
    Cache,
    /// They were decoded while the suggestion that was now accepted was on screen.
    Ahead,
}

/// Who decided what came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// A gate: the model was not asked.
    Gate,
    /// The model was asked, or had been; or there was none to ask.
    Model,
}

/// What a place wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    /// The rest of a line.
    Line,
    /// Whole lines.
    Block,
}

impl From<Shape> for Wanted {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Line => Self::Line,
            Shape::Block => Self::Block,
        }
    }
}

/// Why the model said no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// It said that the middle is complete.
    EndOfHole,
    /// The line that was asked for had ended.
    Line,
    /// `completion.max_tokens`, or the end of the context.
    MaxTokens,
    /// It was stopped: the place had all that it wants.
    Full,
    /// It was stopped: it only repeated itself.
    Loop,
    /// It was stopped: time was up.
    Deadline,
    /// It was stopped: nobody wanted the answer any more.
    Cancelled,
}

impl Ended {
    /// Of an answer that was heard to its end.
    pub(crate) fn by(stop: Stop) -> Self {
        match stop {
            Stop::EndOfText => Self::EndOfHole,
            Stop::Line => Self::Line,
            Stop::Length => Self::MaxTokens,
            Stop::Sink => Self::Full,
            Stop::Cancelled | Stop::Prefilled => Self::Cancelled,
        }
    }

    /// Of one that `collector` had enough of.
    pub(crate) fn stopped(collector: &Collector) -> Self {
        if collector.loops() { Self::Loop } else { Self::Full }
    }
}

/// What one rule took off the model's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CutOff {
    /// The rule's name.
    pub(crate) rule: String,
    /// Characters.
    pub(crate) chars: usize,
}

impl From<&Cut> for CutOff {
    fn from(cut: &Cut) -> Self {
        Self { rule: cut.rule.name().to_owned(), chars: cut.chars }
    }
}

/// What happened to one request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// What a person calls it: some letters and digits.
    #[serde(default)]
    pub(crate) id: String,
    /// Milliseconds since 1970, UTC.
    pub(crate) at: u64,
    /// `inline`, `popup` or `cli`.
    pub(crate) asked: String,
    /// Whether the user asked by a key, rather than by going on typing.
    #[serde(default)]
    pub(crate) explicit: bool,
    /// The document, relative to its workspace.
    pub(crate) path: String,
    /// A number for the document, by which its rows are told from those of one with the same name: [`document`].
    #[serde(default)]
    pub(crate) document: String,
    /// The LSP language id.
    pub(crate) language: String,
    /// The cursor's line, from 1.
    pub(crate) line: usize,
    /// `shown`, or the code of the silence.
    pub(crate) outcome: String,
    /// The silence in words; empty when something was shown.
    pub(crate) why: String,
    /// Who decided that; `None` in rows of older versions.
    #[serde(default)]
    pub(crate) by: Option<By>,
    /// What the place wanted; `None` where a gate was closed.
    #[serde(default)]
    pub(crate) wanted: Option<Wanted>,
    /// Characters shown.
    pub(crate) chars: usize,
    /// Suggestions that the answer held: more than one only for who asked by a key. `chars` and `verified` are the first one's.
    #[serde(default)]
    pub(crate) candidates: usize,
    /// Characters that the model said for this place.
    #[serde(default)]
    pub(crate) said: usize,
    /// Why it said no more; `None` if it was never heard, or left while it spoke.
    #[serde(default)]
    pub(crate) ended: Option<Ended>,
    /// What was taken off its words, in this order.
    #[serde(default)]
    pub(crate) cuts: Vec<CutOff>,
    /// Whether the syntax of what was shown was checked.
    pub(crate) verified: bool,
    /// The model's name; empty when none was asked.
    pub(crate) model: String,
    /// From the request's arrival to its answer, in milliseconds.
    pub(crate) total_ms: f64,
    /// Where its words came from: `decode` when they were decoded for just this text, else what was there already. `None` when there was
    /// nothing to say or nobody to say it.
    #[serde(default)]
    pub(crate) source: Option<Source>,
    /// Milliseconds of these that the request waited for an engine to ask; `None` where an answer was there.
    #[serde(default)]
    pub(crate) engine_ms: Option<f64>,
    /// From the request's arrival to the first of the model's words for it.
    #[serde(default)]
    pub(crate) first_ms: Option<f64>,
    /// Milliseconds of these that the request waited for the model's words.
    #[serde(default)]
    pub(crate) model_ms: Option<f64>,
    /// Milliseconds of these after the model's last word: for the parse of the document to be ready, and for the verdict on the
    /// suggestion. `None` when there was nothing to judge.
    #[serde(default)]
    pub(crate) check_ms: Option<f64>,
    /// Milliseconds of these that a suggestion that was ready waited for a pause in the typing.
    #[serde(default)]
    pub(crate) held_ms: Option<f64>,
    /// What the engine said it cost: the question whose answer this is, which may have been an older one.
    pub(crate) stats: Option<Stats>,
    /// Of what that question's prompt was, in tokens; the excerpts' are in the context.
    #[serde(default)]
    pub(crate) prompt: Option<Shown>,
    /// What the model was shown from elsewhere in the workspace.
    #[serde(default)]
    pub(crate) context: Elsewhere,
}

impl Row {
    /// The row of a request that came now, of which nothing else is known yet.
    pub(crate) fn begin(asked: &str) -> Self {
        let at = now();
        Self { id: id(at), at, asked: asked.to_owned(), by: Some(By::Gate), ..Self::default() }
    }

    /// Notes how the model's answer ended, and what the prompt was that it answers. `is_ours`: the prompt's blocks are those of
    /// [`Self::context`].
    pub(crate) fn answered(&mut self, finish: Finish, is_ours: bool) {
        let Finish { stats, mut shown, .. } = finish;
        shown.dated |= !is_ours && !shown.glance;
        self.context.weigh(&shown);
        shown.excerpts.clear();
        self.stats = Some(stats);
        // An answer that was cancelled before it began has no prompt.
        self.prompt = (stats.prompt_tokens > 0).then_some(shown);
    }
}

/// Some letters and digits for a row of this process that begins at `at`: unlikely to be any other row's, and none that are
/// taken for one another.
fn id(at: u64) -> String {
    const LETTERS: &[u8] = b"23456789bcdfghjkmnpqrstvwxyz";
    const LENGTH: usize = 6;
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = DefaultHasher::new();
    (std::process::id(), at, COUNT.fetch_add(1, Ordering::Relaxed)).hash(&mut hasher);
    let mut number = hasher.finish();
    let letters = (0..LENGTH).map(|_| {
        let (rest, letter) = (number / LETTERS.len() as u64, number % LETTERS.len() as u64);
        number = rest;
        char::from(LETTERS[usize::try_from(letter).unwrap_or_default()])
    });
    letters.collect()
}

/// A number for the document at `path`, which is absolute, or whatever its editor calls it if it lies nowhere.
pub(crate) fn document(path: &str) -> String {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Takes rows and appends them, on a thread of its own.
#[derive(Debug, Clone)]
pub(crate) struct Rows(mpsc::Sender<Row>);

impl Rows {
    /// Starts the appender for the state folder `state`.
    pub(crate) fn start(state: &Path) -> io::Result<Self> {
        let (rows, taken) = mpsc::channel::<Row>();
        let path = file(state);
        thread::Builder::new().name("rows".into()).spawn(move || {
            let mut complained = false;
            for row in taken {
                if let Err(error) = append(&path, &row)
                    && !complained
                {
                    // A full disk costs `hob why`, not the completion; once is enough to know.
                    tracing::warn!(%error, path = %path.display(), "decisions can't be recorded");
                    complained = true;
                }
            }
        })?;
        Ok(Self(rows))
    }

    /// Records `row`, soon.
    pub(crate) fn push(&self, row: Row) {
        drop(self.0.send(row));
    }
}

/// The rows' file.
pub(crate) fn file(state: &Path) -> PathBuf {
    state.join("decisions.jsonl")
}

/// Appends one row now.
pub(crate) fn append(path: &Path, row: &Row) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|meta| meta.len() > ROTATE) {
        std::fs::rename(path, path.with_extension("jsonl.1"))?;
    }
    let mut line = serde_json::to_vec(row)?;
    line.push(b'\n');
    OpenOptions::new().append(true).create(true).open(path)?.write_all(&line)
}

/// Every row, oldest first. Lines that are no rows (a torn write, a newer version's) are skipped.
pub(crate) fn all(state: &Path) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in [file(state).with_extension("jsonl.1"), file(state)] {
        match File::open(&path) {
            Ok(file) => {
                let lines = BufReader::new(file).lines().map_while(Result::ok);
                rows.extend(lines.filter_map(|line| serde_json::from_str::<Row>(&line).ok()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

/// The newest `count` of the rows that `wanted` picks, oldest first.
pub(crate) fn newest(rows: Vec<Row>, count: usize, wanted: impl Fn(&Row) -> bool) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().filter(wanted).collect();
    let skip = rows.len().saturating_sub(count);
    rows.split_off(skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: usize) -> Row {
        Row {
            path: "src/é.rs".into(),
            language: "rust".into(),
            line,
            outcome: "shown".into(),
            source: Some(Source::Stream),
            stats: Some(Stats::default()),
            ..Row::begin("inline")
        }
    }

    #[test]
    fn the_newest_rows_come_back_and_torn_lines_do_no_harm() {
        let state = tempfile::tempdir().unwrap();
        for line in 0..5 {
            append(&file(state.path()), &row(line)).unwrap();
        }
        OpenOptions::new().append(true).open(file(state.path())).unwrap().write_all(b"{\"at\":1,\n").unwrap();
        append(&file(state.path()), &row(5)).unwrap();
        let rows = newest(all(state.path()).unwrap(), 3, |row| row.line != 4);
        let lines: Vec<usize> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3, 5]);
    }

    #[test]
    fn a_full_file_makes_room() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(file(state.path()), vec![b'\n'; usize::try_from(ROTATE).unwrap() + 1]).unwrap();
        append(&file(state.path()), &row(7)).unwrap();
        assert!(std::fs::metadata(file(state.path())).unwrap().len() < 1000);
        assert_eq!(all(state.path()).unwrap().len(), 1);
    }
    #[test]
    fn rows_of_an_older_version_are_read() {
        let old = r#"{"at":1,"asked":"inline","path":"a.rs","language":"rust","line":3,"outcome":"shown","why":"","chars":4,
            "verified":true,"model":"ember","total_ms":1.5,"stats":{"prompt_tokens":9,"evaluated_tokens":1,"decoded_tokens":2,
            "ttft_ms":1.0,"total_ms":1.0,"queued_ms":0.0,"mean_logprob":-1.0},
            "context":{"shown":[{"from":"uses","path":"b.rs","line":1,"bytes":90}],"left_out":{"known":2}}}"#;
        let row: Row = serde_json::from_str(old).unwrap();
        assert_eq!((row.id.as_str(), row.by, row.prompt), ("", None, None));
        assert_eq!((row.context.shown[0].tokens, row.context.unnamed()), (None, 2));
    }

    #[test]
    fn rows_of_one_moment_have_ids_of_their_own() {
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| id(7)).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 6));
    }
}
