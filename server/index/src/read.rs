//! Opens and reads files of a workspace that may be hostile.
//!
//! The only place that opens one. Must not follow a link, wait for a pipe, leave the root, or read more than it was told to.

use std::{
    fs::{File, Metadata},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use twox_hash::XxHash3_128;

use crate::skipped::Reason;

/// A file that changed so recently may change again without a difference in its time.
const FRESH: Duration = Duration::from_secs(2);

/// A workspace's folder, held open.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    path: Arc<Path>,
    /// Paths are looked up from this handle, so that a folder which is renamed or replaced meanwhile leads nowhere else.
    #[cfg(target_os = "linux")]
    handle: Arc<File>,
}

/// What tells that a file was not touched: if it is the same, so is the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: i64,
    /// Nanoseconds since 1970; -1 if it is too recent to tell anything.
    pub(crate) modified: i64,
    pub(crate) inode: i64,
}

/// A file's text.
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) stamp: Stamp,
    pub(crate) hash: Hash,
}

/// The hash of a content: XXH3, 128 bits.
pub(crate) type Hash = [u8; 16];

pub(crate) fn hash(text: &[u8]) -> Hash {
    XxHash3_128::oneshot(text).to_le_bytes()
}

impl Root {
    /// Opens the folder, by its real path.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path: Arc<Path> = path.canonicalize()?.into();
        if !path.metadata()?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        #[cfg(target_os = "linux")]
        let handle = {
            #[expect(clippy::disallowed_methods, reason = "the root itself, which the user chose")]
            Arc::new(File::open(&path)?)
        };
        Ok(Self {
            path,
            #[cfg(target_os = "linux")]
            handle,
        })
    }

    /// The real path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of `file` below the root, if it has one. An absolute path may go through links as long as it ends up inside.
    pub(crate) fn relative(&self, file: &Path) -> Option<PathBuf> {
        // A file that is not there yet, or not any more, is looked for by its folder.
        let real = file.canonicalize().or_else(|_| {
            let name = file.file_name().ok_or(ErrorKind::InvalidInput)?;
            let folder = file.parent().ok_or(ErrorKind::InvalidInput)?;
            Ok::<_, io::Error>(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).join(name))
        });
        let below = real.ok()?.strip_prefix(&self.path).ok()?.to_owned();
        let inside = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        (inside && !below.as_os_str().is_empty()).then_some(below)
    }

    /// The whole text of a file. Where it is refused, what can be said of it comes along.
    pub(crate) fn read(&self, file: &Path, largest: u64) -> Result<Content, (Stamp, Reason)> {
        match self.read_once(file, largest) {
            Err((_, Reason::Changed)) => self.read_once(file, largest),
            other => other,
        }
    }

    fn read_once(&self, file: &Path, largest: u64) -> Result<Content, (Stamp, Reason)> {
        let nothing = |reason| (Stamp::UNKNOWN, reason);
        let file = self.open_file(file).map_err(nothing)?;
        let before = file.metadata().map_err(|_| nothing(Reason::Unreadable))?;
        let stamp = Stamp::of(&before);
        let refused = |reason| (stamp, reason);
        if !before.is_file() {
            return Err(refused(Reason::Special));
        }
        if before.len() > largest {
            return Err(refused(Reason::Large));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default() + 1);
        (&file).take(largest + 1).read_to_end(&mut bytes).map_err(|_| refused(Reason::Unreadable))?;
        let after = file.metadata().map_err(|_| refused(Reason::Unreadable))?;
        if stamp != Stamp::of(&after) || bytes.len() as u64 != after.len() {
            return Err(nothing(Reason::Changed));
        }
        if memchr::memchr(0, &bytes).is_some() {
            return Err(refused(Reason::Binary));
        }
        let hash = hash(&bytes);
        let text = String::from_utf8(bytes).map_err(|_| refused(Reason::Encoding))?;
        Ok(Content { text, stamp, hash })
    }

    #[cfg(target_os = "linux")]
    fn open_file(&self, file: &Path) -> Result<File, Reason> {
        use rustix::{
            fs::{Mode, OFlags, ResolveFlags, openat2},
            io::Errno,
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match openat2(&*self.handle, file, flags, Mode::empty(), within) {
            Ok(opened) => Ok(File::from(opened)),
            // Before Linux 5.6, and where a container does not let it through.
            Err(Errno::NOSYS | Errno::PERM) => self.open_by_path(file),
            Err(Errno::LOOP) => Err(Reason::Link),
            Err(Errno::NXIO | Errno::NODEV) => Err(Reason::Special),
            Err(Errno::AGAIN) => Err(Reason::Changed),
            Err(_) => Err(Reason::Unreadable),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open_file(&self, file: &Path) -> Result<File, Reason> {
        self.open_by_path(file)
    }

    /// Without the kernel's help: a folder that becomes a link between the look and the opening is followed.
    fn open_by_path(&self, file: &Path) -> Result<File, Reason> {
        let path = self.path.join(file);
        if path.canonicalize().map_err(|_| Reason::Unreadable)? != path {
            return Err(Reason::Link);
        }
        // Opening a pipe would wait for somebody to write into it.
        if !path.symlink_metadata().map_err(|_| Reason::Unreadable)?.is_file() {
            return Err(Reason::Special);
        }
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        File::open(path).map_err(|_| Reason::Unreadable)
    }
}

impl Stamp {
    /// That of no file.
    const UNKNOWN: Self = Self { size: 0, modified: -1, inode: 0 };

    pub(crate) fn of(meta: &Metadata) -> Self {
        let since = meta.modified().ok().and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        let nanos = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
        Self {
            size: i64::try_from(meta.len()).unwrap_or(i64::MAX),
            modified: nanos.unwrap_or(-1),
            inode: inode(meta),
        }
    }

    /// What to remember of it: the time of a file that was changed just now tells nothing.
    pub(crate) fn settled(self) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let latest = now.saturating_sub(FRESH).as_nanos();
        let old = u128::try_from(self.modified).is_ok_and(|modified| modified < latest);
        if old { self } else { Self { modified: -1, ..self } }
    }

    /// Whether a file with this stamp is certainly the one that `remembered` is of.
    pub(crate) fn is_surely(self, remembered: Self) -> bool {
        self == remembered && self.modified >= 0
    }
}

#[cfg(unix)]
fn inode(meta: &Metadata) -> i64 {
    std::os::unix::fs::MetadataExt::ino(meta).cast_signed()
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> i64 {
    0
}
