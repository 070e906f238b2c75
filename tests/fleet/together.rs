//! At the same time, or not: proven by servers that wait for each other, not by clocks.

use crate::infrakt::Infrakt;
use crate::servers::Servers;
use crate::support::ended::Ended;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::process::Child;

/// Each waits until all have come, and fails if they do not.
const RENDEZVOUS: &str = r#"
ssh::run("Meet", `
    touch $SHARED/here-${server.name}
    tries=0
    until [ -e $SHARED/here-a ] && [ -e $SHARED/here-b ]; do
        tries=$((tries + 1)); [ $tries -lt 600 ] || exit 9
        sleep 0.05
    done`);
"#;

#[test]
#[ignore = "needs root and sshd"]
fn two_servers_are_worked_on_at_the_same_time() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    let recipe = infrakt.recipe_for(&servers, "meet.rhai", RENDEZVOUS);

    let ended = infrakt
        .run(&["run", &recipe, "--server", "a", "--server", "b"])
        .exits(0);

    assert!(ended.stdout.contains("2 of 2 done"), "{ended}");
    assert_eq!(infrakt.runs(), ["a done", "b done"]);
}

#[test]
#[ignore = "needs root and sshd"]
fn with_parallel_1_the_next_begins_when_the_one_before_has_ended() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "alone.rhai",
        r#"ssh::run("Be alone", `
            echo begin ${server.name} >>$SHARED/log
            sleep 0.3
            echo end ${server.name} >>$SHARED/log`);"#,
    );

    infrakt.run(&["run", &recipe, "--all", "--parallel", "1"]).exits(0);

    assert_eq!(
        servers.lines("log"),
        ["begin a", "end a", "begin b", "end b", "begin c", "end c"]
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn one_that_fails_does_not_stop_the_others() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    // The others only begin their work when b has failed.
    let recipe = infrakt.recipe_for(
        &servers,
        "one-fails.rhai",
        r#"ssh::run("Work", if server.name == "b" {
            "echo 'no space left' >&2; touch $SHARED/failed; exit 3"
        } else {
            "until [ -e $SHARED/failed ]; do sleep 0.05; done"
        });
        ssh::run("Finish", `touch $SHARED/finished-${server.name}`);"#,
    );

    let ended = infrakt.run(&["run", &recipe, "--tag", "web"]).exits(1);

    assert_eq!(servers.in_shared(), ["failed", "finished-a", "finished-c"]);
    assert!(ended.stderr.contains("\nb: failed     1 Work\n"), "{ended}");
    assert!(
        ended.stderr.contains("\nb:   exit status 3, at one-fails.rhai:"),
        "{ended}"
    );
    assert!(ended.stderr.contains("\nb:   printed | no space left\n"), "{ended}");
    let retry = "Run again on the servers that are not done: infrakt runs retry g1";
    assert!(ended.stdout.contains(retry), "{ended}");
    assert!(ended.stdout.contains("Its output: infrakt runs logs 2"), "{ended}");
    let row = ended.stdout.lines().find(|line| line.starts_with("b       failed"));
    let row = row.expect("a row of b in the table");
    assert!(row.ends_with("step 1 failed: Work: exit status 3"), "{row}");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_run_shows_the_first_line_of_each_command_and_all_of_a_step_that_failed() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "show.rhai",
        r#"ssh::run("Make it", "touch $SHARED/made\ntouch $SHARED/too");
           ssh::run("Break", "echo one\necho two\nexit 7").unless("test -e $SHARED/broken");
           ssh::run("Never", "touch $SHARED/never");"#,
    );
    infrakt.run(&["run", &recipe, "--server", "a"]).exits(1);

    let shown = infrakt.run(&["runs", "show", "1"]).exits(0).stdout;

    for told in [
        "step 2 failed: Break: exit status 7\n",
        "Make it\n      | touch ",
        "  (+1 line)\n",
        "Break\n      exit status 7\n      | echo one\n      | echo two\n      | exit 7\n      unless   test -e ",
        "      place    show.rhai:",
        "Never\n      | touch ",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn with_fail_fast_the_others_stop_after_their_step_and_the_rest_does_not_begin() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "fail-fast.rhai",
        &until_stopped("touch $SHARED/failed; exit 3"),
    );

    let ended = infrakt
        .run(&["run", &recipe, "--all", "--parallel", "2", "--fail-fast"])
        .exits(5);

    assert_eq!(servers.in_shared(), ["failed", "here-a"], "{ended}");
    assert_eq!(infrakt.runs(), ["a interrupted", "b failed", "c interrupted"]);
    for row in [
        "a       interrupted",
        "b       failed",
        "c       skipped",
        "stopped because 'b' failed (--fail-fast)",
        "not started: stopped because 'b' failed (--fail-fast)",
    ] {
        assert!(ended.stdout.contains(row), "{row}: {ended}");
    }
    let shown = infrakt.run(&["runs", "show", "1"]).exits(0);
    assert!(shown.stdout.contains("stopped because 'b' failed"), "{shown}");
    // A run that never had its turn can still be resumed.
    std::fs::write(servers.shared().join("may-finish"), "").expect("a file");
    infrakt.run(&["runs", "resume", "3"]).exits(0);
    assert!(servers.in_shared().contains(&"finished-c".to_owned()));
}

#[test]
#[ignore = "needs root and sshd"]
fn ctrl_c_once_stops_all_after_their_current_step() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b", "c"]);
    let recipe = infrakt.recipe_for(&servers, "stop.rhai", &until_stopped("touch $SHARED/here-b"));

    let child = infrakt.start(&["run", &recipe, "--all", "--parallel", "2"]);
    servers.awaits("here-a");
    servers.awaits("here-b");
    interrupt(&child);
    let ended = Ended::of(child).exits(5);

    assert_eq!(servers.in_shared(), ["here-a", "here-b"], "{ended}");
    assert_eq!(infrakt.runs(), ["a interrupted", "b interrupted", "c interrupted"]);
    assert!(
        ended.stdout.contains("0 of 3 done, 2 interrupted, 1 skipped"),
        "{ended}"
    );
    assert!(ended.stdout.contains("not started: stopped by Ctrl-C"), "{ended}");
    assert!(
        ended
            .stdout
            .contains("infrakt runs retry g1; for one of them: infrakt runs logs ID, infrakt runs resume ID"),
        "{ended}"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn ctrl_c_twice_ends_the_current_step_too() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a", "b"]);
    let recipe = infrakt.recipe_for(
        &servers,
        "endless.rhai",
        r#"ssh::run("Wait", `touch $SHARED/here-${server.name}; sleep 300`);"#,
    );

    let mut child = infrakt.start(&["run", &recipe, "--all"]);
    servers.awaits("here-a");
    servers.awaits("here-b");
    interrupt(&child);
    // Two signals at once would be one.
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    assert!(stderr.any(|line| line.expect("UTF-8").starts_with("stopping after the current steps")));
    interrupt(&child);

    Ended::of(child).exits(5);
    assert_eq!(infrakt.runs(), ["a interrupted", "b interrupted"]);
}

/// On `b` the first step does this; on the others it waits for it. What follows takes longer than a test waits, unless
/// the file `may-finish` is there.
fn until_stopped(on_b: &str) -> String {
    let rest = r#"
        let rest = "[ -e $SHARED/may-finish ] || sleep 0.5";
        for number in 0..60 { ssh::run(`Rest ${number}`, rest); }
        ssh::run("Finish", `touch $SHARED/finished-${server.name}`);"#;
    format!(
        r#"ssh::run("Begin", if server.name == "b" {{
            "until [ -e $SHARED/here-a ]; do sleep 0.05; done; {on_b}"
        }} else {{
            `touch $SHARED/here-${{server.name}}`
        }});
        {rest}"#
    )
}

fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("a process");
    kill_process(pid, Signal::INT).expect("a signal");
}
