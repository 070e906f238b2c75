//! What a person sees and may do at a prompt, on a real terminal (a pty).
//!
//! Each test starts this very program again behind a pty, with the one ignored test that asks the question.
#![cfg(test)]

use infrakt::error::Error;
use infrakt::prompt;
use infrakt::ssh::AskSecret;
use rexpect::session::PtySession;
use std::process::{Command, Stdio};

const QUESTION: &str = "All data on 'prod-2' will be destroyed. Type the server name to confirm: ";

fn asking(question: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "--ignored", "--nocapture", "helper_asks"])
        .env("TEST_ASK", question);
    command
}

/// Behind a shell, which tells how the program ended and then shows the terminal's settings: a terminal is gone with its
/// last process.
fn on_a_terminal(question: &str) -> PtySession {
    on_a_terminal_with(question, &[])
}

fn on_a_terminal_with(question: &str, environment: &[(&str, &str)]) -> PtySession {
    let mut shell = Command::new("sh");
    shell.envs(environment.iter().copied());
    shell
        .args([
            "-c",
            "stty echo; trap : INT; \"$0\" \"$@\"; echo \"[ended: $?]\"; stty -a",
        ])
        .arg(asking(question).get_program())
        .args(asking(question).get_args())
        .env("TEST_ASK", question);
    rexpect::session::spawn_command(shell, Some(120_000)).unwrap()
}

/// Waits for the end and returns what was shown until then.
fn ends_with(session: &mut PtySession, code: i32) -> String {
    let (before, ended) = session.exp_regex(r"\[ended: \d+\]").unwrap();
    assert_eq!(ended, format!("[ended: {code}]"), "{before}");
    before
}

