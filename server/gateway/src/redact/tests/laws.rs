//! What holds for every text: it comes back as it was, however the answer is cut, and nothing of a secret is left in it.
//!
//! `HOB_CANARIES=100000` plants more than the usual thousand.

use std::fmt::Write as _;

use model::cloud::{Ask, Part, Redaction};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::{
    Redacted, SHARED, all, ask, examples,
    forge::{Dice, forge},
    leaks, redact, redactor,
};
use crate::redact::{Redactor, Restorer, spread::is_telling};

/// Text with everything in it that matters here: code, secrets, what looks like placeholders, signs of several bytes.
fn texts() -> impl Strategy<Value = String> {
    let templates: Vec<String> = examples().into_iter().flat_map(|example| example.yes).collect();
    let secret = (proptest::sample::select(templates), 0..40_u64)
        .prop_map(|(template, seed)| forge(&template, &mut Dice(seed)).text);
    let piece = prop_oneof![
        3 => secret,
        2 => "[ -~\n]{0,40}",
        1 => "\\PC{0,10}",
        1 => Just("HOB_SECRET_7F3A_1_AWS".to_owned()),
        1 => "HOB_SECRET_7F3A_[0-9A-Z_]{0,6}",
        1 => Just("HOB_SECRET_7F3".to_owned()),
        1 => Just("H".to_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_text_comes_back_as_it_was(text in texts()) {
        let (left, redacted) = redact(&text);
        prop_assert_eq!(redacted.vault.restore(&left), super::super::hidden::without_tags(&text));
    }

    #[test]
    fn an_answer_is_the_same_however_it_is_cut(text in texts(), cuts in proptest::collection::vec(0..4000_usize, 0..30)) {
        let (left, redacted) = redact(&text);
        let whole = redacted.vault.restore(&left);
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| left.floor_char_boundary(cut % (left.len() + 1))).collect();
        cuts.extend([0, left.len()]);
        cuts.sort_unstable();
        let longest = redacted.vault.kept().map(|(placeholder, _)| placeholder.len()).max().unwrap_or(1);
        let mut restorer = Restorer::new(redacted.vault);
        let mut out = String::new();
        for cut in cuts.windows(2) {
            restorer.push(&left[cut[0]..cut[1]], &mut out);
            prop_assert!(restorer.held() < longest);
        }
        restorer.finish(&mut out);
        prop_assert_eq!(out, whole);
    }

    #[test]
    fn no_twelve_bytes_of_a_secret_are_left(text in texts(), repeat in 0..200_usize) {
        // A part of the text once more, where no rule looks for it.
        let again = &text[text.floor_char_boundary(text.len().saturating_sub(repeat))..];
        let mut ask = ask("src/main.rs", &text);
        ask.turns[0].parts.push(Part::Text(format!("Why does {again} fail?")));
        SHARED.forget();
        let Redacted { ask: sent, vault, .. } = SHARED.redact(&ask);
        // A secret may hold what looks like a placeholder: what stands between the real ones counts.
        let sent = vault.kept().fold(all(&sent), |sent, (placeholder, _)| sent.replace(placeholder, "\u{0}"));
        for (placeholder, secret) in vault.kept().filter(|(placeholder, _)| !placeholder.ends_with("_TEXT")) {
            let secret = secret.expose_secret();
            let len = secret.len().min(12);
            for window in secret.as_bytes().windows(len).filter(|window| is_telling(window)) {
                let is_there = sent.as_bytes().windows(len).any(|place| place == window);
                prop_assert!(!is_there, "{} bytes of {}", len, placeholder);
            }
        }
    }
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        write!(out, "%{byte:02X}").expect("a String takes everything");
    }
    out
}

