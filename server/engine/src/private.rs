//! Folders that only their user can open: for sockets, locks, and whatever else must not be anybody's.
//!
//! Must not choose where such a folder lies.

use std::{fs, io, path::Path};

/// Makes `folder` where it is missing, and sees to it that it is a real folder of this user's with mode 0700.
///
/// # Errors
/// When it can't be made or closed, and when somebody else made it or a link in its place.
#[cfg(unix)]
pub fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};

    let refuse = |reason| Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let meta = fs::symlink_metadata(folder)?;
    if !meta.is_dir() {
        return refuse("it is a link, not a folder");
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return refuse("it belongs to another user");
    }
    if meta.mode() & 0o777 != 0o700 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Makes `folder` where it is missing. A user's folders are their own here without our doing.
///
/// # Errors
/// When it can't be made.
#[cfg(not(unix))]
pub fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_open_to_others_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state/hob");
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        private_folder(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = root.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, root.path().join("hob")).unwrap();
        assert!(private_folder(&root.path().join("hob")).is_err());
    }
}
