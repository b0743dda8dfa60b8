//! Choices over a vocabulary of a few tokens, with the model's opinion written out.

use model::{Asking, Kind, Request, SessionKey};
use prompt::{Facts, GAP, Healing, family};
