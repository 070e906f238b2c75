//! Rules for every file.

use crate::source::sources;
use std::path::{Path, PathBuf};

#[test]
fn every_module_begins_with_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("src/{}", source.path))
        .collect();
    assert!(silent.is_empty(), "these do not begin with `//!`: {silent:?}");
}

#[test]
fn what_is_only_there_for_tests_stands_last_in_its_file() {
    for source in sources() {
        let marks = source.text.lines().filter(|line| line.trim() == "#[cfg(test)]").count();
        assert!(marks <= 1, "src/{} has several #[cfg(test)]", source.path);
        if let Some((_, tests)) = source.text.split_once("\n#[cfg(test)]\n") {
            assert!(
                tests.starts_with("mod tests {") && tests.ends_with("\n}\n") && !tests.contains("\n}\n\n"),
                "src/{}: more than `mod tests` follows its #[cfg(test)], where these rules do not look",
                source.path
            );
        }
    }
}

/// Recipes and shell scripts, by path.
fn shell_texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_script = |text: &str| text.starts_with("#!") || text.contains("# shellcheck shell=");
        if path.is_dir() {
            shell_texts(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rhai" || extension == "sh")
            || std::fs::read_to_string(&path).is_ok_and(|text| is_script(&text))
        {
            found.push(path);
        }
    }
}

/// Lines that ignore a failure, without a comment in the same line or right above that says why.
fn ignored_failures(text: &str) -> Vec<String> {
    let mut before = "";
    let mut found = Vec::new();
    for line in text.lines() {
        let rest = line.split_once("|| true").map(|(_, rest)| rest);
        let rest = rest.or_else(|| line.trim_end().strip_suffix("|| :").map(|_| ""));
        let is_comment = |line: &str| line.trim_start().starts_with('#') || line.trim_start().starts_with("//");
        if rest.is_some_and(|rest| !rest.contains(" # ")) && !is_comment(line) && !is_comment(before) {
            found.push(line.trim().to_owned());
        }
        before = line;
    }
    found
}

#[test]
fn a_failure_is_ignored_only_with_a_reason_beside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["recipes", "scripts", "src", ".ci"] {
        shell_texts(&root.join(folder), &mut files);
    }
    assert!(files.len() > 50, "only {} files were found", files.len());
    let mut lines = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        lines.extend(
            ignored_failures(&text)
                .into_iter()
                .map(|line| format!("{name}: {line}")),
        );
    }
    assert!(
        lines.is_empty(),
        "these need a comment that says why:\n{}",
        lines.join("\n")
    );
}

#[test]
fn an_ignored_failure_is_found_if_nothing_explains_it() {
    for text in ["rm x || true", "a\nrm x || true; b", "rm x || :"] {
        assert_eq!(ignored_failures(text).len(), 1, "{text}");
    }
    for text in [
        "rm x || true # it may be gone",
        "# It may be gone.\nrm x || true",
        "test -e x || : >x",
    ] {
        assert!(ignored_failures(text).is_empty(), "{text}");
    }
}
