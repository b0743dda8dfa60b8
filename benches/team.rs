//! How one llama-server serves a team: some people typing, each with an engine of their own that asks it, for a minute.
//!
//! `cargo bench --package benches --bench team -- [--users 1,10,25,50] [--seconds 60] [--slots 64] [--model FILE] [--server PROGRAM]`.
//! Prints tokens that the host evaluated for a key, and how long its user waited, by number of users. Each user is a thread that types into a
//! file of this repository with a person's pauses, and the real remote engine behind a real socket. Must not type quicker than people do,
//! and must not count a user's own reading of a place as a key's.

use std::{
    error::Error,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use benches::{chance::Chance, source};
use config::{Dialect, Provider};
use engine::{Answer, EngineClient};
use gateway::remote::{self, RemoteOptions};
use model::{Asking, Finish, Kind, ModelError, Request, SessionKey, wire::ModelState};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Bytes of a document that go with a question, before the cursor and behind it: more than there is room for.
const WINDOW: (usize, usize) = (8 << 10, 4 << 10);
/// Lines that are typed at a place before its user goes elsewhere.
const LINES: usize = 8;
/// Median of what lies between two keys, the spread of its logarithm, and bounds: as in `hob bench typing`.
const KEY_MS: (f64, f64, f64, f64) = (140.0, 0.45, 35.0, 900.0);
/// A look at what is there, at the end of a line.
const THOUGHT_MS: (f64, f64) = (500.0, 2000.0);
/// However long a host takes to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is asked for on the command line.
struct Settings {
    users: Vec<usize>,
    seconds: u64,
    slots: usize,
    model: PathBuf,
    server: PathBuf,
    context: u32,
}

impl Settings {
    fn read() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut settings = Self {
            users: vec![1, 10, 25, 50],
            seconds: 60,
            slots: 64,
            model: root.join("models/ember/ember.gguf"),
            server: root.join("target/peers/llama-server"),
            context: 512,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--users" => {
                    settings.users = value()?.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--seconds" => settings.seconds = value()?.parse()?,
                "--slots" => settings.slots = value()?.parse()?,
                "--context" => settings.context = value()?.parse()?,
                "--model" => settings.model = value()?.into(),
                "--server" => settings.server = value()?.into(),
                "--bench" => {}
                other => return Err(format!("unknown: {other}").into()),
            }
        }
        if !settings.server.exists() {
            return Err(
                "no llama-server there: benches/peers/fetch.sh llama-server, or --server PROGRAM".into()
            );
        }
        Ok(settings)
    }
}

/// A llama-server, ended with this.
struct Host {
    process: Child,
    port: u16,
}

