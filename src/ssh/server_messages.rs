//! What a server prints instead of starting a shell, and which obstacle that is. The text is untrusted: it only chooses
//! the hint. A user name is taken from it only if it can be nothing else.

use crate::error::{Obstacle, SudoObstacle};
use crate::plan::printable::one_line;

/// The most lines and characters of it that are shown.
const LINES: usize = 3;
const LONGEST: usize = 400;
/// useradd(8).
const LONGEST_NAME: usize = 32;

/// The last lines, joined into one line.
pub fn last_of(words: &str, if_nothing: &str) -> String {
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let Some(last) = lines.rchunks(LINES).next() else {
        return if_nothing.to_owned();
    };
    let last = last.join(" ");
    let shown = one_line(&last);
    match shown.chars().nth(LONGEST) {
        Some(_) => format!("{shown:.LONGEST$}…"),
        None => shown.into_owned(),
    }
}

/// Why a user gets no shell, in the words of sshd, PAM, login shells and the images of cloud providers.
pub fn obstacle(words: &str) -> Obstacle {
    let lower = words.to_ascii_lowercase();
    let says = |one_of: &[&str]| one_of.iter().any(|text| lower.contains(text));
    if let Some(user) = words.lines().find_map(other_user) {
        return Obstacle::OtherUser(user);
    }
    if says(&[
        "password has expired",
        "password change required",
        "required to change your password",
        "must change your password",
    ]) {
        Obstacle::PasswordExpired
    } else if says(&["account has expired", "account expired"]) {
        Obstacle::AccountExpired
    } else if says(&["unprivileged users are not permitted"]) {
        Obstacle::NotYet
    } else if says(&[
        "account is currently not available",
        "account is not available",
        "sftp connections only",
    ]) {
        Obstacle::NoLogin
    } else if lower.lines().any(|line| {
        let program = line.trim_end().strip_suffix("no such file or directory");
        let program = program.or_else(|| line.trim_end().strip_suffix("command not found"));
        let program = program.or_else(|| line.trim_end().strip_suffix("not found"));
        program.is_some_and(|program| program.trim_end().ends_with("sh:"))
    }) {
        Obstacle::NoShell
    } else {
        Obstacle::Unclear
    }
}

/// The user to log in as, from a line such as cloud-init's `Please login as the user "debian" rather than the user
/// "root".`, or the `Please login as the ubuntu user rather than root user.` of others.
fn other_user(line: &str) -> Option<String> {
    let lower = line.to_ascii_lowercase();
    let at = ["login as ", "log in as "]
        .iter()
        .find_map(|start| Some(lower.find(start)? + start.len()))?;
    let instead = ["rather than ", "instead of "]
        .iter()
        .find_map(|word| lower.get(at..)?.find(word))?;
    let mut names = line
        .get(at..at + instead)?
        .split_ascii_whitespace()
        .map(|word| word.trim_matches(|c: char| "\"'`.,:;“”‘’".contains(c)))
        .filter(|word| !["the", "user"].contains(&word.to_ascii_lowercase().as_str()));
    let name = names.next()?;
    // If more follows, it is not a plain name.
    (names.next().is_none() && is_user_name(name) && name != "root").then(|| name.to_owned())
}

/// Stricter than the rule of the inventory: NONE, which cloud-init writes where there is no other user, is not a user.
fn is_user_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(fits)
}

/// Why sudo, sudo-rs or PAM starts no shell as root.
pub fn sudo_obstacle(words: &str) -> SudoObstacle {
    let lower = words.to_ascii_lowercase();
    let says = |one_of: &[&str]| one_of.iter().any(|text| lower.contains(text));
    if says(&["must have a tty"]) {
        SudoObstacle::NeedsTerminal
    } else if says(&[
        "password is expired",
        "password expired",
        "password has expired",
        "current password:",
        "required to change your password",
        "must change your password",
    ]) {
        SudoObstacle::PasswordExpired
    } else if says(&["account has expired", "account expired", "account validation failure"]) {
        SudoObstacle::AccountExpired
    } else {
        SudoObstacle::NotAllowed
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, last_of, obstacle};
    use crate::error::Obstacle;

    fn named(words: &str) -> Option<String> {
        match obstacle(words) {
            Obstacle::OtherUser(user) => Some(user),
            _ => None,
        }
    }

    #[test]
    fn the_user_to_log_in_as_is_read_from_messages_of_cloud_images() {
        for (words, user) in [
            (
                r#"Please login as the user "debian" rather than the user "root"."#,
                "debian",
            ),
            ("Please login as the user debian rather than the user root.", "debian"),
            (
                "Please login as the user 'ec2-user' rather than the user 'root'.",
                "ec2-user",
            ),
            ("Please login as the ubuntu user rather than root user.", "ubuntu"),
            ("Please log in as opc instead of root", "opc"),
            (
                "hello\nPlease login as the user \"rocky\" rather than the user \"root\".\n\n",
                "rocky",
            ),
        ] {
            assert_eq!(named(words).as_deref(), Some(user), "{words}");
        }
    }

    #[test]
    fn texts_that_are_not_user_names_are_not_taken_for_one() {
        for words in [
            r#"Please login as the user "NONE" rather than the user "root"."#,
            r#"Please login as the user "root" rather than the user "root"."#,
            r#"Please login as the user "deploy; rm -rf /" rather than the user "root"."#,
            r#"Please login as the user "$(reboot)" rather than the user "root"."#,
            r#"Please login as the user "--help" rather than the user "root"."#,
            r#"Please login as the user "a\u{202e}b" rather than the user "root"."#,
            r#"Please login as the user "" rather than the user "root"."#,
            "Please login as the user debian or ubuntu rather than the user root.",
            "Please login as the user debian",
            &format!(
                "Please login as the user \"{}\" rather than the user \"root\".",
                "a".repeat(33)
            ),
            "login as İ rather than root",
        ] {
            assert_eq!(named(words), None, "{words}");
        }
    }

    #[test]
    fn messages_of_sshd_pam_and_login_shells_are_recognised() {
        for (words, meaning) in [
            ("This account is currently not available.", Obstacle::NoLogin),
            (
                "WARNING: Your password has expired.\nPassword change required but no TTY available.",
                Obstacle::PasswordExpired,
            ),
            (
                "You are required to change your password immediately (administrator enforced).",
                Obstacle::PasswordExpired,
            ),
            (
                "Your account has expired; please contact your system administrator.",
                Obstacle::AccountExpired,
            ),
            (
                "System is booting up. Unprivileged users are not permitted to log in yet. Please come back later.",
                Obstacle::NotYet,
            ),
            ("/bin/bash: No such file or directory", Obstacle::NoShell),
            ("rbash: sh: command not found", Obstacle::NoShell),
            ("sh: not found", Obstacle::NoShell),
            ("This service allows sftp connections only.", Obstacle::NoLogin),
            ("Welcome", Obstacle::Unclear),
        ] {
            assert_eq!(obstacle(words), meaning, "{words}");
        }
    }

    #[test]
    fn server_messages_are_shortened_to_one_line_without_control_characters() {
        assert_eq!(last_of("\n \n", "nothing"), "nothing");
        assert_eq!(last_of("a\nb\nc\nd\n\n", ""), "b c d");
        let shown = last_of("\u{1b}[2Jcleared\r\u{9b}31m", "");
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\r']), "{shown}");
        assert!(last_of(&"ä".repeat(10_000), "").chars().count() <= LONGEST + 1);
    }
}
