//! Checks that the embedded model is there, and names it by its content.
//!
//! Must not make or fetch the model: `models/ember/` says how it is made.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let path = Path::new(&root).join("../../models/ember/ember.gguf");
    println!("cargo:rerun-if-changed={}", path.display());
    println!("cargo:rerun-if-changed=build.rs");
    let bytes = fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "the embedded model {} can't be read ({error}). It is part of the repository: `git checkout -- models/ember/ember.gguf` \
             brings it back, `make ember` trains it anew.",
            path.display()
        )
    });
    assert!(bytes.starts_with(b"GGUF"), "{} is not a GGUF file: is it a Git LFS pointer?", path.display());
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    println!("cargo:rustc-env=EMBER_HASH={:016x}", hasher.finish());
}
