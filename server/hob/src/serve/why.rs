//! `hob.why`: the last answers and silences of a document, or of all, as a page of Markdown.
//!
//! Must not put a row into words: `explain` does, for the command line too. Reads the rows' file off the runtime's own threads.

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

/// Explains the last answers about the document that the client calls `uri`, shows that, and says it.
pub(super) async fn why(server: &Server, uri: Option<String>) -> Result<String> {
    // Still in the handler's first poll.
    let opens = server.session().client.opens;
    let page = spawn_blocking(move || {
        let rows = row::all(&paths::state_dir()?).context("can't read what was decided")?;
        anyhow::Ok(page(rows, uri.as_deref(), row::now()))
    });
    let page = page.await??;
    let markdown = page.markdown.clone();
    show(server.client.clone(), opens, page);
    Ok(markdown)
}

/// The page about the newest of `rows`, or the newest about `uri`; the newest first.
fn page(rows: Vec<Row>, uri: Option<&str>, now: u64) -> Page {
    let number = uri.map(document);
    let rows = row::newest(rows, MOST, |row| number.as_ref().is_none_or(|number| row.document == *number));
    let Some(newest) = rows.last() else {
        let brief = "Hob: nothing was asked here yet.".to_owned();
        return Page { name: "why", markdown: format!("{brief}\n"), brief };
    };
    let brief = format!("Hob: {}. In full: hob why {}", brief(newest), newest.id);
    let details: Vec<String> = rows.iter().rev().map(|row| detail(row, now, Style::Markdown)).collect();
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
        let about = page(rows.to_vec(), Some("file:///w/a.rs"), 61_000);
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
        assert!(page(rows.to_vec(), None, 61_000).markdown.contains("b.rs"));
        assert_eq!(page(rows.to_vec(), Some("file:///w/c.rs"), 0).brief, "Hob: nothing was asked here yet.");
    }
}
