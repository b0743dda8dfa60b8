//! `hob.why`: the last answers and silences of a document, or of all with what was sent to a cloud, as a page of Markdown.
//!
//! Must not put a row into words: `explain` does, for the command line too. Reads the rows' file off the runtime's own threads.

use std::path::Path;

use anyhow::{Context, Result};
use tokio::task::spawn_blocking;

use super::{
    Server,
    record::document,
    show::{Page, show},
};
use crate::{
    explain::{Style, brief, detail},
    paths,
    row::{self, Row},
};

/// Answers that a page explains.
const MOST: usize = 5;

/// An answer or a decision, ready to be read.
struct Told {
    /// In milliseconds since 1970.
    at: u64,
    brief: String,
    detail: String,
}

/// Explains the last answers about the document that the client calls `uri`, shows that, and says it. Without one, also the last
/// decisions about the cloud: of which document they were nobody has written down.
pub(super) async fn why(server: &Server, uri: Option<String>) -> Result<String> {
    // Still in the handler's first poll.
    let opens = server.session().client.opens;
    let page = spawn_blocking(move || {
        let (state, now) = (paths::state_dir()?, row::now());
        let rows = row::all(&state).context("can't read what was decided")?;
        let mut told = answers(rows, uri.as_deref(), now);
        if uri.is_none() {
            told.extend(sent(&state, now));
        }
        anyhow::Ok(page(told))
    });
    let page = page.await??;
    let markdown = page.markdown.clone();
    show(server.client.clone(), opens, page);
    Ok(markdown)
}

/// The newest of `rows`, or the newest about `uri`.
fn answers(rows: Vec<Row>, uri: Option<&str>, now: u64) -> Vec<Told> {
    let number = uri.map(document);
    let rows = row::newest(rows, MOST, |row| number.as_ref().is_none_or(|number| row.document == *number));
    let told = |row: &Row| Told {
        at: row.at,
        brief: format!("{}. In full: hob why {}", brief(row), row.id),
        detail: detail(row, now, Style::Markdown),
    };
    rows.iter().map(told).collect()
}

/// The newest decisions about the cloud.
#[cfg(feature = "gateway")]
fn sent(state: &Path, now: u64) -> Vec<Told> {
    let entries = gateway::ledger::Reader::open(state)
        .and_then(|ledger| ledger.map_or(Ok(Vec::new()), |ledger| ledger.newest(MOST)));
    let entries = entries.unwrap_or_else(|error| {
        tracing::warn!(%error, "what was sent can't be read");
        Vec::new()
    });
    let told = |entry: &gateway::ledger::Entry| Told {
        at: entry.at,
        brief: format!("{} was asked of the cloud. In full: hob why {}", entry.task, entry.id),
        detail: crate::explain::sent(entry, None, now, Style::Markdown),
    };
    entries.iter().map(told).collect()
}

/// A build without a gateway sends nothing.
#[cfg(not(feature = "gateway"))]
fn sent(_: &Path, _: u64) -> Vec<Told> {
    Vec::new()
}

/// The page about the newest of them, the newest first.
fn page(mut told: Vec<Told>) -> Page {
    told.reverse();
    // Among equals the later stays first.
    told.sort_by_key(|told| std::cmp::Reverse(told.at));
    told.truncate(MOST);
    let Some(newest) = told.first() else {
        let brief = "Hob: nothing was asked here yet.".to_owned();
        return Page { name: "why", markdown: format!("{brief}\n"), brief };
    };
    let brief = format!("Hob: {}", newest.brief);
    let details: Vec<&str> = told.iter().map(|told| told.detail.as_str()).collect();
    let markdown = format!(
        "# Why: the last answers\n\n{}\nHow many there were of each: `hob why --stats` in a terminal.\n",
        details.join("\n")
    );
    Page { name: "why", markdown, brief }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::row::By;

    #[test]
    fn a_page_is_about_its_document_and_begins_with_the_newest() {
        let row = |path: &str, line| Row {
            id: "22bb33".into(),
            at: 1000,
            path: path.into(),
            document: document(&format!("file:///w/{path}")),
            line,
            outcome: "inside_word".into(),
            why: "the cursor is inside a word".into(),
            by: Some(By::Gate),
            ..Row::begin("inline")
        };
        let rows = [row("a.rs", 1), row("b.rs", 2), row("a.rs", 3)];
        let page = |uri: Option<&str>| super::page(answers(rows.to_vec(), uri, 61_000));
        let about = page(Some("file:///w/a.rs"));
        expect![[r#"
            # Why: the last answers

            ## 22bb33  `a.rs:3`  1 min ago

            **silent: the cursor is inside a word [inside_word]**

            - asked: while typing
            - decided: a gate; the model was not asked
              - text between two letters of a word would split it
            - time: 0.0 ms

            ## 22bb33  `a.rs:1`  1 min ago

            **silent: the cursor is inside a word [inside_word]**

            - asked: while typing
            - decided: a gate; the model was not asked
              - text between two letters of a word would split it
            - time: 0.0 ms

            How many there were of each: `hob why --stats` in a terminal.
        "#]]
        .assert_eq(&about.markdown);
        expect!["Hob: a.rs:3: silent: the cursor is inside a word [inside_word]. In full: hob why 22bb33"]
            .assert_eq(&about.brief);
        assert!(page(None).markdown.contains("b.rs"));
        assert_eq!(page(Some("file:///w/c.rs")).brief, "Hob: nothing was asked here yet.");
    }
}
