//! `recipe check`: what it notes on a recipe that can be planned.

use crate::support::executable;
use crate::support::infrakt::Infrakt;

/// A folder of programs in which shellcheck is not.
fn without_shellcheck() -> tempfile::TempDir {
    let tools = tempfile::tempdir().expect("a folder");
    // The tests start infrakt with it.
    std::os::unix::fs::symlink("/usr/bin/timeout", tools.path().join("timeout")).expect("a link");
    tools
}

#[test]
fn a_check_shows_what_the_recipe_prints_also_where_it_fails() {
    let infrakt = Infrakt::new();
    let text = "print(\"before\");\nssh::rnu(\"a\", \"b\");\n";
    let said = infrakt.refused(2, &["recipe", "check", &infrakt.recipe("fails.rhai", text)]);
    assert!(said.contains("before") && said.contains("unknown function"), "{said}");
}

#[test]
fn a_pipe_that_loses_a_failure_is_noted() {
    let tools = without_shellcheck();
    let infrakt = Infrakt::new().with("PATH", &tools.path().display().to_string());
    let text = "ssh::run(\"Fetch it\", \"curl -fsS https://example.org/x | tar x -C /srv\");
ssh::run(\"List it\", \"cat /etc/passwd | sort >/root/users\").unless(\"curl -fsS http://127.0.0.1/ | grep -q ok\");\n";
    let recipe = infrakt.recipe("pipes.rhai", text);
    let notes = infrakt.json(&["recipe", "check", &recipe])[0]["notes"].clone();
    let notes: Vec<&str> = notes
        .as_array()
        .expect("notes")
        .iter()
        .filter_map(|note| note.as_str())
        .collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with("pipes.rhai:1: if `curl` fails in 'Fetch it'"),
        "{notes:?}"
    );
}

#[test]
fn what_shellcheck_finds_is_noted_with_its_step_and_line() {
    let tools = tempfile::tempdir().expect("a folder");
    let fake = "#!/bin/sh\nfor file in \"$@\"; do :; done\n{ read -r shell; read -r line; } <\"$file\"\n\
                printf '{\"comments\": [{\"file\": \"%s\", \"line\": 2, \"code\": 2164, \"message\": \"of %s\"}]}' \"$file\" \"$line\"\nexit 1\n";
    executable::write(&tools.path().join("shellcheck"), fake.as_bytes());
    let infrakt = Infrakt::new().with("PATH", &format!("{}:/usr/bin:/bin", tools.path().display()));
    let text = "ssh::run(\"Plain\", \"true\");\n\nssh::run(\"Go there\", \"cd /srv && ls; cd $HOME\");\n";
    let recipe = infrakt.recipe("goes.rhai", text);
    let notes = infrakt.json(&["recipe", "check", &recipe])[0]["notes"].clone();
    assert_eq!(
        notes,
        serde_json::json!(["goes.rhai:3: SC2164 in line 1 of the command of 'Go there': of cd /srv && ls; cd $HOME"])
    );
    let tools = without_shellcheck();
    let without = Infrakt::new().with("PATH", &tools.path().display().to_string());
    let notes = without.json(&["recipe", "check", &without.recipe("goes.rhai", text)])[0]["notes"].clone();
    assert_eq!(notes, serde_json::json!([]));
}
