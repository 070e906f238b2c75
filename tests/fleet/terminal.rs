//! A person at a terminal (a pseudo-terminal) with several servers.

use crate::infrakt::Infrakt;
use crate::servers::Servers;
use crate::support::terminal;
use rexpect::session::PtySession;

fn on_a_terminal(infrakt: &Infrakt, words: &[&str]) -> PtySession {
    let mut command = infrakt.command(words);
    // A capable terminal, regardless of the terminal that runs the tests.
    command.env("TERM", "xterm");
    terminal::on_a_terminal(command)
}

/// Waits for the end; gives what was seen until then.
#[track_caller]
fn ends(session: PtySession, exit: i32) -> String {
    terminal::ended(session).exits(exit).stderr
}

fn question(server: &str) -> String {
    format!("All data on '{server}' will be destroyed. Type the server name to confirm: ")
}

#[test]
#[ignore = "needs root and sshd"]
fn a_person_is_asked_everything_at_the_beginning_and_once() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    let key = servers.encrypted_key("open sesame");
    for server in ["a", "b", "c"] {
        let key = key.to_str().expect("UTF-8");
        infrakt.run(&["server", "update", server, "--key", key]).exits(0);
    }
    let recipe = infrakt.recipe_for(
        &servers,
        "ask.rhai",
        r#"ssh::destroy("Destroy", `echo ${server.name} $TOKEN >>$SHARED/log`).env("TOKEN", secret("TOKEN"));"#,
    );

    let mut session = on_a_terminal(&infrakt, &["run", &recipe, "--all"]);
    session.exp_string("Passphrase for key").expect("a question");
    session.send_line("open sesame").expect("an answer");
    for server in ["a", "b", "c"] {
        session.exp_string(&question(server)).expect("a question");
        assert_eq!(servers.in_shared(), [""; 0], "nothing may run before all is asked");
        session.send_line(server).expect("an answer");
    }
    session.exp_string("Secret TOKEN for 3 servers: ").expect("a question");
    session.send_line("t0ken").expect("an answer");
    let seen = ends(session, 0);

    assert!(seen.contains("3 of 3 done"), "{seen}");
    assert!(
        !seen.contains("Passphrase") && !seen.contains("Secret TOKEN"),
        "asked twice: {seen}"
    );
    let mut log = servers.lines("log");
    log.sort();
    assert_eq!(log, ["a t0ken", "b t0ken", "c t0ken"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn a_user_without_the_passphrase_is_not_asked_again_for_every_server() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    let key = servers.encrypted_key("open sesame");
    for server in ["a", "b", "c"] {
        let key = key.to_str().expect("UTF-8");
        infrakt.run(&["server", "update", server, "--key", key]).exits(0);
    }
    let recipe = infrakt.recipe_for(&servers, "touch.rhai", "ssh::run(\"Touch\", \"true\");");

    let mut session = on_a_terminal(&infrakt, &["run", &recipe, "--all"]);
    session.exp_string("Passphrase for key").expect("a question");
    session.send_line("").expect("no answer");
    let seen = ends(session, 4);

    assert!(!seen.contains("Passphrase for key"), "asked again: {seen}");
    assert!(seen.contains("0 of 3 done, 3 unreachable"), "{seen}");
}

#[test]
#[ignore = "needs root and sshd"]
fn another_name_typed_for_one_of_them_keeps_all_from_beginning() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "destroy.rhai",
        "ssh::destroy(\"Destroy\", `touch $SHARED/${server.name}`);",
    );

    let mut session = on_a_terminal(&infrakt, &["run", &recipe, "--all"]);
    session.exp_string(&question("a")).expect("a question");
    session.send_line("a").expect("an answer");
    session.exp_string(&question("b")).expect("a question");
    session.send_line("a").expect("an answer");
    let seen = ends(session, 3);

    assert!(seen.contains("the name typed for 'b' did not match"), "{seen}");
    assert_eq!((servers.in_shared(), infrakt.runs()), (vec![], vec![]));
}

#[test]
#[ignore = "needs root and sshd"]
fn a_name_that_was_typed_before_its_question_consents_to_nothing() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "destroy.rhai",
        "ssh::destroy(\"Destroy\", `touch $SHARED/${server.name}`);",
    );
    let plan = infrakt.home().join("a.plan");
    let plan = plan.to_str().expect("UTF-8");
    infrakt.run(&["plan", &recipe, "--server", "a", "--out", plan]).exits(0);

    // Both names at once: the second one is there before its question is shown.
    let mut session = on_a_terminal(&infrakt, &["run", &recipe, "--all"]);
    session.exp_string(&question("a")).expect("a question");
    session.send_line("a\nb").expect("an answer");
    session.exp_string(&question("b")).expect("a question");
    session.send_line("no").expect("an answer");
    ends(session, 3);

    // One server, and a plan that was saved; the name is typed while the server is still asked.
    for words in [&["run", &recipe, "--server", "a"][..], &["apply", plan]] {
        let mut command = std::process::Command::new("sh");
        let infrakt_command = infrakt.command(words);
        command
            .args(["-c", "read go; exec \"$0\" \"$@\""])
            .arg(infrakt_command.get_program())
            .args(infrakt_command.get_args())
            .env("TERM", "xterm")
            .envs(
                infrakt_command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let mut session = terminal::on_a_terminal(command);
        session.send_line("go\na\na").expect("input");
        session.exp_string(&question("a")).expect("a question");
        session.send_line("no").expect("an answer");
        ends(session, 3);
    }
    assert_eq!((servers.in_shared(), infrakt.runs()), (vec![], vec![]));
}

#[test]
#[ignore = "needs root and sshd"]
fn while_they_run_each_has_a_line_with_its_step() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "watched.rhai",
        r#"ssh::run("First", "true");
        ssh::run("Wait to be seen", "until [ -e $SHARED/seen ]; do sleep 0.05; done");"#,
    );

    let mut session = on_a_terminal(&infrakt, &["run", &recipe, "--all"]);
    // Whichever comes first, in lines of their own or drawn over one another.
    session
        .exp_regex(r"(?s)(a  2/2 Wait.*b  2/2 Wait|b  2/2 Wait.*a  2/2 Wait)")
        .expect("both lines");
    session.exp_string("0/2 done, 2 running").expect("the last line");
    std::fs::write(servers.shared().join("seen"), "").expect("a file");

    assert!(ends(session, 0).contains("2 of 2 done"));
}
