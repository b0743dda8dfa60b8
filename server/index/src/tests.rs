//! What an index does, on small workspaces.

use std::fmt::Write as _;

use crate::{Built, Cancel, Chunk, Definition, Index, Options, fixture::Folder};

mod buffers;
mod cache;
mod changes;
mod exclusion;
mod files;
mod hostile;
mod oracle;
mod queries;

/// The options for a workspace, with its cache beside it. Nothing is waited for but what a test settles.
fn options(folder: &Folder) -> Options {
    Options {
        debounce: std::time::Duration::from_mins(1),
        ..Options::new(folder.path(), folder.beside("cache"))
    }
}

fn open(folder: &Folder) -> Index {
    Index::open(options(folder)).unwrap()
}

/// An index of these files, built.
fn indexed(files: &[(&str, &str)]) -> (Folder, Index) {
    let folder = Folder::with(files);
    let index = open(&folder);
    build(&index);
    (folder, index)
}

fn build(index: &Index) -> Built {
    index.build(&mut |_| {}, &Cancel::default()).unwrap()
}

/// What was skipped: `large 1, link 2`.
fn skipped(built: &Built) -> String {
    built
        .skipped
        .iter()
        .map(|(reason, count)| format!("{} {count}", reason.code()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Definitions as a reader would note them down: path, line, owner and signature.
fn definitions(found: &[Definition]) -> String {
    let mut said = String::new();
    for definition in found {
        let Definition { place, kind, owner, signature, doc, .. } = definition;
        let owner = owner.as_ref().map_or_else(String::new, |owner| format!(" of {owner}"));
        let doc = doc.as_ref().map_or_else(String::new, |doc| format!("  {doc}"));
        let _ = writeln!(said, "{}:{} {kind:?}{owner}: {signature}{doc}", place.path, place.lines.start + 1);
    }
    said
}

/// Chunks: path, lines and the first line of text.
fn chunks(found: &[Chunk]) -> String {
    let mut said = String::new();
    for Chunk { place, text, .. } in found {
        let first = text.lines().next().unwrap_or_default();
        let _ = writeln!(said, "{}:{}-{} {first}", place.path, place.lines.start + 1, place.lines.end);
    }
    said
}

/// Paths of chunks.
fn paths(found: &[Chunk]) -> Vec<&str> {
    found.iter().map(|chunk| &*chunk.place.path).collect()
}
