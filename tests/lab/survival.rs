//! Runs that outlive what happens to them: the end of infrakt, of the network, of the server. Whatever it is, the run
//! reaches its end, and no step runs twice.

use crate::infrakt::Infrakt;
use crate::machine::Machine;
use crate::support::ended::Ended;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;

/// Each step adds its line to /root/log; the second one waits until the test lets it continue.
const COUNTED: &str = r#"
ssh::run("First", "echo first >>/root/log; echo printed by the first");
ssh::run("Second", "touch /root/waiting; sh -c 'while [ ! -e /root/go ]; do sleep 0.05; done' slow-step; echo second >>/root/log; echo printed by the second");
db::set_status(server, "half-way");
ssh::run("Third", "echo third >>/root/log; echo printed by the third");
ssh::check("All of it", "cat /root/log");
"#;

/// As when the power of the operator's computer fails, or the operator loses patience with it.
fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it has ended");
}

/// The server goes down without closing any connection, and comes up again.
fn lose_power(machine: &Machine) {
    machine.root(
        "runner=$(cut -d ' ' -f 1 /var/lib/infrakt/spool/*/pid | head -n 1); kill -s KILL -- \"-$runner\"
         # It may be gone with its shell already: pkill ends with 1 where it finds none.
         pkill -9 -f 'slow-ste[p]' || [ $? = 1 ]",
    );
    machine.reboot();
}

fn provision<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [
        &["run", "provision", "--server", "prod-2", "--confirm", "prod-2"],
        words,
    ]
    .concat()
}

