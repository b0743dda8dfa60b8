//! Brings the cache up to date with the disk: walk, read what changed, look at its words, then at its syntax.
//!
//! Words come first, because they take a fifth of the time and most questions need no more. A build that is cancelled, or killed, keeps what
//! it has written, and the next one goes on from there. Must not be run by two threads on one cache; [`Store`] sees to that.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    admission::Admission,
    analysis::{Analysis, Depth},
    error::Error,
    options::{Cancel, Options},
    read::{Content, Root, Stamp},
    skipped::{Reason, Skipped},
    store::{Held, Known, Store},
    threads,
    walk::{Candidate, walk},
};

/// Bytes of text that are written at once: readers see the index grow in steps of these.
const BATCH: usize = 8 << 20;

/// Where less than this was changed, in bytes, it is read once, for words and syntax together.
const LITTLE: i64 = 4 << 20;

/// What a build is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looks for files.
    Looking,
    /// Reads them; from here on they can be searched.
    Reading,
    /// Parses them; from here on it is known what they define.
    Parsing,
}

/// How far a build has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub stage: Stage,
    /// How many files it has done.
    pub done: usize,
    /// Of how many; 0 while it looks for them.
    pub total: usize,
}

/// What came of a build.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// How much there is now.
    pub held: Held,
    /// What was left out.
    pub skipped: Skipped,
    /// How many files were read, because they were new or changed.
    pub read: usize,
    /// How many of them were parsed.
    pub parsed: usize,
    /// How many are gone, or are not admitted any more.
    pub removed: usize,
    /// Whether it came to its end; one that was cancelled did not.
    pub is_complete: bool,
    /// Whether another window does the building for this one.
    pub is_elsewhere: bool,
    /// How long each stage took.
    pub took: Took,
}

/// How long the stages of a build took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    /// Looking for files.
    pub looking: Duration,
    /// Reading them, and writing their words.
    pub reading: Duration,
    /// Parsing them, and writing what they define.
    pub parsing: Duration,
}

/// What a build needs to know.
pub(crate) struct Site<'a> {
    pub(crate) root: &'a Root,
    pub(crate) admission: &'a Admission,
    pub(crate) options: &'a Options,
    pub(crate) cancel: &'a Cancel,
}

/// A file to be read.
struct Work {
    path: String,
    known: Option<Known>,
}

/// What a build has to look at.
struct Compared {
    /// New and changed files, each with its size in bytes.
    changed: Vec<(Work, i64)>,
    /// Files that an earlier build read, but did not parse.
    partial: Vec<String>,
}

/// What came of reading it.
enum Outcome {
    /// It holds what it held.
    Same(Stamp),
    New(Content, Analysis),
    Refused(Stamp, Reason),
}

/// Brings everything up to date.
pub(crate) fn build(
    site: &Site<'_>,
    store: &mut Store,
    on: &mut dyn FnMut(Progress),
) -> Result<Built, Error> {
    match build_once(site, store, on) {
        Err(Error::Corrupt { path }) => {
            tracing::warn!(cache = %path.display(), "the index's cache is damaged: made anew");
            store.start_over()?;
            build_once(site, store, on)
        }
        other => other,
    }
}

fn build_once(site: &Site<'_>, store: &mut Store, on: &mut dyn FnMut(Progress)) -> Result<Built, Error> {
    let mut built = Built::default();
    let begun = Instant::now();
    on(Progress { stage: Stage::Looking, done: 0, total: 0 });
    let mut found = walk(site.root, site.admission, Path::new(""), site.options.largest_file, site.cancel);
    let beyond = found.files.len().saturating_sub(site.options.most_files);
    found.files.truncate(site.options.most_files);
    built.skipped = found.skipped;
    (0..beyond).for_each(|_| built.skipped.count(Reason::Many));
    if site.cancel.is_cancelled() {
        return Ok(built);
    }
    let Compared { changed, mut partial } = compare(store, found.files, &mut built)?;
    built.took.looking = begun.elapsed();

    let begun = Instant::now();
    let little = changed.iter().map(|(_, size)| size).sum::<i64>() < LITTLE;
    let (depth, stage) =
        if little { (Depth::Syntax, Stage::Parsing) } else { (Depth::Words, Stage::Reading) };
    built.read = changed.len();
    if !little {
        store.bulk(true)?;
    }
    let changed: Vec<Work> = changed.into_iter().map(|(work, _)| work).collect();
    partial.extend(pass(site, store, &changed, depth, &mut built, &mut |done| {
        on(Progress { stage, done, total: changed.len() });
    })?);
    *(if little { &mut built.took.parsing } else { &mut built.took.reading }) = begun.elapsed();

    let begun = Instant::now();
    partial.sort();
    let partial: Vec<Work> = partial.into_iter().map(|path| Work { path, known: None }).collect();
    pass(site, store, &partial, Depth::Syntax, &mut built, &mut |done| {
        on(Progress { stage: Stage::Parsing, done, total: partial.len() });
    })?;
    if !little {
        store.bulk(false)?;
    }
    store.tidy()?;
    built.took.parsing += begun.elapsed();
    built.held = store.held()?;
    built.is_complete = !site.cancel.is_cancelled();
    Ok(built)
}

