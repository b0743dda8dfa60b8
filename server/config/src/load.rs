//! From the sources to one [`Config`]: each source is checked alone, then those without mistakes are laid over one another.
//!
//! Must not fail: whatever the sources hold, there is a configuration, and what was not used is told. Must not let a source that is not
//! the user's loosen anything: what such a source says of the policy goes through [`Restriction`], which has no way to.

use std::mem;

use serde_json::Value;

use crate::{
    Config, Declared, Globs, Mode, Options, Problem, Restriction, Scope, check, policy,
    read::{self, Written},
};

/// A configuration file's text, and the name that problems call it by.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its path, as a person would look for it.
    pub name: &'a str,
    /// What it holds.
    pub text: &'a str,
}

/// Everything that a configuration is made of. Each may be absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'a> {
    /// The user's file.
    pub user: Option<Source<'a>>,
    /// An organisation's files, all of which hold. One that is there and can't be read is an error, and then nothing leaves.
    pub organisation: &'a [Result<Source<'a>, Problem>],
    /// The files of the repositories that are open. What any of them forbids is forbidden; where they say different things of what is
    /// harmless, the first is heeded.
    pub repositories: &'a [Source<'a>],
    /// The editor's settings.
    pub settings: Option<&'a Value>,
}

/// What a problem calls the settings that came over LSP; they have no file.
const SETTINGS: &str = "the editor's settings for Hob";

/// Who wrote a source.
#[derive(Clone, Copy, PartialEq)]
enum Author {
    User,
    Organisation,
    /// A repository, or an editor's settings, which a repository may have written too.
    Anyone,
}

/// Resolves the sources.
///
/// The problems are for the user's eyes, every one of them: none stops Hob, and each means that something written is not in force.
pub fn load(sources: &Sources<'_>) -> (Config, Vec<Problem>) {
    let mut resolved = Resolved {
        declared: Declared::all(),
        values: serde_json::to_value(Options::default()).unwrap_or_default(),
        restriction: Restriction::NONE,
        rule_lines: Vec::new(),
        remote: None,
        problems: Vec::new(),
    };
    if let Some(user) = &sources.user {
        resolved.file(user, Author::User);
    }
    for file in sources.organisation {
        match file {
            Ok(file) => resolved.file(file, Author::Organisation),
            Err(problem) => {
                resolved.restriction.mode = Mode::LocalOnly;
                resolved.problems.push(problem.clone());
            }
        }
    }
    for repository in sources.repositories.iter().rev() {
        resolved.file(repository, Author::Anyone);
    }
    if let Some(settings) = sources.settings {
        let written = read::settings(settings).map_err(|what| vec![(None, what)]);
        resolved.add(SETTINGS, Author::Anyone, written);
    }
    resolved.finish()
}

