//! Where a wipe would destroy what is not infrakt's, or leave what people take for wiped, it is refused before anything
//! is destroyed.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, RESTART_DOCKER};

const WIPE: [&str; 6] = ["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"];

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn what_is_not_a_plain_directory_or_a_volume_of_its_own_is_refused_before_anything_is_destroyed() {
    let machine = Machine::up(&["--docker"]);
    machine.root(
        "docker volume create pgdata
         mkdir -p /opt/infrakt/backups /srv/elsewhere && touch /srv/elsewhere/precious /opt/infrakt/mine",
    );
    let infrakt = Infrakt::with_prod_2(&machine);
    let before = machine.state();
    let refused_with = |make: &str, said: &str, undo: &str| {
        machine.root(make);
        infrakt.run(&WIPE).exits(3).says(said);
        machine.root(undo);
        assert_eq!(machine.state(), before, "{make}");
    };
    refused_with(
        "mv /opt/infrakt /opt/away; ln -s /srv/elsewhere /opt/infrakt",
        "/opt/infrakt",
        "rm /opt/infrakt; mv /opt/away /opt/infrakt",
    );
    refused_with(
        "mount --bind /srv/elsewhere /opt/infrakt/backups",
        "/opt/infrakt/backups",
        "umount /opt/infrakt/backups",
    );
    refused_with(
        "mount -t tmpfs none /opt/infrakt",
        "/opt/infrakt",
        "umount /opt/infrakt",
    );
    refused_with(
        "docker volume create --opt type=nfs --opt o=addr=192.0.2.1 --opt device=:/exports share",
        "share",
        "docker volume rm share",
    );
    refused_with(
        "docker volume create --opt type=none --opt o=bind --opt device=/srv/elsewhere bound",
        "bound",
        "docker volume rm bound",
    );
    // A volume in memory is Docker's own.
    machine.root("docker volume create --opt type=tmpfs --opt device=tmpfs memory");
    infrakt.run(&WIPE).exits(0);
    assert_eq!(machine.held_by_docker(), [""; 0]);
    assert!(machine.holds("test -e /srv/elsewhere/precious"));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_docker_that_does_not_answer_is_refused() {
    let machine = Machine::up(&["--docker"]);
    machine.root("docker volume create pgdata; mkdir -p /opt/infrakt; systemctl stop docker.socket docker.service");
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt
        .run(&WIPE)
        .exits(3)
        .says("start it on the server: systemctl start docker");
    machine.root("systemctl mask docker.service docker.socket");
    infrakt
        .run(&WIPE)
        .exits(3)
        .says("systemctl unmask docker.service docker.socket");
    machine.root(
        "systemctl unmask docker.service docker.socket; cp /etc/docker/daemon.json /root/
         echo '{\"storage-driver\": \"nonsense\"}' >/etc/docker/daemon.json; ! systemctl start docker",
    );
    infrakt
        .run(&WIPE)
        .exits(3)
        .says("nonsense")
        .says("systemctl restart docker");
    assert!(machine.holds("test -e /opt/infrakt"));
    machine.root(&format!("cp /root/daemon.json /etc/docker/; {RESTART_DOCKER}"));
    assert_eq!(machine.docker("volume ls --quiet"), ["pgdata"]);
    infrakt.run(&WIPE).exits(0);
    assert_eq!(machine.docker("volume ls --quiet"), [""; 0]);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_node_of_a_swarm_does_not_bring_back_what_was_removed() {
    let machine = Machine::up(&["--docker"]);
    machine.root(
        "docker swarm init --advertise-addr 127.0.0.1
         docker volume create pgdata
         docker service create --quiet --name web --replicas 2 --mount type=volume,src=pgdata,dst=/data traefik:v3.7",
    );
    machine.awaits("test \"$(docker ps --quiet --filter status=running | wc -l)\" = 2");
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.run(&WIPE).exits(0);
    assert_eq!(machine.held_by_docker(), [""; 0]);
    assert_eq!(
        machine.root("docker info --format '{{.Swarm.LocalNodeState}}'"),
        "inactive"
    );
}
