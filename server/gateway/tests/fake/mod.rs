//! A provider on loopback that does what a script says: for tests of whatever sends.
//!
//! Must not know a protocol above HTTP's framing, and must not wait for a clock: what lasts, lasts until the other side has gone.

#![expect(dead_code, reason = "each test has a use for some of it")]

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// What happens on one connection, in order. At the end it is closed.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Reads one request, head and body, and keeps it.
    Read,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Writes what is made of the request that was read last.
    Reply(fn(&str) -> String),
    /// Writes them one by one, each in a packet of its own.
    Drip(Vec<u8>),
    /// Writes them again and again until the other side has gone.
    Forever(Vec<u8>),
    /// Does nothing until the other side has gone, and notes when that was.
    Hold,
    /// Waits until the test opens the gate.
    Await(Gate),
    /// Sends a reset.
    Reset,
    /// Closes the sending half and holds.
    HalfClose,
}

impl Step {
    /// Writes a text.
    pub(crate) fn text(text: &str) -> Self {
        Self::Write(text.as_bytes().to_vec())
    }
}

/// Closed until it is opened, once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let closed = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = self.0.1.wait_timeout_while(closed, Duration::from_secs(30), |is_open| !*is_open);
        drop(opened.unwrap_or_else(PoisonError::into_inner));
    }
}

/// A running provider; ends with the test's process.
pub(crate) struct Fake {
    /// `http://127.0.0.1:PORT`.
    pub(crate) origin: String,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    gone: Mutex<Receiver<Instant>>,
}

impl Fake {
    /// Answers the first connection by the first script, the second by the second, and further ones by the last.
    pub(crate) fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port left");
        let origin = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (tell_gone, gone) = channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let (requests, count) = (Arc::clone(&seen), Arc::clone(&connections));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { break };
                count.fetch_add(1, Ordering::SeqCst);
                let script = scripts[number.min(scripts.len() - 1)].clone();
                let (requests, gone) = (Arc::clone(&requests), tell_gone.clone());
                // The other side may go at any moment: what can't be written then is not of interest.
                thread::spawn(move || play(stream, script, &requests, &gone));
            }
        });
        Self { origin, connections, seen, gone: Mutex::new(gone) }
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Every request so far, byte for byte.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the other side left a connection that was held or written to forever. Waits for it, half a minute at most.
    pub(crate) fn left(&self) -> Instant {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.recv_timeout(Duration::from_secs(30)).expect("a connection that is let go")
    }
}

fn play(
    mut stream: TcpStream,
    script: Vec<Step>,
    requests: &Mutex<Vec<Vec<u8>>>,
    gone: &Sender<Instant>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    for step in script {
        match step {
            Step::Read => {
                let request = read_request(&mut stream)?;
                requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            }
            Step::Write(bytes) => stream.write_all(&bytes)?,
            Step::Reply(reply) => {
                let read = requests.lock().unwrap_or_else(PoisonError::into_inner).last().cloned();
                let read = String::from_utf8_lossy(&read.unwrap_or_default()).into_owned();
                stream.write_all(reply(&read).as_bytes())?;
            }
            Step::Drip(bytes) => bytes.iter().try_for_each(|byte| stream.write_all(&[*byte]))?,
            Step::Forever(bytes) => {
                while stream.write_all(&bytes).is_ok() {}
                let _ = gone.send(Instant::now());
            }
            Step::Await(gate) => gate.wait(),
            Step::Hold => wait_until_gone(&mut stream, gone),
            Step::HalfClose => {
                stream.shutdown(Shutdown::Write)?;
                wait_until_gone(&mut stream, gone);
            }
            Step::Reset => {
                rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
                return Ok(());
            }
        }
    }
    // Without this, bytes that were sent and not read here would turn the end into a reset.
    stream.shutdown(Shutdown::Write)?;
    let _ = io::copy(&mut stream, &mut io::sink());
    Ok(())
}

fn wait_until_gone(stream: &mut TcpStream, gone: &Sender<Instant>) {
    let _ = io::copy(stream, &mut io::sink());
    let _ = gone.send(Instant::now());
}

/// One request, head and body; what there is of it at the end of the stream.
pub(crate) fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let head = request.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if request.len() >= head + length {
                return Ok(request);
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(request),
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
}
