//! Every byte that leaves the machine passes here: providers' protocols, redaction, prices and budgets, retries, keys, the ledger.
//!
//! The process around it is the only one with a network and with keys. It is told what to send, and by whom it was decided; what it
//! enforces by itself is the user's own policy: which origins, which files never, which secrets, how much money. Must not read a
//! document or a workspace: it knows what a window hands to it and nothing else.

pub mod dialect;
pub mod remote;
