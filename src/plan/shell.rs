//! The only place where a value becomes a word of a POSIX shell. It also shortens infrakt's own scripts.

use std::borrow::Cow;

/// Quotes `value` so that any POSIX shell reads it as one word with exactly these characters (POSIX.1-2017, Shell
/// Command Language, 2.2.2). Words of plain characters stay as they are, so that plans read well.
///
/// A word can't contain NUL; callers refuse it earlier (see `recipe::api`).
pub fn quote(value: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    // A leading `=` or `-`… is harmless to the shell; only the command decides what an option is.
    if !value.is_empty() && value.bytes().all(plain) {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(format!("'{}'", value.replace('\'', r"'\''")))
    }
}

/// A script without its comments and indentation, which would be sent with every run.
pub fn without_comments(script: &str) -> String {
    let lines = script.lines().map(str::trim_start);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::quote;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn plain_words_stay_readable() {
        assert_eq!(quote("/opt/infrakt/traefik"), "/opt/infrakt/traefik");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote("~root"), "'~root'");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_real_shell_reads_back_exactly_what_was_quoted(value in "[^\0]{0,40}") {
            let output = Command::new("sh")
                .args(["-c", &format!("printf %s {}", quote(&value))])
                .output()
                .expect("sh runs");
            prop_assert_eq!(output.stdout, value.into_bytes());
        }
    }
}
