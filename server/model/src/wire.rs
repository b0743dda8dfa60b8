//! The frames between `serve` (or the command line) and `engine`: a little-endian `u32` length, then that many bytes of JSON.
//!
//! The first frame each way is a handshake. Must not block on anything but the stream that it is given, and must not trust a length:
//! a peer that claims more than [`MAX_FRAME`] is cut off before a byte is allocated for it.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{FileVersion, Finish, ModelError, ModelInfo, Piece, Request, SessionKey, Wanted, WorkspaceKey};

/// The protocol's version; part of the socket's name, so that two versions of Hob never talk past each other.
pub const PROTOCOL: u32 = 4;

/// The largest frame, in bytes. A request carries a window of one document, not a document.
pub const MAX_FRAME: u32 = 16 << 20;

/// Numbers one request on one connection; chosen by the client, never reused by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// From the client to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToEngine {
    /// The first frame.
    Hello {
        /// [`PROTOCOL`] of the client.
        protocol: u32,
        /// The client's version and build, for the log.
        build: String,
    },
    /// Ask. A newer request for the same session supersedes an older one, which then ends with [`crate::Stop::Cancelled`].
    Ask {
        /// The client's number for it.
        id: RequestId,
        /// What is asked.
        request: Box<Request>,
    },
    /// Stop working on a request. It still ends with its one `Done`.
    Cancel {
        /// Which.
        id: RequestId,
    },
    /// The document was closed: its KV cache may go.
    Forget {
        /// Whose.
        session: SessionKey,
    },
    /// A workspace has these files, or has them no more. The engine asks for what it lacks, in this order, with [`FromEngine::Wants`].
    Files {
        /// Which workspace.
        workspace: WorkspaceKey,
        /// Files that are new or were changed, and of a window that comes: all.
        files: Vec<FileVersion>,
        /// Paths of files that are gone, or not to be known any more: nothing of them is kept.
        gone: Vec<String>,
    },
    /// The answer to [`FromEngine::Wants`].
    Piece {
        /// Of which workspace.
        workspace: WorkspaceKey,
        /// The text.
        piece: Piece,
    },
    /// The window has no more to do with a workspace. With its last window what was learnt of it goes.
    Leave {
        /// Which workspace.
        workspace: WorkspaceKey,
    },
    /// Ask for one [`FromEngine::Status`].
    Status,
    /// End the process, politely: running requests are answered as cancelled first.
    Stop,
}

/// From the engine to the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromEngine {
    /// The first frame.
    Hello {
        /// [`PROTOCOL`] of the engine.
        protocol: u32,
        /// The engine's version and build.
        build: String,
    },
    /// Sent after `Hello` and at every change of the model's state.
    Model(ModelState),
    /// The next piece of an answer.
    Chunk {
        /// Of which request.
        id: RequestId,
        /// Whole UTF-8 characters.
        text: String,
        /// When it was decoded: microseconds since 1970, UTC, by the engine's clock, which is the machine's.
        at_us: u64,
    },
    /// The one end of each request.
    Done {
        /// Of which request.
        id: RequestId,
        /// How it ended.
        result: Result<Finish, ModelError>,
    },
    /// What is lacking of a workspace that the client told of.
    Wants {
        /// Which workspace.
        workspace: WorkspaceKey,
        /// The next piece; `None`: all of it is learnt that there is room for.
        wanted: Option<Wanted>,
    },
    /// The answer to [`ToEngine::Status`].
    Status(EngineStatus),
}

/// Whether the engine's model can answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// Being read; `progress` from 0 to 1.
    Loading {
        /// The share that is loaded.
        progress: f32,
    },
    /// Warm.
    Ready(ModelInfo),
    /// Does not answer. A file that can't be used never will in this process; a host elsewhere may be there again.
    Failed(ModelError),
}

/// What `hob engine status` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineStatus {
    /// The engine's process id.
    pub pid: u32,
    /// Its model.
    pub model: ModelState,
    /// Connected clients, the asking one included.
    pub clients: u32,
    /// Documents with a warm KV cache.
    pub sessions: u32,
    /// Requests answered since the start.
    pub answered: u64,
    /// Tokens that are learnt of workspaces.
    pub learnt_tokens: u64,
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Resident memory in bytes, 0 where it can't be told.
    pub rss_bytes: u64,
}

/// One frame's bytes.
///
/// # Errors
/// `InvalidInput` for one over [`MAX_FRAME`].
pub fn encode_frame<T: Serialize>(frame: &T) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(frame).map_err(io::Error::other)?;
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= MAX_FRAME).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("a frame of {} bytes is over {MAX_FRAME}", body.len()),
        )
    })?;
    let mut bytes = Vec::with_capacity(body.len() + 4);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Writes one frame and flushes it.
pub fn write_frame<T: Serialize>(out: &mut impl Write, frame: &T) -> io::Result<()> {
    // One write: a frame must not be torn by another thread's, and a small one costs one system call.
    out.write_all(&encode_frame(frame)?)?;
    out.flush()
}

/// Reads one frame; `None` at a clean end of the stream.
///
/// # Errors
/// `UnexpectedEof` when the stream ends inside a frame, `InvalidData` for a length over [`MAX_FRAME`] or a body that is not the JSON
/// of a `T`. After an error the stream has no known position: close it.
pub fn read_frame<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match input.read(&mut length)? {
        0 => return Ok(None),
        read => input.read_exact(&mut length[read..])?,
    }
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame claims {length} bytes, over {MAX_FRAME}"),
        ));
    }
    let mut body = vec![0; length as usize];
    input.read_exact(&mut body)?;
    serde_json::from_slice(&body).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Asking, Kind, Shown, Stats, Stop};

    fn ask() -> ToEngine {
        ToEngine::Ask {
            id: RequestId(7),
            request: Box::new(Request {
                kind: Kind::Fim,
                session: SessionKey::new(1, "file:///a.rs"),
                path: "a.rs".into(),
                repository: String::new(),
                blocks: Vec::new(),
                prefix: "fn é() {\n".into(),
                typed: "    ".into(),
                suffix: "\n}\n".into(),
                max_tokens: 32,
                single_line: true,
                asking: Asking::default(),
            }),
        }
    }

    #[test]
    fn frames_come_back_as_they_went() {
        let done = FromEngine::Done {
            id: RequestId(7),
            result: Ok(Finish { stop: Stop::EndOfText, stats: Stats::default(), shown: Shown::default() }),
        };
        let failed =
            FromEngine::Done { id: RequestId(8), result: Err(ModelError::Unusable("no such file".into())) };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &ask()).unwrap();
        write_frame(&mut bytes, &done).unwrap();
        write_frame(&mut bytes, &failed).unwrap();

        let mut input = bytes.as_slice();
        assert_eq!(read_frame::<ToEngine>(&mut input).unwrap(), Some(ask()));
        assert_eq!(read_frame::<FromEngine>(&mut input).unwrap(), Some(done));
        assert_eq!(read_frame::<FromEngine>(&mut input).unwrap(), Some(failed));
        assert_eq!(read_frame::<FromEngine>(&mut input).unwrap(), None);
    }

    #[test]
    fn a_claimed_length_is_not_believed() {
        let error = read_frame::<ToEngine>(&mut u32::MAX.to_le_bytes().as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_torn_frame_is_an_error_not_an_end() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &ask()).unwrap();
        for cut in 1..bytes.len() {
            let error = read_frame::<ToEngine>(&mut &bytes[..cut]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "cut at {cut}");
        }
    }
}
