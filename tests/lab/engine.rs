//! Destructive steps use the engine that answers on Docker's socket: it must be the machine's own.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, RESTART_DOCKER, key};
use std::path::Path;

const WIPE: [&str; 6] = ["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"];

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_wipe_does_not_reach_another_machine_through_dockers_socket() {
    // One has its engine's id in a file, the other in a key.
    let [victim, machine] = Machine::up_together([&["--full", "--release", "bookworm"], &["--docker"]]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.add("victim", &victim);
    infrakt.run(&["server", "update", "victim", "--infrakt-host"]).exits(0);
    let before = victim.state();
    let nothing_happened = || assert!(victim.state() == before);
    machine.copy(Path::new(&key()), "/root/key");
    let recipe = infrakt.recipe(
        "clean.rhai",
        "ssh::destroy(\"Remove all containers\", \"docker ps -aq | xargs -r docker rm -f\");\n",
    );
    let clean = ["run", &recipe, "--server", "prod-2", "--confirm", "prod-2"];
    let refused = |by: &str| {
        infrakt.run(&WIPE).exits(3).says("not proven to be").says(by);
        infrakt
            .run(&clean)
            .exits(3)
            .says("not proven to be")
            .says("it has the Docker engine of the protected server 'victim'");
        nothing_happened();
    };

    // Forwarded over SSH, with the machine's own engine stopped, and with it running under the very same path.
    let forward = format!(
        "rm -f /run/docker.sock
         setsid ssh -i /root/key -fnNT -o StrictHostKeyChecking=no -o ExitOnForwardFailure=yes -L /run/docker.sock:/run/docker.sock root@{} >/dev/null 2>&1
         docker ps --format '{{{{.Names}}}}' | grep -q stubborn",
        victim.ip
    );
    // A daemon that gets a signal removes the socket, which may be another daemon's by then, so wait for its end.
    let end = "there=yes
         while [ -n \"$there\" ]; do
             there=''
             for dir in /proc/[0-9]*; do
                 if [ \"$(readlink $dir/exe)\" = /usr/bin/ssh ]; then there=yes; kill \"${dir#/proc/}\" 2>/dev/null; sleep 0.1; fi
             done
         done";
    machine.root(&format!("systemctl stop docker.socket docker.service; {forward}"));
    refused("ssh (process");
    // What was proven for the plan is proven again by the script that destroys.
    machine.root(&format!("{end}\nrm -f /run/docker.sock; {RESTART_DOCKER}"));
    let plan = infrakt.path("plan.json");
    infrakt
        .run(&["plan", "wipe", "--server", "prod-2", "--out", &plan])
        .exits(0);
    machine.root(&forward);
    infrakt
        .run(&["apply", &plan, "--confirm", "prod-2"])
        .exits(3)
        .says("not proven to be");
    refused("ssh (process");
    machine.root(&format!(
        "{end}\nsystemctl stop docker.socket docker.service; rm -f /run/docker.sock; {RESTART_DOCKER}"
    ));

    // The engine of the machine itself is proven, on every release.
    infrakt.run(&WIPE).exits(0);
    nothing_happened();
    infrakt
        .run(&["server", "update", "victim", "--no-infrakt-host", "--confirm", "victim"])
        .exits(0);
    infrakt
        .run(&["run", "wipe.rhai", "--server", "victim", "--confirm", "victim"])
        .exits(0);
    assert_eq!(victim.held_by_docker(), [""; 0]);
}
