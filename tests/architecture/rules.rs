//! Rules for every file.

use crate::source::sources;

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
