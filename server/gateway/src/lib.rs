//! Every byte that leaves the machine passes here: providers' protocols, redaction, prices and budgets, retries, keys, the ledger.
//!
//! The process around it is the only one with a network and with keys. It is told what to send, and by whom it was decided; what it
//! enforces by itself is the user's own policy: which origins, which files never, which secrets, how much money. Must not read a
//! document or a workspace: it knows what a window hands to it and nothing else.

pub mod attempt;
pub mod breaker;
pub mod client;
pub mod course;
pub mod dialect;
pub mod keys;
pub mod ledger;
mod lines;
pub mod redact;
pub mod remote;
mod retry_after;
mod service;
mod sse;
pub mod transport;

/// What requests cost: [`config::price`], where `hob usage` finds it in a build without a gateway too.
pub use config::price;
pub use service::{Options, run};
