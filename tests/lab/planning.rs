//! Planning changes nothing: what a recipe asks while its plan is made can write no file, still reads the truth, and is
//! shown with the plan.

use crate::infrakt::Infrakt;
use crate::machine::Machine;

/// Writes in ways that no lint knows, in all places where one could write. Prints what failed.
const HAVOC: &str = r#"perl -e '
    for my $path (</srv/*>, </opt/infrakt/backups/*>, </var/lib/docker/volumes/pgdata/_data/*>, </tmp/precious*>, </dev/shm/precious*>, </run/precious/*>) { unlink $path or print "kept $path\n"; }
    for my $path (qw(/etc/new /srv/new /root/new /tmp/new /var/tmp/new /dev/shm/new /run/docker/new /sys/fs/cgroup/new)) { mkdir $path and print "made $path\n"; }
    for my $path (qw(/proc/sys/vm/swappiness /proc/sysrq-trigger)) { open(my $file, ">", $path) and print "opened $path\n"; }
    chmod 0777, "/etc/shadow" and print "changed /etc/shadow\n";
'"#;

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn queries_and_guards_can_write_no_file_still_read_the_truth_and_are_shown() {
    let machine = Machine::up(&["--full", "--user", "ops"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.run(&["server", "update", "prod-2", "--infrakt-host"]).exits(0);
    machine.root(
        "apt-get install -y ufw >/dev/null 2>&1; \
         mkdir -p /run/precious; touch /srv/precious /tmp/precious /dev/shm/precious /run/precious/x /run/some.lock; \
         printf '%s\\n' '#!/bin/sh' 'touch /srv/guarded' >/usr/local/bin/meddle; chmod +x /usr/local/bin/meddle",
    );
    let files = "find /srv /etc /root /tmp /dev/shm /run/precious /opt /var/lib/docker/volumes /usr/local -type f \
                 ! -path '*/.docker/*' -printf '%p %m %T@\\n' | sort";
    let before = (machine.root(files), machine.held_by_docker());

    let havoc = infrakt.recipe(
        "havoc.rhai",
        &format!(
            "//! Writes wherever it can.\n\nlet kept = ssh::query({HAVOC:?});\nprint(kept);\n\
             ssh::run(\"Guarded\", \"true\").unless(\"meddle\").only_if(\"perl -e 'unlink q(/srv/precious)'\");\n"
        ),
    );
    let planned = infrakt.run(&["plan", &havoc, "--server", "prod-2", "--full"]).exits(0);
    assert_eq!((machine.root(files), machine.held_by_docker()), before, "{planned}");
    for path in [
        "/srv/precious",
        "/opt/infrakt/backups/",
        "/tmp/precious",
        "/run/precious/x",
    ] {
        assert!(planned.stderr.contains(&format!("kept {path}")), "{path}: {planned}");
    }
    for word in ["made /", "opened /", "changed /"] {
        assert!(!planned.stderr.contains(word), "{planned}");
    }
    // What ran is shown, with its line, and how.
    let planned = planned.says("havoc.rhai:3").says("for my $path").says("would change");
    assert!(planned.stdout.contains("read-only file systems"), "{planned}");
    let json = infrakt.json(&["plan", &havoc, "--server", "prod-2"]);
    assert_eq!(json["asked"], serde_json::json!({ "read_only": true }));
    assert_eq!(json["queries"][0]["origin"]["line"], 3);

    // Through sudo too.
    infrakt.add_with("as-ops", &machine, &["--user", "ops"]);
    let planned = infrakt.run(&["plan", &havoc, "--server", "as-ops", "--full"]).exits(0);
    assert!(planned.stdout.contains("read-only file systems"), "{planned}");
    assert_eq!((machine.root(files), machine.held_by_docker()), before, "{planned}");

    // What programs that only look say there is what they say elsewhere.
    let looks = [
        "docker ps --format '{{.Names}} {{.State}}' | sort",
        "docker volume ls -q",
        "docker compose version",
        "ufw status verbose",
        "iptables -S | sort | head -n 5",
        "iptables-legacy -S 2>/dev/null",
        "nft list ruleset 2>/dev/null | grep -c chain",
        "systemctl is-active docker ssh",
        "systemctl show -p MainPID docker",
        "sshd -T | grep -x 'port .*'",
        "ss -Hltn | wc -l",
        "apt-get -s install htop | grep -c ^Inst",
        "dpkg --audit; apt-mark showhold",
        "cat /etc/machine-id; hostname; id -u",
        "ls /run | grep -vE '[.]lock$|^infrakt$' | sort",
        "stat -c '%a %U %F' /run/docker.sock /run/precious /tmp /run",
        "readlink /run/shm; test -S /var/run/docker.sock && echo socket",
        "t=$(mktemp) && echo x | sort -T \"${t%/*}\" - && echo sorted",
        "kill -0 1 && pgrep -x dockerd >/dev/null && echo lives",
    ];
    let mut recipe = "//! Looks.\n\n".to_owned();
    for look in looks {
        recipe.push_str(&format!("print(ssh::query({look:?}));\nprint(\"--\");\n"));
    }
    // A step is not kept from writing, and the namespace keeps nothing busy.
    machine.root("mkdir -p /mnt/held && mount -t tmpfs held /mnt/held");
    recipe.push_str(
        "ssh::run(\"Write\", \"echo written >/srv/written; umount /mnt/held; ! grep -sl ' /mnt/held ' /proc/[0-9]*/mountinfo\");\n",
    );
    let looking = infrakt.recipe("looking.rhai", &recipe);
    let said = infrakt.run(&["run", &looking, "--server", "prod-2"]).exits(0).stderr;
    let answers: Vec<&str> = said.split("--\n").collect();
    for (look, answer) in looks.iter().zip(&answers) {
        let here = machine.root(&format!("export PATH=$PATH:/usr/sbin:/sbin; {look}"));
        assert!(answer.contains(&here), "{look}: {answer:?} is not {here:?}");
    }
    assert_eq!(machine.root("cat /srv/written"), "written");
    assert_eq!(infrakt.run(&["runs", "logs", "1"]).exits(0).stdout, "");

    // Where the machine can't, that is said, by the plan and before a run.
    machine.root("chmod a-x /usr/bin/unshare");
    let looking = infrakt.recipe(
        "asking.rhai",
        "ssh::query(\"uname -r\");\nssh::check(\"Look\", \"true\");\n",
    );
    let warning = "its file systems read-only";
    let planned = infrakt
        .run(&["plan", &looking, "--server", "prod-2", "--full"])
        .exits(0);
    assert!(
        planned.stdout.contains(warning) && planned.stdout.contains("unshare"),
        "{planned}"
    );
    assert_eq!(
        infrakt.json(&["plan", &looking, "--server", "prod-2"])["asked"]["read_only"],
        false
    );
    infrakt
        .run(&["run", &looking, "--server", "prod-2"])
        .exits(0)
        .says(warning);
}
