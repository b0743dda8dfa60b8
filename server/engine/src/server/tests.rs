//! Who comes in the moment in which an idle engine ends.

use std::cell::Cell;

use super::*;
use crate::client::{ConnectError, EngineClient, shake_hands};

const PATIENCE: Duration = Duration::from_mins(2);

/// A desk, what happens at it, and its socket that nobody accepts at yet.
fn desk(socket: &Path) -> (Arc<Desk>, Receiver<Event>, Listener) {
    let (events, received) = channel();
    let desk = Desk {
        started: Instant::now(),
        build: "test".to_owned(),
        shared: Arc::new(Shared::new()),
        roster: Mutex::default(),
        events,
    };
    (Arc::new(desk), received, listen(socket).unwrap())
}

fn connected(socket: &Path) -> Stream {
    Stream::connect(socket.to_fs_name::<GenericFilePath>().unwrap()).unwrap()
}

#[test]
fn who_has_come_and_not_said_hello_yet_keeps_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let (desk, received, listener) = desk(&socket);
    let accepting = Arc::clone(&desk);
    thread::spawn(move || accept(&accepting, &listener));
    let joined = || assert!(matches!(received.recv_timeout(PATIENCE), Ok(Event::Joined)));
    let left = || assert!(matches!(received.recv_timeout(PATIENCE), Ok(Event::Left)));

    let client = EngineClient::connect(&socket, "test", |_| {}).unwrap();
    // Its event is still to be looked at, and yet the engine is not idle.
    assert!(!desk.closes_if_empty(&socket));
    joined();
    let silent = connected(&socket);
    joined();
    drop(client);
    left();
    assert!(!desk.closes_if_empty(&socket), "somebody is there who may still say Hello");
    assert!(shake_hands(&silent, "test").is_ok());
    drop(silent);
    left();
    assert!(desk.closes_if_empty(&socket));
    assert!(matches!(EngineClient::connect(&socket, "test", |_| {}), Err(ConnectError::Nobody(_))));
    assert!(received.try_recv().is_err(), "nobody has joined");
}

#[test]
fn who_comes_as_an_idle_engine_ends_meets_nobody_and_finds_the_name_free() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let (desk, _received, listener) = desk(&socket);
    // Connects before the end, and is let in after it.
    let late = connected(&socket);
    assert!(desk.closes_if_empty(&socket));
    thread::spawn(move || accept(&desk, &listener));
    assert!(matches!(shake_hands(&late, "test"), Err(ConnectError::Nobody(_))));
    assert!(!socket.exists());
}

#[test]
fn who_comes_at_the_last_moment_is_waited_for() {
    let (events, received) = channel();
    let come_and_go = || [Event::Joined, Event::Left].map(|event| events.send(event).unwrap());
    come_and_go();
    let idle = Cell::new(0);
    let is_over = || {
        idle.set(idle.get() + 1);
        if idle.get() == 1 {
            come_and_go();
        }
        idle.get() > 1
    };
    assert_eq!(wait(&received, Duration::ZERO, is_over), "idle");
    assert_eq!(idle.get(), 2);
    assert!(received.try_recv().is_err());
}
