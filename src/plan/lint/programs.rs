//! The programs that a simple command finally runs, behind wrappers such as `sudo`, `timeout 5`, `xargs` and `sh -c`.
//!
//! It must not know what any program does, except to start another one.

use super::commands::{DEEPEST, Simple, commands};

/// The programs with their arguments, without the wrappers.
pub fn programs(words: &[String], depth: usize) -> Vec<Vec<String>> {
    let mut rest = words;
    loop {
        let Some((first, after)) = rest.split_first() else {
            return Vec::new();
        };
        let name = name_of(first);
        rest = match name {
            "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "{" | "time" | "nohup" | "setsid"
            | "builtin" | "busybox" | "fi" | "done" | "}" => after,
            "for" | "case" | "select" | "function" => return Vec::new(),
            _ if is_assignment(first) => after,
            "exec" | "nice" | "ionice" | "stdbuf" | "chrt" => {
                options(after, &["-n", "-c", "-o", "-e", "-i", "-a", "-p"])
            }
            "sudo" | "doas" => options(after, &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U"]),
            "env" => options(after, &["-u", "-C"]),
            "command"
                if after
                    .first()
                    .is_some_and(|word| word.starts_with("-v") || word.starts_with("-V")) =>
            {
                return Vec::new();
            }
            "command" => options(after, &[]),
            "timeout" => options(after, &["-k", "-s"]).get(1..).unwrap_or_default(),
            "xargs" => options(after, &["-I", "-n", "-P", "-d", "-L", "-a", "-s", "-E"]),
            "chroot" => options(after, &[]).get(1..).unwrap_or_default(),
            "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" => {
                // Options come before the text; a script in a file has no text here.
                let before = after.iter().take_while(|word| word.starts_with('-')).count();
                return text_of(after.get(..=before).unwrap_or(after)).map_or(Vec::new(), |text| read_on(text, depth));
            }
            "runuser" if after.iter().any(|word| word == "-u" || word.starts_with("--user")) => {
                options(after, &["-u", "-g", "-G", "--user"])
            }
            "flock" | "su" | "runuser" if text_of(after).is_some() => {
                return read_on(text_of(after).unwrap_or_default(), depth);
            }
            "flock" => options(after, &["-w", "-E"]).get(1..).unwrap_or_default(),
            "eval" => return read_on(&after.join(" "), depth),
            "trap" => return read_on(after.first().map_or("", String::as_str), depth),
            "nsenter" => options(after, &["-t", "-S", "-G"]),
            "docker" | "podman" | "nerdctl" | "docker-compose" if let Some(executed) = behind(after, "exec") => {
                options(executed, &["-u", "--user", "-e", "--env", "-w", "--workdir", "--index"])
                    .get(1..)
                    .unwrap_or_default()
            }
            "ip" if after.first().is_some_and(|word| word == "netns")
                && after.get(1).is_some_and(|word| word == "exec") =>
            {
                after.get(3..).unwrap_or_default()
            }
            "find" => return find(rest, depth),
            _ => return vec![rest.to_vec()],
        };
    }
}

/// `find` itself, and the commands that it executes.
fn find(words: &[String], depth: usize) -> Vec<Vec<String>> {
    let mut found = vec![words.to_vec()];
    for (at, word) in words.iter().enumerate() {
        if depth < DEEPEST && ["-exec", "-execdir", "-ok", "-okdir"].contains(&word.as_str()) {
            let command: Vec<String> = words
                .iter()
                .skip(at + 1)
                .take_while(|word| *word != ";" && *word != "+")
                .cloned()
                .collect();
            found.extend(programs(&command, depth + 1));
        }
    }
    found
}

fn read_on(text: &str, depth: usize) -> Vec<Vec<String>> {
    if depth >= DEEPEST {
        return Vec::new();
    }
    let found = commands(text);
    let programs_of = |simple: &Simple| {
        let mut found = programs(&simple.words, depth + 1);
        // The files that such a text writes are reported as a program of its own; see `changing`.
        found.extend(simple.writes.iter().map(|target| vec![">".to_owned(), target.clone()]));
        found
    };
    found.iter().flat_map(programs_of).collect()
}

/// The text after `-c`.
fn text_of(arguments: &[String]) -> Option<&str> {
    let at = arguments.iter().position(|word| {
        word.starts_with('-') && !word.starts_with("--") && word.ends_with('c') || word == "--command"
    })?;
    arguments.get(at + 1).map(String::as_str)
}

/// The words behind the first that is `word`.
fn behind<'a>(mut words: &'a [String], word: &str) -> Option<&'a [String]> {
    loop {
        let (first, after) = words.split_first()?;
        if first == word {
            return Some(after);
        }
        words = after;
    }
}

/// Skips options, and the values of options that have one.
fn options<'a>(mut words: &'a [String], with_value: &[&str]) -> &'a [String] {
    while let Some((word, after)) = words.split_first() {
        if word == "--" {
            return after;
        }
        if !word.starts_with('-') || word == "-" {
            break;
        }
        let skip = if with_value.contains(&word.as_str()) { 2 } else { 1 };
        words = words.get(skip..).unwrap_or_default();
    }
    words
}

/// The name of a program without its path.
pub fn name_of(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}
