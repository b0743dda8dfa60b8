//! Makes secrets from templates, with a seed: what looks like a key stands in no file of the repository.
//!
//! Must be the same on every run and every machine.

/// A source of numbers that are the same for the same seed (splitmix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % end as u64).expect("less than a usize")
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A template filled: the text, and the secrets between its `«»`.
pub(super) struct Forged {
    pub(super) text: String,
    pub(super) secrets: Vec<String>,
}

/// Fills a template; see rules.toml for its language.
pub(super) fn forge(template: &str, dice: &mut Dice) -> Forged {
    let (mut text, mut secrets, mut from) = (String::new(), Vec::new(), None);
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        match (first, random(rest)) {
            ('«', _) => from = Some(text.len()),
            ('»', _) => {
                let from = from.take().expect("« comes before »");
                secrets.push(text[from..].to_owned());
            }
            (_, Some((alphabet, len, written))) => {
                for at in 0..len {
                    text.push(character(alphabet, at, dice));
                }
                rest = &rest[written..];
                continue;
            }
            _ => text.push(first),
        }
        rest = &rest[first.len_utf8()..];
    }
    Forged { text, secrets }
}

/// `{w36}` at the start: its alphabet, how many, and its own length.
fn random(text: &str) -> Option<(u8, usize, usize)> {
    let inner = text.strip_prefix('{')?.split_once('}')?.0;
    let (alphabet, len) = (inner.bytes().next()?, inner.get(1..)?.parse().ok()?);
    b"dhHlUawubtAp".contains(&alphabet).then_some((alphabet, len, inner.len() + 2))
}

fn character(alphabet: u8, at: usize, dice: &mut Dice) -> char {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: &str = "0123456789";
    // A password has a digit and a sign early on, because a short one might get none.
    let sets: &[&str] = match (alphabet, at) {
        (b'd', _) | (b'p', 2) => &[DIGITS],
        (b'h', _) => &[DIGITS, "abcdef"],
        (b'H', _) => &[DIGITS, "ABCDEF"],
        (b'l', _) => &[LOWER],
        (b'U', _) | (b'p', 0) => &[UPPER],
        (b'a', _) => &[LOWER, DIGITS],
        (b'A', _) => &[UPPER, DIGITS],
        (b't', _) => &[UPPER, "234567"],
        (b'u', 1..) => &[LOWER, UPPER, DIGITS, "-_"],
        (b'b', 1..) => &[LOWER, UPPER, DIGITS, "+/"],
        (b'p', 4) => &["!*_+"],
        (b'p', _) => &[LOWER, UPPER, DIGITS, "!*_+"],
        _ => &[LOWER, UPPER, DIGITS],
    };
    let all: usize = sets.iter().map(|set| set.len()).sum();
    let mut at = dice.below(all);
    for set in sets {
        if at < set.len() {
            return char::from(set.as_bytes()[at]);
        }
        at -= set.len();
    }
    unreachable!("at is less than the sum of the lengths")
}
