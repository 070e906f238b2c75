//! What changes on a server while a person reads what would be lost there.

use crate::infrakt::Infrakt;
use crate::machine::Machine;
use crate::terminal::QUESTION;

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_change_between_the_question_and_the_answer_is_seen() {
    let machine = Machine::up(&["--docker"]);
    machine.root("docker volume create pgdata; mkdir -p /opt/infrakt; cp /etc/machine-id /root/machine-id");
    let infrakt = Infrakt::with_prod_2(&machine);
    let wipe = ["run", "wipe.rhai", "--server", "prod-2"];
    let refused_after = |change: &str, said: &str, undo: &str| {
        let mut terminal = infrakt.on_terminal(&wipe);
        terminal.sees(QUESTION);
        machine.root(change);
        terminal.types("prod-2");
        terminal.ends().exits(3).says(said);
        assert!(
            machine.holds("docker volume inspect pgdata && test -e /opt/infrakt"),
            "{change}"
        );
        machine.root(undo);
    };
    refused_after("docker volume create late", "volume late", "docker volume rm late");
    refused_after("docker network create late", "network late", "docker network rm late");
    refused_after(
        "mkdir -p /etc/infrakt; touch /etc/infrakt/host",
        "marker /etc/infrakt/host",
        "rm /etc/infrakt/host",
    );
    refused_after(
        "echo 0123456789abcdef0123456789abcdef >/etc/machine-id",
        "machine-id",
        "cp /root/machine-id /etc/machine-id",
    );
    // The row, too: a user marks it, in another window.
    let mut terminal = infrakt.on_terminal(&wipe);
    terminal.sees(QUESTION);
    infrakt.run(&["server", "update", "prod-2", "--infrakt-host"]).exits(0);
    terminal.types("prod-2");
    terminal.ends().exits(3).says("protected");
    assert!(machine.holds("docker volume inspect pgdata"));
    infrakt
        .run(&["server", "update", "prod-2", "--no-infrakt-host", "--confirm", "prod-2"])
        .exits(0);

    // An app that came meanwhile would be forgotten unseen.
    let mut terminal = infrakt.on_terminal(&wipe);
    terminal.sees(QUESTION);
    infrakt
        .run(&["app", "add", "late", "--server", "prod-2", "--image", "x"])
        .exits(0);
    terminal.types("prod-2");
    terminal.ends().exits(3).says("app late");
    assert_eq!(infrakt.apps(), ["late"]);

    // Something that is gone is no reason.
    machine.root("docker volume create temporary");
    let mut terminal = infrakt.on_terminal(&wipe);
    terminal.sees(QUESTION);
    machine.root("docker volume rm temporary");
    terminal.types("prod-2");
    terminal.ends().exits(0);
    assert_eq!(machine.held_by_docker(), [""; 0]);
}

/// The last moment is when the script that destroys has come to the machine: it looks once more itself.
#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_change_at_any_moment_before_the_first_destroying_step_is_seen() {
    let machine = Machine::up(&[]);
    machine.root("cp /etc/machine-id /root/machine-id");
    let infrakt = Infrakt::with_prod_2(&machine);
    let mark = "mkdir -p /etc/infrakt; touch /etc/infrakt/host";
    let replace = "echo 0123456789abcdef0123456789abcdef >/etc/machine-id";
    // With the facts (1), the second look (2), and the script with the steps (3). Who a machine is, is what the facts say.
    for (change, first) in [(mark, 1), (replace, 2)] {
        // Every script that comes over SSH is counted here before it begins, and the change is made with one of them: they
        // all come to one shell, each with a first line that the others have too.
        let mut moment = first;
        loop {
            machine.root(&format!(
                "cp /root/machine-id /etc/machine-id; rm -rf /etc/infrakt /root/commands
                 mkdir -p /opt/infrakt; touch /opt/infrakt/precious
                 cat >/usr/local/bin/sh <<'EOF'
#!/bin/dash
[ \"$*\" = -s ] || exec /bin/sh \"$@\"
while IFS= read -r line; do
    case $line in
    \"printf 'infrakt %s\\n' ik\"* | 'umask 077')
        echo . >>/root/commands
        if [ \"$(wc -l </root/commands)\" = {moment} ]; then {change}; fi
        ;;
    esac
    printf '%s\\n' \"$line\"
done | exec /bin/sh -s
EOF
                 chmod 755 /usr/local/bin/sh"
            ));
            let ended = infrakt.run(&["run", "wipe", "--server", "prod-2", "--confirm", "prod-2"]);
            if ended.exit == 0 {
                break;
            }
            ended.exits(3);
            assert!(machine.holds("test -e /opt/infrakt/precious"), "{change}");
            moment += 1;
            assert!(moment < 20, "nothing speaks against the wipe any more");
        }
        assert!(moment > 3, "{change}: not seen at moment {moment}");
    }
}
