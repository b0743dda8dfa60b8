//! Finds the binary under test: the one that cargo built beside this test, in the same profile.
//!
//! Must not test yesterday's server: one that is missing, or older than a source it was made from, is built first.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// Names another binary to test, for example an installed one. It is taken as it is.
const OVERRIDE: &str = "HOB_BINARY";

/// `hob`, built and fresh.
///
/// # Panics
/// When it can't be built.
pub fn hob() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(chosen) = std::env::var_os(OVERRIDE) {
            let chosen = PathBuf::from(chosen);
            assert!(chosen.is_file(), "{OVERRIDE} names {}, which is no file", chosen.display());
            return chosen;
        }
        let folder = profile_folder();
        let binary = folder.join(format!("hob{}", std::env::consts::EXE_SUFFIX));
        if let Some(why) = stale(&binary) {
            build(&folder, &why);
        }
        assert!(binary.is_file(), "`cargo build --package hob` left no {}", binary.display());
        binary
    })
}

/// `target/<profile>`: this test lies in its `deps`, a program directly in it.
fn profile_folder() -> PathBuf {
    let exe = std::env::current_exe().expect("a process knows its own file");
    let folder = exe.parent().expect("a file lies in a folder");
    let folder =
        if folder.ends_with("deps") { folder.parent().expect("deps is below a profile") } else { folder };
    folder.to_owned()
}

/// Why the binary can't be used as it is. Cargo lists what it was made from in a file beside it.
fn stale(binary: &Path) -> Option<String> {
    let Some(built) = modified(binary) else { return Some("there is none yet".to_owned()) };
    let sources = fs::read_to_string(binary.with_extension("d")).unwrap_or_default();
    let sources = sources.split_once(": ").map_or("", |(_, sources)| sources);
    let newer =
        sources.split_whitespace().find(|source| modified(Path::new(source)).is_none_or(|at| at > built));
    newer.map(|source| format!("{source} is newer"))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn build(folder: &Path, why: &str) {
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the root");
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "hob", "--profile", profile]).current_dir(root);
    if let Some(target) = folder.parent() {
        command.env("CARGO_TARGET_DIR", target);
    }
    let output = command.output().expect("cargo can be run");
    assert!(
        output.status.success(),
        "the binary under test had to be built ({why}), and `cargo build --package hob --profile {profile}` failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
