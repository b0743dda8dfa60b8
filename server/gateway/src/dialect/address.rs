//! The URL of a request, from the base URL that the user wrote.
//!
//! The rule, the same for all providers that number their protocol: where a part of the base URL's path already is a version (`v1`, `v4`,
//! `v1beta`, or `beta` alone), the path of the request is put right behind it; else the protocol's own version goes between. So
//! `https://api.openai.com`, `https://api.deepseek.com`, `https://api.mistral.ai`, `https://openrouter.ai/api` and
//! `http://127.0.0.1:4000` (`LiteLLM`) work with and without `/v1`, and so do `https://generativelanguage.googleapis.com/v1beta/openai` and
//! `https://api.deepseek.com/beta`.
//!
//! Must not let a model's name leave its place in a path.

use std::fmt::Write as _;

/// `BASE/VERSION/path`, or `BASE/path` where the base has a version.
pub(crate) fn versioned(base_url: &str, version: &str, path: &str) -> String {
    let base = base_url.trim_end_matches('/');
    if segments(base).any(is_version) { format!("{base}/{path}") } else { format!("{base}/{version}/{path}") }
}

/// `BASE/path`, for what stands beside the versions: a version at the end of the base is taken off, and so is `and` there.
pub(crate) fn beside_versions(base_url: &str, and: &str, path: &str) -> String {
    let base = base_url.trim_end_matches('/');
    let last = segments(base).last().filter(|last| is_version(last) || *last == and);
    let base = last.map_or(base, |last| &base[..base.len() - last.len() - 1]);
    format!("{base}/{path}")
}

/// `text` as one part of a path: whatever is not a letter, a digit or one of `-._~` is percent-encoded, `/` and `?` too.
pub(crate) fn as_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            write!(segment, "%{byte:02X}").expect("a String takes any text");
        }
    }
    segment
}

/// The parts of the path of a URL.
fn segments(url: &str) -> impl Iterator<Item = &str> {
    url.split_once("://").map_or(url, |(_, rest)| rest).split('/').skip(1)
}

fn is_version(segment: &str) -> bool {
    let numbered =
        segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    numbered || segment == "beta"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base_url: &str, url: &str) {
        assert_eq!(versioned(base_url, "v1", "chat/completions"), url);
    }

    #[test]
    fn a_base_url_works_with_and_without_its_version() {
        check("https://api.openai.com", "https://api.openai.com/v1/chat/completions");
        check("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions");
        check("https://api.deepseek.com", "https://api.deepseek.com/v1/chat/completions");
        check("https://api.deepseek.com/beta", "https://api.deepseek.com/beta/chat/completions");
        check("https://api.mistral.ai/v1/", "https://api.mistral.ai/v1/chat/completions");
        check("https://openrouter.ai/api", "https://openrouter.ai/api/v1/chat/completions");
        check("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions");
        check("http://127.0.0.1:4000", "http://127.0.0.1:4000/v1/chat/completions");
        check("https://api.z.ai/api/paas/v4", "https://api.z.ai/api/paas/v4/chat/completions");
        check(
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        );
    }

    #[test]
    fn a_host_is_no_version() {
        check("https://v1.example", "https://v1.example/v1/chat/completions");
        check("https://beta", "https://beta/v1/chat/completions");
        check("https://example/vault", "https://example/vault/v1/chat/completions");
    }

    #[test]
    fn what_stands_beside_the_versions_is_found_from_either_base() {
        for base in ["http://box:8080", "http://box:8080/", "http://box:8080/v1"] {
            assert_eq!(beside_versions(base, "", "completion"), "http://box:8080/completion");
        }
        assert_eq!(beside_versions("http://box/team/api", "api", "api/chat"), "http://box/team/api/chat");
    }

    #[test]
    fn a_models_name_stays_in_its_place() {
        assert_eq!(as_segment("gemini-2.5-pro"), "gemini-2.5-pro");
        assert_eq!(as_segment("../../evil?key=1#é"), "..%2F..%2Fevil%3Fkey%3D1%23%C3%A9");
    }
}
