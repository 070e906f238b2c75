//! Tests that plain `cargo test` ignores. `scripts/test` runs those that need root or a machine, chosen by these reasons
//! and names.

use std::path::Path;

/// The reason of a test, and how its name begins if `scripts/test` must leave it out.
const REASONS: [(&str, &str); 7] = [
    ("needs root", ""),
    ("needs root and sshd", ""),
    ("needs a machine of scripts/lab", ""),
    ("started by another test", "helper_"),
    ("takes hours: scripts/sweep", "the_sweep_of_"),
    ("takes minutes: scripts/sweep", "the_sweep_of_"),
    ("takes minutes; for measuring", "measure_"),
];

/// File, reason and name of every ignored test.
fn ignored() -> Vec<(String, String, String)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut found = Vec::new();
    for path in crate::source::files(&tests) {
        let text = std::fs::read_to_string(&path).expect("a test is UTF-8");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(reason) = line.strip_prefix("#[ignore") else {
                continue;
            };
            let name = lines.find_map(|line| line.strip_prefix("fn ")).expect("a test");
            let name = name.split('(').next().unwrap_or(name).to_owned();
            let reason = reason.trim_start_matches(" = \"").trim_end_matches("\"]").to_owned();
            found.push((path.display().to_string(), reason, name));
        }
    }
    found
}

#[test]
fn reasons_and_names_of_ignored_tests_are_those_that_the_test_script_knows() {
    let ignored = ignored();
    assert!(ignored.len() > 100, "only {} were found", ignored.len());
    for (file, reason, name) in ignored {
        let known = REASONS.iter().find(|(known, _)| *known == reason);
        let Some((_, prefix)) = known else {
            panic!("{file}: {name}: the reason '{reason}' is not in the list");
        };
        assert!(name.starts_with(prefix), "{file}: {name} must begin with {prefix}");
        for (_, other) in REASONS {
            assert!(
                other == *prefix || other.is_empty() || !name.contains(other),
                "{file}: {name} has {other} in it, so scripts/test would leave it out"
            );
        }
    }
}

#[test]
fn tests_that_need_a_machine_are_where_the_test_script_looks_for_them() {
    for (file, reason, name) in ignored() {
        let folder = file.contains("/tests/lab/") || file.contains("/tests/ssh/lab/");
        assert_eq!(reason == "needs a machine of scripts/lab", folder, "{file}: {name}");
    }
}
