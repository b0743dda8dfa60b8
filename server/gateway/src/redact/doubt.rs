//! What looks like a secret and is none: placeholders, templates, look-ups, names, paths, words.
//!
//! Judges a value alone, without its surroundings. Must err on the side of a secret where the rule that found it is sure of its form.

use serde::Deserialize;

/// How much a rule's finding may be doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Doubt {
    /// Nothing else has this form.
    None,
    /// The form is a secret's; documentation fills it with dummies and templates.
    Dummies,
    /// The form is any value's: words, names, paths and look-ups are values too.
    Words,
}

/// Whoever writes one of these into a value means that it is none.
const TELLING: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "redacted",
    "replace",
    "insert",
    "your-",
    "your_",
    "yourkey",
    "your.",
    "yourapi",
    "dummy",
    "sample",
    "xxxx",
    "****",
    "....",
    "…",
    "foobar",
    "not-a-",
    "not_a_",
    "todo",
    "fixme",
    "deadbeef",
    "1234567890",
    "0123456789",
    "abcdefgh",
    "qwerty",
    "lorem",
];

/// What documentation and compose files take for a password.
const DUMMIES: &[&str] = &[
    "password",
    "passwd",
    "passwort",
    "pass",
    "pwd",
    "secret",
    "secrets",
    "user",
    "username",
    "login",
    "root",
    "admin",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "redis",
    "rabbitmq",
    "guest",
    "test",
    "testing",
    "tester",
    "hunter2",
    "token",
    "apikey",
    "api_key",
    "key",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "undefined",
    "password1",
    "password123",
    "passw0rd",
    "p4ssw0rd",
    "p@ssw0rd",
    "mypassword",
    "mysecret",
    "letmein",
    "docker",
    "default",
    "local",
    "development",
    "12345678",
    "123456",
    "1234",
    "db_password",
    "dbpassword",
    "string",
    "str",
    "foo",
    "bar",
    "baz",
    "hello",
    "world",
    "empty",
];

/// What a value begins with that says where the secret is instead of saying it.
const LOOK_UPS: &[&str] = &[
    "env.",
    "env:",
    "env(",
    "os.",
    "process.",
    "system.",
    "config.",
    "settings.",
    "secrets.",
    "vault:",
    "vault.",
    "ssm:",
    "arn:",
    "op://",
    "kv://",
    "awssm:",
    "projects/",
    "http://",
    "https://",
    "file:",
    "data:",
    "self.",
    "this.",
    "var.",
    "local.",
    "module.",
    "github.",
    "keyring:",
    "keychain:",
    "base64:encoded",
    "sha256",
    "sha512-",
    "sha1-",
    "sha384-",
    "ref:",
    "urn:",
    "my_",
    "my-",
    "some_",
    "some-",
    "xmlns",
];

impl Doubt {
    /// Whether the value is no secret.
    pub(super) fn excuses(self, value: &str) -> bool {
        match self {
            Self::None => false,
            Self::Dummies => is_dummy(value),
            Self::Words => is_dummy(value) || is_words(value),
        }
    }
}

/// Bits a byte of a text, by how often each byte is in it.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate; secrets are short")]
    let len = text.len().max(1) as f64;
    let share = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / len);
    -share.map(|share| share * share.log2()).sum::<f64>()
}

/// Whether somebody filled a form with what is meant to be replaced.
fn is_dummy(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    // In a long token, four letters come about by chance.
    let longest_by_chance = if value.len() < 40 { 0 } else { 4 };
    TELLING.iter().any(|word| word.len() > longest_by_chance && lower.contains(word))
        || DUMMIES.contains(&lower.as_str())
        || is_template(value)
        || has_long_run(value)
        || distinct(value) <= 3
}

/// Whether something else is to be put in: `${NAME}`, `{{ name }}`, `<name>`, `%(name)s`, `$NAME`, `{name}`, `@name@`, `#{name}`, `%s`.
fn is_template(value: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte))
    };
    let between =
        |open: &str, close: &str| value.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
    between("${", "}")
        || between("{{", "}}")
        || between("$(", ")")
        || between("#{", "}")
        || between("%(", ")")
        || between("<%", "%>")
        || value.strip_prefix('$').is_some_and(|name| {
            is_name(name)
                && name.bytes().all(|byte| !byte.is_ascii_lowercase() || !name.contains(char::is_uppercase))
        })
        || value
            .split_once('<')
            .is_some_and(|(_, rest)| rest.split_once('>').is_some_and(|(name, _)| is_name(name)))
        || value.split_once('{').is_some_and(|(_, rest)| {
            rest.split_once('}').is_some_and(|(name, _)| is_name(name) || name.is_empty())
        })
        || value.strip_prefix('%').is_some_and(|rest| rest.len() == 1)
        || (value.starts_with('%') && value.ends_with('%') && value.len() > 2)
        || (value.starts_with('@') && value.ends_with('@') && value.len() > 2)
        || (value.starts_with("__") && value.ends_with("__"))
}

/// Six of the same in a row.
fn has_long_run(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.windows(6).any(|six| six.iter().all(|byte| *byte == six[0]))
}

