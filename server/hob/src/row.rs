//! One row for each answer: what was decided and why, without any text of the document.
//!
//! `serve` and `hob complete` append rows to `<state>/decisions.jsonl`; `hob why` reads them. Several processes append to one file,
//! so a row is one write of one line. Must not hold text of a document, nor slow an answer down: the appender is a thread.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use assist::{Considered, Context};
use model::Stats;
use serde::{Deserialize, Serialize};

/// When the file has grown to this many bytes it becomes `decisions.jsonl.1`, and that one goes.
const ROTATE: u64 = 4 << 20;

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

/// What happened to one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Milliseconds since 1970, UTC.
    pub(crate) at: u64,
    /// `inline`, `popup` or `cli`.
    pub(crate) asked: String,
    /// The document, relative to its workspace.
    pub(crate) path: String,
    /// The LSP language id.
    pub(crate) language: String,
    /// The cursor's line, from 1.
    pub(crate) line: usize,
    /// `shown`, or the code of the silence.
    pub(crate) outcome: String,
    /// The silence in words; empty when something was shown.
    pub(crate) why: String,
    /// Characters shown.
    pub(crate) chars: usize,
    /// Suggestions that the answer held: more than one only for who asked by a key. `chars` and `verified` are the first one's.
    #[serde(default)]
    pub(crate) candidates: usize,
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
    /// Milliseconds of these that the request waited for the model's words.
    #[serde(default)]
    pub(crate) model_ms: Option<f64>,
    /// Milliseconds of these after the model's last word: for the parse of the document to be ready, and for the verdict on the
    /// suggestion. `None` when there was nothing to judge.
    #[serde(default)]
    pub(crate) check_ms: Option<f64>,
    /// What the engine said it cost.
    pub(crate) stats: Option<Stats>,
    /// What the model was shown from elsewhere in the workspace.
    #[serde(default)]
    pub(crate) context: Elsewhere,
}

/// What is shown from elsewhere, and how much is not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    /// The places, the worthiest first.
    pub(crate) shown: Vec<Excerpt>,
    /// How much was found and left out, by the code of the reason.
    pub(crate) left_out: BTreeMap<String, u32>,
}

/// A place that is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Excerpt {
    /// The source: `definitions`, `edits`, `uses` or `neighbours`.
    pub(crate) from: String,
    /// The file, relative to its workspace.
    pub(crate) path: String,
    /// Its first line, from 1.
    pub(crate) line: usize,
    /// How much text.
    pub(crate) bytes: usize,
}

impl From<&Context> for Elsewhere {
    fn from(context: &Context) -> Self {
        let mut elsewhere = Self::default();
        for Considered { source, path, lines, bytes, outcome } in &context.considered {
            match outcome {
                Ok(()) => elsewhere.shown.push(Excerpt {
                    from: source.name().to_owned(),
                    path: path.to_string(),
                    line: lines.start + 1,
                    bytes: *bytes,
                }),
                Err(rejection) => {
                    *elsewhere.left_out.entry(rejection.code().to_owned()).or_insert(0) += 1;
                }
            }
        }
        elsewhere
    }
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

/// The newest `count` rows, oldest first. Lines that are no rows (a torn write, a newer version's) are skipped.
pub(crate) fn last(state: &Path, count: usize) -> io::Result<Vec<Row>> {
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
    let skip = rows.len().saturating_sub(count);
    Ok(rows.split_off(skip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: usize) -> Row {
        Row {
            at: 1,
            asked: "inline".into(),
            path: "src/é.rs".into(),
            language: "rust".into(),
            line,
            outcome: "shown".into(),
            why: String::new(),
            chars: 4,
            candidates: 3,
            verified: true,
            model: "ember".into(),
            total_ms: 1.5,
            source: Some(Source::Stream),
            model_ms: Some(0.25),
            check_ms: Some(0.5),
            stats: Some(Stats::default()),
            context: Elsewhere::default(),
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
        let lines: Vec<usize> = last(state.path(), 3).unwrap().iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 4, 5]);
    }

    #[test]
    fn a_full_file_makes_room() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(file(state.path()), vec![b'\n'; usize::try_from(ROTATE).unwrap() + 1]).unwrap();
        append(&file(state.path()), &row(7)).unwrap();
        assert!(std::fs::metadata(file(state.path())).unwrap().len() < 1000);
        assert_eq!(last(state.path(), 10).unwrap().len(), 1);
    }
}
