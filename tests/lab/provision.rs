//! The main job: a server is wiped after its name was typed, and provisioned.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, RESTART_DOCKER};
use crate::terminal::QUESTION;

const PROVISION: [&str; 4] = ["run", "provision.rhai", "--server", "prod-2"];

/// What every provisioned server must look like, from outside.
fn assert_provisioned(machine: &Machine) {
    assert_eq!(
        machine.docker("ps --all --format '{{.Names}} {{.Image}} {{.State}}'"),
        ["traefik traefik:v3.7 running"]
    );
    assert_eq!(
        machine.held_by_docker(),
        ["container traefik", "image traefik:v3.7", "network infrakt"]
    );
    let firewall = machine.root("ufw status");
    assert!(firewall.contains("Status: active"), "{firewall}");
    for port in [machine.port, 80, 443] {
        assert!(
            machine.holds(&format!("ufw status | grep -qE '^{port}/tcp +ALLOW'")),
            "{firewall}"
        );
    }
    assert!(machine.holds("fail2ban-client status sshd"));
    assert!(machine.holds("systemctl is-enabled docker fail2ban"));
    // Nothing is left that would open the firewall again.
    machine.awaits("! pgrep -f [/]var/lib/infrakt/spool");
    assert_eq!(machine.root("ls -A /opt/infrakt"), "apps\nbackups\ntraefik");
    assert_eq!(
        machine.root("cd /opt/infrakt && find . -type f | sort"),
        "./traefik/compose.yaml\n./traefik/letsencrypt/acme.json\n./traefik/traefik.yaml"
    );
    assert_eq!(
        machine.root("stat -c '%a %U' /opt/infrakt/traefik/letsencrypt/acme.json"),
        "600 root"
    );
    // No record of the run, which held the steps, stays on the server.
    assert_eq!(machine.root("ls -A /var/lib/infrakt/spool"), "");
    assert!(machine.lets_root_in());
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_full_server_is_wiped_and_provisioned_once_its_name_was_typed_and_not_before() {
    let machine = Machine::up(&["--full"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.fill_inventory();
    let before = machine.state();
    let untouched = || {
        assert_eq!(machine.state(), before);
        assert_eq!(infrakt.apps(), ["blog", "shop", "worker"]);
        assert_eq!(infrakt.env_files(), 3);
        assert_eq!(infrakt.json(&["runs", "list"]), serde_json::json!([]));
    };

    // A name that is piped in was not typed by a person.
    infrakt
        .run_with(&PROVISION, "prod-2\n")
        .exits(3)
        .says("nothing was destroyed")
        .says("--confirm prod-2");
    untouched();
    infrakt
        .run(&[&PROVISION[..], &["--confirm", "prod-1"]].concat())
        .exits(3)
        .says("nothing was destroyed");
    untouched();

    for answer in ["prod-1", "PROD-2", "prod-2 ", "yes", ""] {
        let mut terminal = infrakt.on_terminal(&PROVISION);
        terminal.sees(QUESTION);
        terminal.types(answer);
        terminal.ends().exits(3).says("nothing was destroyed");
    }
    untouched();
    let mut terminal = infrakt.on_terminal(&PROVISION);
    terminal.sees(QUESTION);
    terminal.presses_ctrl_c();
    terminal.ends().exits(5);
    untouched();

    let mut terminal = infrakt.on_terminal(&PROVISION);
    terminal.sees(QUESTION);
    terminal.types("prod-2");
    let mut ended = terminal.ends().exits(0);
    // All that was there to lose was named before.
    for lost in [
        "6 containers",
        "stubborn",
        "pgdata",
        "4.2 MB",
        "shop_jobs",
        "shop/web:1.5",
        "backend",
        "with 3 backups",
        "2 apps",
        "2 env files",
    ] {
        ended = ended.says(lost);
    }
    ended.keeps_silent_about("blog");
    assert_provisioned(&machine);
    assert_eq!(infrakt.apps(), ["blog"]);
    assert_eq!(infrakt.env_files(), 1);
    let value = infrakt.run(&["env", "get", "blog", "DATABASE_URL"]).exits(0);
    assert_eq!(value.stdout.trim(), "postgres://db/shop");
    assert_eq!(infrakt.store().deployments("blog").unwrap().len(), 1);
    assert_eq!(infrakt.json(&["server", "show", "prod-2"])["status"], "provisioned");
    let run = infrakt.json(&["runs", "show", "1"]);
    assert_eq!(
        (&run["state"], &run["consent"]["how"]),
        (&"done".into(), &"typed".into())
    );

    // Again, and everything is in place.
    let provisioned = machine.state();
    for words in [
        &["server", "provision", "prod-2", "--keep-data"][..],
        &["run", "provision", "--server", "prod-2", "--set", "keep_data=true"],
    ] {
        infrakt
            .run(words)
            .exits(0)
            .says("Nothing had to be changed.")
            .keeps_silent_about("changed   ");
    }
    assert_eq!(machine.state(), provisioned);
    assert!(!infrakt.outcomes("3").contains(&"changed".to_owned()));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_server_without_docker_is_provisioned_with_its_name_on_the_command_line() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    // What the server sets for Docker and Compose is for others.
    machine.root(
        "mkdir -p /opt/infrakt/old /srv/mine && touch /opt/infrakt/old/file /srv/mine/file
         printf 'services: { other: { image: \"traefik:v3.7\" } }\n' >/srv/mine/docker-compose.yml
         printf '%s\n' COMPOSE_FILE=/srv/mine/docker-compose.yml COMPOSE_PROJECT_NAME=other DOCKER_HOST=tcp://127.0.0.1:1 >>/etc/environment
         sed 's/^/export /' /etc/environment >>/root/.bashrc",
    );
    infrakt
        .run(&[&PROVISION[..], &["--confirm", "prod-2"]].concat())
        .exits(0);
    assert_provisioned(&machine);
    assert!(
        machine.holds("test -e /srv/mine/file"),
        "the wipe reached beyond its own directory"
    );
    assert_eq!(infrakt.json(&["runs", "show", "1"])["consent"]["how"], "--confirm");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_user_with_sudo_and_an_sshd_on_another_port_are_not_locked_out() {
    let machine = Machine::up(&[
        "--docker",
        "--ssh-port",
        "2222",
        "--user",
        "deploy",
        "--sudo",
        "password",
    ]);
    let infrakt = Infrakt::new().with("INFRAKT_SUDO_PASSWORD", crate::machine::PASSWORD);
    infrakt.add_with("prod-2", &machine, &["--user", "deploy"]);
    infrakt
        .run(&[&PROVISION[..], &["--confirm", "prod-2"]].concat())
        .exits(0);
    assert_eq!(machine.port, 2222);
    assert_provisioned(&machine);
    assert!(
        !machine.holds("ufw status | grep -qE '^22/tcp'"),
        "a port is open although no process listens on it"
    );
    assert!(machine.holds("grep -qx 'port = 2222' /etc/fail2ban/jail.d/infrakt.local"));
    infrakt.run(&["server", "status", "prod-2"]).exits(0);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn debian_12_is_wiped_and_provisioned_as_far_as_its_own_packages_go() {
    let machine = Machine::up(&["--release", "bookworm", "--docker"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    machine.root(
        "docker volume create pgdata; docker network create backend; mkdir -p /opt/infrakt/apps/shop
         tar -c -C /usr/share/doc . | docker import - shop/web:1.4; docker create --name web -v pgdata:/data shop/web:1.4 true",
    );
    let own = [
        &PROVISION[..],
        &["--set", "docker_source=distribution", "--confirm", "prod-2"],
    ]
    .concat();
    // Its packages have no Compose v2: that is known, and said, before anything is touched.
    let before = machine.state();
    infrakt.run(&own).exits(3).says("traefik=false");
    assert_eq!(machine.state(), before);

    infrakt.run(&[&own[..], &["--set", "traefik=false"]].concat()).exits(0);
    assert_eq!(machine.held_by_docker(), ["network infrakt"]);
    assert!(!machine.holds("test -e /opt/infrakt/apps/shop"));
    assert!(machine.holds("ufw status | grep -qx 'Status: active'"));
    assert!(machine.holds("fail2ban-client status sshd"));
    assert!(machine.lets_root_in());
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn the_newest_docker_is_wiped_and_provisioned_with_either_of_its_image_stores() {
    let machine = Machine::up(&["--full", "--docker-sid"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let confirmed = [&PROVISION[..], &["--confirm", "prod-2"]].concat();
    let containerd = format!(
        "cp /etc/docker/daemon.json /root/
        sed -i 's/^{{/{{\"features\": {{\"containerd-snapshotter\": true}},/' /etc/docker/daemon.json
        {RESTART_DOCKER}
        docker info --format '{{{{.DriverStatus}}}}' | grep -q containerd"
    );
    let back = format!("cp /root/daemon.json /etc/docker/; {RESTART_DOCKER}");

    // What the store in use does not list would come back with the other one.
    machine.root(&containerd);
    infrakt.run(&confirmed).exits(3).says("/var/lib/docker/image/overlay2");
    machine.root(&back);
    infrakt.run(&confirmed).exits(0);
    assert_provisioned(&machine);
    infrakt
        .run(&[&PROVISION[..], &["--set", "keep_data=true"]].concat())
        .exits(0)
        .says("Nothing had to be changed.");

    let wipe = ["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"];
    infrakt.run(&wipe).exits(0);
    assert_eq!(machine.held_by_docker(), [""; 0]);
    machine.root(&containerd);
    machine.root(
        "tar -c -C /usr/share/doc . | docker import - shop/web:1.4
         docker create --name web --volume pgdata:/data shop/web:1.4 true",
    );
    infrakt.run(&wipe).exits(0);
    assert_eq!(machine.held_by_docker(), [""; 0]);
    machine.root(&back);
    assert_eq!(machine.held_by_docker(), [""; 0]);
}
