//! `recipe check`: what it notes on a recipe that can be planned.

use crate::support::executable;
use crate::support::infrakt::Infrakt;
use std::io::{BufRead, BufReader};

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

#[test]
fn a_query_is_answered_with_the_sample_beside_it_and_facts_can_be_chosen() {
    let infrakt = Infrakt::new();
    let text = "let found = json::parse(ssh::query(\"ip -j addr\", #{ sample: \"[]\" }));\nprint(`${found.len()} on ${facts.os.name}`);\n";
    infrakt.file("asks.rhai", text);
    let ended = infrakt.run(&["recipe", "check", "asks.rhai"]).exits(0);
    assert!(ended.stderr.contains("0 on Debian GNU/Linux 13"), "{ended}");
    let ended = infrakt
        .run(&["recipe", "check", "asks.rhai", "--facts", "ubuntu-24.04"])
        .exits(0);
    assert!(ended.stderr.contains("0 on Ubuntu 24.04"), "{ended}");
    assert_eq!(ended.stdout, "ok  ubuntu-24.04 as root: 0 steps\n");
    let said = infrakt.refused(2, &["recipe", "check", "asks.rhai", "--facts", "nowhere.json"]);
    assert!(said.contains("nowhere.json"), "{said}");
    // A recorded answer comes before the sample.
    let facts = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/facts/profiles/debian-13.json"
    ));
    let recorded =
        facts
            .expect("a profile")
            .replacen('{', "{ \"answers\": { \"ssh::query ip -j addr\": \"[1, 2]\" },", 1);
    infrakt.file("facts.json", recorded);
    let ended = infrakt
        .run(&["recipe", "check", "asks.rhai", "--facts", "./facts.json"])
        .exits(0);
    assert!(ended.stderr.contains("2 on Debian"), "{ended}");

    infrakt.file("wrong.rhai", "ssh::query(\"uname\", #{ example: \"x\" });\n");
    let said = infrakt.refused(2, &["recipe", "check", "wrong.rhai"]);
    assert!(said.contains("the options of a query are a sample"), "{said}");
}

#[test]
fn a_recipe_is_checked_again_after_it_was_saved() {
    let infrakt = Infrakt::new();
    infrakt.file("mine.rhai", "ssh::check(\"a\", \"true\");\n");
    let mut command = infrakt.command(&["recipe", "check", "mine.rhai", "--watch"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("ok  debian-13 as root: 1 step"));
    infrakt.file(
        "mine.rhai",
        "ssh::check(\"a\", \"true\");\nssh::check(\"b\", \"true\");\n",
    );
    assert_eq!(lines.next().as_deref(), Some("ok  debian-13 as root: 2 steps"));
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
}
