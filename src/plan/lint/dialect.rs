//! What bash understands and sh does not: steps run in sh, which is dash on Debian and Ubuntu. It sees only what stands in
//! the code of the shell itself: not quotes, comments, here-documents, or texts for other programs.

use super::commands::{ShellReading, read};

/// Something of bash in a text for sh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bashism {
    /// As it is written: `[[`.
    pub what: String,
    /// What to write instead.
    pub instead: &'static str,
}

/// The first thing in a shell text that sh does not understand.
pub fn bashism(shell: &str) -> Option<Bashism> {
    let ShellReading { commands, bash, .. } = read(shell);
    let of_words = commands.iter().find_map(|simple| of_command(&simple.words));
    of_words.or_else(|| bash.first().map(|what| of_syntax(what)))
}

fn of_command(words: &[String]) -> Option<Bashism> {
    let mut words = words
        .iter()
        .map(String::as_str)
        .skip_while(|word| ["if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"].contains(word));
    let first = words.next()?;
    let mut rest = words;
    let found = |what: &str, instead| {
        Some(Bashism {
            what: what.to_owned(),
            instead,
        })
    };
    match first {
        "[[" => found("[[", "write [ … ], with quotes around each variable"),
        "source" => found("source", "write a dot: . /etc/os-release"),
        "function" => found("function", "write: name() { …; }"),
        "[" | "test" if rest.any(|word| word == "==") => found("==", "write ="),
        "set" if rest.any(|word| word == "pipefail") => found(
            "pipefail",
            "write the first command's output to a file, and read that file in the next line",
        ),
        "echo" if rest.next().is_some_and(|option| option == "-e") => found("echo -e", "write printf '%b\\n' \"…\""),
        "declare" | "typeset" | "let" => found(first, "write: name=value"),
        "shopt" | "pushd" | "popd" | "mapfile" | "readarray" | "disown" | "compgen" => {
            found(first, "write it for sh, or run it with: bash -c '…'")
        }
        _ => None,
    }
}

fn of_syntax(what: &str) -> Bashism {
    let instead = match what {
        "<<<" => "write: printf '%s\\n' \"$x\" | command",
        "&>" | "&>>" => "write: >file 2>&1",
        "|&" => "write: 2>&1 |",
        "<(…)" | ">(…)" => "write the output to a file first",
        "((" => "write: [ \"$i\" -lt 3 ], and i=$((i + 1))",
        "=(…)" => "sh has no lists; write the words one by one: for x in a b; do …; done",
        "$'…'" => "write: \"$(printf '…')\"",
        "{a,b}" | "{1..5}" => "write each word",
        _ => "sh has no such expansion; use sed, cut or tr",
    };
    Bashism {
        what: what.to_owned(),
        instead,
    }
}
