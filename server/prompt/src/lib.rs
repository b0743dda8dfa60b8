//! A structured request to the tokens of one model.
//!
//! [`family`] says how a model wants a hole to be asked, [`layout`] turns a [`model::Request`] into tokens within a budget, [`cache`]
//! makes that cost one line a key, [`Anchor`] keeps the middle's beginning where it is while lines are typed, [`Views`] know which place
//! has which, [`heal`] takes the cursor out of the middle of a token, [`Surroundings`] are what n-grams are counted in, [`utf8`] puts the
//! answer's bytes back together, and [`Lines`] say where it ends. Everything here is a function of its arguments: the same request gives
//! the same tokens, byte for byte.
//!
//! This crate must not know a backend, a rope, a syntax tree, I/O, a clock or a thread.

mod anchor;
mod budget;
pub mod cache;
pub mod family;
pub mod heal;
pub mod layout;
mod lines;
mod shown;
mod sources;
mod surroundings;
mod tokens;
#[cfg(test)]
mod toy;
pub mod utf8;
mod views;

pub use anchor::{Anchor, Hole};
pub use family::{Facts, Fim, Refusal};
pub use heal::{Healing, PieceIndex};
pub use layout::{Builder, Prompt, View};
pub use lines::Lines;
pub use surroundings::{GAP, LINE_END, Surroundings};
pub use tokens::{Token, Tokens};
pub use views::Views;
