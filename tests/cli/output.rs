//! Exit codes, JSON, colours and completions: what scripts and shells rely on.

use crate::support::infrakt::Infrakt;
use crate::support::terminal::on_a_terminal;
use serde_json::Value;

/// Runs with `--json` what must fail, and gives back the error of its one document.
fn json_error(infrakt: &Infrakt, exit: i32, words: &[&str]) -> Value {
    let ended = infrakt.run(&[words, &["--json"]].concat());
    assert_eq!(ended.exit, exit, "{words:?}: {}{}", ended.stdout, ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| {
        panic!("{words:?} gives no JSON document: {error}: {:?}", ended.stdout);
    });
    let error = &document["error"];
    assert!(error["code"].is_string() && error["message"].is_string(), "{document}");
    assert!(error["hint"].is_string() || error["hint"].is_null(), "{document}");
    assert_eq!(document.as_object().map(serde_json::Map::len), Some(1), "{document}");
    error.clone()
}

#[test]
fn with_json_every_error_is_one_json_document() {
    let infrakt = Infrakt::with_server();
    infrakt.file("broken.rhai", "let x = ;\n");
    infrakt.file("bad.plan", "{");
    infrakt.file("fail.rhai", "fail(\"Not here.\", \"go elsewhere\");");
    let offline = ["--server", "prod-2", "--offline", "--facts", "debian-13"];
    for (exit, code, words) in [
        (2, "unknown_server", &["server", "show", "prod2"][..]),
        (2, "unknown_recipe", &["recipe", "show", "provison"]),
        (2, "unknown_app", &["app", "show", "x"]),
        (2, "unknown_run", &["runs", "show", "7"]),
        (2, "recipe", &["recipe", "check", "./broken.rhai"]),
        (2, "malformed", &["apply", "bad.plan"]),
        (2, "invalid", &["server", "add", "../x", "--host", "a"]),
        (2, "exists", &["server", "add", "prod-2", "--host", "a"]),
        (
            2,
            "parameter",
            &[&["plan", "wipe", "--set", "x=1"][..], &offline].concat(),
        ),
        (3, "recipe_refused", &[&["plan", "./fail.rhai"][..], &offline].concat()),
        (4, "unreachable", &["facts", "prod-2"]),
        (
            4,
            "unreachable",
            &["run", "wipe", "--server", "prod-2", "--confirm", "prod-2"],
        ),
        // What the parser of the command line says is no exception.
        (2, "usage", &["nosuch"]),
        (2, "usage", &["server", "add"]),
        (2, "usage", &["server", "add", "x", "--host", "a", "--port", "0"]),
        (2, "usage", &["plan", "wipe", "--offline"]),
        (2, "usage", &["server", "list", "--nosuch"]),
    ] {
        assert_eq!(json_error(&infrakt, exit, words)["code"], code, "{words:?}");
    }
    let at = json_error(&infrakt, 2, &["recipe", "check", "./broken.rhai"])["at"].clone();
    assert_eq!(at, serde_json::json!({ "file": "broken.rhai", "line": 1, "column": 9 }));
    let missing = json_error(&infrakt, 2, &["server", "add", "x"]);
    assert!(missing["message"].as_str().unwrap().contains("--host"), "{missing}");
    assert!(
        missing["hint"]
            .as_str()
            .unwrap()
            .starts_with("usage: infrakt server add"),
        "{missing}"
    );
}

#[test]
fn exit_codes_are_what_the_help_says() {
    let infrakt = Infrakt::with_server();
    for (exit, words) in [
        (0, &["--help"][..]),
        (0, &["--version"]),
        (0, &["help", "server"]),
        (0, &["server", "list"]),
        (2, &[]),
        (2, &["server"]),
        (2, &["nosuch"]),
        (2, &["run", "provision"]),
        (4, &["facts", "prod-2"]),
        (4, &["plan", "provision", "--server", "prod-2"]),
        (4, &["run", "provision", "--server", "prod-2"]),
        (4, &["server", "status", "prod-2"]),
    ] {
        let ended = infrakt.run(words);
        assert_eq!(ended.exit, exit, "{words:?}: {}", ended.stderr);
        assert_eq!(
            ended.stdout.is_empty(),
            exit != 0,
            "{words:?}: results on stdout, the rest on stderr"
        );
    }
}

#[test]
fn without_a_server_and_a_terminal_the_error_lists_the_servers() {
    let infrakt = Infrakt::new();
    let said = infrakt.refused(2, &["run", "wipe"]);
    assert!(
        said.contains("no servers in ") && said.contains("infrakt server add NAME --host HOST"),
        "{said}"
    );
    infrakt.ok(&["server", "add", "prod-2", "--host", "127.0.0.1", "--port", "9"]);
    infrakt.ok(&["server", "add", "prod-3", "--host", "127.0.0.1", "--port", "9"]);
    let said = infrakt.refused(2, &["run", "wipe"]);
    assert!(
        said.contains("has prod-2, prod-3") && said.contains("--server prod-2"),
        "{said}"
    );
    let said = infrakt.refused(2, &["run", "wipe", "--all", "--server", "prod-2"]);
    assert!(said.contains("cannot be used with"), "{said}");
}

