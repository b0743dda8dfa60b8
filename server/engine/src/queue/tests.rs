//! Who goes first, who makes way, and who is told.

use model::Asking;

use super::*;

struct Desk {
    queue: Queue<()>,
    interrupt: Arc<Interrupt>,
    ids: u64,
}

impl Desk {
    fn new() -> Self {
        let interrupt = Arc::new(Interrupt::default());
        Self { queue: Queue::new(Arc::clone(&interrupt)), interrupt, ids: 0 }
    }

    /// Asks, and says which waiting requests that ended.
    fn ask(&mut self, client: u64, session: u64, kind: Kind) -> Vec<u64> {
        self.ids += 1;
        let request = Request {
            kind,
            session: SessionKey(session),
            path: String::new(),
            repository: String::new(),
            blocks: Vec::new(),
            prefix: String::new(),
            typed: String::new(),
            suffix: String::new(),
            max_tokens: 1,
            single_line: false,
            asking: Asking::default(),
        };
        let job = Job::new(client, (), RequestId(self.ids), Box::new(request));
        self.queue.push(job).unwrap().into_iter().map(|job| job.id.0).collect()
    }

    fn next(&self) -> u64 {
        match self.queue.next(None, false) {
            Next::Answer(job) => job.id.0,
            other => panic!("{other:?}"),
        }
    }

    fn aborted(&self) -> bool {
        self.interrupt.is_set()
    }
}

#[test]
fn completions_go_before_prefills() {
    let mut desk = Desk::new();
    desk.ask(1, 1, Kind::Prefill);
    desk.ask(1, 2, Kind::Fim);
    desk.ask(1, 3, Kind::Fim);
    assert_eq!([desk.next(), desk.next(), desk.next()], [2, 3, 1]);
}

#[test]
fn a_newer_completion_ends_older_requests_of_its_document_only() {
    let mut desk = Desk::new();
    desk.ask(1, 7, Kind::Prefill);
    desk.ask(1, 7, Kind::Fim);
    desk.ask(1, 8, Kind::Fim);
    desk.ask(2, 7, Kind::Fim);
    assert_eq!(desk.ask(1, 7, Kind::Fim), [2], "the prefill was ended by request 2 already");
    assert_eq!([desk.next(), desk.next(), desk.next()], [3, 4, 5]);
}

#[test]
fn a_newer_prefill_leaves_a_completion_alone() {
    let mut desk = Desk::new();
    desk.ask(1, 7, Kind::Fim);
    assert!(desk.ask(1, 7, Kind::Prefill).is_empty());
    assert_eq!(desk.ask(1, 7, Kind::Prefill), [2]);
    assert_eq!(desk.next(), 1);
    assert!(!desk.aborted());
}

#[test]
fn a_running_prefill_makes_way_and_a_running_completion_only_for_its_document() {
    let mut desk = Desk::new();
    desk.ask(1, 7, Kind::Prefill);
    desk.next();
    desk.ask(2, 9, Kind::Fim);
    assert!(desk.aborted(), "a prefill makes way for any completion");
    desk.next();
    assert!(!desk.aborted(), "the flag is for one request only");
    desk.ask(1, 7, Kind::Fim);
    assert!(!desk.aborted());
    desk.ask(2, 9, Kind::Fim);
    assert!(desk.aborted());
}

#[test]
fn what_is_decoded_ahead_makes_way_for_any_completion_and_for_what_is_prepared_for_newer_text() {
    let mut desk = Desk::new();
    desk.ask(1, 7, Kind::Ahead);
    desk.next();
    desk.ask(1, 8, Kind::Prefill);
    assert!(!desk.aborted());
    desk.ask(1, 7, Kind::Prefill);
    assert!(desk.aborted());
    assert_eq!(desk.next(), 2);
    desk.ask(1, 9, Kind::Ahead);
    desk.ask(2, 3, Kind::Fim);
    assert!(desk.aborted());
    assert_eq!([desk.next(), desk.next(), desk.next()], [5, 3, 4]);
}

#[test]
fn alternatives_make_way_for_an_answer_and_go_before_what_nobody_waits_for() {
    let mut desk = Desk::new();
    desk.ask(1, 7, Kind::Ahead);
    desk.next();
    desk.ask(1, 7, Kind::Prefill);
    desk.ask(1, 7, Kind::Alternatives(2));
    assert!(desk.aborted());
    assert_eq!(desk.next(), 3);
    assert!(desk.ask(1, 7, Kind::Prefill) == [2] && !desk.aborted(), "what is read does not end them");
    desk.ask(2, 9, Kind::Fim);
    assert!(desk.aborted());
    desk.ask(1, 7, Kind::Alternatives(2));
    assert_eq!(desk.ask(1, 7, Kind::Fim), [4, 6]);
    assert_eq!([desk.next(), desk.next()], [5, 7]);
}

