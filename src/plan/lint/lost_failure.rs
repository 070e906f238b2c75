//! Pipes in which sh does not notice a failure. It must not know what the step is for.

use super::commands::read;
use super::programs::{name_of, programs};

/// The first program in a shell text whose failure is lost because its output goes to another one: sh knows only how the
/// last one ended. Programs that fail rarely, and those that only pass text on, are left out.
pub fn lost_failure(shell: &str) -> Option<String> {
    const HARMLESS: &[&str] = &[
        "echo",
        "printf",
        "cat",
        "true",
        ":",
        "yes",
        "seq",
        "ls",
        "ps",
        "date",
        "head",
        "tail",
        "sort",
        "uniq",
        "grep",
        "awk",
        "sed",
        "cut",
        "tr",
        "wc",
        "tee",
        "jq",
        "column",
        "comm",
        "xargs",
        "[",
        "test",
        "command",
        "id",
        "hostname",
        "uname",
        "dpkg-query",
        "find",
    ];
    let conditions = ["if", "while", "until", "elif", "!"];
    let piped = read(shell).piped;
    let of_interest = piped.iter().filter(|simple| {
        let first = simple.words.first().map_or("", String::as_str);
        !conditions.contains(&first)
    });
    let programs = of_interest.flat_map(|simple| programs(&simple.words, 0));
    let mut names = programs.filter_map(|words| words.first().map(|word| name_of(word).to_owned()));
    names.find(|name| !name.starts_with('$') && !HARMLESS.contains(&name.as_str()))
}
