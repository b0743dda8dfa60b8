//! The product: when to speak, with which context, and what of the model's words is fit to show.
//!
//! [`plan`] looks at a snapshot and decides either to ask (with a [`model::Request`]) or to stay silent (with a [`Silence`]);
//! [`Collector`] is the sink that stops the model where the place ends; [`finish`] cleans and verifies what was collected, and
//! [`alternative`] does both for another reading beside it. [`Observer`] follows what becomes of what was shown, and
//! [`least_confidence`] learns from it when to stay silent. [`route`] decides who answers what is not a completion, and whether it leaves.
//! Everything here is a function of its arguments: same snapshot, same settings, same model text → same answer.
//!
//! This crate must not see LSP types, JSON, sockets, the file system or a wall clock.

mod acceptance;
mod alternatives;
mod clean;
mod closers;
mod collect;
mod context;
mod cut;
mod finish;
mod learn;
mod plan;
pub mod route;
mod silence;
mod window;

pub use acceptance::{Change, Counter, GLANCE, Noted, Observer, PAIRS, Shown, Task, Verdict};
pub use alternatives::alternative;
pub use collect::Collector;
pub use context::{Considered, Context, Rejection, Source, Workspace, gather};
pub use cut::{Cut, Rule};
pub use finish::{Finished, Said, Suggestion, finish, sure_enough};
pub use learn::{DECILES, MOST_LEARNED, Tally, least_confidence, weight};
pub use plan::{Plan, Query, Selected, Settings, Shape, plan};
pub use silence::{Silence, Stage};
pub use window::{HEAD_HOP, PREFIX_MAX, SUFFIX_MAX};

#[cfg(test)]
mod fixture;
