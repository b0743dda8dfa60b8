//! What follows from a fault: whose it is, and whether the same target is worth another attempt.
//!
//! One table for what HTTP says and what a stream says. Must not know of chains, deadlines or breakers.

use crate::{attempt::Fault, transport::Lost};

/// Who is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blames {
    /// The provider, or the way to it.
    Provider,
    /// The key, or the account behind it.
    Key,
    /// Our request, or the configuration.
    Request,
}

/// Whether the same target is worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// After a pause.
    Soon,
    /// Once everybody else was asked: it has cost too much time.
    AfterOthers,
    Never,
}

/// What follows from a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) blames: Blames,
    pub(super) is_limit: bool,
    pub(super) again: Again,
}

impl Verdict {
    pub(super) fn on(fault: &Fault) -> Self {
        let verdict = |blames, again| Self { blames, is_limit: false, again };
        match fault {
            Fault::Status { status, .. } => match status {
                401..=403 => verdict(Blames::Key, Again::Never),
                429 => Self { is_limit: true, ..verdict(Blames::Provider, Again::Soon) },
                // A timeout of its own, a conflict on its side, a request that came too early.
                408 | 409 | 425 => verdict(Blames::Provider, Again::Soon),
                400..=499 => verdict(Blames::Request, Again::Never),
                // Not implemented, and not in this version of HTTP: so it will be in a second too.
                501 | 505 => verdict(Blames::Provider, Again::Never),
                _ => verdict(Blames::Provider, Again::Soon),
            },
            Fault::Redirected(_) | Fault::OutOfTime | Fault::Lost(Lost::Forbidden(_)) => {
                verdict(Blames::Request, Again::Never)
            }
            Fault::Lost(Lost::BadKey) => verdict(Blames::Key, Again::Never),
            Fault::Lost(Lost::Untrusted(_)) | Fault::Foreign(_) | Fault::TooLong => {
                verdict(Blames::Provider, Again::Never)
            }
            Fault::Slow(_) | Fault::Lost(Lost::ConnectTimeout) => {
                verdict(Blames::Provider, Again::AfterOthers)
            }
            Fault::Lost(Lost::Unreachable(_) | Lost::Broken(_)) | Fault::Cut => {
                verdict(Blames::Provider, Again::Soon)
            }
        }
    }
}