#[test]
fn in_the_calm_something_else_is_done_until_somebody_asks() {
    let mut desk = Desk::new();
    assert!(matches!(desk.queue.next(Some(Instant::now()), false), Next::Calm));
    assert!(desk.queue.aborted_for().is_none());
    desk.ask(1, 7, Kind::Prefill);
    assert!(desk.aborted() && desk.queue.aborted_for().is_some());
    let later = Instant::now() + Duration::from_hours(1);
    assert!(matches!(desk.queue.next(Some(later), false), Next::Answer(_)));
    assert!(!desk.aborted() && desk.queue.aborted_for().is_none());
}

#[test]
fn what_is_said_of_workspaces_and_what_is_learnt_of_them_wait_for_everybody() {
    let mut desk = Desk::new();
    desk.queue.told(1, (), Told::Left);
    desk.ask(1, 7, Kind::Prefill);
    desk.ask(1, 8, Kind::Fim);
    let next = || desk.queue.next(None, true);
    assert!(matches!(next(), Next::Answer(job) if job.id.0 == 2));
    assert!(matches!(next(), Next::Answer(job) if job.id.0 == 1));
    assert!(matches!(next(), Next::Told(1, (), Told::Left)));
    assert!(matches!(next(), Next::Learn));
    assert!(matches!(desk.queue.next(Some(Instant::now()), true), Next::Calm), "a place is read first");
}

#[test]
fn a_cancel_reaches_waiting_and_running_requests_and_no_others() {
    let mut desk = Desk::new();
    desk.ask(1, 1, Kind::Fim);
    desk.ask(1, 2, Kind::Fim);
    desk.next();
    assert!(desk.queue.cancel(2, RequestId(1)).is_none());
    assert!(!desk.aborted(), "another client's numbers are not ours");
    assert_eq!(desk.queue.cancel(1, RequestId(2)).map(|job| job.id), Some(RequestId(2)));
    assert!(desk.queue.cancel(1, RequestId(1)).is_none());
    assert!(desk.aborted());
}

#[test]
fn the_next_key_lets_its_prompt_be_read_to_the_end() {
    let mut desk = Desk::new();
    desk.ask(1, 7, Kind::Fim);
    desk.next();
    let interrupt = Arc::clone(&desk.interrupt);
    interrupt.reading(|| {
        desk.ask(1, 7, Kind::Fim);
        assert!(desk.queue.cancel(1, RequestId(1)).is_none());
        assert!(!desk.aborted(), "what is being read is what the second asks for");
    });
    assert!(desk.aborted());
    assert_eq!(desk.next(), 2);
    interrupt.reading(|| {
        assert!(desk.queue.cancel(1, RequestId(2)).is_none());
        assert!(desk.aborted(), "nobody goes on with it");
    });
}

#[test]
fn a_client_that_left_is_worked_for_no_longer() {
    let mut desk = Desk::new();
    desk.ask(1, 1, Kind::Fim);
    desk.ask(1, 2, Kind::Fim);
    desk.ask(2, 3, Kind::Fim);
    desk.next();
    desk.queue.drop_client(1);
    assert!(desk.aborted());
    assert_eq!(desk.next(), 3);
}

#[test]
fn after_a_failure_everything_is_refused_with_its_reason() {
    let mut desk = Desk::new();
    desk.ask(1, 1, Kind::Fim);
    let error = ModelError::Unusable("no".into());
    assert_eq!(desk.queue.fail(&error).len(), 1);
    let again = Job { client: 1, ..desk_job() };
    assert_eq!(desk.queue.push(again).unwrap_err().1, error);
}

fn desk_job() -> Job<()> {
    let mut desk = Desk::new();
    desk.ask(1, 1, Kind::Fim);
    match desk.queue.next(None, false) {
        Next::Answer(job) => job,
        other => panic!("{other:?}"),
    }
}

#[test]
fn closing_hands_back_what_waits_and_ends_the_model_thread() {
    let mut desk = Desk::new();
    desk.ask(1, 1, Kind::Fim);
    desk.ask(1, 2, Kind::Fim);
    desk.next();
    assert_eq!(desk.queue.close().len(), 1);
    assert!(desk.aborted());
    assert!(matches!(desk.queue.next(None, false), Next::Closed));
}
