//! llama.cpp in its own process: one model, its KV caches, and the local socket that clients ask through.
//!
//! [`run`] is the process; [`EngineClient`] is how `serve` and the command line talk to it. One model thread owns llama.cpp (`worker`),
//! one reader thread per client takes `Cancel` frames at once, one writer thread per client keeps a slow one from holding up the rest.
//!
//! This crate must not see a document, a network beyond the local socket, or the LSP. `unsafe` exists only in `llama`.

mod client;
mod connection;
mod decode;
mod drafting;
mod embedded;
mod gguf;
mod interrupt;
mod kv;
mod llama;
pub mod measure;
mod mixture;
mod options;
mod private;
mod queue;
mod server;
mod threads;
mod worker;
mod workspaces;

pub use client::{Answer, ConnectError, EngineClient, Ticket};
pub use embedded::EMBER;
pub use options::{EngineOptions, ModelChoice};
pub use private::private_folder;
pub use server::{EngineError, run};
pub use worker::now_us;