impl Host {
    fn start(settings: &Settings) -> Outcome<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let context = settings.slots * usize::try_from(settings.context)?;
        let process = Command::new(&settings.server)
            .arg("-m")
            .arg(&settings.model)
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "-t", "1", "--metrics"])
            .args(["--parallel", &settings.slots.to_string(), "-c", &context.to_string()])
            .args(["--threads-http", "64"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let host = Self { process, port };
        let began = Instant::now();
        while !host.get("/health").is_ok_and(|answer| answer.contains("\"ok\"")) {
            if began.elapsed() > PATIENCE {
                return Err("llama-server does not come up".into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(host)
    }

    fn get(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Tokens of prompts that it has evaluated since its start.
    fn evaluated(&self) -> Outcome<f64> {
        let metrics = self.get("/metrics")?;
        let line = metrics.lines().find_map(|line| line.strip_prefix("llamacpp:prompt_tokens_total "));
        Ok(line.ok_or("it does not count")?.trim().parse()?)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One question that was answered.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    /// Whether it is the first at a place that the host has not read.
    is_new_place: bool,
    /// Whether its user pauses behind it: the end of a line.
    ends_line: bool,
    evaluated: Option<u32>,
    ttft: Option<Duration>,
    done: Option<Duration>,
}

/// Notes when the answer to a key came.
struct Watch {
    asked: Instant,
    key: Key,
    to: mpsc::Sender<Key>,
}

impl Answer for Watch {
    fn chunk(&mut self, _text: &str, _at_us: u64) -> ControlFlow<()> {
        self.key.ttft.get_or_insert_with(|| self.asked.elapsed());
        ControlFlow::Continue(())
    }

    fn done(mut self: Box<Self>, result: Result<Finish, ModelError>) {
        if let Ok(finish) = result {
            let superseded = finish.stop == model::Stop::Cancelled;
            self.key.evaluated = (!superseded).then_some(finish.stats.evaluated_tokens);
            self.key.done = (!superseded).then(|| self.asked.elapsed());
        }
        // Whoever counts has gone when the time is over.
        let _ = self.to.send(self.key);
    }
}

/// From one key to the next.
fn gap(chance: &mut Chance) -> Duration {
    let (median, spread, least, most) = KEY_MS;
    let normal = (-2.0 * (1.0 - chance.unit()).ln()).sqrt() * (std::f64::consts::TAU * chance.unit()).cos();
    Duration::from_secs_f64((median.ln() + spread * normal).exp().clamp(least, most) / 1e3)
}

/// Before a line or at its end.
fn thought(chance: &mut Chance) -> Duration {
    let (least, most) = THOUGHT_MS;
    Duration::from_secs_f64((least + (most - least) * chance.unit()) / 1e3)
}

/// Types until the time is over; the number of keys.
fn live(
    user: usize,
    client: &EngineClient,
    texts: &[String],
    until: Instant,
    to: &mpsc::Sender<Key>,
) -> usize {
    let mut chance = Chance::new(u64::try_from(user).unwrap_or(0));
    let mut keys = 0;
    let mut last = None;
    // People do not begin in the same moment.
    thread::sleep(Duration::from_secs_f64(chance.unit() * 2.0));
    while Instant::now() < until {
        let text = &texts[chance.below(texts.len())];
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let first = lines.len() / 5 + chance.below(lines.len() * 3 / 5);
        let after: String = lines[(first + LINES).min(lines.len())..].concat();
        let mut before: String = lines[..first].concat();
        let mut is_new_place = true;
        for line in &lines[first..(first + LINES).min(lines.len())] {
            let indent = line.len() - line.trim_start().len();
            let whole = line.trim_end();
            let ends = whole.char_indices().map(|(at, letter)| at + letter.len_utf8());
            for end in ends.filter(|end| *end > indent) {
                if Instant::now() >= until {
                    return keys;
                }
                keys += 1;
                let request = question(user, &before, &line[..end], &after);
                let key = Key { is_new_place, ends_line: end == whole.len(), ..Key::default() };
                let watch = Watch { asked: Instant::now(), key, to: to.clone() };
                // What was asked before is taken back with it.
                last = Some(client.ask(request, watch));
                thread::sleep(gap(&mut chance));
                is_new_place = false;
            }
            before.push_str(line);
            thread::sleep(thought(&mut chance));
        }
    }
    drop(last);
    keys
}

fn question(user: usize, before: &str, typed: &str, after: &str) -> Request {
    let start = before.len().saturating_sub(WINDOW.0);
    let start = before[before.ceil_char_boundary(start)..].find('\n').map_or(0, |at| start + at + 1);
    Request {
        kind: Kind::Fim,
        session: SessionKey::new(u64::try_from(user).unwrap_or(0), "file"),
        path: format!("src/file{user}.rs"),
        repository: "team".into(),
        blocks: Vec::new(),
        prefix: before[before.ceil_char_boundary(start)..].to_owned(),
        typed: typed.to_owned(),
        suffix: format!("\n{}", &after[..after.floor_char_boundary(WINDOW.1)]),
        max_tokens: 24,
        single_line: true,
        asking: Asking::default(),
    }
}

/// One user's own engine, and the connection to it.
fn desk(user: usize, folder: &Path, port: u16, context: u32) -> Outcome<EngineClient> {
    let socket = folder.join(format!("{user}.sock"));
    let provider = Provider {
        id: "team".into(),
        dialect: Dialect::LlamaServer,
        base_url: format!("http://127.0.0.1:{port}"),
        key: None,
        models: vec!["ember".into()],
        context_tokens: context,
        region: None,
        retention: None,
    };
    let options = RemoteOptions {
        provider,
        key: Arc::new(|| Ok(None)),
        limits: config::Cloud::default().limits,
        withholds: Arc::new(|_| None),
        socket: socket.clone(),
        context_tokens: 2048,
        order: None,
        idle_exit: Duration::ZERO,
        build: "bench".into(),
    };
    thread::spawn(move || remote::run(options));
    let began = Instant::now();
    let (told, ready) = mpsc::channel();
    let told = Arc::new(Mutex::new(told));
    let client = loop {
        let told = Arc::clone(&told);
        let heard = move |state: &ModelState| {
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            // Only the first time matters.
            let _ = told.send(matches!(state, ModelState::Ready(_)));
        };
        match EngineClient::connect(&socket, "bench", heard) {
            Ok(client) => break client,
            Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    };
    while !ready.recv_timeout(PATIENCE)? {}
    Ok(client)
}

/// The figures of one number of users.
struct Row {
    users: usize,
    keys: usize,
    answered: usize,
    /// Ends of lines, and how many of them were answered before their user went on.
    pauses: (usize, usize),
    /// Of keys on a line, and of all with the places that were read for them: by the answers, and by the host's own count.
    evaluated: (Vec<f64>, f64),
    ttft: Vec<f64>,
    done: Vec<f64>,
}

fn measure(settings: &Settings, users: usize, texts: &Arc<Vec<String>>) -> Outcome<Row> {
    let host = Host::start(settings)?;
    let folder = tempfile::Builder::new().prefix("team").tempdir()?;
    let clients: Vec<_> = (0..users)
        .map(|user| desk(user, folder.path(), host.port, settings.context))
        .collect::<Outcome<_>>()?;
    let before = host.evaluated()?;
    let (to, keys) = mpsc::channel();
    let until = Instant::now() + Duration::from_secs(settings.seconds);
    let typing: Vec<_> = clients
        .into_iter()
        .enumerate()
        .map(|(user, client)| {
            let (texts, to) = (Arc::clone(texts), to.clone());
            thread::spawn(move || live(user, &client, &texts, until, &to))
        })
        .collect();
    drop(to);
    let pressed: usize = typing.into_iter().map(|user| user.join().unwrap_or(0)).sum();
    let keys: Vec<Key> = keys.into_iter().collect();
    let spent = host.evaluated()? - before;
    let milliseconds = |of: fn(&Key) -> Option<Duration>| {
        let mut all: Vec<f64> = keys.iter().filter_map(of).map(|time| time.as_secs_f64() * 1e3).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let on_a_line = keys.iter().filter(|key| !key.is_new_place);
    let mut evaluated: Vec<f64> = on_a_line.filter_map(|key| key.evaluated).map(f64::from).collect();
    evaluated.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "some thousand keys")]
    let all = spent / pressed.max(1) as f64;
    Ok(Row {
        users,
        keys: pressed,
        answered: keys.iter().filter(|key| key.done.is_some()).count(),
        pauses: {
            let ends = keys.iter().filter(|key| key.ends_line);
            (ends.clone().count(), ends.filter(|key| key.done.is_some()).count())
        },
        evaluated: (evaluated, all),
        ttft: milliseconds(|key| key.ttft),
        done: milliseconds(|key| key.done),
    })
}

/// A percentile of what is sorted; a dash where there is nothing.
fn at(sorted: &[f64], share: usize) -> String {
    let place = (sorted.len() * share / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}

fn main() -> Outcome<()> {
    let settings = Settings::read()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server");
    let files =
        source::files_below(&root)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let texts = files.map(std::fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let texts = Arc::new(texts.into_iter().filter(|text| text.lines().count() > 120).collect::<Vec<_>>());
    let mut out = io::stdout();
    writeln!(
        out,
        "{} slots of {} tokens, {} s each; tokens that the host evaluated for a key, milliseconds from the key",
        settings.slots, settings.context, settings.seconds
    )?;
    writeln!(
        out,
        "users   keys answered  at pauses | on a line: mean  p50  p95 | with places | first token: p50    p99 | whole line: p50    p99"
    )?;
    for users in &settings.users {
        let row = measure(&settings, *users, &texts)?;
        let (line, all) = &row.evaluated;
        #[expect(clippy::cast_precision_loss, reason = "some thousand keys")]
        let mean = line.iter().sum::<f64>().max(0.0) / line.len().max(1) as f64;
        writeln!(
            out,
            "{:>5} {:>6} {:>6.1} %  {:>7.1} % | {:>15.2} {:>4} {:>4} | {:>11.2} | {:>16} {:>6} | {:>15} {:>6}",
            row.users,
            row.keys,
            share(row.answered, row.keys),
            share(row.pauses.1, row.pauses.0),
            mean,
            at(line, 50),
            at(line, 95),
            all,
            at(&row.ttft, 50),
            at(&row.ttft, 99),
            at(&row.done, 50),
            at(&row.done, 99),
        )?;
        out.flush()?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "some thousand keys")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64 * 100.0
}