/// What was written, and the option that it is for.
type Accepted = (&'static Declared, Written);

struct Resolved {
    declared: &'static [Declared],
    /// What holds but for restrictions of the policy, as JSON of [`Options`].
    values: Value,
    /// What sources other than the user's forbid of the policy.
    restriction: Restriction,
    /// Where the user's rules begin.
    rule_lines: Vec<u32>,
    /// What a problem with the engine elsewhere is told of.
    remote: Option<Problem>,
    problems: Vec<Problem>,
}

impl Resolved {
    fn file(&mut self, source: &Source<'_>, author: Author) {
        self.add(source.name, author, read::toml(source).map_err(|fault| vec![fault]));
    }

    /// Checks all of one source, and takes it if nothing in it is wrong.
    fn add(&mut self, file: &str, author: Author, written: Result<Vec<Written>, Vec<check::Fault>>) {
        let taken = written.and_then(|written| {
            let accepted = self.accepted(file, author, written)?;
            if author == Author::User {
                return self.trust(file, &accepted);
            }
            self.tighten(author, &accepted);
            Ok(())
        });
        for (place, mistake) in taken.err().into_iter().flatten() {
            let follows = if author == Author::Organisation {
                self.restriction.mode = Mode::LocalOnly;
                "nothing leaves this machine"
            } else {
                "nothing from here is used"
            };
            let message = format!("{mistake}, so {follows} until it is mended");
            self.problems.push(Problem { file: file.to_owned(), place, message });
        }
    }

    /// What of a source its author may set. Those options that he may not are told, and do not matter otherwise: not even what is
    /// wrong with them, or a repository could switch its own restrictions off by adding one.
    fn accepted(
        &mut self,
        file: &str,
        author: Author,
        written: Vec<Written>,
    ) -> Result<Vec<Accepted>, Vec<check::Fault>> {
        let (mut accepted, mut faults) = (Vec::new(), Vec::new());
        for mut entry in written {
            let option = match check::find(self.declared, &entry) {
                Ok(Some(option)) => option,
                Ok(None) => continue,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            let mut refuse = |what: String| {
                let message = format!("{what}; it may stand only in your own file, {}", user_file());
                self.problems.push(Problem { file: file.to_owned(), place: entry.place, message });
            };
            let not_taken = |why: &str| format!("`{}` is not taken from here, because {why}", option.path());
            match (option.scope, author) {
                (_, Author::User) | (Scope::Tighten, _) | (Scope::Anyone, Author::Anyone) => {}
                (Scope::UserOnly, Author::Anyone) => {
                    refuse(not_taken("a repository could have written it"));
                    continue;
                }
                (_, Author::Organisation) => {
                    refuse(not_taken("an organisation's file can only tighten"));
                    continue;
                }
            }
            if author != Author::User && takes_back(&mut entry.value) {
                let what = "a pattern that begins with `!` is not taken from here, because it takes back what others exclude";
                refuse(format!("in `{}`, {what}", option.path()));
            }
            faults.extend(check::faults(option, &entry));
            accepted.push((option, entry));
        }
        if faults.is_empty() { Ok(accepted) } else { Err(faults) }
    }

    /// Takes what the user wrote, if it fits together.
    fn trust(&mut self, file: &str, written: &[Accepted]) -> Result<(), Vec<check::Fault>> {
        let mut values = self.values.clone();
        for (option, entry) in written {
            set(&mut values, option, entry.value.clone());
        }
        let (_, mistakes) = policy::cloud(&options(&values));
        if !mistakes.is_empty() {
            let place = |mistake: &policy::Mistake| {
                let entry = written.iter().find(|(_, entry)| entry.path == mistake.option);
                entry.and_then(|(_, entry)| entry.place_of(&mistake.within))
            };
            let mut faults: Vec<_> =
                mistakes.into_iter().map(|mistake| (place(&mistake), mistake.what)).collect();
            faults.sort_by_key(|(place, _)| *place);
            return Err(faults);
        }
        self.values = values;
        for (_, entry) in written {
            match entry.path.as_str() {
                "cloud.rule" => self.rule_lines = lines(entry),
                "engine.remote" => {
                    let message = "`engine.remote` is not used, because the policy lets nothing be sent there (see `cloud.mode`, \
                                   `cloud.hosts` and what `cloud` requires, wherever they are written)";
                    self.remote =
                        Some(Problem { file: file.to_owned(), place: entry.place, message: message.into() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes from anybody else what forbids more, and from those whose options are anyone's what only changes.
    fn tighten(&mut self, author: Author, written: &[Accepted]) {
        let mut asked = serde_json::to_value(policy::unbounded()).unwrap_or_default();
        for (option, entry) in written {
            let value = entry.value.clone();
            if policy::GROUPS.contains(&option.group.as_str()) {
                set(&mut asked, option, value);
            } else if option.scope == Scope::Tighten {
                let now = self.values[&option.group][&option.name].take();
                set(&mut self.values, option, tightened(now, value));
            } else if author == Author::Anyone {
                set(&mut self.values, option, value);
            }
        }
        self.restriction = self.restriction.and(&policy::restriction(&options(&asked)));
    }

    fn finish(mut self) -> (Config, Vec<Problem>) {
        let mut config = Config::from(options(&self.values));
        for (rule, line) in config.cloud.rules.iter_mut().zip(mem::take(&mut self.rule_lines)) {
            rule.line = line;
        }
        config.cloud = config.cloud.restricted(&self.restriction);
        if let Err(why) = Globs::new(&config.cloud.never) {
            config.cloud.mode = Mode::LocalOnly;
            let message = format!("{why}, so nothing leaves this machine until it is mended");
            self.problems.push(Problem {
                file: "cloud.never, from all sources together".into(),
                place: None,
                message,
            });
        }
        let remote = config.engine.remote.as_ref().and_then(|id| config.cloud.provider(id));
        if remote.is_some_and(|provider| !config.cloud.may_reach(provider)) {
            config.engine.remote = None;
            self.problems.extend(self.remote);
        }
        (config, self.problems)
    }
}

/// Every value was checked by itself, so reading them together can't fail; defaults are the answer all the same, and nothing leaves by
/// them.
fn options(values: &Value) -> Options {
    serde_json::from_value(values.clone()).unwrap_or_default()
}

fn set(values: &mut Value, option: &Declared, value: Value) {
    if let Some(slot) = values.get_mut(&option.group).and_then(|group| group.get_mut(&option.name)) {
        *slot = value;
    }
}

/// The lines in which the items of a list begin.
fn lines(entry: &Written) -> Vec<u32> {
    let items = entry.value.as_array().map_or(0, Vec::len);
    (0..items).map(|at| entry.place_of(&format!("/{at}")).map_or(0, |place| place.line)).collect()
}

/// The stricter of two values: see [`Scope::Tighten`].
fn tightened(now: Value, asked: Value) -> Value {
    match (now, asked) {
        (Value::Bool(now), Value::Bool(asked)) => Value::Bool(now && asked),
        (Value::Array(now), Value::Array(asked)) => now.into_iter().chain(asked).collect(),
        // No other type has a stricter side, so the option keeps what trusted sources said.
        (now, _) => now,
    }
}

/// Removes what would take back an entry of somebody else's list of patterns; whether there was any.
fn takes_back(value: &mut Value) -> bool {
    let Value::Array(items) = value else { return false };
    let before = items.len();
    items.retain(|item| !item.as_str().is_some_and(|pattern| pattern.starts_with('!')));
    items.len() < before
}

/// Where a person finds [`crate::USER_FILE`].
pub(crate) fn user_file() -> String {
    format!("~/.config/{}", crate::USER_FILE)
}