#[test]
fn colours_are_used_only_where_requested() {
    let infrakt = Infrakt::with_server();
    let coloured = |words: &[&str], variables: &[(&str, &str)]| {
        let output = infrakt.command(words).envs(variables.iter().copied()).output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    for words in [
        &["server", "list"][..],
        &["server", "show", "nosuch"],
        &[
            "plan",
            "wipe",
            "--server",
            "prod-2",
            "--offline",
            "--facts",
            "debian-13",
        ],
    ] {
        assert!(!coloured(words, &[]), "{words:?} into a pipe");
        assert!(
            coloured(&[words, &["--color", "always"]].concat(), &[]),
            "{words:?} --color always"
        );
        assert!(
            coloured(&[words, &["--color", "always"]].concat(), &[("NO_COLOR", "1")]),
            "{words:?}: the option wins"
        );
        assert!(
            !coloured(&[words, &["--color", "never"]].concat(), &[("CLICOLOR_FORCE", "1")]),
            "{words:?} --color never"
        );
    }
    let said = infrakt.refused(2, &["server", "list", "--color", "pink"]);
    assert!(said.contains("auto, always, never"), "{said}");
}

#[test]
fn on_a_terminal_there_are_colours_unless_no_color_is_set() {
    let infrakt = Infrakt::with_server();
    for (no_color, coloured) in [(None, true), (Some("1"), false)] {
        let mut command = infrakt.command(&["server", "list"]);
        command.env("TERM", "xterm");
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let mut session = on_a_terminal(command);
        let shown = session.exp_eof().unwrap();
        assert_eq!(shown.contains('\u{1b}'), coloured, "NO_COLOR {no_color:?}: {shown:?}");
    }
}

#[test]
fn shells_can_read_their_completions() {
    let infrakt = Infrakt::new();
    for (shell, check) in [("bash", Some("bash")), ("zsh", None), ("fish", None)] {
        let script = infrakt.ok(&["completions", shell]);
        for word in ["provision", "confirm", "keep-data", "facts-out"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        if let Some(program) = check {
            infrakt.file("completions", &script);
            let checked = std::process::Command::new(program)
                .args(["-n", "completions"])
                .current_dir(infrakt.folder())
                .output()
                .unwrap();
            assert!(
                checked.status.success(),
                "{shell}: {}",
                String::from_utf8_lossy(&checked.stderr)
            );
        }
    }
    assert!(infrakt.refused(2, &["completions", "tcsh"]).contains("bash"));
    assert!(!infrakt.home().exists(), "completions need no home");
}

#[test]
fn a_full_stdout_or_stderr_is_an_error_and_not_a_panic() {
    let infrakt = Infrakt::with_server();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = infrakt.command(&["server", "list"]).stdout(full()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("cannot write to /dev/stdout: no space left on device"),
        "{said}"
    );
    for words in [
        &["server", "show", "x"][..],
        &["app", "list"],
        &["server", "list", "--tag", "x"],
        &["nosuch"],
    ] {
        let output = infrakt.command(words).stderr(full()).output().unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 2)),
            "{words:?}: {:?}",
            output.status
        );
    }
}

#[test]
fn a_word_that_is_no_command_leads_to_the_one_that_was_meant() {
    let infrakt = Infrakt::new();
    for (words, hint) in [
        (&["status"][..], "did you mean: infrakt server status NAME"),
        (&["server", "ls"], "did you mean: infrakt server list"),
        (&["logs"], "did you mean: infrakt runs logs ID"),
        (
            &["add"],
            "did you mean: infrakt server add NAME --host HOST, or infrakt app add NAME",
        ),
        (&["ls"], "did you mean: infrakt server list, or"),
        (
            &["provision"],
            "see what it would do: infrakt plan provision --server NAME; to do it:",
        ),
    ] {
        let said = infrakt.refused(2, words);
        assert!(said.contains(&format!("hint: {hint}")), "{words:?}: {said}");
    }
}

#[test]
fn a_recipe_that_deletes_data_is_never_suggested_for_half_of_its_letters() {
    let infrakt = Infrakt::with_server();
    let said = infrakt.refused(2, &["run", "nope", "--server", "prod-2"]);
    assert!(said.contains("infrakt recipe list") && !said.contains("wipe"), "{said}");
    let said = infrakt.refused(2, &["nope"]);
    assert!(!said.contains("wipe"), "{said}");
}
