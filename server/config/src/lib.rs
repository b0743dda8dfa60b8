//! Every option of Hob, declared once: as written, as used, and as documented.
//!
//! An option is one entry in `options.rs`. Its text, type, default and scope stand there and nowhere else; reading, the JSON Schema
//! and the manual all come from it. What people write becomes [`Options`], and what the code uses is a [`Config`].
//!
//! The sources, in this order, are Hob's own defaults, the user's file ([`USER_FILE`]), the repository's file ([`REPO_FILE`]) and
//! the editor's settings. Only the user's file can be trusted to speak for the user: a repository is somebody else's, and settings
//! that arrive over LSP don't say whether the user or the opened folder wrote them. So the last two may set what is harmless and
//! tighten what is not; see [`Scope`]. An organisation's file ([`ORGANISATION_FILE`]) tightens above the user, and does nothing else.
//!
//! A source with a mistake in it counts for nothing, and each mistake is a [`Problem`]: half a configuration is one that nobody
//! wrote. An organisation's that can't be read or has a mistake in it means that nothing leaves the machine. The one exception is an
//! option that stands where it may not; it alone is refused, or a repository could switch its own restrictions off by adding one.
//!
//! This crate must not read files, the environment or a clock (it is given texts), and must not know our other crates.

mod check;
mod cloud;
mod declare;
mod globs;
mod load;
mod manual;
mod options;
mod origin;
mod policy;
pub mod price;
mod private;
mod problem;
mod read;
mod resolved;
mod restriction;
mod tables;
mod terms;
mod values;

pub use cloud::{
    Budget, Cloud, Destination, Dialect, KeySource, Limits, Mode, Price, Provider, Requirements, Retention,
    Rule, Secrets, Target, Task, Then, Usd, When,
};
pub use declare::{Declared, Scope};
pub use globs::Globs;
pub use load::{Source, Sources, load};
pub use manual::{manual, schema};
pub use options::Options;
pub use private::{PRIVATE, is_private};
pub use problem::{Place, Problem};
pub use resolved::{Completion, Config, ContextSource, Engine, Index, Log};
pub use restriction::Restriction;
pub use terms::secret_pattern;
pub use values::{LogLevel, ModelFile, Pace, Popup, PromptOrder};

/// The user's own file, below the folder that `XDG_CONFIG_HOME` names (`~/.config` where it names none).
pub const USER_FILE: &str = "hob/config.toml";

/// An organisation's file: a policy for every user of a machine.
pub const ORGANISATION_FILE: &str = "/etc/hob/policy.toml";

/// A repository's file: at the workspace's root and nowhere above it.
pub const REPO_FILE: &str = ".hob.toml";

/// The key under which an editor keeps Hob's settings.
pub const SETTINGS_KEY: &str = "hob";
