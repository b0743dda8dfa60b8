//! Whether to compute with one thread or with all that Hob may use: whichever has been quicker of late, by what each evaluation took.
//!
//! Several threads wait for each other some hundred times in a decode step. On an idle machine that costs little, and a model whose weights
//! have to come from memory gains nearly a factor of two from a second core; beside a build it costs more than the second core brings
//! (docs/decisions/0004-threads.md has the figures). Which it is changes while Hob runs, so it is measured, not configured.
//! Must not look at a clock or call llama.cpp: it is told what each evaluation took.

/// Who computes an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Team {
    /// One thread.
    Alone,
    /// All threads that the context was made with.
    All,
}

impl Team {
    fn other(self) -> Self {
        match self {
            Self::Alone => Self::All,
            Self::All => Self::Alone,
        }
    }
}

/// Evaluations of so many tokens and more are reading, shorter ones steps: what threads share grows with the batch, so each is learned
/// by itself.
const READING: usize = 16;

/// All threads have to bring it down to this share of what one takes, or one does it: the others are the editor's and the build's.
const WORTH: f64 = 0.8;

/// How much the newest evaluation counts.
const NEWEST: f64 = 0.25;

/// After how many evaluations the team that is not chosen is tried: twice as many after each try that changed nothing, up to the second.
const PROBE: std::ops::RangeInclusive<u32> = 32..=1024;

/// Decides it for one model on one machine.
#[derive(Debug, Clone)]
pub(crate) struct Threads {
    steps: Contest,
    reading: Contest,
    /// How many `All` are.
    most: usize,
}

/// One and all threads, compared at one kind of evaluation.
#[derive(Debug, Clone)]
struct Contest {
    /// Milliseconds a token.
    alone: f64,
    all: f64,
    since_probe: u32,
    probe_after: u32,
}

impl Threads {
    /// Nothing has been measured: one thread, and no other to try if `most` is 1.
    pub(crate) fn new(most: usize) -> Self {
        let unknown = Contest { alone: 0.0, all: f64::MAX, since_probe: 0, probe_after: *PROBE.start() };
        Self { steps: unknown.clone(), reading: unknown, most }
    }

    /// Whether there is anything to choose.
    pub(crate) fn are_many(&self) -> bool {
        self.most > 1
    }

    /// Milliseconds a token that reading takes, of late.
    pub(crate) fn reading_ms(&self) -> f64 {
        match self.reading.better() {
            Team::Alone => self.reading.alone,
            Team::All => self.reading.all,
        }
    }

    /// Who has been better at evaluating `tokens` at once.
    pub(crate) fn better(&mut self, tokens: usize) -> Team {
        if self.are_many() { self.contest(tokens).better() } else { Team::Alone }
    }

    /// Notes what evaluating `tokens` at once took before anybody asked, for each team.
    pub(crate) fn measured(&mut self, tokens: usize, team: Team, ms: f64) {
        *self.contest(tokens).of(team) = per_token(ms, tokens);
    }

    /// Who is to evaluate the next `tokens`.
    pub(crate) fn choose(&mut self, tokens: usize) -> Team {
        if !self.are_many() {
            return Team::Alone;
        }
        let contest = self.contest(tokens);
        contest.since_probe += 1;
        if contest.since_probe >= contest.probe_after { contest.better().other() } else { contest.better() }
    }

    /// Notes that `team` took so many milliseconds to evaluate `tokens`.
    pub(crate) fn took(&mut self, tokens: usize, team: Team, ms: f64) {
        // Batches between a step and a page cost something between the two, which neither should be blamed for.
        if tokens == 1 || tokens >= READING {
            self.contest(tokens).learn(team, per_token(ms, tokens));
        }
    }

    fn contest(&mut self, tokens: usize) -> &mut Contest {
        if tokens < READING { &mut self.steps } else { &mut self.reading }
    }
}

impl Contest {
    fn of(&mut self, team: Team) -> &mut f64 {
        match team {
            Team::Alone => &mut self.alone,
            Team::All => &mut self.all,
        }
    }

    fn better(&self) -> Team {
        if self.all < self.alone * WORTH { Team::All } else { Team::Alone }
    }

    fn learn(&mut self, team: Team, ms: f64) {
        let before = self.better();
        let probed = team != before;
        let known = self.of(team);
        // What is known of the team that is not chosen is old: the machine may have been another then.
        *known = if probed { ms } else { *known + (ms - *known) * NEWEST };
        if self.better() != before {
            (self.since_probe, self.probe_after) = (0, *PROBE.start());
        } else if probed {
            (self.since_probe, self.probe_after) = (0, (self.probe_after * 2).min(*PROBE.end()));
        }
    }
}

fn per_token(ms: f64, tokens: usize) -> f64 {
    ms / u32::try_from(tokens.max(1)).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evaluates `rounds` single tokens, which take `alone` and `all` milliseconds, and counts those that all threads did.
    fn run(threads: &mut Threads, rounds: u32, (alone, all): (f64, f64)) -> u32 {
        (0..rounds)
            .map(|_| {
                let team = threads.choose(1);
                threads.took(1, team, if team == Team::All { all } else { alone });
                u32::from(team == Team::All)
            })
            .sum()
    }

    fn measured(alone: f64, all: f64) -> Threads {
        let mut threads = Threads::new(4);
        threads.measured(1, Team::Alone, alone);
        threads.measured(1, Team::All, all);
        threads
    }

    #[test]
    fn all_threads_compute_where_they_are_much_quicker() {
        assert!(run(&mut measured(50.0, 28.0), 300, (50.0, 28.0)) > 295);
        assert!(run(&mut measured(0.5, 0.45), 300, (0.5, 0.45)) < 5);
    }

    #[test]
    fn a_build_begins_and_ends() {
        let mut threads = measured(50.0, 28.0);
        run(&mut threads, 100, (50.0, 28.0));
        let loaded = run(&mut threads, 300, (80.0, 900.0));
        assert!(loaded < 12, "{loaded} slow steps");
        let after = run(&mut threads, 3000, (50.0, 28.0));
        assert!(after > 1500, "found out after {} steps that they are quick again", 3000 - after);
    }

    #[test]
    fn reading_is_learned_apart_from_steps() {
        let mut threads = measured(0.5, 0.4);
        threads.measured(64, Team::Alone, 12.0);
        threads.measured(64, Team::All, 6.5);
        assert_eq!((threads.choose(1), threads.choose(100)), (Team::Alone, Team::All));
    }

    #[test]
    fn one_thread_has_no_other() {
        let mut threads = Threads::new(1);
        assert_eq!(run(&mut threads, 2000, (1.0, 0.1)), 0);
    }
}
