//! How the runner starts a script and tells where its output ends, as far as the script's text decides that.
//!
//! It must not know what the script is for.

use crate::plan::Step;
use std::fmt;

/// How the runner starts a script.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// In a shell of its own: it may tell that from a fork of the runner, or end the wrong one.
    Apart,
    /// In a fork of the runner, from its file.
    Plain,
    /// In a fork of the runner that becomes the program, which halves what a step costs.
    Call,
}

impl Mode {
    pub(super) fn of(step: &Step, script: &str) -> Self {
        const OWN: [&str; 6] = ["$$", "${$", "$0", "${0", "PPID", "kill"];
        if OWN.iter().any(|word| script.contains(word)) {
            Self::Apart
        } else if step.env.is_empty() && is_one_call(script) {
            Self::Call
        } else {
            Self::Plain
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Apart => "apart",
            Self::Plain => "plain",
            Self::Call => "call",
        })
    }
}

/// Whether a script is nothing but a program's name and words for it, none of which the shell replaces. Only such a one
/// may stand in the text of the runner: it can't end there what it did not begin.
fn is_one_call(script: &str) -> bool {
    /// What is not a program's name there (see "Reserved Words" in POSIX, and those of bash), or means something else in
    /// a function.
    const OTHERS: [&str; 18] = [
        "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "return",
        "select", "then", "time", "until", "while",
    ];
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b" /._-+:,@%=".contains(byte);
    let name = script.split(' ').next().unwrap_or_default();
    if name.is_empty() || name.contains(['=', '\'', '"']) || OTHERS.contains(&name) {
        return false;
    }
    // Between quotes of one kind everything stands for itself but the quote, and between double ones what begins a
    // replacement.
    let mut quote = None;
    script.as_bytes().iter().all(|byte| match (quote, byte) {
        (None, b'\'' | b'"') => {
            quote = Some(*byte);
            true
        }
        (None, byte) => harmless(byte),
        (Some(begun), byte) if begun == *byte => {
            quote = None;
            true
        }
        (Some(b'\''), byte) => !matches!(byte, b'\n' | 0),
        (Some(_), byte) => !matches!(byte, b'\n' | 0 | b'$' | b'`' | b'\\'),
    }) && quote.is_none()
}

/// The function that starts the call (or what a shell knows of itself, such as `eval 'a; b'`: hence `set`) which is called `name`; see `ik_start` in the runner.
pub(super) fn call(name: &str, script: &str) -> String {
    format!("ik_call_{name}() {{ (set -e --; {script}) </dev/null 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- & }}\n")
}

/// How to tell where the output of a script ends: it may open it by its path.
pub(super) fn mark_of(script: &str) -> &'static str {
    const PATHS: [&str; 3] = ["/dev/std", "/dev/fd", "/proc/self/fd"];
    match PATHS.iter().any(|path| script.contains(path)) {
        true => "ik_mark_exactly",
        false => "ik_mark",
    }
}
