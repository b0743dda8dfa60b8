//! An unfinished file, for `make demo`: the last function lacks the rest of its first line.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// The names in a list, one a line.
pub fn names(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// How many bytes a list has.
pub fn size(path: &Path) -> Result<usize> {
    let text = fs::re
    Ok(text.len())
}
