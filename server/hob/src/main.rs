//! `hob`: one binary, several roles. What an editor starts is the supervisor; it starts `serve` for its window and, when there is
//! none yet, the `engine` of the user. People run the rest; see [`cli`].
//!
//! This crate composes all the others. It is the only one that knows LSP, JSON-RPC, stdio and where things lie on disk.

mod cli;
#[cfg(feature = "gateway")]
mod cloud;
mod control;
mod explain;
#[cfg(feature = "gateway")]
mod gateway;
#[cfg(feature = "gateway")]
mod handover;
mod link;
mod logs;
mod paths;
mod row;
mod sandbox;
mod serve;
mod settings;
mod spawn;
mod supervisor;
mod teaching;
mod usage;

#[cfg(all(feature = "gateway", not(unix)))]
compile_error!("the gateway needs Unix sockets so far: build with `--no-default-features --features local`");

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap knows where its text belongs: help and version to stdout, mistakes to stderr with code 2.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli::run(cli) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
