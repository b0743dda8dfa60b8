//! `hob why`: the last answers, silences and decisions about the cloud, newest last; those of one document or a single one in full; or how
//! many there were of each.
//!
//! Must not put a row into words: `explain` does, for editors too.

mod cloud;

use std::{
    path::{Component, Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;

use self::cloud::Told;
use super::out;
use crate::{
    explain::{Statistics, Style, detail, head, line},
    paths,
    row::{self, Row},
};

/// Rows of the table.
const LINES: usize = 20;
/// Rows of one document, which are shown in full.
const FULL: usize = 3;

/// Flags of `hob why`.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// Only this document, in full; or the id of one answer or of one decision about the cloud, which stands before it in the table.
    #[arg(value_name = "PATH|ID")]
    what: Option<String>,
    /// How many: of the table 20 by default, of a document 3, of what is counted all.
    #[arg(short = 'n', long)]
    count: Option<usize>,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
    /// How often each came, with what it means, and how long the answers took.
    #[arg(long)]
    stats: bool,
}

impl Why {
    pub(super) fn run(self) -> Result<ExitCode> {
        let state = paths::state_dir()?;
        if let Some(what) = self.what.as_ref().filter(|_| !self.stats)
            && cloud::tell(&state, what, self.json)?
        {
            return Ok(ExitCode::SUCCESS);
        }
        let rows = row::all(&state).with_context(|| format!("can't read {}", row::file(&state).display()))?;
        let nothing_asked = rows.is_empty();
        let rows = self.picked(rows)?;
        if self.stats {
            let statistics = Statistics::of(&rows, row::now());
            if self.json { out::json(&statistics)? } else { out::piece(&statistics.to_string()) }
        } else if self.what.is_none() {
            self.list(&state, &rows)?;
        } else if self.json {
            out::json(&rows)?;
        } else if rows.is_empty() {
            out::note(&self.nothing(nothing_asked));
        } else {
            let now = row::now();
            let texts: Vec<String> = rows.iter().map(|row| detail(row, now, Style::Plain)).collect();
            out::piece(&texts.join("\n"));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The newest of this machine and of the cloud, by time.
    fn list(&self, state: &Path, rows: &[Row]) -> Result<()> {
        let now = row::now();
        let most = self.count.unwrap_or(LINES);
        let mut told = cloud::newest(state, most);
        told.extend(rows.iter().map(|row| Told { at: row.at, line: line(row, now), value: json!(row) }));
        told.sort_by_key(|told| told.at);
        let told = &told[told.len().saturating_sub(most)..];
        if self.json {
            out::json(&told.iter().map(|told| &told.value).collect::<Vec<_>>())?;
        } else if told.is_empty() {
            out::note(&self.nothing(true));
        } else {
            out::piece(&told.iter().fold(head(), |text, told| text + &told.line));
        }
        Ok(())
    }

    /// The rows that are asked for, oldest first.
    fn picked(&self, rows: Vec<Row>) -> Result<Vec<Row>> {
        let most = |usual: usize| self.count.unwrap_or(if self.stats { usize::MAX } else { usual });
        let Some(what) = &self.what else { return Ok(row::newest(rows, most(LINES), |_| true)) };
        // Should two rows ever have one id, the newer is meant.
        if let Some(one) = rows.iter().rfind(|row| !row.id.is_empty() && row.id == *what) {
            return Ok(vec![one.clone()]);
        }
        let wanted = Wanted::new(what);
        let rows = row::newest(rows, most(FULL), |row| wanted.is(row));
        if rows.is_empty() && looks_like_an_id(what) && !Path::new(what).exists() {
            bail!(
                "no answer has the id {what}; `hob why` lists the newest with theirs, and the oldest are forgotten in time"
            );
        }
        Ok(rows)
    }

    fn nothing(&self, nothing_asked: bool) -> String {
        match &self.what {
            Some(what) if !nothing_asked => {
                format!("Nothing was asked about {what} of late. `hob why` lists what was.")
            }
            _ => "Nothing was asked yet. Type in an editor that runs hob, or try: hob complete FILE --at LINE:COLUMN"
                .to_owned(),
        }
    }
}

/// Whether somebody who typed this may have meant an id.
fn looks_like_an_id(what: &str) -> bool {
    matches!(what.len(), 6 | 8) && what.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase())
}

/// A document, as somebody calls it at a shell.
struct Wanted {
    /// As it is called, without dots.
    named: PathBuf,
    absolute: PathBuf,
    /// Its number, by the path that leads there and by the path that it has.
    numbers: Vec<String>,
}

impl Wanted {
    fn new(what: &str) -> Self {
        let named = plain(Path::new(what));
        let absolute = plain(&std::path::absolute(what).unwrap_or_else(|_| named.clone()));
        let real = std::fs::canonicalize(what).ok();
        let paths = real.iter().chain([&absolute]);
        let numbers = paths.map(|path| row::document(&path.to_string_lossy())).collect();
        Self { named, absolute, numbers }
    }

    /// Whether `row` is about it: by its number, or by the path within its workspace as it is. Rows without a number are of older
    /// versions, which knew only the latter.
    fn is(&self, row: &Row) -> bool {
        let below = Path::new(&row.path);
        if row.path.is_empty() {
            return false;
        }
        self.numbers.contains(&row.document)
            || *below == *self.named
            || (row.document.is_empty() && self.absolute.ends_with(below))
    }
}

/// `path` without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str, document: &str) -> Row {
        let document = if document.is_empty() { String::new() } else { row::document(document) };
        Row { path: path.into(), document, ..Row::begin("inline") }
    }

    #[test]
    fn a_document_is_found_by_the_path_that_a_shell_has_for_it() {
        let check = |what: &str, row: &Row| Wanted::new(what).is(row);
        let main = row("src/main.rs", "/a/src/main.rs");
        assert!(check("/a/src/main.rs", &main));
        assert!(check("/a/b/../src/./main.rs", &main));
        assert!(check("src/main.rs", &main), "as it is called in its workspace");
        assert!(!check("/b/src/main.rs", &main), "of another workspace");
        assert!(!check("main.rs", &main));
        let old = row("src/main.rs", "");
        assert!(check("/b/src/main.rs", &old));
        assert!(!check("/b/xsrc/main.rs", &old));
        assert!(!check("/b/src/main.rs", &row("", "")));
    }

    #[test]
    fn who_means_an_id_is_told_that_there_is_none() {
        let why = Why { what: Some("zzzzzz".into()), count: None, json: false, stats: false };
        let error = why.picked(vec![row("src/main.rs", "")]).unwrap_err();
        assert!(error.to_string().starts_with("no answer has the id zzzzzz;"), "{error}");
        let why = Why { what: Some("other.rs".into()), ..why };
        assert!(why.picked(vec![row("src/main.rs", "")]).unwrap().is_empty());
    }

    #[test]
    fn of_two_rows_with_one_id_the_newer_is_meant() {
        let (older, newer) = (row("a.rs", ""), Row { id: "22bb33".into(), ..row("b.rs", "") });
        let older = Row { id: newer.id.clone(), ..older };
        let why = Why { what: Some("22bb33".into()), count: None, json: false, stats: false };
        assert_eq!(why.picked(vec![older, newer.clone()]).unwrap(), [newer]);
    }
}
