//! How the commands of a step are invoked: as which user, in which directory, with which shell, how often, and which exit
//! statuses mean success. It gives shell text, and must not know who runs it.

use super::shell::quote;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The most attempts that a step may have.
pub const MOST_ATTEMPTS: u32 = 100;
/// The longest pause between two attempts, in seconds.
pub const LONGEST_PAUSE: u64 = 3600;
/// The longest command of a step with a user or a shell, in bytes: it is one argument of a program, and Linux takes
/// 128 KiB (MAX_ARG_STRLEN in execve(2)).
pub const LONGEST_ARGUMENT: usize = 100 << 10;

/// How a step's command and guards are invoked. By default: as root, in `/`, with `sh`, once, and only 0 means success.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invocation {
    /// The user that runs the command and the guards; `None` is root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The working directory of the command and the guards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// What reads the command and the guards.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shell: Interpreter,
    /// `None`: one attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Exit statuses of the command that mean success, besides 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_exits: Vec<u8>,
}

/// A shell that the server may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interpreter {
    /// POSIX's, with `-e` for commands.
    #[default]
    Sh,
    /// With `-o pipefail`, and `-e` for commands; it reads no start-up file.
    Bash,
}

/// A command is tried again after it has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The most attempts, the first included.
    pub attempts: u32,
    /// Seconds between the end of an attempt and the next.
    pub pause_seconds: u64,
}

/// For serde: whether a field has its default.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Invocation {
    /// Whether a process of its own gets the command as one argument.
    pub fn is_argument(&self) -> bool {
        self.user.is_some() || self.shell != Interpreter::Sh || self.retry.is_some() || !self.allowed_exits.is_empty()
    }

    /// The text for `sh -e` that runs a command of the step, with its attempts.
    pub fn command(&self, command: &str) -> String {
        let mut text = self.entry();
        if !self.is_argument() {
            text.push_str(command);
            return text;
        }
        let call = self.call(command, true);
        let success = std::iter::once(0).chain(self.allowed_exits.iter().copied());
        let success: Vec<String> = success.map(|status| status.to_string()).collect();
        let success = success.join(" | ");
        // Writing to a String does not fail.
        let _ = match self.retry {
            None if self.allowed_exits.is_empty() => writeln!(text, "exec {call}"),
            None => writeln!(
                text,
                "ik_exit=0\n{call} || ik_exit=$?\ncase $ik_exit in {success}) ;; *) exit \"$ik_exit\" ;; esac"
            ),
            Some(Retry {
                attempts,
                pause_seconds,
            }) => writeln!(
                text,
                "ik_attempt=1\n\
                 while :; do\n\
                 ik_exit=0\n\
                 {call} || ik_exit=$?\n\
                 case $ik_exit in {success}) exit 0 ;; esac\n\
                 if [ \"$ik_attempt\" -ge {attempts} ]; then exit \"$ik_exit\"; fi\n\
                 echo \"attempt $ik_attempt of {attempts}: exit status $ik_exit; trying again in {pause_seconds} s\" >&2\n\
                 ik_attempt=$((ik_attempt + 1))\n\
                 sleep {pause_seconds}\n\
                 done"
            ),
        };
        text
    }

    /// The text for `sh` that asks a guard of the step, once. A directory or a user that is not there yet is an answer: the
    /// guard does not succeed.
    pub fn guard(&self, guard: &str) -> String {
        let mut text = self.entry();
        match self.user.is_none() && self.shell == Interpreter::Sh {
            true => text.push_str(guard),
            false => {
                let _ = write!(text, "exec {}", self.call(guard, false));
            }
        }
        text
    }

    /// Enters the directory, and looks up the user.
    fn entry(&self) -> String {
        let mut text = String::new();
        if let Some(directory) = &self.directory {
            let _ = writeln!(text, "cd -- {} || exit 1", quote(directory));
        }
        if let Some(user) = &self.user {
            let user = quote(user);
            let _ = writeln!(
                text,
                "ik_group=$(id -g -- {user}) || exit 1\n\
                 ik_home=$(getent passwd -- {user}) || exit 1\n\
                 ik_home=${{ik_home%:*}}\n\
                 export HOME=\"${{ik_home##*:}}\" USER={user} LOGNAME={user}"
            );
        }
        text
    }

    fn call(&self, text: &str, strict: bool) -> String {
        let mut call = String::new();
        if let Some(user) = &self.user {
            let _ = write!(
                call,
                "setpriv --reuid={} --regid=\"$ik_group\" --init-groups -- ",
                quote(user)
            );
        }
        call.push_str(match (self.shell, strict) {
            (Interpreter::Sh, true) => "sh -ec",
            (Interpreter::Sh, false) => "sh -c",
            (Interpreter::Bash, true) => "bash --noprofile --norc -eo pipefail -c",
            (Interpreter::Bash, false) => "bash --noprofile --norc -o pipefail -c",
        });
        let _ = write!(call, " {}", quote(text));
        call
    }

    /// What people read of it: `as postgres, in /srv/app`. `None` if all is as usual.
    pub fn words(&self) -> Option<String> {
        let mut words = Vec::new();
        if let Some(user) = &self.user {
            words.push(format!("as {user}"));
        }
        if let Some(directory) = &self.directory {
            words.push(format!("in {directory}"));
        }
        if self.shell == Interpreter::Bash {
            words.push("with bash".to_owned());
        }
        if let Some(Retry {
            attempts,
            pause_seconds,
        }) = self.retry
        {
            words.push(format!("up to {attempts} times, {pause_seconds} s apart"));
        }
        if !self.allowed_exits.is_empty() {
            let statuses: Vec<String> = self.allowed_exits.iter().map(u8::to_string).collect();
            words.push(format!("exit status {} also succeeds", statuses.join(" or ")));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// Whether every part has the form that a recipe can give it.
    ///
    /// # Errors
    /// A sentence on the first part that has not.
    pub fn check_form(&self) -> Result<(), String> {
        if let Some(user) = self.user.as_ref().filter(|user| !is_user(user)) {
            return Err(format!("{user:?} is not a valid name of a user"));
        }
        if let Some(directory) = self.directory.as_ref().filter(|directory| !is_directory(directory)) {
            return Err(format!("{directory:?} is not a valid path for a directory"));
        }
        if let Some(retry) = &self.retry {
            if !(2..=MOST_ATTEMPTS).contains(&retry.attempts) {
                return Err(format!("a step has 2 to {MOST_ATTEMPTS} attempts"));
            }
            if retry.pause_seconds > LONGEST_PAUSE {
                return Err(format!("{} s is not a valid pause", retry.pause_seconds));
            }
        }
        Ok(())
    }
}

/// Whether a guard asks the shell for a program. POSIX's shell says 127 if there is none (`command -v`), as it does for a
/// guard that can't be run.
pub fn looks_for_a_program(guard: &str) -> bool {
    ["command -v", "command -V", "type ", "hash "]
        .iter()
        .any(|lookup| guard.contains(lookup))
}

/// A name of a user as useradd(8) accepts it.
pub fn is_user(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// An absolute path.
pub fn is_directory(path: &str) -> bool {
    path.starts_with('/') && !path.contains('\0') && !path.contains('\n')
}
