//! Names under which keys, passwords and tokens are kept: files that are never shown to a model, here or elsewhere.
//!
//! Must not depend on any option: no source of a configuration can admit one of these. Must not look into a file.

use std::{path::Path, sync::LazyLock};

use crate::Globs;

/// Patterns as in a `.gitignore`; they hold in any folder and any case.
pub const PRIVATE: &[&str] = &[
    ".env*",
    "*.env",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.p8",
    "*.der",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.kdb",
    "*.ppk",
    "*.asc",
    "*.gpg",
    "*.pgp",
    "*.age",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".htpasswd",
    ".git-credentials",
    ".dockercfg",
    "credentials",
    "credentials.json",
    "credentials.toml",
    "client_secret*.json",
    "service-account*.json",
    "secrets.json",
    "secrets.toml",
    "secrets.yaml",
    "secrets.yml",
    "*.tfstate",
    "*.tfvars",
    ".ssh/",
    ".aws/",
    ".gnupg/",
    ".docker/",
    ".kube/",
];

static GLOBS: LazyLock<Option<Globs>> = LazyLock::new(|| Globs::new(PRIVATE).ok());

/// Whether a file may hold a secret, by its name and those of the folders above it.
pub fn is_private(path: impl AsRef<Path>) -> bool {
    // Without its patterns, everything is private.
    GLOBS.as_ref().is_none_or(|globs| globs.matches(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_secrets_are_known_in_any_folder_and_any_case() {
        for private in [
            ".env",
            "a/.ENV.local",
            "prod.env",
            "certs/Server.PEM",
            "id_rsa",
            "a/id_ed25519.pub",
            ".ssh/config",
            "/srv/a/.aws/credentials",
            "infra/prod.tfvars",
        ] {
            assert!(is_private(private), "{private}");
        }
        for other in ["src/env.rs", "keys.rs", ".ssh", "a/credentials.rs", "environment", ""] {
            assert!(!is_private(other), "{other}");
        }
    }
}
