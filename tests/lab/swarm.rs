//! A node that other nodes of a swarm need is not wiped; the last one is, and what goes with it is said.

use crate::infrakt::Infrakt;
use crate::machine::Machine;

const WIPE: [&str; 6] = ["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"];

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_manager_that_other_nodes_need_is_refused_and_the_last_node_loses_the_swarm() {
    let [manager, other] = Machine::up_together([&["--docker"], &["--docker"]]);
    let infrakt = Infrakt::with_prod_2(&manager);
    infrakt.add("prod-3", &other);
    manager.root(&format!("docker swarm init --advertise-addr {}", manager.ip));
    let token = |role: &str| manager.root(&format!("docker swarm join-token --quiet {role}"));
    let join = |token: &str| format!("docker swarm join --token {token} {}:2377", manager.ip);
    other.root(&join(&token("manager")));
    let left = "docker swarm leave --force";

    // Of two managers, the one that is left would have no quorum.
    for machine in [&manager, &other] {
        // Docker makes them by itself after a node has joined.
        machine.awaits("docker network inspect ingress docker_gwbridge");
    }
    let state = (manager.state(), other.state());
    infrakt
        .run(&WIPE)
        .exits(3)
        .says("docker node update --availability drain")
        .says("docker node demote");
    assert!((manager.state(), other.state()) == state);
    manager.root("docker node ls");

    // Of one manager and a worker, the worker would have no manager.
    let id = other.root("docker info --format '{{.Swarm.NodeID}}'");
    manager.root(&format!("docker node demote {id}"));
    manager.awaits("test \"$(docker info --format '{{.Swarm.Managers}}')\" = 1");
    infrakt.run(&WIPE).exits(3).says("docker node promote");

    // A worker may leave, and the plan says what that means. The others keep working.
    other.awaits("test \"$(docker info --format '{{.Swarm.ControlAvailable}}')\" = false");
    infrakt
        .run(&["plan", "wipe", "--server", "prod-3", "--full"])
        .exits(0)
        .says("docker node rm");
    infrakt
        .run(&["run", "wipe.rhai", "--server", "prod-3", "--confirm", "prod-3"])
        .exits(0);
    assert_eq!(
        other.root("docker info --format '{{.Swarm.LocalNodeState}}'"),
        "inactive"
    );
    manager.root("docker node ls");

    // A node that is down is still one: until it is removed, it may come back.
    manager.awaits(&format!(
        "docker node ls --format '{{{{.ID}}}} {{{{.Status}}}}' | grep -q '{id} Down'"
    ));
    infrakt.run(&WIPE).exits(3).says(&id);
    manager.root(&format!("docker node rm {id}"));

    // The last node takes the swarm with it.
    manager.root(
        "echo key | docker secret create shop_key -
         echo conf | docker config create shop_conf -
         printf 'services:\\n  web:\\n    image: traefik:v3.7\\n    deploy:\\n      endpoint_mode: dnsrr\\n' >/root/stack.yaml
         docker stack deploy --detach=true --compose-file /root/stack.yaml shop
         docker service create --detach --quiet --name lone traefik:v3.7",
    );
    manager.awaits("test \"$(docker ps --quiet --filter status=running | wc -l)\" = 2");
    let shown = infrakt.run(&["plan", "wipe", "--server", "prod-2", "--full"]).exits(0);
    [
        "1 stack",
        "2 services",
        "shop_web",
        "lone",
        "1 secret",
        "shop_key",
        "1 config",
        "shop_conf",
        "last node",
    ]
    .iter()
    .fold(shown, |shown, said| shown.says(said));
    infrakt.run(&WIPE).exits(0);
    assert_eq!(manager.held_by_docker(), [""; 0]);
    assert_eq!(
        manager.root("docker info --format '{{.Swarm.LocalNodeState}}'"),
        "inactive"
    );
    assert!(other.tries(left).exit != 0);
}
