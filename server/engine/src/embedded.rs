//! Ember's bytes, and how llama.cpp gets to see them as a file.
//!
//! Must not keep a second copy on disk where the system has memfd: the sealed memory file goes away with the process.

use std::{io, path::PathBuf};

/// The embedded model, a GGUF.
pub static EMBER: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/ember/ember.gguf"));

/// A path under which [`EMBER`] can be opened as long as this lives.
#[derive(Debug)]
pub(crate) struct EmbeddedFile {
    pub(crate) path: PathBuf,
    #[cfg(target_os = "linux")]
    _file: std::fs::File,
}

/// Puts the bytes into a sealed memory file: nobody, this process included, can change it under the mapping.
#[cfg(target_os = "linux")]
pub(crate) fn open(_cache_dir: &std::path::Path) -> io::Result<EmbeddedFile> {
    use std::{io::Write, os::fd::AsRawFd};

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let mut file =
        std::fs::File::from(memfd_create("ember.gguf", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.write_all(EMBER)?;
    fcntl_add_seals(&file, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
    Ok(EmbeddedFile { path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(), _file: file })
}

/// Unpacks the bytes into the cache folder, once per build.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open(cache_dir: &std::path::Path) -> io::Result<EmbeddedFile> {
    let path = cache_dir.join(concat!("ember-", env!("EMBER_HASH"), ".gguf"));
    let whole = path.metadata().is_ok_and(|metadata| metadata.len() == EMBER.len() as u64);
    if !whole {
        std::fs::create_dir_all(cache_dir)?;
        // Written aside and renamed: another engine may be doing the same.
        let aside = cache_dir.join(format!("ember-{}.part", std::process::id()));
        std::fs::write(&aside, EMBER)?;
        std::fs::rename(&aside, &path)?;
    }
    Ok(EmbeddedFile { path })
}
