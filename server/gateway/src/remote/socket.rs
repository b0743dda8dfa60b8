//! The local socket that clients find: one process for each name, and only its own user's clients.
//!
//! The folder is the caller's, made for this user alone. The name is held by a file lock that dies with the process, so that a stale
//! socket file is told from a live one without asking it. Must not know what is said over it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, PermissionsExt};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::RemoteError;

/// How long to wait for one that is just ending to let go of the name.
const TAKEOVER: Duration = Duration::from_secs(2);
/// How often to look whether it has.
const LOOK: Duration = Duration::from_millis(10);

/// A name that is listened at, until this is dropped.
pub(super) struct Socket {
    path: PathBuf,
    #[cfg(unix)]
    listener: UnixListener,
    #[cfg(unix)]
    owner: u32,
    _lock: fs::File,
}

#[cfg(unix)]
impl Socket {
    /// Listens at `path`.
    pub(super) async fn open(path: &Path) -> Result<Self, RemoteError> {
        let failed = |error| RemoteError::Listen(path.to_owned(), error);
        let lock = take(path).await?;
        // The lock is held, so a file that lies there is a dead one's.
        match fs::remove_file(path) {
            Ok(()) => tracing::info!("replaced the socket of one that died"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let owner = fs::metadata(path).map_err(failed)?.uid();
        Ok(Self { path: path.to_owned(), listener, owner, _lock: lock })
    }

    /// The next client of this user.
    pub(super) async fn client(&self) -> UnixStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => match stream.peer_cred() {
                    Ok(peer) if peer.uid() == self.owner => return stream,
                    Ok(peer) => tracing::warn!(user = peer.uid(), "somebody else's connection was refused"),
                    Err(error) => tracing::warn!(%error, "a connection was refused"),
                },
                Err(error) => {
                    // Out of file descriptors, usually: the next one may work.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Before the lock: a client that comes now starts another instead of waiting for this one.
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "the socket file was gone");
        }
    }
}

/// The lock beside the socket.
async fn take(path: &Path) -> Result<fs::File, RemoteError> {
    let lock = path.with_extension("lock");
    let failed = |error| RemoteError::Listen(lock.clone(), error);
    let file = fs::File::options().create(true).truncate(false).write(true).open(&lock).map_err(failed)?;
    let until = Instant::now() + TAKEOVER;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // One that is ending has removed its socket already, and lets go soon; one that lives keeps both.
            Err(fs::TryLockError::WouldBlock) if Instant::now() < until && !path.exists() => {
                tokio::time::sleep(LOOK).await;
            }
            Err(fs::TryLockError::WouldBlock) => return Err(RemoteError::AlreadyRunning(path.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}
