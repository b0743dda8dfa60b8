//! The command line: what people run, as opposed to what editors start.
//!
//! Answers go to stdout, everything else to stderr. Exit codes everywhere: 0 done, 1 failed, 2 usage, 3 refused by policy.

#[cfg(feature = "gateway")]
mod ask;
mod bench;
#[cfg(feature = "gateway")]
mod cloud;
mod complete;
mod engine;
mod eval;
mod files;
#[cfg(feature = "gateway")]
mod gateway;
mod index;
mod interval;
mod out;
mod progress;
mod random;
mod ready;
mod usage;
mod why;

pub(crate) use out::complain;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// Ghost text from a local model: a language server that keeps your code on your machine.
///
/// Without a command, `hob` speaks the Language Server Protocol on stdio: that is how editors start it.
#[derive(Debug, Parser)]
#[command(name = "hob", version, about, long_about)]
pub(crate) struct Cli {
    /// Speak LSP on stdio (the default; editors that insist on saying so may).
    #[arg(long)]
    stdio: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Complete at one place of a file and print the ghost text as it comes.
    Complete(complete::Complete),
    /// Ask a question about some files; who may answer, and what may leave for that, is up to your configuration.
    #[cfg(feature = "gateway")]
    Ask(ask::Ask),
    /// Look at what may leave this machine: providers, keys, prices, what is left of the budget, and what you agreed to.
    #[cfg(feature = "gateway")]
    Cloud(cloud::Cloud),
    /// Look at the engine, the process that holds the model, or end it.
    Engine(engine::Engine),
    /// Measure how good the answers are on your own code: cut holes into it, ask, and compare with what was there.
    Eval(eval::Eval),
    /// Measure what Hob costs and how quick it is, on this machine and by the path of an editor.
    Bench(bench::Bench),
    /// Read a workspace into Hob's index, as an editor's window does in the background, and say what is in it.
    Index(index::Index),
    /// Show the last answers and silences with their reasons, one of them in full, or how many there were of each.
    Why(why::Why),
    /// Show what came of suggestions, by day and language: taken, kept, and how many keystrokes that saved.
    Usage(usage::Usage),
    /// The processes that may reach the network; started by `hob` itself.
    #[cfg(feature = "gateway")]
    #[command(hide = true)]
    Gateway(gateway::Gateway),
    /// One window's server; started by `hob` itself.
    #[command(hide = true)]
    Serve,
}

/// Flags that choose the engine.
#[derive(Debug, Clone, Args)]
struct Choice {
    /// Use this GGUF file instead of the configured model.
    #[arg(long, value_name = "FILE", value_parser = absolute)]
    model: Option<PathBuf>,
}

/// The engine runs in another folder, and finds its socket by the model's path: that has to mean the same to both.
fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| error.to_string())
}

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Some(Command::Complete(complete)) => complete.run(),
        #[cfg(feature = "gateway")]
        Some(Command::Ask(ask)) => ask.run(),
        #[cfg(feature = "gateway")]
        Some(Command::Cloud(cloud)) => cloud.run(),
        #[cfg(feature = "gateway")]
        Some(Command::Gateway(gateway)) => gateway.run(),
        Some(Command::Engine(engine)) => engine.run(),
        Some(Command::Eval(eval)) => eval.run(),
        Some(Command::Bench(bench)) => bench.run(),
        Some(Command::Index(index)) => index.run(),
        Some(Command::Why(why)) => why.run(),
        Some(Command::Usage(usage)) => usage.run(),
        Some(Command::Serve) => crate::serve::run(),
        None if cli.stdio || !std::io::IsTerminal::is_terminal(&std::io::stdin()) => crate::supervisor::run(),
        None => {
            out::note(
                "hob speaks the Language Server Protocol on stdio, and this is a terminal: let your editor start it.\n\
                 To try it here: hob complete FILE --at LINE:COLUMN. To see everything: hob --help.",
            );
            Ok(ExitCode::from(2))
        }
    }
}