#[test]
#[ignore = "started by another test"]
fn helper_asks() {
    let Ok(question) = std::env::var("TEST_ASK") else {
        return;
    };
    prompt::install_interrupt_handler().unwrap();
    // A test that types before the question is shown says when to continue.
    if let Ok(go) = std::env::var("TEST_GO") {
        println!("planning");
        while !std::path::Path::new(&go).exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    let answer = match question.as_str() {
        "name" => format!("{:?}", prompt::typed_name("prod-2")),
        "secret" => match prompt::Terminal.ask("Passphrase: ") {
            Ok(answer) => format!("{:?}", answer.map(|secret| secret.expose().to_owned())),
            Err(Error::Interrupted) => end_as_main_does(),
            Err(error) => format!("{error:?}"),
        },
        "list" => match prompt::choose("Which servers?", "NAME", &["prod-1".to_owned(), "prod-2".to_owned()]) {
            Err(Error::Interrupted) => end_as_main_does(),
            chosen => format!("{chosen:?}"),
        },
        "nothing" => {
            println!("planning");
            loop {
                std::thread::park();
            }
        }
        "a run" => {
            prompt::count_interrupts();
            println!("working");
            while prompt::interrupts() == 0 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            format!("interrupted {} time", prompt::interrupts())
        }
        other => panic!("{other}"),
    };
    println!("[answer: {answer}]");
    std::process::exit(0);
}

fn end_as_main_does() -> ! {
    eprintln!("{}", Error::Interrupted);
    std::process::exit(5)
}

#[test]
fn the_name_and_nothing_else_is_consent() {
    for (typed, consent) in [
        ("prod-2", true),
        ("prod-1", false),
        ("", false),
        (" prod-2", false),
        ("prod-2 ", false),
        ("PROD-2", false),
        ("yes", false),
    ] {
        let mut session = on_a_terminal("name");
        session.exp_string(QUESTION).unwrap();
        session.send_line(typed).unwrap();
        session.exp_string(&format!("[answer: Ok({consent})]")).unwrap();
        ends_with(&mut session, 0);
    }
}

#[test]
fn leaving_the_prompt_is_not_consent() {
    let mut session = on_a_terminal("name");
    session.exp_string(QUESTION).unwrap();
    session.send_control('d').unwrap();
    session.exp_string("[answer: Ok(false)]").unwrap();
}

/// Starts a question on a terminal, and types before it is shown. `seen` is what the terminal echoes of that.
fn typed_ahead(question: &str, typed: &str, seen: &str) -> PtySession {
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let mut session = on_a_terminal_with(question, &[("TEST_GO", go.to_str().unwrap())]);
    session.exp_string("planning").unwrap();
    session.send(typed).unwrap();
    session.flush().unwrap();
    session.exp_string(seen).unwrap();
    std::fs::write(&go, "").unwrap();
    // The folder may only go once the program has seen the file.
    session
        .exp_string(if question == "name" { QUESTION } else { "prod-2" })
        .unwrap();
    session
}

#[test]
fn only_input_after_the_question_is_an_answer() {
    // A whole name, several, and the beginning of one that what is typed later would complete.
    for (ahead, seen, then) in [
        ("prod-2\n", "prod-2", "prod-1"),
        ("prod-2\nprod-2\nprod-2\n", "prod-2\r\nprod-2\r\nprod-2", ""),
        ("prod-", "prod-", "2"),
    ] {
        let mut session = typed_ahead("name", ahead, seen);
        session.send_line(then).unwrap();
        session.exp_string("[answer: Ok(false)]").unwrap();
        ends_with(&mut session, 0);

        let mut session = typed_ahead("name", ahead, seen);
        session.send_line("prod-2").unwrap();
        session.exp_string("[answer: Ok(true)]").unwrap();
        ends_with(&mut session, 0);
    }
}

#[test]
fn a_paste_larger_than_the_terminal_buffers_is_not_an_answer() {
    let paste = "prod-2\n".repeat(20_000);
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let mut session = on_a_terminal_with("name", &[("TEST_GO", go.to_str().unwrap())]);
    session.exp_string("planning").unwrap();
    let mut terminal = session.process().get_file_handle().unwrap();
    // The terminal takes more only as what is there is read or discarded.
    let pasting = std::thread::spawn(move || std::io::Write::write_all(&mut terminal, paste.as_bytes()));
    session.exp_string("prod-2").unwrap();
    std::fs::write(&go, "").unwrap();
    session.exp_string(QUESTION).unwrap();
    pasting.join().unwrap().unwrap();
    session.send_line("prod-1").unwrap();
    session.exp_string("[answer: Ok(false)]").unwrap();
    ends_with(&mut session, 0);
}

#[test]
fn nothing_is_chosen_from_a_list_before_it_is_shown() {
    let mut session = typed_ahead("list", " \r", " ");
    session.send("\r").unwrap();
    session.flush().unwrap();
    session.exp_string("nothing is marked").unwrap();
    session.send("\x1b").unwrap();
    session.flush().unwrap();
    session.exp_string("[answer: Ok(None)]").unwrap();
}

#[test]
fn a_name_from_a_pipe_is_not_consent() {
    let mut child = asking("name")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"prod-2\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        stdout.contains("[answer: Err(Refused(NoTerminal { server: \"prod-2\" }))]"),
        "{stdout}"
    );
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("All data"),
        "a question without a terminal to answer it on"
    );
}

#[test]
fn ctrl_c_at_any_prompt_ends_with_5_and_leaves_a_terminal_that_echoes_and_shows_its_cursor() {
    for (question, prompt) in [("name", QUESTION), ("secret", "Passphrase: "), ("list", "prod-2")] {
        let mut session = on_a_terminal(question);
        session.exp_string(prompt).unwrap();
        session.send_control('c').unwrap();
        let shown = ends_with(&mut session, 5);
        assert_eq!(
            shown.matches("interrupted; nothing was changed").count(),
            1,
            "{question}: {shown}"
        );
        // A hidden cursor was shown again after it was last hidden.
        assert!(
            shown.rfind("\x1b[?25h") >= shown.rfind("\x1b[?25l"),
            "{question}: {shown:?}"
        );
        let settings = session.exp_eof().unwrap().replace(['\r', '\n', ';'], " ");
        for setting in [" echo ", " icanon ", " isig "] {
            assert!(settings.contains(setting), "{question}: {setting}: {settings}");
        }
    }
}

#[test]
fn a_passphrase_is_not_echoed() {
    let mut session = on_a_terminal("secret");
    session.exp_string("Passphrase: ").unwrap();
    session.send_line("open sesame").unwrap();
    let before = session.exp_string("[answer: Some(\"open sesame\")]").unwrap();
    assert!(!before.contains("open"), "{before}");
}

#[test]
fn without_a_terminal_no_question_is_asked() {
    for (question, answer) in [("secret", "[answer: None]"), ("list", "[answer: Ok(None)]")] {
        let output = asking(question).stdin(Stdio::null()).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(stdout.contains(answer), "{question}: {stdout}");
    }
}

#[test]
fn servers_are_marked_in_a_list() {
    let mut session = on_a_terminal("list");
    session.exp_string("prod-2").unwrap();
    session.send("\x1b[B \r").unwrap();
    session.flush().unwrap();
    session.exp_string("[answer: Ok(Some([1]))]").unwrap();

    // Enter without a mark says what to do; escape leaves.
    let mut session = on_a_terminal("list");
    session.exp_string("prod-2").unwrap();
    session.send("\r").unwrap();
    session.flush().unwrap();
    session.exp_string("nothing is marked").unwrap();
    session.send("\x1b").unwrap();
    session.flush().unwrap();
    session.exp_string("[answer: Ok(None)]").unwrap();
}

#[test]
fn a_line_that_is_pasted_into_the_list_chooses_nothing() {
    let mut session = on_a_terminal("list");
    session.exp_string("prod-2").unwrap();
    session.send("a --server prod-1 prod-2\r").unwrap();
    session.flush().unwrap();
    session.exp_string("only the arrows").unwrap();
    session.send("\x1b").unwrap();
    session.flush().unwrap();
    session.exp_string("[answer: Ok(None)]").unwrap();
}

#[test]
fn while_nothing_runs_and_nothing_is_asked_ctrl_c_ends_at_once() {
    let mut session = on_a_terminal("nothing");
    session.exp_string("planning").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("interrupted").unwrap();
    ends_with(&mut session, 5);
}

#[test]
fn during_a_run_ctrl_c_is_only_counted() {
    let mut session = on_a_terminal("a run");
    session.exp_string("working").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("[answer: interrupted 1 time]").unwrap();
    ends_with(&mut session, 0);
}
