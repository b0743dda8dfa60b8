//! Who comes in the moment in which an idle engine ends.

use std::cell::Cell;

use super::*;
use crate::client::{ConnectError, EngineClient, shake_hands};

const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn who_comes_as_an_idle_engine_ends_meets_nobody_and_finds_the_name_free() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = listen(&socket).unwrap();
    let (events, received) = channel();
    let desk = Arc::new(Desk {
        started: Instant::now(),
        build: "test".to_owned(),
        shared: Arc::new(Shared::new()),
        roster: Mutex::default(),
        events,
    });
    let accepting = Arc::clone(&desk);
    thread::spawn(move || accept(&accepting, &listener));

    let client = EngineClient::connect(&socket, "test", |_| {}).unwrap();
    // Its event is still to be looked at, and yet the engine is not idle.
    assert!(!desk.closes_if_empty(&socket));
    assert!(matches!(received.recv_timeout(PATIENCE), Ok(Event::Joined)));
    // Connects before the end, and has not introduced itself.
    let late = Stream::connect(socket.as_path().to_fs_name::<GenericFilePath>().unwrap()).unwrap();
    drop(client);
    assert!(matches!(received.recv_timeout(PATIENCE), Ok(Event::Left)));
    assert!(desk.closes_if_empty(&socket));
    assert!(matches!(shake_hands(&late, "test"), Err(ConnectError::Nobody(_))));
    assert!(matches!(EngineClient::connect(&socket, "test", |_| {}), Err(ConnectError::Nobody(_))));
    assert!(received.try_recv().is_err(), "nobody has joined");
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
