//! Provisioning a machine that is not fresh: what would go wrong is found before anything is destroyed, and the proof at
//! the end is about what visitors meet. One machine goes through all of it.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, RESTART_DOCKER};

const PROVISION: [&str; 6] = ["run", "provision.rhai", "--server", "prod-2", "--confirm", "prod-2"];
const AGAIN: [&str; 6] = ["run", "provision", "--server", "prod-2", "--set", "keep_data=true"];

/// What is wrong with a machine: how to make it so, what infrakt says, and how to repair it.
struct State {
    broken: &'static str,
    says: &'static [&'static str],
    repaired: &'static str,
}

const STATES: [State; 14] = [
    State {
        broken: "systemd-run --quiet --unit web-thing systemd-socket-activate -l 80 -l 443 cat
                 until ss -Hltn | grep -q ':80 '; do sleep 0.1; done",
        says: &[
            "listens on :80",
            "listens on :443",
            "systemctl disable --now web-thing.service",
        ],
        repaired: "systemctl stop web-thing",
    },
    State {
        broken: "echo 'deb http://no-such-host.invalid/debian trixie main' >/etc/apt/sources.list.d/elsewhere.list",
        says: &["resolv", "no-such-host.invalid"],
        repaired: "rm /etc/apt/sources.list.d/elsewhere.list",
    },
    State {
        broken: "echo 'debx nonsense' >/etc/apt/sources.list.d/elsewhere.list",
        says: &["Type 'debx' is not known", "elsewhere.list"],
        repaired: "rm /etc/apt/sources.list.d/elsewhere.list",
    },
    State {
        broken: "cp /etc/resolv.conf /root/; echo 'nameserver 127.0.0.9' >/etc/resolv.conf",
        says: &["Temporary failure resolving"],
        repaired: "cat /root/resolv.conf >/etc/resolv.conf",
    },
    State {
        broken: "apt-mark hold ufw",
        says: &["the package ufw is on hold", "apt-mark unhold ufw"],
        repaired: "apt-mark unhold ufw",
    },
    State {
        // Without lists nothing is known of any package: they are fetched to ask, and not kept. What is held is needed by
        // what is to be installed.
        broken: "apt-mark hold python3; mkdir /root/lists; mv /var/lib/apt/lists/*_* /root/lists",
        says: &["apt can't install", "python3"],
        repaired: "mv /root/lists/* /var/lib/apt/lists; apt-mark unhold python3",
    },
    State {
        broken: r#"mkdir -p /root/half/DEBIAN; cd /root/half
                   printf 'Package: half-way\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' >DEBIAN/control
                   printf '#!/bin/sh\nexit 1\n' >DEBIAN/postinst; chmod 755 DEBIAN/postinst
                   dpkg-deb --build . /root/half.deb; ! dpkg --install /root/half.deb"#,
        says: &["half-way", "dpkg --configure -a"],
        repaired: "dpkg --remove --force-all half-way",
    },
    State {
        broken: "systemctl mask fail2ban",
        says: &["fail2ban.service is masked", "systemctl unmask fail2ban.service"],
        repaired: "systemctl unmask fail2ban",
    },
    State {
        // Valid as JSON, and yet Docker would not start with it: its unit says where it listens.
        broken: r#"cp /etc/docker/daemon.json /root/; echo '{"hosts": ["tcp://127.0.0.1:2375"]}' >/etc/docker/daemon.json"#,
        says: &[
            "specified both as a flag and in the configuration file",
            "/etc/docker/daemon.json",
        ],
        repaired: "cp /root/daemon.json /etc/docker/",
    },
    State {
        broken: "mount -t tmpfs -o size=300k tmpfs /var/cache/apt/archives",
        says: &["free space", "/var/cache/apt/archives"],
        repaired: "umount /var/cache/apt/archives",
    },
    State {
        broken: "mount -t tmpfs -o nr_inodes=20 tmpfs /var/log",
        says: &["/var/log is too full", "inodes"],
        repaired: "umount --lazy /var/log",
    },
    State {
        broken: "mount --bind /usr /usr; mount -o remount,ro,bind /usr",
        says: &["/usr is mounted read-only"],
        repaired: "umount --lazy /usr",
    },
    State {
        // apt checks signatures there.
        broken: "mount -t tmpfs -o ro,mode=755 tmpfs /tmp",
        says: &["/tmp is mounted read-only", "chmod 1777 /tmp"],
        repaired: "umount --lazy /tmp",
    },
    State {
        broken: "systemctl mask ufw",
        says: &["systemctl unmask ufw.service"],
        repaired: "systemctl unmask ufw",
    },
];

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_machine_in_a_bad_state_is_refused_before_anything_is_destroyed_and_provisioned_once_it_is_repaired() {
    let machine = Machine::up(&["--full"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    for state in &STATES {
        machine.root(state.broken);
        let before = machine.state();
        let mut ended = infrakt.run(&PROVISION).exits(1);
        for words in state.says {
            ended = ended.says(words);
        }
        assert_eq!(machine.state(), before, "{}", state.broken);
        machine.root(state.repaired);
    }
    an_image_that_does_not_exist(&infrakt, &machine);
    a_plan_tells_all_of_it_and_changes_nothing(&infrakt, &machine);
    a_failed_cloud_init_can_be_passed_over(&infrakt, &machine);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn the_proof_of_provisioning_is_about_what_visitors_meet() {
    let machine = Machine::up(&["--docker"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    infrakt.run(&PROVISION).exits(0);
    rules_of_the_firewall_are_understood(&infrakt, &machine);
    a_firewall_that_keeps_visitors_away_is_named(&infrakt, &machine);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn the_proof_of_provisioning_knows_networks_services_mapped_users_and_bans() {
    let machine = Machine::up(&["--docker"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let config = infrakt.path("ssh_config");
    std::fs::write(&config, "").expect("a configuration");
    let infrakt = infrakt.with("INFRAKT_SSH_CONFIG", &config);
    infrakt.run(&PROVISION).exits(0);
    a_network_in_between_is_distinguished_from_the_server(&infrakt, &machine);
    a_service_that_fails_says_why(&infrakt, &machine);
    mapped_users_can_read_their_files(&infrakt, &machine);
    a_banned_address_is_refused(&machine);
}

fn an_image_that_does_not_exist(infrakt: &Infrakt, machine: &Machine) {
    let before = machine.state();
    infrakt
        .run(&[&PROVISION[..], &["--set", "traefik_version=v9.9"]].concat())
        .exits(1)
        .says("the image traefik:v9.9 can't be pulled from here");
    assert_eq!(machine.state(), before);
}

fn a_plan_tells_all_of_it_and_changes_nothing(infrakt: &Infrakt, machine: &Machine) {
    let broken = [0, 4, 7, 8];
    broken
        .iter()
        .for_each(|&index| drop(machine.root(STATES[index].broken)));
    let before = machine.state();
    let planned = infrakt
        .run(&["plan", "provision", "--server", "prod-2", "--full"])
        .exits(0);
    let mut planned = planned.says("4 steps would fail");
    for words in broken.iter().flat_map(|&index| STATES[index].says) {
        planned = planned.says(words);
    }
    let json = infrakt.json(&["plan", "provision", "--server", "prod-2"]);
    assert_eq!(json["findings"].as_array().expect("findings").len(), 4);
    assert_eq!(machine.state(), before);
    broken
        .iter()
        .for_each(|&index| drop(machine.root(STATES[index].repaired)));
    let findings = |more: &[&str]| {
        let words = [&["plan", "provision", "--server", "prod-2"], more].concat();
        infrakt.json(&words)["findings"].clone()
    };
    assert_eq!(findings(&[]), serde_json::json!([]));

    // A program that is at work with packages is named at once; only a run waits for it.
    machine.root(
        r#"systemd-run --quiet --unit busy perl -MFcntl -e 'open F, ">", "/var/lib/dpkg/lock-frontend" or die; my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl F, F_SETLK, $lock or die; sleep'"#,
    );
    machine.awaits("grep -q \":$(stat -c %i /var/lib/dpkg/lock-frontend) \" /proc/locks");
    let found = findings(&[]).to_string();
    assert!(
        found.contains("perl (process") && found.contains("lock-frontend"),
        "{found}"
    );
    machine.root("systemctl stop busy");

    // A container that has the server's own network and goes with the wipe is no obstacle; one that stays is.
    machine.root("docker run --detach --name hostly --network host redis:7 sh -c 'tail -f /dev/null | nc -l -p 80'");
    machine.awaits("ss -Hltn 'sport = :80' | grep -q .");
    assert_eq!(findings(&[]), serde_json::json!([]));
    let found = findings(&["--set", "keep_data=true"]).to_string();
    assert!(found.contains("docker stop hostly"), "{found}");
    machine.root("docker rm --force hostly");
}

fn a_failed_cloud_init_can_be_passed_over(infrakt: &Infrakt, machine: &Machine) {
    machine.root(
        "printf '#!/bin/sh\\necho status: error\\necho detail: no datasource\\nexit 1\\n' >/usr/local/bin/cloud-init
         chmod 755 /usr/local/bin/cloud-init",
    );
    let before = machine.state();
    infrakt
        .run(&PROVISION)
        .exits(1)
        .says("detail: no datasource")
        .says("--set ignore_cloud_init=true");
    assert_eq!(machine.state(), before);
    // All is repaired now, but for what a person may know better.
    infrakt
        .run(&[&PROVISION[..], &["--set", "ignore_cloud_init=true"]].concat())
        .exits(0);
    machine.root("rm /usr/local/bin/cloud-init");
    let provisioned = machine.state();
    infrakt
        .run(&AGAIN)
        .exits(0)
        .says("Nothing had to be changed.")
        .keeps_silent_about("checked only on the server");
    assert_eq!(machine.state(), provisioned);
}

/// Which rules of UFW's let a port in from everywhere, and which do not.
fn rules_of_the_firewall_are_understood(infrakt: &Infrakt, machine: &Machine) {
    let recipe = infrakt.recipe(
        "rules.rhai",
        r#"import "lib/ufw" as ufw;
           ssh::check("Which ports are open", ufw::rules() + "for port in $(seq 80 99) 8010 8080; do if is_open $port; then echo $port; fi; done");"#,
    );
    machine.root(
        "cp -a /etc/ufw /root/ufw
         printf '[Web]\\ntitle=x\\ndescription=x\\nports=81,82/tcp|83/udp\\n' >/etc/ufw/applications.d/web
         ufw delete allow 80/tcp; ufw allow out 80/tcp; ufw allow Web; ufw limit 84/tcp comment 'allow 85/tcp'
         ufw allow from 10.0.0.0/8 to any port 86 proto tcp; ufw allow in on host0 to any port 87 proto tcp
         ufw deny 88/tcp; ufw allow from 10.0.0.1 to any port 88 proto tcp
         ufw deny from 203.0.113.9 to any port 89; ufw allow 89
         ufw allow proto tcp from any to ::/0 port 90; ufw allow proto tcp from any to 0.0.0.0/0 port 91
         ufw allow log 92/tcp; ufw reject 93/tcp; ufw allow from any port 94 proto tcp; ufw allow out on host0 to any port 95
         ufw allow 96/udp; ufw route allow in on host0 to any port 97 proto tcp; ufw deny out 98; ufw allow 98/tcp
         ufw allow to 192.0.2.1 port 99 proto tcp; ufw allow 8000:8079/tcp; ufw route allow proto tcp from any to any port 8080",
    );
    let ended = infrakt.run(&["run", &recipe, "--server", "prod-2", "--json"]).exits(0);
    let run = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("an object a line"));
    let printed: String = run
        .filter_map(|event| event["text"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        ["81", "82", "84", "89", "92", "98", "8010"]
    );

    // The guard and the proof read them alike: what is missing is added, and what is denied is named.
    infrakt.run(&AGAIN).exits(0);
    assert!(machine.holds("ufw status | grep -qE '^80/tcp +ALLOW +Anywhere'"));
    machine.root("ufw prepend deny 443");
    infrakt
        .run(&AGAIN)
        .exits(1)
        .says("UFW does not allow 443/tcp from everywhere")
        .says("closed deny any 443");
    machine.root("rm -r /etc/ufw && mv /root/ufw /etc/ufw && ufw reload");
}

fn a_firewall_that_keeps_visitors_away_is_named(infrakt: &Infrakt, machine: &Machine) {
    machine.root("iptables -I DOCKER-USER -i host0 -p tcp --dport 80 -j DROP");
    infrakt
        .run(&AGAIN)
        .exits(1)
        .says("DOCKER-USER -i host0 -p tcp -m tcp --dport 80 -j DROP");
    machine.root("iptables -D DOCKER-USER -i host0 -p tcp --dport 80 -j DROP");

    machine.root(
        "cp /etc/ufw/after.rules /root/
         printf '*filter\\n:ufw-user-forward - [0:0]\\n:DOCKER-USER - [0:0]\\n-A DOCKER-USER -j ufw-user-forward\\n-A DOCKER-USER -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT\\nCOMMIT\\n' >>/etc/ufw/after.rules
         ufw reload",
    );
    infrakt
        .run(&AGAIN)
        .exits(1)
        .says("The web ports are reachable from outside")
        .says("-j REJECT");
    machine
        .root("cp /root/after.rules /etc/ufw/; iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN; ufw reload");
    infrakt.run(&AGAIN).exits(0);
}

/// Carries bytes between its standard streams and a port, in one process: nothing of it is left when it is ended.
const PASSAGE: &str = r#"perl -MIO::Socket::INET -MIO::Select -e '$s = IO::Socket::INET->new("$ARGV[0]:$ARGV[1]") or die; $w = IO::Select->new($s, \*STDIN); for (;;) { for $f ($w->can_read) { sysread $f, $b, 65536 or exit; $t = fileno $f == fileno $s ? \*STDOUT : $s; syswrite $t, $b } }'"#;

/// A program that this computer's own network does not let out is not the server's fault: the server is asked, and vouches.
fn a_network_in_between_is_distinguished_from_the_server(infrakt: &Infrakt, machine: &Machine) {
    let key = crate::machine::key();
    let config = infrakt.path("ssh_config");
    let passage = format!("Host *\n  IdentityFile {key}\n  ProxyCommand {PASSAGE} %h %p\n");
    std::fs::write(&config, passage).expect("a configuration");
    infrakt
        .run(&AGAIN)
        .exits(0)
        .says("checked only on the server")
        .says("only reaches SSH");
    machine.root("iptables -I DOCKER-USER -p tcp --dport 443 -j DROP");
    infrakt
        .run(&AGAIN)
        .exits(1)
        .says("DOCKER-USER -p tcp -m tcp --dport 443 -j DROP");
    machine.root("iptables -D DOCKER-USER -p tcp --dport 443 -j DROP");
    std::fs::write(&config, "").expect("a configuration");
}

fn a_service_that_fails_says_why(infrakt: &Infrakt, machine: &Machine) {
    machine.root(
        "cp /etc/fail2ban/jail.d/infrakt.local /root/
         printf '[broken]\\nenabled = true\\nfilter = sshd\\nlogpath = /var/log/not-there.log\\n' >/etc/fail2ban/jail.d/zz.local
         systemctl restart fail2ban || systemctl is-failed fail2ban",
    );
    infrakt
        .run(&AGAIN)
        .exits(1)
        .says("the last lines of its journal")
        .says("Have not found any log file for broken jail");
    machine.root("rm /etc/fail2ban/jail.d/zz.local; systemctl reset-failed fail2ban; systemctl restart fail2ban");
}

fn mapped_users_can_read_their_files(infrakt: &Infrakt, machine: &Machine) {
    machine.root(&format!(
        r#"cp /etc/docker/daemon.json /root/
           sed -i 's/^{{/{{"userns-remap": "default",/' /etc/docker/daemon.json
           {RESTART_DOCKER}"#,
    ));
    infrakt
        .run(&AGAIN)
        .exits(0)
        .says("Traefik can read and write its files");
    // The proof is no formality: without the remedy it fails.
    machine.root(
        "cd /opt/infrakt/traefik && sed '/userns_mode/d' compose.yaml >other.yaml
         docker compose --file other.yaml up --detach --force-recreate && rm other.yaml",
    );
    infrakt
        .run(&AGAIN)
        .exits(1)
        .says("Traefik cannot read /letsencrypt/acme.json");
    machine.root(&format!(
        "docker rm -f traefik; cp /root/daemon.json /etc/docker/; {RESTART_DOCKER}"
    ));
    infrakt.run(&AGAIN).exits(0);
}

/// Not only does the jail exist: who is in it is refused, and let in again afterwards.
fn a_banned_address_is_refused(machine: &Machine) {
    // A second address of the machine's own, in a room of the network that leads through its firewall.
    machine.root(
        "ip netns add visitor && ip link add visitor type veth peer name eth0 netns visitor
         ip address add 198.51.100.1/30 dev visitor && ip link set visitor up
         ip -n visitor address add 198.51.100.2/30 dev eth0 && ip -n visitor link set eth0 up",
    );
    let reaches = "ip netns exec visitor timeout 5 sh -c 'exec 3<>/dev/null; curl -s --max-time 4 telnet://198.51.100.1:22 </dev/null | head -c 4 | grep -q SSH'";
    machine.awaits(reaches);
    machine.root("fail2ban-client set sshd banip 198.51.100.2");
    machine.awaits(&format!("! {reaches}"));
    machine.root("fail2ban-client set sshd unbanip 198.51.100.2");
    machine.awaits(reaches);
}
