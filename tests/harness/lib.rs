//! What the end-to-end tests share: a world of its own for each test, an editor to drive `hob` with, and eyes for its processes.
//!
//! Must not reach into the crates of the server: tests here see what a client and an operating system see. A test reads like this:
//!
//! ```no_run
//! let world = e2e::World::new();
//! let editor = world.editor().start();
//! let mut file = editor.open("main.rs", "rust", "fn main() {\n    \n}\n");
//! file.put(2, 5);
//! file.type_in("let x = ");
//! file.complete();
//! file.assert_in_sync();
//! ```
//!
//! The editor's `Drop` ends the conversation by the protocol and fails the test when a request was left unanswered or was answered
//! twice; the world's fails it when a process outlives it. Nothing sleeps: every wait is for an event, and has a deadline.

mod binary;
mod buffer;
mod conversation;
mod editor;
mod llama_server;
mod mirror;
mod patience;
mod process;
mod recording;
mod setup;
mod world;

pub use binary::hob;
pub use buffer::{Buffer, Item};
pub use conversation::{Answer, RpcError};
pub use editor::Editor;
pub use llama_server::{LLAMA_SERVER_KEY, LlamaServer, not_tested};
pub use mirror::{Encoding, Mirror, Position};
pub use patience::{PATIENCE, eventually};
pub use process::{Process, Role};
pub use recording::Recording;
pub use setup::Setup;
pub use world::{Ran, World};
