//! What comes from elsewhere must not reach the terminal as something that it obeys.

use crate::support::infrakt::Infrakt;
use crate::support::terminal::on_a_terminal;
use infrakt::event::{RunEvent, Stream};
use infrakt::plan::Plan;

/// Whether a terminal would only show it: our own colours are the one escape sequence that may be there.
#[track_caller]
fn assert_harmless(text: &str) {
    let rest = anstream_free(text);
    let bad: Vec<char> = rest.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert!(bad.is_empty(), "{bad:?} in {text:?}");
    assert!(!rest.contains('\u{202e}'), "{text:?}");
}

/// Takes out colours and weights, `ESC [ … m`, and nothing else.
fn anstream_free(text: &str) -> String {
    let mut rest = String::new();
    let mut parts = text.split("\u{1b}[");
    rest.push_str(parts.next().unwrap_or(""));
    for part in parts {
        match part.split_once('m') {
            Some((digits, after)) if digits.chars().all(|c| c.is_ascii_digit() || c == ';') => {
                rest.push_str(after);
            }
            _ => {
                rest.push_str("\u{1b}[");
                rest.push_str(part);
            }
        }
    }
    rest
}

#[test]
fn messages_of_recipes_are_escaped_on_a_terminal() {
    let infrakt = Infrakt::with_server();
    let plan = |text: &str| {
        infrakt.file("evil.rhai", text);
        let words = [
            "plan",
            "./evil.rhai",
            "--server",
            "prod-2",
            "--offline",
            "--facts",
            "debian-13",
            "--color",
            "always",
        ];
        let summary = infrakt.run(&words);
        assert_harmless(&summary.stdout);
        let ended = infrakt.run(&[&words[..], &["--full"]].concat());
        assert_harmless(&ended.stdout);
        assert_harmless(&ended.stderr);
        ended
    };
    let ended = plan(
        r#"print("a\x1b]0;title\x07b\nnext"); ssh::run("T\u202eitle", "echo \x1b[2Jx").unless("a\rb").env("E", "\x1b[H\ny");"#,
    );
    assert_eq!(ended.exit, 0, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("echo \\u{1b}[2Jx") && ended.stdout.contains("T\\u{202e}itle"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.contains("next"), "{}", ended.stderr);
    let ended = plan(r#"fail("no \x1b[2J", "do \x1b]8;;http://x\x07this")"#);
    assert!(ended.stderr.contains("do \\u{1b}]8;;"), "{}", ended.stderr);
    plan("throw \"\\x1b[2J\";");
    plan("let x = \u{1b}[2J;");
}

#[test]
fn arguments_in_errors_are_escaped_on_a_terminal() {
    let infrakt = Infrakt::with_server();
    for words in [
        &["run", "\u{1b}[2J", "--server", "prod-2"][..],
        &["server", "show", "\u{1b}[2J"],
        &[
            "plan",
            "wipe",
            "--server",
            "prod-2",
            "--set",
            "\u{1b}[2J=1",
            "--offline",
            "--facts",
            "debian-13",
        ],
        &[
            "plan",
            "wipe",
            "--server",
            "prod-2",
            "--offline",
            "--facts",
            "\u{1b}[2J",
        ],
        &["apply", "\u{1b}[2J"],
        &["recipe", "check", "./\u{1b}[2J.rhai"],
    ] {
        let ended = infrakt.run(&[words, &["--color", "always"]].concat());
        assert_eq!(ended.exit, 2, "{words:?}: {}", ended.stderr);
        assert_harmless(&ended.stderr);
    }
}

/// A file gets the bytes that were printed; a terminal gets what it can show of them.
#[test]
fn output_of_steps_is_escaped_on_a_terminal_and_exact_in_a_pipe() {
    let infrakt = Infrakt::with_server();
    infrakt.file("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    let plan = [
        "plan",
        "./hello.rhai",
        "--server",
        "prod-2",
        "--offline",
        "--facts",
        "debian-13",
        "--json",
    ];
    let plan = Plan::parse(&infrakt.ok(&plan), "the plan").unwrap();
    let store = infrakt.store();
    let mut journal = store.begin_run(&plan, None, "me@here").unwrap();
    // An escape sequence that is cut in two must not slip through.
    let output = |text: &str| RunEvent::Output {
        step: 0,
        stream: Stream::Stdout,
        bytes: text.as_bytes().to_vec(),
    };
    let pieces = ["before \u{1b}", "[2J\u{1b}]0;title\u{7}", "after\u{8} größer\n"];
    journal.append(&[RunEvent::StepStarted { step: 0 }], None).unwrap();
    journal.append(&pieces.map(output), None).unwrap();
    let run = journal.run_id().to_string();

    assert_eq!(
        infrakt.ok(&["runs", "logs", &run]),
        format!("── 1  Say hello\n{}", pieces.concat())
    );
    assert_eq!(infrakt.ok(&["runs", "logs", &run, "--step", "1"]), pieces.concat());
    for step in ["0", "2", "99"] {
        let said = infrakt.refused(2, &["runs", "logs", &run, "--step", step]);
        assert!(
            said.contains(&format!("run 1 has no step {step}; it has 1 step")),
            "{said}"
        );
    }
    let ended = infrakt.run(&["runs", "list", "--server", "prod-3"]);
    assert!(
        ended.stderr.contains("no run on 'prod-3'; see all: infrakt runs list"),
        "{}",
        ended.stderr
    );
    let command = infrakt.command(&["runs", "logs", &run, "--color", "never"]);
    let mut session = on_a_terminal(command);
    // The terminal's bytes come as one character each.
    let bytes: Vec<u8> = session
        .exp_eof()
        .unwrap()
        .chars()
        .map(|c| c as u8)
        .filter(|byte| *byte != b'\r')
        .collect();
    let shown = String::from_utf8(bytes).unwrap();
    assert!(shown.contains("before after größer\n"), "{shown:?}");
    assert_harmless(&shown);
}
