//! The laws of the workspace that a machine can check, from manifests and sources alone. docs/architecture.md names these tests.
//!
//! Must not build or start anything but `cargo metadata` and `git ls-files`, and must not repeat what clippy or rustc already deny.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// What one crate is held to.
struct Law {
    name: &'static str,
    /// Which of our crates its product code may depend on.
    may_use: &'static [&'static str],
    /// Which others it must never depend on.
    never: &'static [&'static str],
    /// What its clippy.toml bans, so that no line of it can do this.
    cannot: &'static [&'static str],
}

const FILES: &str = "std::fs::File::open";
const CLOCK: &str = "std::time::Instant::now";
const THREADS: &str = "std::thread::spawn";
const ENVIRONMENT: &str = "std::env::var";
const NETWORK: &str = "std::net::TcpStream";

/// From the bottom up. Nothing may depend on `hob`, and nothing on a crate below it in this list.
#[rustfmt::skip]
const LAWS: &[Law] = &[
    Law { name: "text", may_use: &[],
          never: &["tree-sitter", "tower-lsp-server", "lsp-types", "tokio", "serde_json"],
          cannot: &[FILES, CLOCK, THREADS] },
    Law { name: "syntax", may_use: &["text"],
          never: &["tower-lsp-server", "lsp-types", "llama-cpp-2", "tokio", "serde_json"],
          cannot: &[FILES, CLOCK, THREADS] },
    Law { name: "config", may_use: &[],
          never: &["tower-lsp-server", "lsp-types", "tokio", "etcetera"],
          cannot: &[FILES, CLOCK, THREADS, ENVIRONMENT] },
    Law { name: "model", may_use: &["config"],
          never: &["llama-cpp-2", "llama-cpp-sys-2", "tokio", "interprocess", "ropey", "tree-sitter"],
          cannot: &[FILES, CLOCK, THREADS] },
    Law { name: "prompt", may_use: &["model"],
          never: &["ropey", "tree-sitter", "llama-cpp-2", "tokio", "serde_json"],
          cannot: &[FILES, CLOCK, THREADS] },
    Law { name: "index", may_use: &["text", "syntax", "config"],
          never: &["tower-lsp-server", "lsp-types", "serde_json", "tokio", "interprocess", "llama-cpp-2", "tree-sitter"],
          cannot: &[FILES, ENVIRONMENT, NETWORK] },
    Law { name: "assist", may_use: &["text", "syntax", "config", "model", "index"],
          never: &["tower-lsp-server", "lsp-types", "serde_json", "tokio", "interprocess", "rustix", "llama-cpp-2"],
          cannot: &[FILES, CLOCK, THREADS] },
    Law { name: "engine", may_use: &["model", "prompt"],
          never: &["tower-lsp-server", "lsp-types", "tokio", "ropey", "tree-sitter"],
          cannot: &[NETWORK] },
    Law { name: "gateway", may_use: &["config", "model", "prompt"],
          never: &["tower-lsp-server", "lsp-types", "ropey", "tree-sitter", "ignore", "notify", "llama-cpp-2", "interprocess"],
          cannot: &[] },
    Law { name: "hob", may_use: &["text", "syntax", "model", "config", "index", "assist", "engine", "gateway"],
          never: &["llama-cpp-2", "llama-cpp-sys-2", "ropey", "tree-sitter"],
          cannot: &[NETWORK] },
];

/// Crates that speak HTTP or TLS, or resolve names. Only the gateway may have one below it.
const NETWORKING: &str = "reqwest hyper ureq isahc curl curl-sys attohttpc minreq h2 quinn rustls native-tls openssl openssl-sys \
    hf-hub hickory-resolver tungstenite";

/// How a binary without a gateway is built.
const LOCAL: [&str; 3] = ["--no-default-features", "--features", "local"];

/// What occurs in one file of the server and in no other: the calls into llama.cpp, and the `unsafe` that some of them need.
/// (`unsafe_code` is denied for the workspace; it takes an attribute with this name to write any.)
const ONLY_IN: &[(&str, &str)] =
    &[("llama_cpp", "server/engine/src/llama.rs"), ("expect(unsafe_code", "server/engine/src/llama.rs")];

/// Longer than this, a file is about two things.
const LONGEST_FILE: usize = 600;

#[test]
fn each_crate_depends_on_what_its_law_allows() {
    let packages = packages();
    for law in LAWS {
        let direct = &packages[law.name];
        for ours in direct.iter().filter(|name| LAWS.iter().any(|law| law.name == *name)) {
            assert!(law.may_use.contains(&ours.as_str()), "`{}` must not depend on `{ours}`", law.name);
        }
        for never in law.never {
            assert!(!direct.contains(*never), "`{}` must never see `{never}`", law.name);
        }
    }
}

