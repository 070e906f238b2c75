//! A protected server is never wiped, whatever is tried: not by flag, recipe or second row, not after its row was
//! removed, not from another installation, and not by the infrakt that runs on it.

use crate::infrakt::Infrakt;
use crate::machine::Machine;
use std::path::Path;

const WIPE: [&str; 6] = ["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"];
const MARK: [&str; 4] = ["server", "update", "prod-2", "--infrakt-host"];

/// A machine with little on it, but something that a wipe would take.
fn machine() -> Machine {
    let machine = Machine::up(&[]);
    machine.root("mkdir -p /opt/infrakt/backups && echo precious >/opt/infrakt/backups/shop.sql");
    machine
}

fn is_whole(machine: &Machine) -> bool {
    machine.holds("test \"$(cat /opt/infrakt/backups/shop.sql)\" = precious")
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_protected_server_is_provisioned_on_top_of_what_is_there_and_never_wiped() {
    let machine = Machine::up(&["--full"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.fill_inventory();
    infrakt.run(&MARK).exits(0);
    assert!(
        machine.holds("test -s /etc/infrakt/host"),
        "nothing tells other installations"
    );
    let held = machine.held_by_docker();
    let volumes = machine.root("find /var/lib/docker/volumes -type f ! -name metadata.db -exec sha256sum {} +");

    let before = machine.state();
    infrakt.run(&WIPE).exits(3).says("protected");
    infrakt
        .run(&["server", "wipe", "prod-2", "--confirm", "prod-2"])
        .exits(3)
        .says("protected");
    // infrakt does not ask for the name if it would refuse anyway.
    let terminal = infrakt.on_terminal(&WIPE[..4]);
    terminal
        .ends()
        .exits(3)
        .says("protected")
        .keeps_silent_about("Type the server name");
    assert_eq!(machine.state(), before);

    infrakt
        .run(&["run", "provision.rhai", "--server", "prod-2"])
        .exits(0)
        .says("protected");
    let now = machine.held_by_docker();
    for thing in held {
        assert!(now.contains(&thing), "{thing} is gone");
    }
    assert_eq!(
        machine.root("find /var/lib/docker/volumes -type f ! -name metadata.db -exec sha256sum {} +"),
        volumes
    );
    assert!(machine.holds("test -e /opt/infrakt/backups/shop-2026-07-01.sql.gz"));
    assert!(now.contains(&"container traefik".to_owned()) && machine.holds("ufw status | grep -qx 'Status: active'"));
    assert_eq!(infrakt.apps(), ["blog", "shop", "worker"]);
    assert_eq!(infrakt.env_files(), 3);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn nothing_gets_round_the_protection_but_its_name_typed() {
    let machine = machine();
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.run(&MARK).exits(0);

    // A recipe of one's own.
    let recipe = infrakt.recipe(
        "raze.rhai",
        "confirm::destroy(server.name);\nssh::destroy(\"Raze\", \"rm -rf /opt/infrakt\");\n",
    );
    let raze = ["run", &recipe, "--server", "prod-2", "--confirm", "prod-2"];
    infrakt.run(&raze).exits(3).says("protected");

    // A second row for the machine, with an unprotected name.
    infrakt.add("spare", &machine).says("'spare' is protected");
    let wipe_spare = ["run", "wipe", "--server", "spare", "--confirm", "spare"];
    infrakt
        .run(&wipe_spare)
        .exits(3)
        .says("of the protected server 'prod-2'");
    // Clearing a flag that the second row never had takes nothing from the first, nor from the machine.
    infrakt
        .run(&["server", "update", "spare", "--no-infrakt-host", "--confirm", "spare"])
        .says("of the protected server 'prod-2'");
    assert!(machine.holds("test -s /etc/infrakt/host"));
    infrakt
        .run(&wipe_spare)
        .exits(3)
        .says("of the protected server 'prod-2'");

    // Another installation, which knows of the machine only what stands on it.
    let other = Infrakt::with_prod_2(&machine);
    other.run(&WIPE).exits(3).says("marker /etc/infrakt/host");
    // It can't lift the protection either: it never marked the machine, and when it does, the marker is not its own.
    let unmark = ["server", "update", "prod-2", "--no-infrakt-host", "--confirm", "prod-2"];
    other
        .run(&unmark)
        .exits(0)
        .says("a marker /etc/infrakt/host on the machine stays");
    other.run(&MARK).exits(0);
    other.run(&unmark).exits(0).says("another installation");
    other.run(&WIPE).exits(3).says("marker /etc/infrakt/host");
    // All of this was known before any run began.
    for installation in [&infrakt, &other] {
        assert_eq!(installation.json(&["runs", "list"]), serde_json::json!([]));
    }

    // A user removes the marker, and then the row, for which the name must be typed.
    machine.root("rm /etc/infrakt/host");
    infrakt
        .run(&["server", "remove", "prod-2"])
        .exits(3)
        .says("--confirm prod-2");
    let mut terminal = infrakt.on_terminal(&["server", "remove", "prod-2"]);
    terminal.sees("Type the server name to confirm: ");
    terminal.types("prod-2");
    terminal.ends().exits(0);
    infrakt.run(&wipe_spare).exits(3).says("removed since");
    infrakt.add("prod-2", &machine).says("is protected");
    infrakt.run(&WIPE).exits(3).says("removed since");
    // Neither a new machine-id nor a new host key alone makes it another machine.
    machine.root("echo 0123456789abcdef0123456789abcdef >/etc/machine-id");
    infrakt.run(&WIPE).exits(3).says("host key");
    assert!(is_whole(&machine));

    // What lifts it.
    let lift = ["server", "update", "prod-2", "--no-infrakt-host"];
    infrakt.run(&lift).exits(3).says("--confirm prod-2");
    let mut terminal = infrakt.on_terminal(&lift);
    terminal.sees("Type the server name to confirm: ");
    terminal.types("prod-1");
    terminal.ends().exits(3);
    infrakt.run(&WIPE).exits(3);
    assert!(is_whole(&machine));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_server_whose_flag_was_cleared_with_its_name_typed_can_be_wiped_again() {
    let machine = machine();
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.run(&MARK).exits(0);
    infrakt.run(&WIPE).exits(3);
    let mut terminal = infrakt.on_terminal(&["server", "update", "prod-2", "--no-infrakt-host"]);
    terminal.sees("Type the server name to confirm: ");
    terminal.types("prod-2");
    terminal.ends().exits(0);
    assert!(!machine.holds("test -e /etc/infrakt/host"));
    infrakt.run(&WIPE).exits(0);
    assert!(!machine.holds("test -e /opt/infrakt"));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn an_infrakt_never_wipes_the_machine_that_it_runs_on() {
    let machine = machine();
    machine.copy(Path::new(env!("CARGO_BIN_EXE_infrakt")), "/usr/local/bin/infrakt");
    machine.root("ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519; cat /root/.ssh/id_ed25519.pub >>/root/.ssh/authorized_keys");
    let here = |wrapper: &str, home: &str| {
        machine.root(&format!(
            "export INFRAKT_HOME={home}
             {wrapper} sh -c '
                infrakt server add here --host 127.0.0.1 --key /root/.ssh/id_ed25519
                infrakt run wipe.rhai --server here --confirm here
                echo \"exit $?\"
             ' 2>&1"
        ))
    };
    let said = here("", "/root/first");
    assert!(said.ends_with("exit 3") || said.contains("exit 3\n"), "{said}");
    for reason in [
        "this infrakt runs on it",
        "the machine-id of this computer",
        "a host key of this computer",
    ] {
        assert!(said.contains(reason), "{said}");
    }
    assert!(is_whole(&machine));

    // In a container of its own, as it were, with another machine-id and without the machine's host keys: all that is
    // left to recognise it by is the running process.
    machine.root(
        "cat >/usr/local/bin/contained <<'SH'
#!/bin/sh -eu
echo 0123456789abcdef0123456789abcdef >/tmp/machine-id
mount --bind /tmp/machine-id /etc/machine-id
mount -t tmpfs none /etc/ssh
\"$@\"
#!/bin/sh -eu
echo 0123456789abcdef0123456789abcdef >/tmp/machine-id
mount --bind /tmp/machine-id /etc/machine-id
mount -t tmpfs none /etc/ssh
\"$@\"
SH
         chmod +x /usr/local/bin/contained",
    );
    let said = here("unshare --mount --pid --fork --mount-proc contained", "/root/second");
    assert!(said.contains("exit 3"), "{said}");
    assert!(said.contains("never wiped: this infrakt runs on it"), "{said}");
    assert!(is_whole(&machine));
}
