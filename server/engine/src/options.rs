//! What an engine is started with, and the name under which clients find it.
//!
//! Must not read configuration or the environment: `config` resolves both.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use model::{Order, wire::PROTOCOL};

/// Which model an engine serves. Engines of different models live side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ModelChoice {
    /// Ember, whose bytes are in the binary.
    #[default]
    Embedded,
    /// A GGUF file of the user's.
    File(PathBuf),
}

impl ModelChoice {
    /// How people call it: `ember`, or the file's stem.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded => "ember".into(),
            Self::File(path) => {
                path.file_stem().map_or_else(|| "model".into(), |stem| stem.to_string_lossy().into_owned())
            }
        }
    }

    /// Equal for the same bytes on disk, different after the file was replaced: a new file gets a new engine.
    fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Embedded => ("embedded", env!("EMBER_HASH")).hash(&mut hasher),
            Self::File(path) => {
                path.canonicalize().unwrap_or_else(|_| path.clone()).hash(&mut hasher);
                if let Ok(metadata) = path.metadata() {
                    let modified =
                        metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                    (metadata.len(), modified).hash(&mut hasher);
                }
            }
        }
        hasher.finish()
    }
}

/// What [`crate::run`] needs.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The model to serve.
    pub model: ModelChoice,
    /// Where the socket lies; made with mode 0700 if it isn't there.
    pub runtime_dir: PathBuf,
    /// Where the embedded model is unpacked on systems without memfd.
    pub cache_dir: PathBuf,
    /// Most threads that compute; by default as many as there are physical cores, less one where there are three or more.
    pub threads: Option<NonZeroUsize>,
    /// Tokens that fit into one prompt and its answer; by default 2,048, or what the model was trained with if that is less.
    pub context_tokens: Option<u32>,
    /// Who answers in place of a model of this machine, by a name that is another one for another host: such an engine is not this crate's
    /// to run, only to ask.
    pub remote: Option<String>,
    /// The order of a prompt's parts, where it is to be another than the model's family has and a request names none.
    pub order: Option<Order>,
    /// How long to stay after the last client left; zero: not at all.
    pub idle_exit: Duration,
    /// Version and build, for the handshake and the log.
    pub build: String,
}

impl EngineOptions {
    /// The embedded model in `runtime_dir`, everything else at its default, `idle_exit` ten minutes.
    pub fn new(runtime_dir: PathBuf, cache_dir: PathBuf) -> Self {
        Self {
            model: ModelChoice::Embedded,
            runtime_dir,
            cache_dir,
            threads: None,
            context_tokens: None,
            remote: None,
            order: None,
            idle_exit: Duration::from_mins(10),
            build: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// Where this engine listens: a socket file in the runtime folder whose name holds the protocol's version, the model's identity and
    /// the order of prompts, unless it is the default. On Windows a named pipe, which the folder only helps to name.
    ///
    /// Client and engine compute it apart; it is the same as long as the model's file is. A file replaced between the two leaves the
    /// client without an answer on the old name: compute it anew before each try.
    pub fn socket_path(&self) -> PathBuf {
        let order = match self.order {
            None => "",
            Some(Order::Anchored) => "-anchored",
            Some(Order::Psm) => "-psm",
            Some(Order::Spm) => "-spm",
        };
        let name = match &self.remote {
            None => format!("hob-{PROTOCOL}-{:016x}{order}", self.model.identity()),
            Some(host) => {
                let mut hasher = DefaultHasher::new();
                (host, self.context_tokens).hash(&mut hasher);
                format!("hob-{PROTOCOL}-remote-{:016x}{order}", hasher.finish())
            }
        };
        if cfg!(windows) {
            let mut hasher = DefaultHasher::new();
            self.runtime_dir.hash(&mut hasher);
            return PathBuf::from(format!(r"\\.\pipe\{name}-{:016x}", hasher.finish()));
        }
        self.runtime_dir.join(format!("{name}.sock"))
    }
}

/// Most threads to compute with when nothing is asked: physical cores, less one for the editor where there are three or more. Whether
/// they are used is `crate::threads`' decision.
pub(crate) fn default_threads() -> usize {
    let logical = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let physical = physical_cores().map_or(logical, |cores| cores.min(logical));
    if physical > 2 { physical - 1 } else { physical }
}

/// Cores without their hyper-threads, from Linux's `/sys`; `None` elsewhere.
fn physical_cores() -> Option<usize> {
    let mut cores = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir("/sys/devices/system/cpu").ok()?.flatten() {
        let siblings = entry.path().join("topology/thread_siblings_list");
        if let Ok(siblings) = std::fs::read_to_string(siblings) {
            cores.insert(siblings);
        }
    }
    (!cores.is_empty()).then_some(cores.len())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Where the engine of `model` in `dir` listens when prompts have this `order`.
    fn listens(model: ModelChoice, order: Option<Order>, dir: &Path) -> PathBuf {
        EngineOptions { model, order, ..EngineOptions::new(dir.to_owned(), dir.to_owned()) }.socket_path()
    }

    #[test]
    fn a_replaced_model_gets_another_socket() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.gguf");
        let path = || listens(ModelChoice::File(file.clone()), None, dir.path());
        let missing = path();
        std::fs::write(&file, "one").unwrap();
        let one = path();
        assert_eq!(one, path(), "the name is a function of the file");
        std::fs::write(&file, "three").unwrap();
        assert_ne!(one, path());
        assert_ne!(one, missing);
        assert_ne!(one, listens(ModelChoice::Embedded, None, dir.path()));
    }

    #[test]
    fn an_engine_of_another_order_listens_elsewhere() {
        let orders = [None, Some(Order::Anchored), Some(Order::Psm), Some(Order::Spm)];
        let paths = orders.map(|order| listens(ModelChoice::Embedded, order, Path::new("run")));
        let different: std::collections::BTreeSet<_> = paths.iter().collect();
        assert_eq!(different.len(), orders.len());
    }

    #[test]
    fn each_host_has_a_socket_of_its_own() {
        let listens = |remote: Option<&str>| {
            let dir = Path::new("run");
            let options = EngineOptions::new(dir.to_owned(), dir.to_owned());
            EngineOptions { remote: remote.map(Into::into), ..options }.socket_path()
        };
        let paths = [None, Some("team https://a.test"), Some("team https://b.test")].map(listens);
        let different: std::collections::BTreeSet<_> = paths.iter().collect();
        assert_eq!(different.len(), paths.len());
    }

    #[test]
    fn the_editor_keeps_a_core() {
        let cores = std::thread::available_parallelism().unwrap().get();
        assert!(default_threads() >= 1);
        assert!(cores <= 2 || default_threads() < cores);
    }
}
