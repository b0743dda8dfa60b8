//! The seam between what to ask a model and who answers.
//!
//! [`Request`] says what the editor shows around the cursor, as structure, never as a rendered prompt: only the answering side has
//! the tokenizer, the token budget and the KV cache. The answer is a stream of text chunks pushed into a [`Sink`] and one
//! [`Finish`]. [`wire`] carries both between processes; [`fake`] answers from a script, for faults and volume in tests.
//!
//! This crate must not know a backend, a prompt format, the LSP, a clock or a network.

mod answer;
pub mod cloud;
pub mod fake;
mod request;
pub mod wire;
mod workspace;

pub use answer::{Finish, ModelError, ModelInfo, Shown, ShownExcerpt, Sink, Stats, Stop};
pub use request::{Asking, Block, Kind, Order, Request, SessionKey};
pub use workspace::{FileVersion, Piece, Wanted, WorkspaceKey};
