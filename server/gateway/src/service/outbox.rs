//! What goes to the window: a thread that writes, and a queue before it.
//!
//! Must not let a window that does not read hold up anything but its own answers: pieces of an answer wait for room, other frames are few.

use std::{io, os::unix::net::UnixStream, thread};

use model::{
    cloud::FromGateway,
    wire::{RequestId, write_frame},
};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Pieces of answers that may wait to be written.
const PIECES: usize = 256;

/// Clones write to the same window.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    frames: mpsc::UnboundedSender<FromGateway>,
    room: Arc<Semaphore>,
}

impl Outbox {
    pub(super) fn start(window: UnixStream) -> io::Result<Self> {
        let (frames, mut waiting) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(PIECES));
        let freed = Arc::clone(&room);
        thread::Builder::new().name("outbox".into()).spawn(move || {
            while let Some(frame) = waiting.blocking_recv() {
                // A window that is gone: the reading thread sees it too, and ends the process.
                if write_frame(&mut &window, &frame).is_err() {
                    freed.close();
                    return;
                }
                if matches!(frame, FromGateway::Chunk { .. }) {
                    freed.add_permits(1);
                }
            }
        })?;
        Ok(Self { frames, room })
    }

    /// Puts a frame behind those that wait.
    pub(super) fn put(&self, frame: FromGateway) {
        drop(self.frames.send(frame));
    }

    /// Puts a piece of an answer there as soon as there is room.
    pub(super) async fn chunk(&self, id: RequestId, text: String) {
        if text.is_empty() {
            return;
        }
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
            self.put(FromGateway::Chunk { id, text });
        }
    }
}