/// How a secret is written down.
fn encoded(text: &str, dice: &mut Dice) -> (&'static str, String) {
    let base64 = |text: &str| {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for three in text.as_bytes().chunks(3) {
            let bits =
                (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
            for at in 0..4 {
                let is_there = at <= three.len();
                let index = (bits >> (18 - 6 * at)) & 63;
                out.push(if is_there { char::from(ALPHABET[index as usize]) } else { '=' });
            }
        }
        out
    };
    let middle = text.len() / 2;
    match dice.below(7) {
        0 => ("base64", base64(text)),
        1 => ("base64 of base64", base64(&base64(text))),
        2 => ("percent", percent(text)),
        3 => ("joined", format!("\"{}\" +\n    \"{}\"", &text[..middle], &text[middle..])),
        4 => ("line end", format!("{}\\\n  {}", &text[..middle], &text[middle..])),
        _ => ("plain", text.to_owned()),
    }
}

#[test]
fn of_a_thousand_canaries_nothing_leaves() {
    let many: usize = std::env::var("HOB_CANARIES").ok().and_then(|many| many.parse().ok()).unwrap_or(1000);
    // Encodings are read for secrets whose form says what they are; what only a name tells is planted as it is.
    let marked: &[&str] = &[
        "AKIA{t16}",
        "ghp_{w36}",
        "github_pat_{w22}_{w59}",
        "glpat-{u20}",
        "sk-ant-api03-{u93}AA",
        "sk-proj-{u120}",
        "xoxb-{d12}-{d13}-{w24}",
        "sk_live_{w24}",
        "SG.{u22}.{u43}",
        "npm_{w36}",
        "pypi-AgEIcHlwaS5vcmc{u120}",
        "AIza{u35}",
        "dop_v1_{h64}",
        "hvs.{u90}",
        "postgres://app:{w20}@db.acme.dev/x",
        "-----BEGIN PRIVATE KEY-----\n{b64}\n{b64}\n-----END PRIVATE KEY-----",
    ];
    let named: Vec<String> = examples().into_iter().flat_map(|example| example.yes).collect();
    let source = include_str!("../scan.rs");
    let redactor = redactor();
    let (mut lost, mut planted) = (Vec::new(), 0);
    let mut dice = Dice(7);
    while planted < many {
        let mut lines: Vec<_> = source.lines().map(str::to_owned).collect();
        let mut secrets = Vec::new();
        for _ in 0..10 {
            let (how, line, own) = if dice.below(2) == 0 {
                let made = forge(&format!("«{}»", dice.pick(marked)), &mut dice);
                let (how, line) = encoded(&made.text, &mut dice);
                // What is public of a form is no leak.
                let own = own_part(&made.secrets[0]).to_owned();
                let written = match how {
                    "plain" | "joined" | "line end" => own,
                    "percent" => percent(&own),
                    _ => line.clone(),
                };
                (how, format!("let canary = \"{line}\";"), vec![written])
            } else {
                let template = dice.pick(&named).clone();
                let made = forge(&template, &mut dice);
                ("named", made.text, made.secrets.iter().map(|secret| own_part(secret).to_owned()).collect())
            };
            lines.insert(dice.below(lines.len() + 1), line);
            planted += 1;
            secrets.extend(own.into_iter().map(|secret| (how, secret)));
        }
        let sent = all(&redactor.redact(&ask("src/canary.rs", &lines.join("\n"))).ask);
        for (how, secret) in secrets {
            let pieces: Vec<&str> =
                if secret.contains('\n') { secret.split('\n').collect() } else { vec![&secret] };
            // Eight characters, each of which is three bytes long in this encoding.
            let bytes = if how == "percent" { 24 } else { 8 };
            if pieces.iter().any(|piece| leaks(piece, &sent, bytes)) {
                lost.push(format!("{how}: {secret}"));
            }
        }
    }
    println!("canaries: {planted} planted, {} left the machine", lost.len());
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// Without what every secret of this form begins with, and what surrounds it.
pub(super) fn own_part(secret: &str) -> &str {
    let public = [
        "-----BEGIN PRIVATE KEY-----\n",
        "postgres://app:",
        "github_pat_",
        "sk-ant-api03-",
        "sk-proj-",
        "sk_live_",
        "pypi-AgEIcHlwaS5vcmc",
        "eyJhbGciOiJIUzI1NiJ9.eyJ",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAA",
        "Version: GnuPG v2",
        "\nVersion: GnuPG v2\n\n",
        "access_token$production$",
        "AGE-SECRET-KEY-1",
        "rubygems_",
    ];
    let own = public.iter().find_map(|public| secret.strip_prefix(public)).unwrap_or(secret);
    own.strip_suffix("@db.acme.dev/x").or(own.strip_suffix("\n-----END PRIVATE KEY-----")).unwrap_or(own)
}

#[test]
fn a_secret_has_the_same_placeholder_in_every_request_and_everywhere_in_it() {
    let key = forge("«ghp_{w36}»", &mut Dice(1)).text;
    let redactor = redactor();
    let first = redactor.redact(&ask("a.rs", &format!("x\nlet k = \"{key}\"; // {key}\n")));
    let other = forge("«AKIA{t16}»", &mut Dice(2)).text;
    let second = redactor.redact(&ask("b.rs", &format!("{other}\n{key} cut: {}", &key[..20])));

    let text = |ask: &Ask| ask.files().next().unwrap().1.to_owned();
    expect_test::expect![[r#"
        x
        let k = "HOB_SECRET_7F3A_1_GITHUB"; // HOB_SECRET_7F3A_1_GITHUB
        HOB_SECRET_7F3A_2_AWS
        HOB_SECRET_7F3A_1_GITHUB cut: HOB_SECRET_7F3A_3_GITHUB"#]]
    .assert_eq(&(text(&first.ask) + &text(&second.ask)));
    let line = |rule: &str, line| Redaction { rule: rule.into(), path: "a.rs".into(), line };
    assert_eq!(first.redactions, [line("github-token", 2), line("github-token", 2)]);
    assert_eq!(format!("{:?}", second.vault), "Vault(3 placeholders)");
}

#[test]
fn a_secret_in_a_files_name_is_taken_out_of_the_report_too() {
    let key = forge("«glpat-{u20}»", &mut Dice(1)).text;
    let redacted = redactor().redact(&ask(&format!("tokens/{key}.txt"), &format!("\n\ntoken {key}")));
    let (path, _) = redacted.ask.files().next().unwrap();
    assert_eq!(path, "tokens/HOB_SECRET_7F3A_1_GITLAB.txt");
    assert_eq!(redacted.redactions[0].path, "");
    assert_eq!(redacted.redactions[1].path, path);
    assert_eq!(redacted.redactions[1].line, 3);
}

#[test]
fn a_placeholder_that_came_back_changed_stays() {
    let key = forge("«npm_{w36}»", &mut Dice(1)).text;
    let redacted = redactor().redact(&ask("a.rs", &format!("t = '{key}'")));
    let answer = "hob_secret_7f3a_1_npm HOB_SECRET_7F3A_2_NPM HOB_SECRET_7F3A_1_AWS HOB SECRET 7F3A 1 NPM";
    assert_eq!(redacted.vault.restore(answer), answer);
    assert_eq!(redacted.vault.restore("x=HOB_SECRET_7F3A_1_NPM0"), format!("x={key}0"));
}

#[test]
fn a_pattern_of_the_users_own_is_a_rule_like_others() {
    let own = |pattern: &str| Redactor::new(1, &[pattern.to_owned()]);
    let redacted = own(r"\bstaff-([0-9]{4})\b").unwrap().redact(&ask("a.rs", "by staff-4711"));
    assert_eq!(redacted.ask.files().next().unwrap().1, "by staff-HOB_SECRET_0001_1_OWN");
    assert_eq!(redacted.redactions[0].rule, "own-pattern");

    let Err(wrong) = own("(") else { panic!("it is no pattern") };
    assert!(
        wrong.to_string().starts_with("`cloud.secret_patterns` has \"(\", which can't be read: "),
        "{wrong}"
    );
}

#[test]
fn invisible_characters_are_counted_and_instructions_in_tags_removed() {
    let redacted = redactor().redact(&ask("a.rs", "x\u{e0041}\u{e0042} = 1; \u{202e}//\u{200b}"));
    assert_eq!(redacted.ask.files().next().unwrap().1, "x = 1; \u{202e}//\u{200b}");
    assert_eq!((redacted.hidden.tags, redacted.hidden.bidi, redacted.hidden.zero_width), (2, 1, 1));
}
