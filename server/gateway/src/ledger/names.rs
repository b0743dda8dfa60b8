//! What the ledger calls things: a decision by a word that can be said aloud, a workspace by a hash that only this installation can make.
//!
//! Must not put a path into a name: a ledger is shown to colleagues and to support.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

/// SHA-256 works on blocks of so many bytes.
const BLOCK: usize = 64;

/// A file whose content makes workspaces' names; where it is, there was a ledger.
pub(super) const KEY_FILE: &str = "ledger.key";

/// Bytes that nobody can foresee.
fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system has no randomness to give"))?;
    Ok(bytes)
}

/// A new name for a decision: four syllables, such as `badofimu`. Local answers have six letters and digits.
pub(super) fn decision() -> io::Result<String> {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let bytes: [u8; 4] = random()?;
    let syllables = bytes.iter().flat_map(|byte| {
        [CONSONANTS[usize::from(byte & 15)], VOWELS[usize::from(byte >> 4 & 3)]].map(char::from)
    });
    Ok(syllables.collect())
}

/// Whether somebody who typed this may mean a decision.
pub fn is_decision(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The key of this installation in the folder `state`, made if there is none yet.
pub(super) fn key(state: &Path) -> io::Result<[u8; 32]> {
    let path = state.join(KEY_FILE);
    if !path.exists() {
        // Written aside and linked into its place, which fails if another window was first: then its key holds.
        let aside = state.join(format!("{KEY_FILE}.{}.{}", std::process::id(), decision()?));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&aside)?;
        file.write_all(&random::<32>()?)?;
        file.sync_all()?;
        let linked = fs::hard_link(&aside, &path);
        fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    let mut key = [0; 32];
    File::open(path)?.read_exact(&mut key)?;
    Ok(key)
}

/// The name of the workspace at `root`: the first half of HMAC-SHA-256 (RFC 2104), in hexadecimal.
pub(super) fn workspace(key: &[u8; 32], root: &str) -> String {
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(root).finalize();
    let outer = Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize();
    hex(&outer[..16])
}

/// `bytes` in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(four.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_can_be_said_aloud() {
        for _ in 0..100 {
            let name = decision().unwrap();
            assert!(is_decision(&name), "{name}");
            let is_vowel = |c: char| "aiou".contains(c);
            assert!(name.chars().enumerate().all(|(at, c)| is_vowel(c) == (at % 2 == 1)), "{name}");
        }
        assert!(!is_decision("22bb33") && !is_decision("main.rs/"));
    }

    #[test]
    fn a_workspaces_name_is_its_hmac() {
        // RFC 4231, test case 1, whose key is shorter: zeros behind it change nothing.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(workspace(&key, "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b");
    }

    #[test]
    fn a_key_is_made_once() {
        let state = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| key(state.path()).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1, "nothing is left aside");
    }
}
