//! Finds a provider's key where the user's configuration says that it is: an environment variable, the system's keyring, a private file.
//!
//! A key is a [`SecretString`] from the moment that it is read: it has no `Debug` and no `Display`, and its memory is cleared. Must not put a
//! key, or a part of one, into an error or a log, and must not look anywhere but where it was told to.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use config::KeySource;
use secrecy::SecretString;

/// The service under which the keyring has the keys; the account is the user's choice.
pub const SERVICE: &str = "hob";

/// A keyring that is locked asks its user for a password: so long one may take to type it.
const UNLOCKING: Duration = Duration::from_mins(1);

/// No provider's key is longer, in bytes.
const LONGEST: usize = 8 << 10;

/// The key, or a sentence: where it should be, what is wrong, and what mends it. `home` is what `~` stands for.
pub fn find(source: &KeySource, home: &Path) -> Result<SecretString, String> {
    let (text, from) = match source {
        KeySource::Env(name) => (from_environment(name)?, format!("the environment variable {name}")),
        KeySource::Keyring(account) => {
            (from_keyring(account)?, format!("the keyring's entry for {SERVICE}/{account}"))
        }
        KeySource::File(path) => {
            let path = in_home(path, home);
            (from_file(&path)?, path.display().to_string())
        }
    };
    let key = text.trim();
    // It goes into a header: what can't stand there is not shown, for it may be part of a key.
    if key.is_empty() {
        Err(format!("{from} is empty: put the provider's key there"))
    } else if key.len() > LONGEST || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err(format!("{from} holds something that is no key: one word of plain characters is expected"))
    } else {
        Ok(SecretString::from(key))
    }
}

fn from_environment(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| {
        format!("the environment variable {name} is not set where Hob was started: set it there, for an editor before it starts")
    })
}

/// Asks on a thread of its own, because a keyring may wait for a person.
fn from_keyring(account: &str) -> Result<String, String> {
    let (answer, answered) = mpsc::sync_channel(1);
    let wanted = account.to_owned();
    thread::spawn(move || {
        let key = keyring::v1::Entry::new(SERVICE, &wanted).and_then(|entry| entry.get_password());
        drop(answer.send(key));
    });
    match answered.recv_timeout(UNLOCKING) {
        Ok(Ok(key)) => Ok(key),
        Ok(Err(keyring::v1::Error::NoEntry)) => Err(format!(
            "the keyring has no entry for {SERVICE}/{account}: `hob cloud key {account}` puts one there"
        )),
        Ok(Err(keyring::v1::Error::NoDefaultStore)) => Err(
            "this session has no keyring (no Secret Service on its D-Bus): name an environment variable or a file instead".into(),
        ),
        // The store's own words could hold what it has read.
        Ok(Err(_)) => Err(format!("the keyring does not give {SERVICE}/{account}: unlock it and ask again")),
        Err(_) => Err(format!("the keyring did not answer within {} s", UNLOCKING.as_secs())),
    }
}

/// Puts a key into the system's keyring.
pub fn keep(account: &str, key: &SecretString) -> Result<(), String> {
    use secrecy::ExposeSecret;
    let entry = keyring::v1::Entry::new(SERVICE, account);
    let kept = entry.and_then(|entry| entry.set_password(key.expose_secret()));
    kept.map_err(|error| match error {
        keyring::v1::Error::NoDefaultStore => {
            "this session has no keyring (no Secret Service on its D-Bus): keep the key in a file of mode 0600, and name that".into()
        }
        _ => "the keyring did not take the key: unlock it and try again".into(),
    })
}

fn in_home(path: &str, home: &Path) -> PathBuf {
    match path.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => PathBuf::from(path),
    }
}

fn from_file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            format!("there is no file {shown}: put the provider's key there, and `chmod 600` it")
        }
        _ => format!("{shown} can't be read: {error}"),
    })?;
    // What was opened is looked at, not what has that name a moment later.
    let metadata = file.metadata().map_err(|error| format!("{shown} can't be read: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is no regular file"));
    }
    is_private(&metadata).map_err(|what| format!("{shown} {what}"))?;
    let mut text = String::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX) + 2;
    file.take(most)
        .read_to_string(&mut text)
        .map_err(|_| format!("{shown} can't be read: it is no plain text"))?;
    Ok(text)
}

#[cfg(unix)]
fn is_private(metadata: &std::fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    if metadata.uid() != rustix::process::getuid().as_raw() {
        return Err("belongs to somebody else".into());
    }
    match metadata.mode() & 0o077 {
        0 => Ok(()),
        _ => Err(format!(
            "can be read by others (its mode is {:04o}): `chmod 600` it",
            metadata.mode() & 0o7777
        )),
    }
}

#[cfg(not(unix))]
fn is_private(_metadata: &std::fs::Metadata) -> Result<(), String> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use expect_test::{Expect, expect};
    use secrecy::ExposeSecret;

    use super::*;

    /// What is found in a file with these bytes and this mode; its folder's name is left out of errors.
    fn check(bytes: &[u8], mode: u32, expected: &Expect) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("key");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        expected.assert_eq(&found(&KeySource::File("~/key".into()), home.path()));
    }

    fn found(source: &KeySource, home: &Path) -> String {
        match find(source, home) {
            Ok(key) => format!("key {}", key.expose_secret()),
            Err(why) => why.replace(&home.display().to_string(), "HOME"),
        }
    }

    #[test]
    fn a_file_holds_a_key_if_only_its_user_can_read_it() {
        check(b"abc-123\n", 0o600, &expect!["key abc-123"]);
        check(b"abc-123\n", 0o400, &expect!["key abc-123"]);
        check(
            b"abc-123\n",
            0o644,
            &expect!["HOME/key can be read by others (its mode is 0644): `chmod 600` it"],
        );
        check(b" \n", 0o600, &expect!["HOME/key is empty: put the provider's key there"]);
        let no_key =
            expect!["HOME/key holds something that is no key: one word of plain characters is expected"];
        check(b"two words", 0o600, &no_key);
        check("schl\u{fc}ssel".as_bytes(), 0o600, &no_key);
        check(&[b'k'; LONGEST + 1], 0o600, &no_key);
        check(&[0xff, 0xfe], 0o600, &expect!["HOME/key can't be read: it is no plain text"]);
    }

    #[test]
    fn what_is_missing_is_said_with_what_mends_it() {
        let home = tempfile::tempdir().unwrap();
        let check = |source, expected: Expect| expected.assert_eq(&found(&source, home.path()));
        check(
            KeySource::File("~/none".into()),
            expect!["there is no file HOME/none: put the provider's key there, and `chmod 600` it"],
        );
        check(KeySource::File("~/".into()), expect!["HOME/ is no regular file"]);
        check(
            KeySource::Env("HOB_TEST_NO_SUCH_KEY".into()),
            expect![
                "the environment variable HOB_TEST_NO_SUCH_KEY is not set where Hob was started: set it there, for an editor before it starts"
            ],
        );
    }
}
