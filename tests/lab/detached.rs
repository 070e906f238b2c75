//! Runs do not end with the login that has begun them, whatever the server does to what a login leaves behind.

use crate::infrakt::Infrakt;
use crate::machine::Machine;

/// Takes a while, and tells where it runs.
const SLOW: &str = r#"
ssh::run("Slow", "touch /root/began; until [ -e /root/go ]; do sleep 0.05; done; echo slow >>/root/log");
ssh::run("After", "echo after >>/root/log");
"#;

/// sshd no longer listens for new connections. Existing ones stay open until infrakt closes its own to log in again.
const LOCKED_OUT: &str = r#"
ssh::run("Lock all users out", "systemctl stop ssh; echo locked >>/root/log")
    .undo_if_locked_out("systemctl start ssh; echo undone >>/root/log", "3s");
"#;

/// How logind is configured, and what that does to a process that a login leaves behind.
struct Setting {
    lines: &'static str,
    user: &'static str,
    kills: bool,
}

const SETTINGS: [Setting; 3] = [
    Setting {
        lines: "",
        user: "deploy",
        kills: false,
    },
    Setting {
        lines: "KillUserProcesses=yes",
        user: "deploy",
        kills: true,
    },
    Setting {
        lines: "KillUserProcesses=yes\\nKillExcludeUsers=nobody",
        user: "root",
        kills: true,
    },
];

impl Setting {
    fn applies_to(&self, machine: &Machine) {
        machine.root(&format!(
            "mkdir -p /etc/systemd/logind.conf.d
             printf '[Login]\\n{}\\n' >/etc/systemd/logind.conf.d/test.conf
             systemctl restart systemd-logind
             rm -f /root/log /root/began /root/go /tmp/left",
            self.lines
        ));
    }
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_run_outlives_its_login_and_undoes_a_lock_out_whatever_logind_ends() {
    let machine = Machine::up(&["--user", "deploy"]);
    let infrakt = Infrakt::new();
    infrakt.add("as-root", &machine);
    infrakt.add_with("as-deploy", &machine, &["--user", "deploy"]);
    let slow = infrakt.recipe("slow.rhai", SLOW);
    let locked_out = infrakt.recipe("locked-out.rhai", LOCKED_OUT);
    for setting in SETTINGS {
        setting.applies_to(&machine);
        let server = format!("as-{}", setting.user);

        // That the setting does what it is here for.
        machine.ssh(
            setting.user,
            "setsid sh -c 'touch /tmp/left; exec sleep 54321' >/dev/null 2>&1 </dev/null & until [ -e /tmp/left ]; do sleep 0.05; done",
        );
        match setting.kills {
            true => machine.awaits("! pgrep -fx 'sleep 54321'"),
            false => drop(machine.root("pkill -fx 'sleep 54321'")),
        }

        let mut run = infrakt.start(&["run", &slow, "--server", &server]);
        machine.awaits("test -e /root/began");
        let unit = machine.root("systemctl list-units --plain --no-legend 'infrakt-*.scope'");
        assert_eq!(
            unit.lines().count(),
            usize::from(setting.kills || setting.user != "root"),
            "{unit}"
        );
        run.kill().expect("it can be killed");
        run.wait().expect("it has ended");
        machine.awaits("! loginctl list-sessions --no-legend | grep -v manager | grep -q ' user '");
        machine.root("touch /root/go");
        machine.awaits("grep -q after /root/log");
        let newest = infrakt.json(&["runs", "list"])[0]["id"].to_string();
        infrakt.run(&["runs", "resume", &newest]).exits(0);
        assert_eq!(machine.root("cat /root/log"), "slow\nafter", "{}", setting.lines);
        machine.awaits("! systemctl list-units --plain --no-legend 'infrakt-*.scope' | grep .");

        machine.root("rm /root/log");
        infrakt
            .run(&["run", &locked_out, "--server", &server])
            .exits(1)
            .says("so the server undid it");
        assert_eq!(machine.root("cat /root/log"), "locked\nundone", "{}", setting.lines);
        assert!(machine.lets_root_in());
    }

    // Without systemd-run there is still the cgroup itself; without both, nothing that relies on it is begun.
    SETTINGS[1].applies_to(&machine);
    machine.root("mount --bind /dev/null \"$(readlink -f /usr/bin/systemd-run)\"");
    infrakt
        .run(&["run", &locked_out, "--server", "as-deploy"])
        .exits(1)
        .says("so the server undid it");
    machine.root(
        "rm /root/log
         for path in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
             [ ! -e $path/cgroup.procs ] || mount --bind /dev/full $path/cgroup.procs
         done",
    );
    infrakt
        .run(&["run", &locked_out, "--server", "as-deploy"])
        .exits(3)
        .says("kills the processes of a login when")
        .says("systemd-run");
    assert!(!machine.holds("test -e /root/log"));
    assert_eq!(machine.root("find /var/lib/infrakt/spool -type f"), "");
}
