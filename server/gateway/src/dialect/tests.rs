//! What each protocol sends, to the byte; what it makes of what providers answered; and what it does about answers that are none.

mod hostile;
mod replay;
mod requests;
mod transcripts;

use config::{Dialect, Provider};

/// A provider of this kind, there.
fn provider(dialect: Dialect, base_url: &str) -> Provider {
    Provider {
        id: "there".into(),
        dialect,
        base_url: base_url.into(),
        key: None,
        models: vec!["m".into()],
        context_tokens: 32_768,
        region: None,
        retention: None,
    }
}
