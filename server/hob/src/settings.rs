//! Reads the configuration's files from disk and hands their texts to `config`, which decides what they mean.
//!
//! Must not decide precedence or scopes, and must not look for a repository's file anywhere but at the workspace's root. Must not take
//! an organisation's file that can't be read for one that is not there.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use config::{Config, KeySource, Problem, PromptOrder, Source};
use engine::{EngineOptions, ModelChoice};
use model::Order;
use serde_json::Value;

use crate::paths;

/// Bytes of a configuration file that are read; far more than any has.
const LARGEST: u64 = 256 << 10;

/// The sources of the configuration, as read; the editor's settings come and change later.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    user: Option<Text>,
    organisation: Vec<Result<Text, Problem>>,
    repositories: Vec<Text>,
    unreadable: Vec<Problem>,
}

#[derive(Debug, Clone)]
struct Text {
    name: String,
    text: String,
}

impl Text {
    fn source(&self) -> Source<'_> {
        Source { name: &self.name, text: &self.text }
    }
}

impl Sources {
    /// Reads the user's file, those of an organisation, and those of the repositories at `roots`.
    pub(crate) fn read<'a>(roots: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut sources = Self { organisation: organisation(), ..Self::default() };
        if let Ok(path) = paths::config_file() {
            sources.user = sources.file(&path);
        }
        for root in roots {
            let repository = sources.file(&root.join(config::REPO_FILE));
            sources.repositories.extend(repository);
        }
        sources
    }

    fn file(&mut self, path: &Path) -> Option<Text> {
        let name = path.display().to_string();
        match read(path) {
            Ok(text) => Some(Text { name, text }),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                self.unreadable.push(Problem::unreadable(name, error));
                None
            }
        }
    }

    /// What holds, with the editor's `settings` on top, and what is wrong with any of it.
    pub(crate) fn resolve(&self, settings: Option<&Value>) -> (Config, Vec<Problem>) {
        let organisation: Vec<_> = self
            .organisation
            .iter()
            .map(|file| file.as_ref().map(Text::source).map_err(Problem::clone))
            .collect();
        let repositories: Vec<_> = self.repositories.iter().map(Text::source).collect();
        let (config, problems) = config::load(&config::Sources {
            user: self.user.as_ref().map(Text::source),
            organisation: &organisation,
            repositories: &repositories,
            settings,
        });
        (config, self.unreadable.iter().cloned().chain(problems).collect())
    }
}

/// Names a further organisation's file. It only tightens, so whoever sets this variable can take nothing from anybody but freedom.
const POLICY: &str = "HOB_POLICY";

/// The files of an organisation: this machine's, where there is one, and the one that the environment names, which then has to be there.
fn organisation() -> Vec<Result<Text, Problem>> {
    let own = Some(Path::new(config::ORGANISATION_FILE)).filter(|path| !is_absent(path)).map(Path::to_owned);
    let named = std::env::var_os(POLICY).filter(|path| !path.is_empty()).map(PathBuf::from);
    own.into_iter().chain(named).map(|path| policy(&path)).collect()
}

fn policy(path: &Path) -> Result<Text, Problem> {
    let name = path.display().to_string();
    match read(path) {
        Ok(text) => Ok(Text { name, text }),
        Err(error) => Err(Problem::unreadable_policy(name, error)),
    }
}

/// Whether there is nothing of this name; a link that leads nowhere is something.
fn is_absent(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// A configuration's text. A repository may be hostile: what is no file (a pipe, a device, a link to one) is not opened, and no more
/// is read than a configuration can have.
fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it has more than {LARGEST} bytes")));
    }
    Ok(text)
}

/// The environment variables that hold keys, by the user's configuration: only the gateway gets to see them.
pub(crate) fn key_variables() -> Vec<String> {
    let (config, _) = Sources::read(None).resolve(None);
    let keys = config.cloud.providers.into_iter().filter_map(|provider| provider.key);
    keys.filter_map(|key| match key {
        KeySource::Env(name) => Some(name),
        KeySource::Keyring(_) | KeySource::File(_) => None,
    })
    .collect()
}

