//! Words and forms that make texts hard to read do not come back. `docs/voice.md` explains why.

use crate::markdown::root;
use std::path::Path;

/// A form that is not used, in lower case, and what to write in its place.
const FORMS: &[(&str, &str)] = &[
    ("somebody", "name the actor, or \"someone\""),
    ("nobody", "name the actor, or turn the sentence around"),
    ("anybody", "name the actor, or \"anyone\""),
    ("everybody", "name the actors: all users, all clients"),
    ("whoever", "name the actor: the user, the caller, another process"),
    ("that which", "name the thing"),
    ("what destroys", "\"destructive steps\""),
    ("go on with", "\"continue\" or \"resume\""),
    ("goes on with", "\"continues\" or \"resumes\""),
    ("went on with", "\"continued\" or \"resumed\""),
    ("go on from", "\"continue\" or \"resume\""),
    ("goes on from", "\"continues\" or \"resumes\""),
    ("go on where", "\"continue\" or \"resume\""),
    ("goes on where", "\"continues\" or \"resumes\""),
    ("gone on with", "\"continued\" or \"resumed\""),
    ("do it again for", "\"retry\""),
    ("to do again", "\"to retry\""),
    ("time is over", "\"timeout\" or \"timed out\""),
    ("makes way", "say what is closed or removed"),
    ("what is no", "\"what is not a\""),
    ("lest", "\"so that … not\""),
];

/// What is read. A folder is read with everything below it.
const READ: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs",
    "frontend/README.md",
    "frontend/e2e",
    "frontend/src",
    "fuzz/fuzz_targets",
    "migrations",
    "scripts",
    "recipes",
    "src",
    "tests",
];

/// What is not read, and why.
const EXCEPT: &[(&str, &str)] = &[
    ("docs/voice.md", "it quotes the forms"),
    ("docs/images", "pictures"),
    ("docs/openapi.json", "made from src"),
    ("docs/recipe-reference.md", "made from src"),
    ("frontend/src/pages/Recipes.test.tsx", "a recipe in it has a form"),
    ("src/facts/profiles", "they have the user of that name"),
    ("src/plan/lint/mod.rs", "a variable beside a string reads as a form"),
    ("src/prompt/remembering.rs", "questions in its tests have a form"),
    ("tests/documentation/voice.rs", "it lists the forms"),
    ("tests/execution/invocation.rs", "it names the user nobody"),
    ("tests/execution/links.rs", "it names the user nobody"),
    ("tests/lab/detached.rs", "it names the user nobody"),
    ("tests/lab/survival.rs", "it names the user nobody"),
];

/// The words of a text in lower case, each with its line. A phrase is found across the end of a line, and across what
/// marks a comment.
fn words(text: &str) -> Vec<(usize, String)> {
    text.lines()
        .enumerate()
        .flat_map(|(number, line)| {
            line.split(|c: char| !c.is_alphanumeric() && !"'_{}".contains(c))
                .filter(|word| !word.is_empty())
                .map(move |word| (number + 1, word.to_lowercase()))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// `LINE: FORM` for each form in a text.
fn found(text: &str) -> Vec<String> {
    let words = words(text);
    let mut found = Vec::new();
    for (form, instead) in FORMS {
        let parts: Vec<&str> = form.split(' ').collect();
        for window in words.windows(parts.len()) {
            if window.iter().map(|(_, word)| word.as_str()).eq(parts.iter().copied()) {
                found.push(format!("{}: \"{form}\": write {instead}", window[0].0));
            }
        }
    }
    found
}

fn read(path: &Path, problems: &mut Vec<String>, count: &mut usize) {
    let name = path.strip_prefix(root()).expect("below the root").display().to_string();
    if EXCEPT.iter().any(|(except, _)| *except == name) {
        return;
    }
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("a folder");
        let mut entries: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| read(entry, problems, count));
    } else if let Ok(text) = std::fs::read_to_string(path) {
        *count += 1;
        problems.extend(found(&text).into_iter().map(|problem| format!("{name}:{problem}")));
    }
}

#[test]
fn texts_use_plain_words() {
    let (mut problems, mut count) = (Vec::new(), 0);
    READ.iter()
        .for_each(|name| read(&root().join(name), &mut problems, &mut count));
    assert!(count > 3, "only {count} files were read");
    assert!(problems.is_empty(), "see docs/voice.md\n{}", problems.join("\n"));
}

#[test]
fn a_form_is_found_across_the_lines_of_a_comment() {
    assert_eq!(
        found("// Shows what\n// destroys."),
        ["1: \"what destroys\": write \"destructive steps\""]
    );
    assert_eq!(found("Steps that destroy are shown first."), Vec::<String>::new());
}
