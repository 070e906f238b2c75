//! Runs under way: steps that fail, two at once, Ctrl-C, and steps that print what no terminal should be shown.

use crate::infrakt::Infrakt;
use crate::machine::Machine;
use crate::support::ended::Ended;
use serde_json::json;

/// Its second step waits until the test lets it continue.
const WAITING: &str = "ssh::run(\"First\", \"touch /root/first\");
ssh::run(\"Wait\", \"touch /root/waiting; sh -c 'while [ ! -e /root/go ]; do sleep 0.05; done' slow-step; touch /root/waited\");
ssh::run(\"Last\", \"touch /root/last\");
";

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_failing_step_is_shown_with_its_output_and_its_line_and_ends_the_run() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe(
        "fails.rhai",
        "ssh::run(\"Prepare\", \"touch /root/prepared\");\n\n\
         ssh::run(\"Break\", \"echo some progress; echo the reason >&2; exit 7\");\n\
         ssh::run(\"Continue\", \"touch /root/continued\");\n",
    );
    infrakt
        .run(&["run", &recipe, "--server", "prod-2"])
        .exits(1)
        .says("Break")
        .says("some progress")
        .says("the reason")
        .says("exit status 7")
        .says("fails.rhai:3")
        .says("infrakt runs logs 1");
    assert!(machine.holds("test -e /root/prepared -a ! -e /root/continued"));
    assert_eq!(infrakt.outcomes("1"), ["changed", "failed", "skipped"]);
    assert_eq!(infrakt.json(&["runs", "show", "1"])["state"], "failed");
    infrakt
        .run(&["runs", "logs", "1", "--step", "2"])
        .exits(0)
        .says("the reason");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn what_is_not_gone_is_not_said_to_be_gone() {
    let machine = Machine::up(&["--docker"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.fill_inventory();
    // A Docker that says that it has removed the volumes, and has not.
    machine.root(
        "docker volume create pgdata
         printf '%s\\n' '#!/bin/sh' 'if [ \"$1 $2\" = \"volume rm\" ]; then exit 0; fi' 'exec /usr/bin/docker \"$@\"' >/usr/local/sbin/docker
         chmod +x /usr/local/sbin/docker",
    );
    let provision = ["run", "provision", "--server", "prod-2", "--confirm", "prod-2"];
    infrakt
        .run(&provision)
        .exits(1)
        .says("No container, image, volume or network is left")
        .says("volume pgdata");
    // Nothing came after the check: neither provisioning nor forgetting the apps.
    assert_eq!(infrakt.apps(), ["blog", "shop", "worker"]);
    assert_eq!(infrakt.env_files(), 3);
    assert!(!machine.holds("docker network inspect infrakt || command -v ufw"));

    machine.root("rm /usr/local/sbin/docker");
    infrakt
        .run(&["run", "wipe", "--server", "prod-2", "--confirm", "prod-2"])
        .exits(0);
    assert_eq!(machine.held_by_docker(), [""; 0]);
    assert_eq!(infrakt.apps(), ["blog"]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn two_runs_at_once_on_a_server_are_one_too_many() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let other = Infrakt::with_prod_2(&machine);
    let (waiting, hello) = (
        infrakt.recipe("waiting.rhai", WAITING),
        infrakt.recipe("hello.rhai", "ssh::run(\"Say hello\", \"touch /root/hello\");\n"),
    );
    let hello = ["run", hello.as_str(), "--server", "prod-2"];
    let first = infrakt.start(&["run", &waiting, "--server", "prod-2"]);
    machine.awaits("test -e /root/waiting");
    infrakt
        .run(&hello)
        .exits(3)
        .says("another run is in progress")
        .says("waiting.rhai");
    // Another installation does not know of the run, but the server does.
    other
        .run(&hello)
        .exits(3)
        .says("another run is in progress")
        .says("waiting.rhai");
    assert!(!machine.holds("test -e /root/hello"));
    machine.root("touch /root/go");
    Ended::of(first).exits(0);
    assert!(machine.holds("test -e /root/last"));
    infrakt.run(&hello).exits(0);
    other.run(&hello).exits(0);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn ctrl_c_once_stops_after_the_step_at_work_and_twice_ends_that_too() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("waiting.rhai", WAITING);
    let run = ["run", &recipe, "--server", "prod-2"];

    let mut terminal = infrakt.on_terminal(&run);
    machine.awaits("test -e /root/waiting");
    terminal.presses_ctrl_c();
    machine.awaits("grep -q stop /var/lib/infrakt/spool/*/order");
    machine.root("touch /root/go");
    terminal.ends().exits(5).says("interrupted");
    assert!(
        machine.holds("test -e /root/waited"),
        "the step at work was not let end"
    );
    assert!(!machine.holds("test -e /root/last"));
    assert_eq!(infrakt.outcomes("1"), ["changed", "changed", "skipped"]);
    assert_eq!(infrakt.json(&["runs", "show", "1"])["state"], "interrupted");

    machine.root("rm /root/go /root/waiting /root/waited");
    let mut terminal = infrakt.on_terminal(&run);
    machine.awaits("test -e /root/waiting");
    terminal.presses_ctrl_c();
    machine.awaits("grep -q stop /var/lib/infrakt/spool/*/order");
    terminal.presses_ctrl_c();
    terminal.ends().exits(5).says("interrupted");
    assert!(!machine.holds("test -e /root/waited || test -e /root/last"));
    // What ends a process does not wait for its end.
    machine.awaits("! pgrep -f 'slow-ste[p]'");
    assert_eq!(infrakt.json(&["runs", "show", "2"])["state"], "interrupted");

    // The server is free again.
    machine.root("touch /root/go");
    infrakt.run(&run).exits(0);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_flood_of_bytes_that_are_no_text_is_followed_in_little_memory() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe(
        "flood.rhai",
        "ssh::run(\"Print invalid UTF-8\", \"printf 'caf\\\\351 \\\\377\\\\n'\");\n\
         ssh::run(\"Flood\", \"head -c 104857600 /dev/zero | tr '\\\\000' '\\\\377'\");\n",
    );
    let mut child = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    // The most that it ever had, as long as it lives to tell: a buffer of all that was printed would not go unseen.
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most = line
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or(most);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Ended::of(child).exits(0);
    assert!(most > 0 && most < 100 * 1024, "{most} kB of memory");
    let logs = infrakt.command(&["runs", "logs", "1", "--step", "1"]).output().unwrap();
    assert_eq!(logs.stdout, b"caf\xe9 \xff\n");
    let logs = infrakt.command(&["runs", "logs", "1", "--step", "2"]).output().unwrap();
    // Of a flood the beginning and the end are kept, and the rest is counted.
    let kept = logs.stdout.iter().filter(|byte| **byte == 0xff).count();
    let said: String = logs
        .stdout
        .iter()
        .filter(|byte| **byte != 0xff)
        .map(|byte| char::from(*byte))
        .collect();
    let left_out = said
        .rsplit("left out ")
        .next()
        .and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    assert!(logs.stdout.len() < 1_100_000, "{}", logs.stdout.len());
    assert_eq!(left_out.map(|left_out| kept + left_out), Some(104_857_600), "{said}");
    assert_eq!(infrakt.json(&["runs", "show", "1"])["state"], json!("done"));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_lost_connection_neither_ends_a_run_nor_repeats_a_step() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let counted = WAITING.replace("touch /root/first", "echo once >>/root/first; echo printed before");
    let recipe = infrakt.recipe("waiting.rhai", &counted);
    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    machine.awaits("test -e /root/waiting");
    // The processes that serve open sessions; the one that takes new connections stays.
    // A session that just ends by itself is no error of this.
    machine.root("pkill -f '^sshd-session: root'");
    machine.root("touch /root/go");
    Ended::of(run).exits(0).says("connection lost");
    assert_eq!(machine.root("cat /root/first"), "once");
    assert!(machine.holds("test -e /root/last"));
    assert_eq!(infrakt.outcomes("1"), ["changed", "changed", "changed"]);
    let logs = infrakt.run(&["runs", "logs", "1"]).exits(0);
    assert_eq!(logs.stdout, "── 1  First\nprinted before\n");
}