#[test]
fn each_crate_of_the_server_has_a_law() {
    let known: BTreeSet<_> = LAWS.iter().map(|law| law.name.to_owned()).collect();
    let present: BTreeSet<_> =
        packages().into_keys().filter(|name| name != "e2e" && name != "benches").collect();
    assert_eq!(known, present);
}

#[test]
fn only_the_gateway_can_open_a_network_connection() {
    for law in LAWS.iter().filter(|law| law.name != "gateway" && law.name != "hob") {
        let below = below(law.name, &[]);
        assert_eq!(networking(&below), Vec::<&str>::new(), "`{}` can open a network connection", law.name);
    }
}

#[test]
fn a_local_binary_has_no_http_in_it() {
    assert_eq!(networking(&below("hob", &LOCAL)), Vec::<&str>::new());
    assert!(networking(&below("hob", &[])).contains(&"reqwest"), "else this test sees nothing");
}

/// The crates that become part of `package`, for every platform: whatever is built, and with what the build needs.
fn below(package: &str, features: &[&str]) -> BTreeSet<String> {
    let fixed = [
        "tree",
        "--locked",
        "--target",
        "all",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--package",
        package,
    ];
    let tree = output("cargo", &[&fixed, features].concat());
    tree.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

fn networking(crates: &BTreeSet<String>) -> Vec<&'static str> {
    NETWORKING.split_whitespace().filter(|name| crates.contains(*name)).collect()
}

#[test]
fn every_dependency_may_be_shipped() {
    let deny: toml::Table = read("deny.toml").parse().unwrap();
    let allowed: Vec<_> =
        deny["licenses"]["allow"].as_array().unwrap().iter().filter_map(toml::Value::as_str).collect();
    let rustc = output("rustc", &["-vV"]);
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let metadata = metadata(&["--locked", "--filter-platform", host]);
    for package in
        metadata["packages"].as_array().unwrap().iter().filter(|package| !package["source"].is_null())
    {
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        assert!(
            may_be_shipped(&licence, &allowed),
            "{}: {licence:?} is not on deny.toml's list",
            package["name"]
        );
    }
}

#[test]
fn each_crate_is_linted_as_the_workspace_says() {
    let shared: Vec<_> = settings(&read("clippy.toml")).collect();
    for folder in packages_folders() {
        let manifest: toml::Table = read(folder.join("Cargo.toml")).parse().unwrap();
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(lints, Some(&true.into()), "{}: `[lints] workspace = true` is missing", folder.display());

        // Clippy takes the nearest clippy.toml alone; it does not merge them.
        let own = folder.join("clippy.toml");
        if !own.exists() {
            continue;
        }
        let own = read(own);
        for (name, value) in &shared {
            let same = settings(&own).any(|setting| setting.0 == *name && setting.1 == *value);
            assert!(same, "{}/clippy.toml must repeat `{name}`", folder.display());
        }
    }
}

#[test]
fn what_a_crate_cannot_do_its_clippy_bans() {
    for law in LAWS {
        let bans = read(Path::new("server").join(law.name).join("clippy.toml"));
        for banned in law.cannot {
            // The item, or what can be done with it: `std::net::TcpStream::connect` is the one way to a type of this name.
            let is_banned = bans.contains(&format!("path = \"{banned}"));
            assert!(is_banned, "server/{}/clippy.toml must ban {banned}", law.name);
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in sources() {
        assert!(
            read(&file).starts_with("//! "),
            "{}: the first line says what the file is for",
            file.display()
        );
    }
}

#[test]
fn every_file_is_about_one_thing() {
    for file in sources() {
        let lines = read(&file).lines().count();
        assert!(lines <= LONGEST_FILE, "{}: {lines} lines, more than {LONGEST_FILE}", file.display());
    }
}

#[test]
fn nothing_is_left_for_later_or_left_to_time() {
    // Written in halves, so that this file does not find itself.
    let unfinished =
        ["#[ig|nore", "tod|o!(", "unimple|mented!(", "db|g!(", "FIX|ME"].map(|word| word.replace('|', ""));
    let waiting = ["thread::sl|eep", "time::sl|eep"].map(|word| word.replace('|', ""));
    for file in sources() {
        let text = read(&file);
        for word in &unfinished {
            assert!(!text.contains(word), "{}: `{word}`", file.display());
        }
        // A test that sleeps is slow on a good day and wrong on a bad one: it waits for what it is waiting for.
        let is_test = file.components().any(|part| part.as_os_str() == "tests");
        let tests = if is_test {
            text.as_str()
        } else {
            text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests)
        };
        for word in &waiting {
            assert!(!tests.contains(word), "{}: `{word}` in a test", file.display());
        }
    }
}

#[test]
fn llama_cpp_is_called_in_one_place_and_unsafe_code_is_there() {
    for file in sources().iter().filter(|file| file.starts_with("server")) {
        let text = read(file);
        for (word, place) in ONLY_IN {
            assert!(
                !text.contains(word) || file == Path::new(place),
                "{}: `{word}` is for {place}",
                file.display()
            );
        }
    }
}

#[test]
fn nothing_is_executed_but_our_own_binary() {
    let start = "Command::new(";
    for file in sources().iter().filter(|file| file.starts_with("server")) {
        let text = read(file);
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, _) in product.match_indices(start) {
            let program = &product[at + start.len()..];
            let is_ours = program.trim_start_matches("spawn::").starts_with("own_binary()");
            assert!(is_ours, "{}: a workspace could choose what `{start}` starts", file.display());
        }
    }
}

