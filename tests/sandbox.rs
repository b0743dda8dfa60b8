//! What the kernel shows of the sandbox, and what is left on the disk after a session: no network, and no text.
//!
//! Must not take a process's word for it: `/proc` and the files themselves are looked at.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use e2e::{PATIENCE, Process, Role, World, eventually};

/// A filter is in force; see `proc_pid_status(5)`.
const FILTERED: &str = "2";

/// The socket inodes of the whole machine that are not local ones: what `/proc/net` lists for each family of the internet.
fn internet_sockets(process: &Process) -> BTreeSet<String> {
    let tables = ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"]
        .iter()
        .filter_map(|family| fs::read_to_string(format!("/proc/{}/net/{family}", process.id)).ok());
    let inodes = |table: String| -> Vec<String> {
        table.lines().skip(1).filter_map(|line| line.split_whitespace().nth(9).map(str::to_owned)).collect()
    };
    tables.flat_map(inodes).map(|inode| format!("socket:[{inode}]")).collect()
}

#[test]
fn who_sees_a_document_has_no_network() {
    let world = World::new();
    let editor = world.editor().start();
    let mut buffer = editor.open("main.rs", "rust", "fn main() {\n    \n}\n");
    buffer.put(2, 5);
    buffer.complete();
    world.engine();
    let processes = world.processes();
    let roles: Vec<Role> = processes.iter().map(|process| process.role).collect();
    for role in [Role::Supervisor, Role::Serve, Role::Engine] {
        assert_eq!(roles.iter().filter(|found| **found == role).count(), 1, "{role:?} among {roles:?}");
    }
    for process in &processes {
        let seccomp = process.status("Seccomp");
        if process.role == Role::Supervisor {
            // It starts the others, and a filter would be theirs too; it reads no document.
            assert_ne!(seccomp, FILTERED, "{process:?}");
        } else {
            assert_eq!(seccomp, FILTERED, "{process:?}");
            assert_eq!(process.status("NoNewPrivs"), "1", "{process:?}");
        }
        // Every thread, not only the first.
        let threads: Vec<PathBuf> = fs::read_dir(format!("/proc/{}/task", process.id))
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        for thread in &threads {
            let status = fs::read_to_string(thread.join("status")).unwrap_or_default();
            let line = status.lines().find(|line| line.starts_with("Seccomp:")).unwrap_or("Seccomp:\tgone");
            let filtered = line.ends_with(FILTERED) || line.ends_with("gone");
            assert!(filtered || process.role == Role::Supervisor, "{}: {line}", thread.display());
        }
        let theirs = internet_sockets(process);
        for file in process.open_files() {
            assert!(
                !theirs.contains(&file.display().to_string()),
                "{process:?} has an internet socket open: {file:?}"
            );
        }
    }
    world.logged("serve", "NoNetwork");
    world.logged("engine", "NoNetwork");
    editor.quit();
}

#[test]
fn what_the_command_line_starts_has_no_network_either() {
    let world = World::new();
    let file = world.file("main.rs", "fn main() {\n    \n}\n").display().to_string();
    world.configure_wholly("engine.idle_exit = 600");
    assert_eq!(world.run(&["complete", &file, "--at", "2:5"]).code, 0);
    let engine = world.engine();
    assert_eq!(engine.status("Seccomp"), FILTERED);
    assert_eq!(world.run(&["engine", "stop"]).code, 0);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_of_a_document_is_left_on_the_disk() {
    const CANARY: &str = "kanarienvogel_2718281828";

    let world = World::new();
    // As talkative as it may be without showing text.
    world.configure("log.level = \"debug\"");
    let editor = world.editor().trace("verbose").start();
    let mut buffer = editor.open("main.rs", "rust", "fn main() {\n    \n}\n");
    buffer.put(2, 5);
    buffer.type_in(&format!("let {CANARY} = \"{CANARY}\"; "));
    let asked = eventually(PATIENCE, || {
        buffer.type_in(&format!("{CANARY}."));
        buffer.complete();
        world.rows().iter().any(|row| row["stats"].is_object()).then_some(())
    });
    assert!(asked.is_some(), "the model was never asked");
    buffer.change(1000, &serde_json::json!([{ "range": { "start": { "line": 999, "character": 0 }, "end": { "line": 999, "character": 0 } }, "text": CANARY }]));
    buffer.complete();
    editor.raw(format!("Content-Length: 30\r\n\r\n{{\"broken\": \"{CANARY}\"").as_bytes());
    editor.raw(b"\r\n");
    let broken = editor.view(buffer.uri());
    assert!(broken.is_ok());
    editor.take_unmatched();
    let told: String = editor.notifications("").iter().map(ToString::to_string).collect();
    editor.quit();
    world.empty();

    assert!(!told.contains(CANARY), "the text went into messages to the editor");
    let kept = files(&world.state());
    assert!(kept.iter().any(|file| file.ends_with("decisions.jsonl")), "{kept:?}");
    for folder in ["state", "cache", "run", "home", "config"] {
        for file in files(&world.workspace().parent().unwrap().join(folder)) {
            let bytes = fs::read(&file).unwrap_or_default();
            let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            assert!(!found, "{} holds text of the document", file.display());
        }
    }
    assert!(!world.complaints().contains(CANARY), "stderr holds text of the document");
    assert_eq!(files(&world.workspace()), Vec::<PathBuf>::new(), "nothing is written into a workspace");
}
