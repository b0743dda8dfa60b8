//! `hob ask`: a question from the shell, answered by whom the router chooses; or the exact bytes that would be sent.
//!
//! Must not send anything that the person did not agree to where the policy says to ask, and must not read a file that nobody named.

use std::{
    fs,
    io::{self, BufRead, IsTerminal, Write},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use assist::route::{Choice, Local};
use clap::Args;
use config::Task;
use model::cloud::{Answered, Ending, Refused};
use serde_json::json;
use syntax::Language;

use super::out;
use crate::{
    cloud::{self, Arranged, Desk, Person, Purpose, Request, Shown, Surroundings, Verdict},
    gateway::{Direct, Gateway, Said},
    paths,
    settings::Sources,
};

/// Flags of `hob ask`.
#[derive(Debug, Args)]
pub(super) struct Ask {
    /// What you want to know.
    question: String,
    /// Show this file with it, or these lines of it; may be repeated.
    #[arg(long = "file", value_name = "FILE[:A-B]")]
    files: Vec<String>,
    /// What it is, for the rules of your configuration.
    #[arg(long, value_name = "TASK", default_value = "question", value_parser = task)]
    task: Task,
    /// Who is to answer: `local`, `cloud`, or a model at a provider such as `anthropic/claude-haiku-5-5`.
    #[arg(long = "use", value_name = "WHO", default_value = "", value_parser = choice, hide_default_value = true)]
    choice: Choice,
    /// Show the bytes that would be sent, and send nothing.
    #[arg(long)]
    preview: bool,
    /// Agree to what your configuration has Hob ask about, for this time.
    #[arg(long)]
    yes: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// A refusal: nothing failed, but nothing was sent.
const REFUSED: u8 = 3;

fn task(name: &str) -> Result<Task, String> {
    let asked = Task::ALL.into_iter().filter(|task| !task.is_unattended());
    let names: Vec<&str> = asked.clone().map(Task::name).collect();
    asked
        .into_iter()
        .find(|task| task.name() == name)
        .ok_or_else(|| format!("there are {}", names.join(", ")))
}

fn choice(name: &str) -> Result<Choice, String> {
    Ok(match name {
        "" => Choice::None,
        "local" => Choice::Local,
        "cloud" => Choice::Cloud,
        target => Choice::Target(target.parse().map_err(|what| format!("`local`, `cloud`, or {what}"))?),
    })
}

impl Ask {
    pub(super) fn run(self) -> Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match runtime.block_on(self.ask()) {
            Ok(code) => Ok(code),
            Err(error) => match error.downcast::<Refused>() {
                Ok(refused) => {
                    out::note(&format!("hob: {refused}"));
                    Ok(ExitCode::from(REFUSED))
                }
                Err(error) => Err(error),
            },
        }
    }

    async fn ask(&self) -> Result<ExitCode> {
        let workspace = std::env::current_dir().context("can't tell where this is")?;
        let (config, problems) = Sources::read(Some(workspace.as_path())).resolve(None);
        for problem in problems {
            out::note(&format!("hob: {problem}"));
        }
        let show = |file: &String| shown(file, &workspace, &config.index.exclude);
        let request = Request {
            task: self.task,
            words: self.question.clone(),
            files: self.files.iter().map(show).collect::<Result<_>>()?,
            choice: self.choice.clone(),
        };
        let desk = Desk { gateway: Gateway::new(Direct), state: paths::state_dir()? };
        let around = Surroundings {
            policy: &config.cloud,
            workspaces: std::slice::from_ref(&workspace),
            local: Local { fills: true, ..Local::default() },
        };
        let purpose = if self.preview { Purpose::Show } else { Purpose::Send };
        let arranged = desk.arrange(&request, around, purpose).await?;
        if self.preview {
            self.show(&arranged)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut person = Terminal { yes: self.yes };
        desk.send(&arranged, around, &mut person).await?;
        self.listen(arranged).await
    }

    fn show(&self, arranged: &Arranged) -> Result<()> {
        if self.json {
            return out::json(&arranged.prepared);
        }
        out::piece(&cloud::page(&arranged.prepared, &arranged.decision));
        Ok(())
    }

    /// Prints the answer as it comes.
    async fn listen(&self, mut arranged: Arranged) -> Result<ExitCode> {
        let mut text = String::new();
        let answered = loop {
            match arranged.answer.next().await {
                Said::Text(piece) => {
                    if !self.json {
                        out::piece(&piece);
                    }
                    text.push_str(&piece);
                }
                Said::Turned { to, why } => out::note(&format!("hob: {why}; asking {to}")),
                Said::Done(result) => break result?,
            }
        };
        let decision = &arranged.prepared.decision;
        if self.json {
            out::json(&json!({ "answer": text, "decision": decision, "answered": answered }))?;
        } else {
            if !text.ends_with('\n') {
                out::line("");
            }
            out::note(&told(&answered, decision));
        }
        let is_whole = answered.ending == Ending::Whole;
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Who answered, and what it cost; and what is wrong with the answer.
fn told(answered: &Answered, decision: &str) -> String {
    let about = if answered.estimated { "about " } else { "" };
    let ending = match &answered.ending {
        Ending::Whole => String::new(),
        Ending::Length => "; the answer ends here because it may not be longer".into(),
        Ending::Truncated { why } => format!("; the answer broke off: {why}"),
        Ending::Withheld { why } => format!("; the provider held the rest back: {why}"),
        Ending::Cancelled => "; stopped".into(),
    };
    format!("hob: {} for {about}{}{ending} (hob why {decision})", answered.by, answered.cost)
}

/// A file, or lines of it.
fn shown(named: &str, workspace: &Path, exclude: &[String]) -> Result<Shown> {
    let (path, range) = lines(named)?;
    let path = workspace.join(path);
    let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    // By what it really is, not by what a link to it is called.
    let real = fs::canonicalize(&path).with_context(|| format!("can't find {}", path.display()))?;
    let root = fs::canonicalize(workspace)?;
    let relative = real.strip_prefix(&root).unwrap_or(&real);
    let lists = index::Exclusion::new(&root, exclude)?;
    let text = match range {
        None => text,
        Some(range) => {
            let lines = text.split_inclusive('\n').skip(range.start() - 1);
            lines.take(range.end() + 1 - range.start()).collect()
        }
    };
    Ok(Shown {
        path: relative.to_string_lossy().replace('\\', "/"),
        language: Language::from_path(&real.to_string_lossy()).map_or("", Language::name).to_owned(),
        text,
        private: [&path, &real].iter().any(|name| lists.of(name).is_some() || config::is_private(name)),
    })
}

/// `FILE` or `FILE:A-B`, lines from 1.
fn lines(named: &str) -> Result<(PathBuf, Option<RangeInclusive<usize>>)> {
    let Some((path, range)) = named.rsplit_once(':').filter(|(_, range)| range.contains('-')) else {
        return Ok((PathBuf::from(named), None));
    };
    let (from, to) = range.split_once('-').unwrap_or_default();
    let number = |text: &str| text.parse::<usize>().ok().filter(|line| *line > 0);
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from <= to => Ok((PathBuf::from(path), Some(from..=to))),
        _ => bail!("{named}: lines are two numbers from 1, as in FILE:10-20"),
    }
}

/// The person at the terminal.
struct Terminal {
    yes: bool,
}

impl Person for Terminal {
    async fn may_send(&mut self, offer: &str, _: bool) -> Verdict {
        if self.yes {
            return Verdict::Once;
        }
        out::note(offer);
        if !io::stdin().is_terminal() {
            out::note("Nobody is here to agree: --yes agrees for this time.");
            return Verdict::No;
        }
        loop {
            drop(io::stderr().write_all(b"Send it? [y]es, [a]lways from this folder, [s]how the bytes, [n]o, ne[v]er from this folder: "));
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
                return Verdict::No;
            }
            match line.trim().to_lowercase().as_str() {
                "y" | "yes" => return Verdict::Once,
                "a" | "always" => return Verdict::Workspace,
                "s" | "show" => return Verdict::Show,
                "n" | "no" | "" => return Verdict::No,
                "v" | "never" => return Verdict::Never,
                _ => {}
            }
        }
    }

    async fn show(&mut self, page: String) {
        out::note(&page);
    }
}