#[test]
fn no_file_names_somebodys_machine() {
    let places = ["/ro|ot/", "/wo|rk/", "/ho|me/"].map(|place| place.replace('|', ""));
    for file in files() {
        // Weights and other binaries are not text; lock files are cargo's.
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for place in &places {
            assert!(!text.contains(place), "{}: `{place}` is a path of one machine", file.display());
        }
    }
}

#[test]
fn the_architecture_page_describes_every_crate() {
    let page = read("docs/architecture.md");
    for law in LAWS {
        assert!(
            page.contains(&format!("`server/{}`", law.name)),
            "docs/architecture.md: server/{}",
            law.name
        );
    }
}

#[test]
fn a_check_that_a_page_names_exists() {
    for page in files().iter().filter(|file| file.extension().is_some_and(|extension| extension == "md")) {
        let text = read(page);
        for named in text.split('`').skip(1).step_by(2).filter(|code| code.contains(".rs")) {
            let (file, test) = named.split_once("::").unwrap_or((named, ""));
            if !file.contains('/') || file.contains(['*', ' ', '<']) {
                continue;
            }
            let path = root().join(file);
            assert!(path.exists(), "{}: there is no {file}", page.display());
            let is_there = test.is_empty() || read(path).contains(&format!("fn {test}("));
            assert!(is_there, "{}: there is no {test} in {file}", page.display());
        }
    }
}

/// The workspace's root, whatever folder the test is run in.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the root").to_owned()
}

#[track_caller]
fn read(file: impl AsRef<Path>) -> String {
    let file = file.as_ref();
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every file of the repository, new ones included, relative to the root.
fn files() -> Vec<PathBuf> {
    let listed = output("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let files = listed.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    files.filter(|file| root().join(file).is_file()).collect()
}

fn sources() -> Vec<PathBuf> {
    files().into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The names of the workspace's packages, each with what its product code depends on directly.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let mut packages = BTreeMap::new();
    for package in metadata(&["--no-deps"])["packages"].as_array().expect("cargo lists packages") {
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        // `kind` is null for these, "dev" for tests' and "build" for build scripts'.
        let product = dependencies.filter(|dependency| dependency["kind"] != "dev");
        let names = product.filter_map(|dependency| dependency["name"].as_str()).map(str::to_owned);
        packages.insert(package["name"].as_str().unwrap_or_default().to_owned(), names.collect());
    }
    packages
}

fn packages_folders() -> Vec<PathBuf> {
    let metadata = metadata(&["--no-deps"]);
    let manifests = metadata["packages"].as_array().into_iter().flatten();
    manifests
        .filter_map(|package| Path::new(package["manifest_path"].as_str()?).parent().map(Path::to_owned))
        .collect()
}

fn metadata(arguments: &[&str]) -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let metadata = output(&cargo, &[&["metadata", "--offline", "--format-version", "1"], arguments].concat());
    serde_json::from_str(&metadata).expect("cargo writes JSON")
}

/// Whether one side of each choice in an SPDX expression is on the list.
fn may_be_shipped(licence: &str, allowed: &[&str]) -> bool {
    let parts = |operator: &str| -> Option<(String, String)> {
        // The first operator outside of brackets.
        licence
            .match_indices(operator)
            .map(|(at, _)| (&licence[..at], &licence[at + operator.len()..]))
            .find_map(|(left, right)| {
                let outside = left.matches('(').count() == left.matches(')').count();
                outside.then(|| (left.trim().to_owned(), right.trim().to_owned()))
            })
    };
    if let Some((left, right)) = parts(" OR ") {
        may_be_shipped(&left, allowed) || may_be_shipped(&right, allowed)
    } else if let Some((left, right)) = parts(" AND ") {
        may_be_shipped(&left, allowed) && may_be_shipped(&right, allowed)
    } else if let Some(inner) = licence.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        may_be_shipped(inner, allowed)
    } else {
        allowed.contains(&licence.trim())
    }
}

/// The settings of a clippy.toml.
fn settings(text: &str) -> impl Iterator<Item = (String, toml::Value)> {
    text.parse::<toml::Table>().expect("clippy.toml is TOML").into_iter()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().expect(program);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {}: {errors}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("names are UTF-8")
}