/// How the workspace folder at `root` is indexed.
pub(crate) fn index(config: &Config, root: &Path) -> Result<index::Options> {
    let folder = paths::cache_dir()?.join("index");
    engine::private_folder(&folder)
        .with_context(|| format!("can't make the index's folder {}", folder.display()))?;
    Ok(index::Options {
        exclude: config.index.exclude.clone(),
        largest_file: config.index.largest_file,
        most_files: usize::try_from(config.index.most_files).unwrap_or(usize::MAX),
        ..index::Options::new(root, folder)
    })
}

/// How the engine for `config` is started; `model` (`--model`) goes before what the user's file says.
pub(crate) fn engine(config: &Config, model: Option<&Path>) -> Result<EngineOptions> {
    let home = etcetera::home_dir().unwrap_or_default();
    let configured = || config.engine.model.as_ref().map(|file| file.path(&home));
    let chosen = model.map(Path::to_owned).or_else(configured);
    Ok(EngineOptions {
        // Whoever names a file wants that file's answers.
        remote: remote(config).filter(|_| model.is_none()),
        model: chosen.map_or(ModelChoice::Embedded, ModelChoice::File),
        threads: config.engine.threads.and_then(|threads| NonZeroUsize::try_from(threads).ok()),
        context_tokens: Some(config.engine.context_tokens),
        order: match config.engine.order {
            PromptOrder::Auto => None,
            PromptOrder::Anchored => Some(Order::Anchored),
            PromptOrder::Psm => Some(Order::Psm),
            PromptOrder::Spm => Some(Order::Spm),
        },
        idle_exit: config.engine.idle_exit,
        ..EngineOptions::new(paths::runtime_dir()?, paths::cache_dir()?)
    })
}

/// Who answers in the engine's place, by a name that is another one for another host or model.
fn remote(config: &Config) -> Option<String> {
    if !cfg!(feature = "gateway") {
        return None;
    }
    let provider = config.cloud.provider(config.engine.remote.as_deref()?)?;
    let model = provider.models.first().map(String::as_str).unwrap_or_default();
    Some(format!("{} {} {model}", provider.id, provider.base_url))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// What is wrong with the repository whose `.hob.toml` `make` makes.
    fn check(make: impl FnOnce(&Path)) -> String {
        let root = tempfile::tempdir().expect("a temporary folder");
        make(&root.path().join(config::REPO_FILE));
        let (config, problems) = Sources::read(Some(root.path())).resolve(None);
        assert_eq!(config, Config::default());
        let repository =
            problems.iter().map(ToString::to_string).filter(|problem| problem.contains(".hob.toml"));
        repository.map(|problem| problem.replace(&root.path().display().to_string(), "")).collect()
    }

    #[test]
    fn a_hostile_repository_cannot_hold_up_the_start() {
        let zeros = check(|file| std::os::unix::fs::symlink("/dev/zero", file).unwrap());
        assert!(zeros.contains("no regular file"), "{zeros}");
        let large = check(|file| std::fs::write(file, vec![b'#'; 1 << 20]).unwrap());
        assert!(large.contains("more than"), "{large}");
        let folder = check(|file| std::fs::create_dir(file).unwrap());
        assert!(folder.contains("no regular file"), "{folder}");
        assert_eq!(check(|_| ()), "", "no file is no problem");
    }

    #[test]
    fn a_policy_that_cannot_be_read_is_not_one_that_is_absent() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("policy.toml");
        assert!(is_absent(&file));
        assert!(policy(&file).is_err(), "one that was named and is not there");
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
        assert!(!is_absent(&file));
        let problem = policy(&file).err().map(|problem| problem.to_string()).unwrap_or_default();
        assert!(problem.contains("nothing leaves this machine"), "{problem}");
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, b"\xff\xfe").unwrap();
        assert!(policy(&file).is_err(), "what is not text");
        std::fs::write(&file, "cloud.mode = \"ask\"").unwrap();
        assert!(policy(&file).is_ok());
    }
}
