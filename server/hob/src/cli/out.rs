//! The command line's own stdout and stderr; the only place that writes to them.
//!
//! Must not be used by `serve`, whose stdout is the protocol. A reader that went away (`hob why | head`) is no error.

use std::io::{self, Write};

use serde::Serialize;

/// Part of an answer, at once.
pub(super) fn piece(text: &str) {
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// One line of an answer.
pub(super) fn line(text: &str) {
    piece(&format!("{text}\n"));
}

/// A remark that is no answer.
pub(crate) fn note(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// An answer for programs.
pub(super) fn json(answer: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(answer)?);
    Ok(())
}

/// What went wrong, with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    note(&format!("hob: {error:#}"));
}
