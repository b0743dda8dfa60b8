//! `hob bench`: what Hob costs and how quick it is, measured on this machine.
//!
//! Must not judge answers; that is `hob eval`'s.

mod drafts;
mod typing;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

/// `hob bench …`
#[derive(Debug, Args)]
pub(super) struct Bench {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Type into real files as a person does, through a real server, and measure what each key costs.
    ///
    /// Starts a server and an engine of its own, apart from those that your editors use, opens files without some of their
    /// lines, and types these back: with pauses, typos, undo, jumps, closing brackets, accepted ghost text and saves. No
    /// file is written. The figures are explained in docs/benchmarks.md.
    Typing(typing::Typing),
    /// Decode with drafts and without, in turns, and measure what drafts are worth on this machine.
    ///
    /// A draft is what the text itself suggests comes next: it is evaluated together with the token before it, and counts if the
    /// model chooses the same. Answers are to be the same with drafts and without; where they are not, the two best tokens were
    /// all but equal, and epsilon says how equal.
    Drafts(drafts::Drafts),
}

impl Bench {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Typing(typing) => typing.run(),
            Command::Drafts(drafts) => drafts.run(),
        }
    }
}
