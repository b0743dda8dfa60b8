//! SIGTERM ends an engine politely. Alone in its process: a signal reaches every engine in it.

#![cfg(unix)]

mod harness;

use harness::{Engine, hole, into};

#[test]
fn a_signal_ends_the_engine_and_takes_its_socket_along() {
    let mut engine = Engine::start();
    let client = engine.client();
    client.ask_and_wait(hole("x = $0\n"), &mut into(&mut String::new())).unwrap();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM).unwrap();
    engine.join().unwrap();
    assert!(!engine.options.socket_path().exists());
    assert!(client.ask_and_wait(hole("x = $0\n"), &mut into(&mut String::new())).is_err());
}
