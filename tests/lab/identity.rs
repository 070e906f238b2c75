//! infrakt destroys nothing on a machine that it can't recognise.

use crate::infrakt::Infrakt;
use crate::machine::Machine;

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn nothing_is_destroyed_on_a_machine_without_a_machine_id() {
    let machine = Machine::up(&[]);
    machine.root("mkdir -p /opt/infrakt && echo precious >/opt/infrakt/file; cp /etc/machine-id /root/machine-id");
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");\n");
    for nothing in [
        ": >/etc/machine-id",
        "echo >/etc/machine-id",
        "echo uninitialized >/etc/machine-id",
        "rm /etc/machine-id",
    ] {
        machine.root(nothing);
        infrakt
            .run(&["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"])
            .exits(3)
            .says("machine-id");
        assert!(machine.holds("test -e /opt/infrakt/file"), "{nothing}");
        // A plan that destroys nothing needs no identity.
        infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(0);
    }
    machine.root("cp /root/machine-id /etc/machine-id");
    infrakt
        .run(&["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"])
        .exits(0);
    assert!(!machine.holds("test -e /opt/infrakt"));
}
