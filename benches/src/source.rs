//! Text to measure on: real sources, the same in every checkout of a commit, and the files of a folder that somebody names.
//!
//! Must not choose a folder outside of this repository by itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A Rust file of exactly `lines` lines: the repository's own sources in the order of their paths, again and again.
pub fn rust(lines: usize) -> io::Result<String> {
    let mut sources = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../server"))?;
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
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

/// Every file below a folder, in the order of their paths; folders whose names begin with a dot are left aside.
pub fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            // A link could lead in a circle, and `file_type` does not follow it.
            let kind = entry.file_type()?;
            if kind.is_file() {
                files.push(entry.path());
            } else if kind.is_dir() && !hidden {
                folders.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
