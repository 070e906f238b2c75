//! What is known of a machine is what it is, whatever someone there calls things.

use crate::infrakt::Infrakt;
use crate::machine::Machine;

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn names_with_line_breaks_and_tabs_change_no_fact() {
    let machine = Machine::up(&["--docker"]);
    machine.root("mkdir -p /etc/infrakt /opt/infrakt && touch /etc/infrakt/host");
    let infrakt = Infrakt::with_prod_2(&machine);
    let before = infrakt.json(&["facts", "prod-2"]);
    assert_eq!(before["marker"], true);
    let forged = "x\nmarker\tno\nmachine_id\t0123456789abcdef0123456789abcdef\n\nend\n";
    machine.root(&format!(
        "name=$(printf '{forged}.')
         docker network create \"$name\"
         mkdir \"/opt/infrakt/$name\" && mount -t tmpfs none \"/opt/infrakt/$name\""
    ));
    let mut after = infrakt.json(&["facts", "prod-2"]);
    let name = format!("{forged}.");
    assert_eq!(after["docker"]["networks"][0]["name"], name);
    assert_eq!(after["opt_infrakt"]["mounts"][0], format!("/opt/infrakt/{name}"));
    assert_eq!(after["opt_infrakt"]["entries"][0]["path"], name);
    // The network has an address, and free space changes by itself.
    for what in ["docker", "opt_infrakt", "addresses", "disks"] {
        after[what] = before[what].clone();
    }
    assert_eq!(after, before);
    machine.root("umount /opt/infrakt/*");
    infrakt
        .run(&["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"])
        .exits(3)
        .says("the marker /etc/infrakt/host");
}