/// The machine is set up, by one run of apt.
#[track_caller]
fn assert_set_up_once(machine: &Machine) {
    assert!(machine.holds("ufw status | grep -q 'Status: active' && systemctl is-active docker fail2ban"));
    let installations = machine.root("grep -c '^Install: .*docker.io' /var/log/apt/history.log");
    assert_eq!(installations, "1");
    assert_eq!(
        machine.root("find /var/lib/infrakt/spool -type f"),
        "",
        "records are left"
    );
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_provisioning_whose_infrakt_was_killed_is_resumed_to_its_end() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let run = infrakt.start(&provision(&[]));
    machine.awaits("pgrep -x dpkg");
    kill(run);
    assert_eq!(infrakt.json(&["runs", "show", "1"])["state"], "interrupted");

    infrakt.run(&["runs", "resume", "1"]).exits(0).says("prod-2: done");
    assert_set_up_once(&machine);
    let outcomes = infrakt.outcomes("1");
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome == "changed" || outcome == "no_change"),
        "{outcomes:?}"
    );
    let shown = infrakt.json(&["runs", "show", "1"]);
    assert_eq!(shown["state"], "done");
    let notices = shown["notices"].as_array().expect("notices");
    assert!(
        notices.len() == 1
            && notices[0]
                .as_str()
                .is_some_and(|notice| notice.starts_with("resumed by ")),
        "{notices:?}"
    );
    infrakt
        .run(&["runs", "resume", "1"])
        .exits(2)
        .says("run 1 is done")
        .says("infrakt runs show 1");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_provisioning_continues_while_the_network_is_down_and_is_followed_again() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let mut run = infrakt.start(&provision(&[]));
    let mut said = BufReader::new(run.stderr.take().expect("a pipe"));
    machine.awaits("pgrep -x dpkg");
    machine.cut();
    // A cut cable is not announced by anything: this takes as long as the silence that infrakt puts up with.
    let lost = said
        .by_ref()
        .lines()
        .map(|line| line.expect("a line"))
        .find(|line| line.contains("connection lost"));
    assert!(lost.is_some(), "infrakt has not noticed");
    machine.restore();
    let rest: Vec<String> = said.lines().map(|line| line.expect("a line")).collect();
    Ended::of(run).exits(0).says("prod-2: done");
    assert!(rest.iter().any(|line| line.contains("reconnected")), "{rest:?}");
    assert_set_up_once(&machine);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn steps_that_ran_unseen_are_read_from_the_server_and_not_run_again() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("counted.rhai", COUNTED);
    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    machine.awaits("test -e /root/waiting");
    infrakt.awaits_outcome("1", 0, "changed");
    kill(run);
    assert_eq!(infrakt.json(&["runs", "show", "1"])["state"], "interrupted");

    // The server is still at work for it, and says so to every other client.
    infrakt
        .run(&["run", &recipe, "--server", "prod-2"])
        .exits(3)
        .says("another run is in progress on 'prod-2'");

    machine.root("touch /root/go");
    machine.awaits("grep second /root/log");
    infrakt.run(&["runs", "resume", "1"]).exits(0);
    assert_eq!(machine.root("cat /root/log"), "first\nsecond\nthird");
    assert_eq!(
        infrakt.outcomes("1"),
        ["changed", "changed", "changed", "changed", "no_change"]
    );
    let logs = infrakt.run(&["runs", "logs", "1"]).exits(0);
    for (text, times) in [
        ("printed by the first", 1),
        ("printed by the second", 1),
        ("printed by the third", 1),
    ] {
        assert_eq!(logs.stdout.matches(text).count(), times, "{text}: {logs}");
    }
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn after_a_failed_step_the_run_is_resumed_at_that_step() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe(
        "fragile.rhai",
        r#"ssh::run("First", "echo first >>/root/log");
           ssh::check("Look", "echo looked >>/root/looks");
           ssh::run("Fragile", "test -e /root/mended; echo second >>/root/log");
           ssh::run("Last", "echo third >>/root/log");"#,
    );
    infrakt
        .run(&["run", &recipe, "--server", "prod-2"])
        .exits(1)
        .says("infrakt runs resume 1");
    infrakt.run(&["runs", "resume", "1"]).exits(1);
    machine.root("touch /root/mended");
    // The recipe may say something else by now: what was consented to is what runs.
    std::fs::write(&recipe, "ssh::run(\"Something else\", \"rm /root/log\");").expect("the recipe is altered");
    infrakt.run(&["runs", "resume", "1"]).exits(0);
    assert_eq!(machine.root("cat /root/log"), "first\nsecond\nthird");
    assert_eq!(
        machine.root("grep -c . /root/looks"),
        "3",
        "a check just before is made again"
    );
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_step_that_a_restart_of_the_server_cut_short_is_asked_about() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe(
        "restarted.rhai",
        r#"ssh::run("First", "echo first >>/root/log");
           ssh::run("Second", "echo second >>/root/log; touch /root/waiting; sh -c 'while [ ! -e /root/go ]; do sleep 0.05; done' slow-step");
           ssh::run("Third", "echo third >>/root/log");"#,
    );
    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    machine.awaits("test -e /root/waiting");
    kill(run);
    lose_power(&machine);
    infrakt
        .run(&["runs", "resume", "1"])
        .exits(3)
        .says("step 2 of run 1, 'Second', may or may not have run on 'prod-2'")
        .says("infrakt runs resume 1 --unknown done");
    assert_eq!(infrakt.outcomes("1"), ["changed", "unknown", "none"]);
    assert_eq!(machine.root("cat /root/log"), "first\nsecond");

    let mut terminal = infrakt.on_terminal(&["runs", "resume", "1"]);
    terminal.sees("Did it run?");
    terminal.types("done");
    terminal.ends().exits(0).says("infrakt runs show 1");
    assert_eq!(machine.root("cat /root/log"), "first\nsecond\nthird");
    let steps = &infrakt.json(&["runs", "show", "1"])["steps"];
    assert_eq!(steps[1]["outcome"], "changed");
    assert!(
        steps[1]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("marked as done by"))
    );
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_step_that_may_be_repeated_is_not_asked_about() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe(
        "repeatable.rhai",
        r#"ssh::run("Guarded", "touch /root/waiting; sh -c 'while [ ! -e /root/go ]; do sleep 0.05; done' slow-step; touch /root/made").unless("test -e /root/made");
           ssh::run("Last", "touch /root/last");"#,
    );
    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    machine.awaits("test -e /root/waiting");
    kill(run);
    lose_power(&machine);
    machine.root("touch /root/go");
    infrakt.run(&["runs", "resume", "1"]).exits(0);
    assert_eq!(infrakt.outcomes("1"), ["changed", "changed"]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_resumed_wipe_asks_for_no_new_consent_and_still_proves_that_nothing_is_left() {
    let machine = Machine::up(&["--full"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.fill_inventory();
    // A Docker that takes its time to remove volumes.
    machine.root(
        "printf '%s\\n' '#!/bin/sh' 'if [ \"$1 $2\" = \"volume rm\" ]; then touch /root/waiting; while [ ! -e /root/go ]; do sleep 0.05; done; fi' 'exec /usr/bin/docker \"$@\"' >/usr/local/sbin/docker
         chmod +x /usr/local/sbin/docker",
    );
    let run = infrakt.start(&["run", "wipe", "--server", "prod-2", "--confirm", "prod-2"]);
    machine.awaits("test -e /root/waiting");
    kill(run);
    machine.root("touch /root/go");
    let resumed = infrakt.run(&["runs", "resume", "1"]).exits(0);
    assert!(
        resumed
            .stderr
            .contains("No container, image, volume or network is left"),
        "{resumed}"
    );
    assert_eq!(machine.held_by_docker(), [""; 0]);
    assert_eq!(infrakt.apps(), ["blog"]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_wipe_is_not_resumed_over_what_was_set_up_since() {
    let machine = Machine::up(&["--docker"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    machine.root("docker volume create first");
    // It fails before anything is removed.
    let recipe = infrakt.recipe(
        "own-wipe.rhai",
        r#"confirm::destroy(server.name);
           ssh::run("Fragile", "test -e /root/mended");
           ssh::destroy("Remove the volumes", "docker volume ls -q | xargs -r docker volume rm");"#,
    );
    infrakt
        .run(&["run", &recipe, "--server", "prod-2", "--confirm", "prod-2"])
        .exits(1);
    machine.root("touch /root/mended; docker volume create second");
    infrakt
        .run(&["runs", "resume", "1"])
        .exits(3)
        .says("more data would be deleted than the plan shows: volume second");
    machine.root("docker volume rm second");

    // Another run on the machine ends the consent too.
    let hello = infrakt.recipe("hello.rhai", "ssh::run(\"Say hello\", \"true\");");
    infrakt.run(&["run", &hello, "--server", "prod-2"]).exits(0);
    infrakt
        .run(&["runs", "resume", "1"])
        .exits(3)
        .says("there is no terminal to type its name on");
    assert_eq!(machine.docker("volume ls -q"), ["first"]);
    infrakt.run(&["runs", "resume", "1", "--confirm", "prod-2"]).exits(0);
    assert_eq!(machine.docker("volume ls -q"), [""; 0]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_run_is_not_resumed_on_another_machine_at_the_same_address() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("fails.rhai", "ssh::run(\"Fail\", \"false\");");
    infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(1);
    machine.root("echo 0123456789abcdef0123456789abcdef >/etc/machine-id");
    infrakt
        .run(&["runs", "resume", "1"])
        .exits(3)
        .says("another machine answers there");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_refused_run_names_the_lock_holder_and_can_end_the_lock() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let other = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("counted.rhai", COUNTED);
    let run = infrakt.start(&["run", &recipe, "--server", "prod-2"]);
    machine.awaits("test -e /root/waiting");
    other
        .run(&["server", "unlock", "prod-2"])
        .exits(3)
        .says("run 1 of counted.rhai by ")
        .says("now in step 2 is in progress on 'prod-2'")
        .says("--confirm prod-2");
    other
        .run(&["server", "unlock", "prod-2", "--confirm", "prod-3"])
        .exits(3);
    assert!(machine.holds("pgrep -f 'slow-ste[p]'"), "it was ended without the name");

    other
        .run(&["server", "unlock", "prod-2", "--confirm", "prod-2"])
        .exits(0)
        .says("ended on 'prod-2': run 1 of counted.rhai by ");
    // What ends a process does not wait for its end.
    machine.awaits("! pgrep -f 'slow-ste[p]'");
    // Its own infrakt knows how it ended.
    Ended::of(run).exits(1);
    assert_eq!(
        infrakt.outcomes("1"),
        ["changed", "failed", "skipped", "skipped", "skipped"]
    );
    other
        .run(&["server", "unlock", "prod-2"])
        .exits(0)
        .says("no run is in progress on 'prod-2'");
    machine.root("touch /root/go");
    infrakt.run(&["runs", "resume", "1"]).exits(0);
    assert_eq!(machine.root("cat /root/log"), "first\nsecond\nthird");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn what_locks_infrakt_out_is_undone_by_the_server_itself() {
    let machine = Machine::up(&["--docker"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let run = |name: &str, change: &str, undo: &str| {
        let recipe = infrakt.recipe(
            name,
            &format!(
                "ssh::run(\"Lock out\", `{change}`).undo_if_locked_out(`{undo}`, \"5s\");\n\
                 ssh::run(\"After\", \"touch /root/after\");\n"
            ),
        );
        ["run".to_owned(), recipe, "--server".to_owned(), "prod-2".to_owned()]
    };
    let firewall = run(
        "firewall.rhai",
        "touch /root/closed; iptables -I INPUT -p tcp --dport 22 --syn -j DROP",
        "iptables -D INPUT -p tcp --dport 22 --syn -j DROP",
    );
    let sshd = run(
        "sshd.rhai",
        // A reload returns before sshd has read its files.
        "echo AllowUsers nobody >/etc/ssh/sshd_config.d/99-closed.conf; systemctl restart ssh",
        "rm /etc/ssh/sshd_config.d/99-closed.conf; systemctl restart ssh",
    );
    for recipe in [&firewall, &sshd] {
        let words: Vec<&str> = recipe.iter().map(String::as_str).collect();
        infrakt
            .run(&words)
            .exits(1)
            .says("no new login worked in time, so the server undid it");
        assert!(machine.lets_root_in());
    }
    // Also if no client waits for it.
    let words: Vec<&str> = firewall.iter().map(String::as_str).collect();
    machine.root("rm /root/closed");
    let run = infrakt.start(&words);
    machine.awaits("test -e /root/closed");
    kill(run);
    machine.awaits("! iptables -C INPUT -p tcp --dport 22 --syn -j DROP");
    infrakt
        .run(&["runs", "resume", "3"])
        .exits(1)
        .says("so the server undid it");
    assert!(!machine.holds("test -e /root/after"));

    let harmless = infrakt.recipe(
        "harmless.rhai",
        "ssh::run(\"Restart sshd\", \"systemctl restart ssh\").undo_if_locked_out(\"touch /root/undone\");\n\
         ssh::run(\"After\", \"touch /root/proven\");\n",
    );
    infrakt.run(&["run", &harmless, "--server", "prod-2"]).exits(0);
    assert!(machine.holds("test -e /root/proven -a ! -e /root/undone"));
}