/// Holds what was found against what is known, and forgets what is gone.
fn compare(store: &mut Store, found: Vec<Candidate>, built: &mut Built) -> Result<Compared, Error> {
    let mut known = store.known()?;
    let (mut changed, mut partial) = (Vec::new(), Vec::new());
    for Candidate { path, stamp } in found {
        match known.remove(&path) {
            Some(known) if stamp.is_surely(known.stamp) => match known.refused {
                Some(reason) => built.skipped.count(reason),
                None if known.is_partial => partial.push(path),
                None => {}
            },
            known => changed.push((Work { path, known }, stamp.size)),
        }
    }
    let mut gone: Vec<String> = known.into_keys().collect();
    gone.sort();
    built.removed = gone.len();
    store.write(|batch| gone.iter().try_for_each(|path| batch.remove(path)))?;
    Ok(Compared { changed, partial })
}

/// Reads files on all threads and writes what they hold. Returns those that a look at the syntax is still due for.
fn pass(
    site: &Site<'_>,
    store: &mut Store,
    files: &[Work],
    depth: Depth,
    built: &mut Built,
    on: &mut dyn FnMut(usize),
) -> Result<Vec<String>, Error> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let threads = site.options.threads.get().min(files.len());
        // Bounded, so that reading does not run away from writing and fill the memory.
        let (send, outcomes) = mpsc::sync_channel(threads * 2);
        for _ in 0..threads {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                threads::yield_to_others();
                while let Some(work) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // The writer is gone when the disk is full.
                    if site.cancel.is_cancelled() || send.send((work, read(site, work, depth))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        // When this fails, `outcomes` goes with it, and the threads end at their next one.
        write(store, &outcomes, built, on)
    })
}

/// Writes outcomes as they come, until there are no more.
fn write(
    store: &mut Store,
    outcomes: &mpsc::Receiver<(&Work, Outcome)>,
    built: &mut Built,
    on: &mut dyn FnMut(usize),
) -> Result<Vec<String>, Error> {
    let mut partial = Vec::new();
    let (mut done, mut more) = (0, true);
    while more {
        more = store.write(|batch| {
            let mut bytes = 0;
            for (work, outcome) in outcomes {
                match outcome {
                    Outcome::Same(stamp) => {
                        batch.touch(&work.path, stamp)?;
                        if work.known.as_ref().is_some_and(|known| known.is_partial) {
                            partial.push(work.path.clone());
                        }
                    }
                    Outcome::New(text, analysis) => {
                        bytes += text.text.len();
                        batch.put(&work.path, &text, &analysis)?;
                        built.parsed += usize::from(analysis.language.is_some() && !analysis.is_partial);
                        if analysis.is_partial {
                            partial.push(work.path.clone());
                        }
                    }
                    Outcome::Refused(stamp, reason) => {
                        built.skipped.count(reason);
                        batch.refuse(&work.path, stamp, reason)?;
                    }
                }
                done += 1;
                on(done);
                if bytes > BATCH {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
    }
    Ok(partial)
}

/// Reads one file and looks at it.
fn read(site: &Site<'_>, work: &Work, depth: Depth) -> Outcome {
    let text = match site.root.read(Path::new(&work.path), site.options.largest_file) {
        Ok(text) => text,
        Err((stamp, reason)) => return Outcome::Refused(stamp, reason),
    };
    let same = |known: &Known| known.refused.is_none() && known.hash == text.hash;
    let enough = |known: &Known| depth == Depth::Words || !known.is_partial;
    if work.known.as_ref().is_some_and(|known| same(known) && enough(known)) {
        return Outcome::Same(text.stamp);
    }
    // A grammar's C code, or our own, may fail on a text that was made for it; that costs the one file.
    let looked = catch_unwind(AssertUnwindSafe(|| Analysis::of(&work.path, &text.text, depth)));
    if let Ok(analysis) = looked {
        Outcome::New(text, analysis)
    } else {
        tracing::error!(path = work.path, "looking at this file failed; it is left out");
        Outcome::Refused(text.stamp, Reason::Failed)
    }
}

/// Brings single files up to date: `paths` are relative to the root, and may be folders or gone. Returns the folders that were looked into.
pub(crate) fn refresh(site: &Site<'_>, store: &mut Store, paths: &[String]) -> Result<Vec<String>, Error> {
    let (mut files, mut folders, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let meta = site.root.path().join(path).symlink_metadata();
        if meta.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
            if site.admission.folder(Path::new(path)).admits().is_err() {
                gone.push(path.clone());
                continue;
            }
            let found =
                walk(site.root, site.admission, Path::new(path), site.options.largest_file, site.cancel);
            files.extend(found.files.into_iter().map(|file| file.path));
            folders.extend(found.folders);
        } else if meta.is_ok() && site.admission.judge(Path::new(path)).is_ok() {
            files.push(path.clone());
        } else {
            gone.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    let known: HashMap<&str, Option<Known>> =
        files.iter().map(|path| Ok((path.as_str(), store.known_at(path)?))).collect::<Result<_, Error>>()?;
    let works: Vec<Work> =
        files.iter().map(|path| Work { path: path.clone(), known: known[path.as_str()].clone() }).collect();
    pass(site, store, &works, Depth::Syntax, &mut Built::default(), &mut |_| {})?;
    store.write(|batch| {
        for path in &gone {
            for below in batch.below(path)? {
                batch.remove(&below)?;
            }
            batch.remove(path)?;
        }
        Ok(())
    })?;
    Ok(folders)
}
