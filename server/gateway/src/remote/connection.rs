//! One client: its handshake, the frames that it sends, and those that it gets.
//!
//! Must not decide what is answered. A client that does not read is dropped, so that it holds nobody up.

use std::{io, sync::Arc, time::Duration};

use model::wire::{FromEngine, MAX_FRAME, PROTOCOL, ToEngine, write_frame};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::OwnedWriteHalf},
    sync::mpsc,
};

use super::desk::Desk;

/// How long a connection may take to introduce itself.
const HELLO: Duration = Duration::from_secs(5);
/// How long one write may take before the client counts as stuck.
const LONGEST_WRITE: Duration = Duration::from_secs(5);
/// Frames that may wait for a client. One that is further behind does not read.
const MOST_WAITING: usize = 1024;

/// Where a client's frames go.
#[derive(Debug, Clone)]
pub(super) struct Outgoing(mpsc::Sender<FromEngine>);

impl Outgoing {
    /// Hands `frame` over; a client that left or is stuck doesn't get it.
    pub(super) fn send(&self, frame: FromEngine) {
        if self.0.try_send(frame).is_err() {
            tracing::debug!("a client does not read any more");
        }
    }
}

/// The whole life of a connection.
pub(super) async fn serve(desk: &Arc<Desk>, client: u64, stream: UnixStream) {
    let (input, output) = stream.into_split();
    let mut input = BufReader::new(input);
    let build = match tokio::time::timeout(HELLO, read(&mut input)).await {
        Ok(Ok(Some(ToEngine::Hello { protocol: PROTOCOL, build }))) => build,
        other => return tracing::warn!(client, ?other, "a connection did not introduce itself"),
    };
    let (sender, frames) = mpsc::channel(MOST_WAITING);
    let outgoing = Outgoing(sender);
    outgoing.send(FromEngine::Hello { protocol: PROTOCOL, build: desk.build().to_owned() });
    desk.join(client, outgoing.clone());
    tracing::info!(client, build, "a client joined");
    let reading = async {
        while let Some(frame) = read(&mut input).await? {
            if !desk.take(client, &outgoing, frame) {
                return Err(io::Error::other("a second Hello"));
            }
        }
        Ok(())
    };
    // Whichever ends first ends the other: who does not read is not listened to either.
    let result = tokio::select! {
        result = reading => result,
        result = write(output, frames) => result,
    };
    tracing::info!(client, ?result, "a client left");
    desk.leave(client);
}

async fn write(mut output: OwnedWriteHalf, mut frames: mpsc::Receiver<FromEngine>) -> io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(frame) = frames.recv().await {
        bytes.clear();
        write_frame(&mut bytes, &frame)?;
        tokio::time::timeout(LONGEST_WRITE, output.write_all(&bytes)).await??;
    }
    Ok(())
}

/// The next frame; `None` at a clean end. A length is not believed before it was looked at.
async fn read(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<ToEngine>> {
    let length = match input.read_u32_le().await {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame claims {length} bytes")));
    }
    let mut body = vec![0; length as usize];
    input.read_exact(&mut body).await?;
    serde_json::from_slice(&body).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