fn distinct(value: &str) -> usize {
    let mut seen = [false; 256];
    for byte in value.bytes() {
        seen[usize::from(byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

/// Whether it is a value of another kind: a word, a name, a path, a look-up, an identity, a sentence.
fn is_words(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let bytes = value.as_bytes();
    LOOK_UPS.iter().any(|start| lower.starts_with(start))
        || bytes.iter().any(|byte| byte.is_ascii_whitespace() || b"()[]".contains(byte))
        || !bytes.iter().any(u8::is_ascii_alphabetic)
        || !value.is_ascii()
        || value.contains("://")
        || value.contains("::")
        || value.contains("->")
        || is_uuid(value)
        || is_path(value)
        || is_pattern(value)
        || reads_as_words(value)
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_path(value: &str) -> bool {
    let rooted = ["/", "./", "../", "~/", "\\\\"].iter().any(|start| value.starts_with(start));
    let drive = value.as_bytes().get(1) == Some(&b':') && value.contains(['\\', '/']);
    let has_extension = value.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && matches!(
                extension,
                "json"
                    | "yaml"
                    | "yml"
                    | "toml"
                    | "txt"
                    | "pem"
                    | "key"
                    | "crt"
                    | "env"
                    | "html"
                    | "js"
                    | "ts"
                    | "py"
                    | "rs"
                    | "go"
                    | "java"
                    | "rb"
                    | "php"
                    | "css"
                    | "md"
                    | "com"
                    | "org"
                    | "net"
                    | "io"
                    | "local"
                    | "internal"
            )
    });
    drive || has_extension || (rooted && value.split('/').all(|part| part.is_empty() || reads_as_words(part)))
}

/// Whether it is a regular expression or a format.
fn is_pattern(value: &str) -> bool {
    ["\\d", "\\w", "\\s", "\\b", ".*", ".+", "^[", "(?", "%s", "%d", "{}", "{:", "%v", "\\x", "\\u", "|"]
        .iter()
        .any(|sign| value.contains(sign))
}

/// The two hundred most frequent pairs of letters in the words of programs. Of the pairs in such words they are 92 of 100; of pairs in
/// random letters, 30.
const FREQUENT: &[u8] =
    b"abacadagaiakalamanaparasatauavaybabebiblbobucacccechcickclcocrctcudadedidodsdueaecedeeefegelemen\
    epeqeresetevexfafefffiflfofugegigngrguhahehihoiaibicidieifigiliminioipirisitivizkekikslaldlelill\
    lolsltlulymamemimmmompmunancndnenfngninnnonsntocodogolomonoooporosotouovowpapepiplpoppprpsptpuqu\
    rarcrdrerirkrmrnrorrrsrtrurysascseshsisospssstsusytatethtitltotrtstttutyuaubucueuiulumunupurusut\
    vaveviwawewixpze";

/// Whether it is made of words: few digits, and letters that follow one another as in words.
fn reads_as_words(value: &str) -> bool {
    let bytes = value.as_bytes();
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let signs =
        bytes.iter().filter(|byte| !byte.is_ascii_alphanumeric() && !b"_-./:@".contains(byte)).count();
    // A number behind a name (`token_2`, `entry3`) is still a name; more digits than that are not.
    let ends_words = !bytes.windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic());
    let is_numbered = digits <= 2
        && value
            .trim_end_matches(|sign: char| sign.is_ascii_digit())
            .bytes()
            .all(|byte| byte.is_ascii_lowercase());
    let few_digits = is_numbered
        || (digits <= 4 && digits * 4 <= letters && ends_words && value.contains(['_', '-', '.', '/']))
        || digits == 0;
    if !few_digits || signs > 1 {
        return false;
    }
    let (mut pairs, mut frequent) = (0, 0);
    for pair in bytes.windows(2) {
        let is_hump = pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
        if pair.iter().all(u8::is_ascii_alphabetic) && !is_hump {
            pairs += 1;
            frequent += usize::from(is_frequent(pair[0], pair[1]));
        }
    }
    frequent * 5 >= pairs * 3
}

fn is_frequent(first: u8, second: u8) -> bool {
    let pair = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
    FREQUENT.as_chunks::<2>().0.contains(&pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_names_paths_and_templates_are_no_secrets() {
        for value in [
            "getPasswordFromEnv",
            "user_password_field",
            "application/json",
            "${DB_PASSWORD}",
            "{{ token }}",
            "<your token>",
            "$TOKEN",
            "process.env.TOKEN",
            "/run/secrets/db_password",
            "changeme",
            "xxxxxxxxxxxxxxxx",
            "6f1c3f8e-3d0c-4a51-9a7e-0b1d0f7d2b11",
            "please enter it",
            "[a-z]+\\d",
            "access_token_v2",
            "X-Auth-Token",
            "oauth2.access.token",
            "entry3",
            "my_jwt_token",
            "sha256_password",
        ] {
            assert!(Doubt::Words.excuses(value), "{value}");
        }
    }

    #[test]
    fn what_a_generator_makes_is_a_secret() {
        for value in
            ["Tr0ub4dor&3x", "k8sP4ss!word9", "9f86d081884c7d65", "vN3kq8Zt2LpX7wRy", "s3cr3t-h0rse-77"]
        {
            assert!(!Doubt::Words.excuses(value), "{value}");
        }
    }

    #[test]
    fn a_form_filled_with_a_dummy_is_no_secret() {
        assert!(Doubt::Dummies.excuses("AKIAIOSFODNN7EXAMPLE"));
        assert!(Doubt::Dummies.excuses("postgres"));
        assert!(!Doubt::Dummies.excuses("sunshine"));
        assert!(!Doubt::None.excuses("postgres"));
    }
}
