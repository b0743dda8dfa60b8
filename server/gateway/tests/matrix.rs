//! Every fault that a provider can have, in every protocol, over real sockets: the right decision, nothing twice and nothing lost.
//!
//! Must not test a protocol: what a stream says in good order is tested where it is read.

mod fake;
mod faults;
mod shapes;

use std::{
    future,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use config::{Limits, Provider, Target, Usd};
use fake::Fake;
use faults::{Expect, Fault};
use futures::{StreamExt, stream};
use gateway::{
    attempt::Call,
    breaker::Breakers,
    client::Client,
    course::{Attempted, Clock, Cost, Meter, Outcome, Roads, Said},
    dialect,
};
use model::cloud::{Answered, Ask, Ending, Part, Refused, Role, Turn};
use secrecy::SecretString;
use shapes::{SHAPES, Shape, WHOLE};
use tokio::sync::mpsc;

struct Today;

impl Clock for Today {
    fn today(&self) -> SystemTime {
        SystemTime::now()
    }

    fn jitter(&self) -> f64 {
        1.0
    }
}

/// Writes down what is reserved and settled.
#[derive(Default)]
struct Recorded {
    reserved: Vec<u32>,
    settled: Vec<(u32, Outcome)>,
}

impl Meter for Recorded {
    type Reservation = u32;

    async fn reserve(&mut self, number: u32, _: &Target) -> Result<u32, Refused> {
        self.reserved.push(number);
        Ok(number)
    }

    async fn settle(&mut self, reservation: u32, attempted: Attempted<'_>) -> Cost {
        self.settled.push((reservation, attempted.outcome));
        Cost { amount: Usd(1), estimated: false }
    }
}

/// What a user sees of a request.
#[derive(Debug)]
struct Seen {
    text: String,
    turns: usize,
    result: Result<Answered, Refused>,
}

fn call(shape: Shape, id: &str, origin: &str) -> Call {
    let provider = Provider {
        id: id.into(),
        dialect: shape.dialect,
        base_url: origin.into(),
        key: None,
        models: vec!["m".into()],
        context_tokens: 8192,
        region: None,
        retention: None,
    };
    let turn = Turn { role: Role::User, parts: vec![Part::Text("say it".into())] };
    let ask =
        Ask { task: config::Task::Question, system: "Answer.".into(), turns: vec![turn], max_tokens: 9 };
    let outgoing = dialect::outgoing(&provider, "m", &ask);
    Call::new(&provider, "m", Some(SecretString::from("sk-canary")), outgoing, Arc::new(ask))
}

/// Asks `chain`, opens the fault's gate when as much text has come as comes before the fault.
async fn ask(client: &Client, chain: &[Call], limits: &Limits, fault: &Fault) -> Seen {
    let (sender, mut receiver) = mpsc::channel(4);
    let breakers = Arc::new(Breakers::default());
    let roads = Roads { transport: client, breakers: &breakers, clock: &Today, limits };
    let mut meter = Recorded::default();
    let seen = Mutex::new((String::new(), 0));
    let listen = async {
        while let Some(said) = receiver.recv().await {
            let mut seen = seen.lock().expect("nobody panicked");
            match said {
                Said::Text(text) => seen.0 += &text,
                Said::Turned { .. } => seen.1 += 1,
            }
            if !fault.before.is_empty() && seen.0.len() >= fault.before.len() {
                fault.gate.open();
            }
        }
    };
    let travel = async {
        let result = roads.travel(chain, &mut meter, &sender, future::pending()).await;
        drop(sender);
        result
    };
    let (result, ()) = futures::future::join(travel, listen).await;
    assert_eq!(meter.reserved, meter.settled.iter().map(|settled| settled.0).collect::<Vec<_>>());
    let (text, turns) = seen.into_inner().expect("nobody panicked");
    Seen { text, turns, result }
}

fn limits(is_slow: bool) -> Limits {
    let wait = Duration::from_millis(if is_slow { 1500 } else { 20_000 });
    Limits { connect: wait, first_token: wait, idle: wait, total: Duration::from_secs(30), attempts: 2 }
}

fn ending(seen: &Seen) -> Option<&Ending> {
    seen.result.as_ref().ok().map(|answered| &answered.ending)
}

fn told(seen: &Seen) -> String {
    match &seen.result {
        Ok(Answered { ending: Ending::Truncated { why }, .. }) => why.clone(),
        Ok(_) => String::new(),
        Err(refused) => refused.why.clone(),
    }
}

/// The provider alone, which is well at the second attempt; and with another one behind it.
async fn check(client: &Client, fault: &Fault, shape: Shape) -> Result<(), String> {
    let name = format!("{} in {:?}", fault.name, shape.dialect);
    let limits = limits(fault.is_slow);
    let fail = |what: &str, seen: &Seen| Err(format!("{name}: {what}: {seen:?}"));

    let alone = Fake::start(vec![fault.steps.clone(), shape.good()]);
    let seen = ask(client, &[call(shape, "alone", &alone.origin)], &limits, fault).await;
    let is_right = match fault.expect {
        Expect::Again => {
            seen.text == WHOLE && ending(&seen) == Some(&Ending::Whole) && alone.connections() == 2
        }
        Expect::Next => {
            let is_refused = seen.result.as_ref().is_err_and(|refused| refused.elsewhere);
            is_refused && seen.text.is_empty() && alone.connections() == 1
        }
        Expect::Truncated => {
            let is_marked = matches!(ending(&seen), Some(Ending::Truncated { .. }));
            is_marked && seen.text == fault.before && alone.connections() == 1
        }
        Expect::Whole => {
            seen.text == WHOLE && ending(&seen) == Some(&Ending::Whole) && alone.connections() == 1
        }
    };
    if !is_right {
        return fail("alone", &seen);
    }
    let body = call(shape, "alone", &alone.origin).outgoing.body;
    if alone.requests().iter().any(|request| !request.ends_with(body.as_bytes())) {
        return fail("sent something else", &seen);
    }
    if told(&seen).contains("canary") || told(&seen).contains("127.0.0.1") {
        return fail("tells too much", &seen);
    }

    let (first, second) = (Fake::start(vec![fault.steps.clone()]), Fake::start(vec![shape.good()]));
    let chain = [call(shape, "first", &first.origin), call(shape, "second", &second.origin)];
    let seen = ask(client, &chain, &limits, fault).await;
    let turns = usize::from(matches!(fault.expect, Expect::Again | Expect::Next));
    let by_second = seen.result.as_ref().is_ok_and(|answered| answered.by.provider == "second");
    let is_prefix = if turns == 1 { seen.text == WHOLE } else { WHOLE.starts_with(&seen.text) };
    if !is_prefix
        || seen.turns != turns
        || second.connections() != turns
        || first.connections() != 1
        || by_second != (turns == 1)
    {
        return fail("with another", &seen);
    }
    Ok(())
}

/// With `HOB_TEST_FAULTS` set, in every protocol; otherwise each fault in two of the four, in turns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_has_the_right_consequence_in_each_protocol() {
    let client = Client::new(Duration::from_secs(20)).expect("a client");
    let is_long = std::env::var_os("HOB_TEST_FAULTS").is_some();
    let cases: Vec<_> = SHAPES
        .iter()
        .enumerate()
        .flat_map(|(number, shape)| {
            let all = faults::all(*shape).into_iter().enumerate();
            let chosen = all.filter(move |(fault, _)| is_long || (fault + number) % 2 == 0);
            chosen.map(|(_, fault)| (fault, *shape))
        })
        .collect();
    println!("{} cases, each alone and with another provider", cases.len());
    assert!(cases.len() >= 195);
    // Those that wait for a deadline come last, so that the machine is not busy with others then.
    let mut wrong = Vec::new();
    for is_slow in [false, true] {
        let some = cases.iter().filter(|(fault, _)| fault.is_slow == is_slow);
        let checks = some.map(|(fault, shape)| check(&client, fault, *shape));
        let results: Vec<_> = stream::iter(checks).buffer_unordered(128).collect().await;
        wrong.extend(results.into_iter().filter_map(Result::err));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_provider_is_asked_as_soon_as_the_time_of_the_first_is_over() {
    const FIRST_TOKEN: Duration = Duration::from_millis(200);
    let client = Client::new(Duration::from_secs(20)).expect("a client");
    let shape = SHAPES[0];
    let limits = Limits { first_token: FIRST_TOKEN, ..limits(false) };
    let fault = faults::silent();
    let mut times = Vec::new();
    for _ in 0..10 {
        let (first, second) = (Fake::start(vec![fault.steps.clone()]), Fake::start(vec![shape.good()]));
        let chain = [call(shape, "first", &first.origin), call(shape, "second", &second.origin)];
        let seen = ask(&client, &chain, &limits, &fault).await;
        assert_eq!(seen.text, WHOLE);
        let first_ms = seen.result.ok().and_then(|answered| answered.first_ms).expect("a time");
        times.push(Duration::from_millis(first_ms).saturating_sub(FIRST_TOKEN));
    }
    times.sort_unstable();
    println!("first text beyond the timeout: p50 {:?}, max {:?} of {}", times[5], times[9], times.len());
    assert!(times[9] <= Duration::from_millis(150), "{times:?}");
}
