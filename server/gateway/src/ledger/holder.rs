//! Who holds a reservation, so that one of a process that has died is told from one on its way.
//!
//! Must not decide about money: a reservation that nobody settled counts in full either way. This is for people who wonder.

use std::{fs, process};

/// A process, in a form that another process of this machine can look up later.
///
/// `boot:namespace:pid:start`, each as Linux has it; elsewhere only the pid, which proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder(pub(super) String);

impl Holder {
    /// This process.
    pub(super) fn this() -> Self {
        let pid = process::id();
        let known =
            machine().zip(start(pid)).map(|((boot, space), start)| format!("{boot}:{space}:{pid}:{start}"));
        Self(known.unwrap_or_else(|| pid.to_string()))
    }

    /// Whether it has ended, as far as can be told from here; `None` where it can't.
    pub(super) fn has_ended(&self) -> Option<bool> {
        let mut parts = self.0.split(':');
        let (boot, space, pid, began) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (this_boot, this_space) = machine()?;
        if boot != this_boot {
            return Some(true);
        }
        // A container counts its processes by itself.
        if space != this_space {
            return None;
        }
        Some(start(pid.parse().ok()?).is_none_or(|start| start != began))
    }
}

/// This start of the machine, and the space in which its processes have their numbers.
fn machine() -> Option<(String, String)> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    let digits: String = space.to_str()?.chars().filter(char::is_ascii_digit).collect();
    Some((boot.trim().to_owned(), digits))
}

/// When the process with this number began, in ticks since the machine did.
fn start(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name, in brackets, may hold anything; behind the last one stand fields 3 and on, of which this is the 22nd.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn who_lives_is_told_from_who_died() {
        let this = Holder::this();
        assert_eq!(this.has_ended(), Some(false));
        let parts: Vec<&str> = this.0.split(':').collect();
        let with = |at: usize, part: &str| {
            let mut parts = parts.clone();
            parts[at] = part;
            Holder(parts.join(":"))
        };
        assert_eq!(with(3, "1").has_ended(), Some(true), "another process has its number by now");
        assert_eq!(with(0, "another").has_ended(), Some(true), "the machine was started anew");
        assert_eq!(with(1, "1").has_ended(), None, "of another container");
        assert_eq!(Holder("4711".into()).has_ended(), None);
    }
}
