//! A socket's end that travels to another process, with the frame that says what it is for.
//!
//! `serve` makes the pair of sockets between itself and its gateway, and hands one end to the supervisor, which starts the gateway with it:
//! a pair has no name, so nobody else can connect. Must not be used for anything but our own processes' sockets.

use std::{
    io::{self, IoSlice, IoSliceMut, Read},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use interprocess::local_socket::Stream;
use model::wire::encode_frame;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;

/// The descriptor behind a local socket.
#[derive(Debug)]
pub(crate) struct Line<'a>(pub(crate) &'a Stream);

impl AsFd for Line<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let Stream::UdSocket(stream) = self.0;
        stream.as_fd()
    }
}

/// Sends one small frame with `end` attached to it.
pub(crate) fn send(line: impl AsFd, frame: &impl Serialize, end: impl AsFd) -> io::Result<()> {
    let bytes = encode_frame(frame)?;
    let ends = [end.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut attached = SendAncillaryBuffer::new(&mut space);
    attached.push(SendAncillaryMessage::ScmRights(&ends));
    let sent = sendmsg(line, &[IoSlice::new(&bytes)], &mut attached, SendFlags::NOSIGNAL)?;
    // A frame of this kind is a few bytes, and a socket's buffer takes it whole.
    if sent < bytes.len() {
        return Err(io::Error::new(io::ErrorKind::WriteZero, "the line to the supervisor is full"));
    }
    Ok(())
}

/// Reads a line on which ends may come along with frames, and keeps the last of them.
#[derive(Debug)]
pub(crate) struct Receiver<S> {
    line: S,
    end: Option<OwnedFd>,
}

impl<S: AsFd> Receiver<S> {
    /// Reads from `line`, from which nobody else may read.
    pub(crate) fn new(line: S) -> Self {
        Self { line, end: None }
    }

    /// The end that came along with what was read so far.
    pub(crate) fn take_end(&mut self) -> Option<OwnedFd> {
        self.end.take()
    }
}

impl<S: AsFd> Read for Receiver<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut attached = RecvAncillaryBuffer::new(&mut space);
        let read = loop {
            match recvmsg(&self.line, &mut [IoSliceMut::new(buffer)], &mut attached, RecvFlags::CMSG_CLOEXEC)
            {
                Err(rustix::io::Errno::INTR) => {}
                read => break read?.bytes,
            }
        };
        for message in attached.drain() {
            if let RecvAncillaryMessage::ScmRights(ends) = message {
                self.end = ends.last();
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        os::unix::net::UnixStream,
    };

    use model::wire::{read_frame, write_frame};

    use super::*;

    #[test]
    fn an_end_arrives_with_its_frame_and_works() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        write_frame(&mut &ours, &"before").unwrap();
        send(&ours, &"with", &far).unwrap();
        drop(far);
        write_frame(&mut &ours, &"after").unwrap();

        let mut receiver = Receiver::new(&theirs);
        assert_eq!(read_frame::<String>(&mut receiver).unwrap().as_deref(), Some("before"));
        assert!(receiver.take_end().is_none());
        assert_eq!(read_frame::<String>(&mut receiver).unwrap().as_deref(), Some("with"));
        let mut far = UnixStream::from(receiver.take_end().expect("it came along"));
        assert_eq!(read_frame::<String>(&mut receiver).unwrap().as_deref(), Some("after"));

        far.write_all(b"hello").unwrap();
        drop(far);
        let mut said = String::new();
        near.read_to_string(&mut said).unwrap();
        assert_eq!(said, "hello");
    }
}
