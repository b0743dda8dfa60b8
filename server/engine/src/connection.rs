//! One client of the engine: a thread that reads its frames, and a thread that writes to it.
//!
//! The model thread hands frames to a bounded channel and never waits: a client that doesn't read is dropped. Must not decide what is
//! answered, only carry it.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use interprocess::local_socket::{Stream, traits::Stream as _};
use model::wire::{FromEngine, write_frame};

/// Frames that may wait for a client: some answers' worth of tokens. A client further behind is not reading.
const MOST_WAITING: usize = 1024;

/// How long one write may block before the client counts as stuck.
const LONGEST_WRITE: Duration = Duration::from_secs(5);

/// The writing side of a client; cheap to clone through its `Arc`.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Numbers the client within this process.
    pub(crate) client: u64,
    frames: Mutex<Option<SyncSender<FromEngine>>>,
    stream: Arc<Stream>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Outgoing {
    /// Starts the writer of `client`.
    pub(crate) fn start(client: u64, stream: Arc<Stream>) -> io::Result<Arc<Self>> {
        stream.set_send_timeout(Some(LONGEST_WRITE))?;
        let (sender, receiver) = sync_channel(MOST_WAITING);
        let writing = Arc::clone(&stream);
        let writer = thread::Builder::new()
            .name(format!("write-{client}"))
            .spawn(move || write(&writing, &receiver))?;
        Ok(Arc::new(Self {
            client,
            frames: Mutex::new(Some(sender)),
            stream,
            writer: Mutex::new(Some(writer)),
        }))
    }

    /// Hands `frame` to the writer. Never waits; a client that left or is stuck doesn't get it.
    pub(crate) fn send(&self, frame: FromEngine) {
        let frames = lock(&self.frames);
        if let Some(TrySendError::Full(_)) = frames.as_ref().and_then(|frames| frames.try_send(frame).err()) {
            drop(frames);
            tracing::warn!(client = self.client, "a client does not read: dropped");
            self.hang_up();
        }
    }

    /// Ends the connection without waiting: its reader sees the end of the stream.
    pub(crate) fn hang_up(&self) {
        lock(&self.frames).take();
        shut_down(&self.stream);
    }

    /// Ends the connection after what was handed over has been written.
    pub(crate) fn finish(&self) {
        lock(&self.frames).take();
        if let Some(writer) = lock(&self.writer).take()
            && writer.join().is_err()
        {
            tracing::error!(client = self.client, "a writer panicked");
        }
        shut_down(&self.stream);
    }
}

fn write(stream: &Stream, frames: &Receiver<FromEngine>) {
    while let Ok(frame) = frames.recv() {
        if let Err(error) = write_frame(&mut &*stream, &frame) {
            tracing::debug!(%error, "a client left");
            shut_down(stream);
            return;
        }
    }
}

/// Ends both directions, so that a thread blocked in a read returns.
pub(crate) fn shut_down(stream: &Stream) {
    #[cfg(unix)]
    {
        let Stream::UdSocket(socket) = stream;
        // It fails only when the peer was faster.
        let _already = socket.inner().shutdown(std::net::Shutdown::Both);
    }
    // A named pipe ends when its last handle is dropped: the reader's, at the client's end.
    #[cfg(not(unix))]
    let _ = stream;
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
