//! Text to measure on: real sources, the same in every checkout of a commit.
//!
//! Must not read anything but this repository.

use std::{fs, io, path::Path};

/// A Rust file of exactly `lines` lines: the repository's own sources in the order of their paths, again and again.
pub fn rust(lines: usize) -> io::Result<String> {
    let mut sources = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../server"), &mut sources)?;
    sources.sort();
    let texts = sources.into_iter().map(fs::read_to_string).collect::<io::Result<Vec<_>>>()?;
    // Whole files first; the last one is cut between items so that the text stays a valid one.
    let mut text = String::new();
    let mut left = lines;
    for source in texts.iter().cycle() {
        let count = source.lines().count();
        if count > left {
            break;
        }
        text.push_str(source);
        left -= count;
    }
    text.push_str(&"// The end.\n".repeat(left));
    Ok(text)
}

fn collect(folder: &Path, sources: &mut Vec<std::path::PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(())
}
