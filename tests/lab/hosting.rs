//! A server that hosts infrakt: `scripts/setup-vps.sh` makes it one, and then nothing wipes it.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, RESTART_DOCKER, key};
use crate::support::ended::Ended;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

const HOME: &str = "/var/lib/infrakt-service";
const DOMAIN: &str = "infrakt.example.org";
/// `from_traefik NAME`: the service as Traefik's container reaches it, at the gateway of their network, under this name.
/// `from_container NETWORK`: the same from a container on another network. Busybox's own timeout of wget is broken.
const CALLS: &str = r#"
    url=http://$(docker network inspect infrakt --format '{{(index .IPAM.Config 0).Gateway}}'):8000/api/health
    from_traefik() { docker exec traefik timeout 5 wget -q -O - --header "Host: $1" "$url" 2>&1; }
    # A container's first process does not end by timeout's signal: that is to be the shell.
    from_container() {
        docker run --rm --network "$1" busybox:1 \
            sh -c "timeout 5 wget -q -O - --header 'Host: infrakt.example.org' $url; exit \$?" 2>&1
    }
"#;

/// A machine with this program and the script on it, as a person would have copied them there.
struct Host {
    machine: Machine,
}

impl Host {
    fn up(options: &[&str]) -> Self {
        let machine = Machine::up(options);
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        machine.copy(Path::new(env!("CARGO_BIN_EXE_infrakt")), "/root/infrakt");
        machine.copy(&scripts.join("setup-vps.sh"), "/root/setup-vps.sh");
        machine.copy(&scripts.join("setup-vps.d"), "/root/setup-vps.d");
        Self { machine }
    }

    fn setup(&self, options: &str) -> Ended {
        self.machine
            .tries(&format!("/root/setup-vps.sh --binary /root/infrakt {options}"))
    }

    /// The same, while a user on the machine lists the running processes and finds no API key in them.
    #[track_caller]
    fn watched_setup(&self, options: &str) -> Ended {
        self.machine.root(&format!(
            "rm -f /run/seen; touch /run/watching
             while [ -e /run/watching ]; do
                 cat /proc/[0-9]*/cmdline 2>&1 | grep -aqF -f {HOME}/api_key.txt && touch /run/seen
             done </dev/null >/dev/null 2>&1 &"
        ));
        let ended = self.setup(options);
        self.machine.root("rm /run/watching");
        assert!(
            !self.machine.holds("test -e /run/seen"),
            "the API key is among the arguments of a process"
        );
        ended
    }

    /// infrakt on the machine itself, with the service's inventory.
    fn infrakt(&self, words: &str) -> Ended {
        self.machine
            .tries(&format!("cd / && runuser -u infrakt -- infrakt --home {HOME} {words}"))
    }

    /// A call of the API from the machine itself: the status and the answer.
    #[track_caller]
    fn api(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map_or(String::new(), |body| {
            format!("-H 'Content-Type: application/json' -d '{body}'")
        });
        let said = self.machine.root(&format!(
            "curl -sS -X {method} -H \"X-API-Key: $(cat {HOME}/api_key.txt)\" {body} -w '\\n%{{http_code}}' 'http://127.0.0.1:8000{path}'"
        ));
        let (answer, status) = said.rsplit_once('\n').unwrap_or(("", &said));
        let answer = serde_json::from_str(answer).unwrap_or(Value::Null);
        (status.parse().expect("a status"), answer)
    }

    /// What the inventory calls the machine.
    fn name(&self) -> String {
        let (_, servers) = self.api("GET", "/api/servers", None);
        servers[0]["name"].as_str().expect("a name").to_owned()
    }

    fn runs(&self) -> usize {
        self.api("GET", "/api/runs", None).1.as_array().expect("a list").len()
    }

    /// What a wipe would take: the containers, the volumes with what is in them, and /opt/infrakt/backups.
    fn data(&self) -> String {
        self.machine.root(
            "docker ps --all --format '{{.ID}} {{.Names}}' | grep -v ' traefik$' | sort; docker volume ls --quiet | sort
             find /var/lib/docker/volumes /opt/infrakt/backups -type f ! -name metadata.db -exec sha256sum {} + | sort",
        )
    }

    fn is_reached_from_outside(&self) -> bool {
        let address: SocketAddr = format!("{}:8000", self.machine.ip).parse().expect("an address");
        TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
    }
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_server_that_hosts_infrakt_is_never_wiped_by_any_installation() {
    let host = Host::up(&["--full", "--ssh-port", "2222"]);
    let machine = &host.machine;
    let data = host.data();
    let ended = host.setup("--show-key").exits(0);
    let api_key = machine.root(&format!("cat {HOME}/api_key.txt"));
    let ended = ended.says(&api_key).says("ssh -N -L 8000:127.0.0.1:8000 -p 2222 root@");
    let name = host.name();
    let ended = ended.says(&format!("infrakt never wipes '{name}'"));

    // It is provisioned, and what was there is there.
    assert_eq!(host.data(), data, "{ended}");
    let (_, runs) = host.api("GET", "/api/runs", None);
    assert_eq!(
        (&runs[0]["recipe"], &runs[0]["state"], runs.as_array().map(Vec::len)),
        (&json!("provision.rhai"), &json!("done"), Some(1))
    );
    assert_eq!(
        machine.docker("ps --filter name=^traefik$ --format '{{.State}}'"),
        ["running"]
    );
    assert!(machine.lets_root_in());

    // The service runs with as little as it takes, is there after a restart, and answers on the machine itself only.
    assert!(machine.holds("systemctl is-enabled infrakt && systemctl is-active infrakt"));
    assert_eq!(
        machine.root(&format!(
            "stat -c '%a %U' {HOME} {HOME}/api_key.txt {HOME}/.ssh/id_ed25519"
        )),
        "700 infrakt\n600 infrakt\n600 infrakt"
    );
    let exposure = machine.root("systemd-analyze security infrakt.service --no-pager | sed -n 's/.*Overall exposure level for infrakt.service: \\([0-9]*\\).*/\\1/p'");
    assert!(exposure.parse::<u32>().expect("a level") <= 2, "exposed: {exposure}");
    assert!(!host.is_reached_from_outside());
    // Its key allows no login from elsewhere, and the API key is in no log.
    assert!(machine.holds("grep -q '^restrict,pty,from=\"127.0.0.1,::1\" ssh-ed25519 ' /root/.ssh/authorized_keys"));
    assert!(!machine.holds(&format!("journalctl --no-pager | grep -F -- '{api_key}'")));

    // A second time, and a third time with the port of sshd: nothing changes.
    let (before, process) = (machine.state(), machine.root("systemctl show infrakt -p MainPID"));
    for options in ["", "--ssh-port 2222"] {
        let again = host.watched_setup(options).exits(0).keeps_silent_about(&api_key);
        for part in [
            "program",
            "user",
            "home",
            "marker",
            "SSH key",
            "unit",
            "service",
            "registered",
            "protected",
            "provisioned",
        ] {
            let line = again.stderr.lines().find(|line| line.trim_start().starts_with(part));
            assert!(line.is_some_and(|line| line.contains("unchanged")), "{part}: {again}");
        }
    }
    assert_eq!(machine.state(), before);
    assert_eq!(machine.root("systemctl show infrakt -p MainPID"), process);
    assert_eq!(host.runs(), 1);

    // On the machine itself, by its name.
    host.infrakt(&format!("run wipe --server {name} --confirm {name}"))
        .exits(3)
        .says("protected")
        .says("this infrakt runs on it");
    // From another computer, which knows of the machine only what stands on it.
    let other = Infrakt::with_prod_2(machine);
    other
        .run(&["run", "wipe", "--server", "prod-2", "--confirm", "prod-2"])
        .exits(3)
        .says("marker /etc/infrakt/host");
    // Through the API, with the right name and the right digest; and through a second row with another name, another
    // address and another key.
    machine.copy(Path::new(&key()), "/root/lab-key");
    machine.root(&format!("install -o infrakt -m 0600 /root/lab-key {HOME}/lab-key"));
    let spare = json!({"name": "spare", "host": machine.ip, "port": 2222, "ssh_key_path": format!("{HOME}/lab-key"), "user": "root"});
    let (status, spare) = host.api("POST", "/api/servers", Some(spare));
    assert_eq!((status, &spare["reached"]), (201, &json!(true)), "{spare}");
    for row in [name.as_str(), "spare"] {
        let (status, plan) = host.api("GET", &format!("/api/servers/{row}/plan?recipe=wipe"), None);
        assert_eq!((status, &plan["refused"]["code"]), (200, &json!("protected")), "{plan}");
        let consent = json!({"confirm": row, "digest": plan["digest"]});
        let mut run = consent.clone();
        run["recipe"] = json!("wipe");
        run["server"] = json!(row);
        let (status, answer) = host.api("POST", "/api/runs", Some(run));
        assert_eq!(
            (status, &answer["error"]["code"]),
            (409, &json!("protected")),
            "{row}: {answer}"
        );
    }
    // The flag is not lifted by the way, either.
    let lift = json!({"is_infrakt_host": false});
    let (status, answer) = host.api("PATCH", &format!("/api/servers/{name}"), Some(lift));
    assert_eq!(
        (status, &answer["error"]["code"]),
        (422, &json!("consent_missing")),
        "{answer}"
    );

    assert_eq!(host.data(), data);
    assert_eq!(host.runs(), 1);

    // What is at work is not stopped by a setup that would have to start the service again.
    machine.root(&format!(
        "install -d -o infrakt {HOME}/recipes
         echo 'ssh::run(\"Take a while\", \"until [ -e /run/enough ]; do sleep 0.1; done\");' >{HOME}/recipes/slow.rhai"
    ));
    let slow = json!({"recipe": "slow", "server": name});
    let (status, begun) = host.api("POST", "/api/runs", Some(slow));
    assert_eq!((status, &begun["run_id"]), (202, &json!(2)), "{begun}");
    host.setup("--port 9000").exits(1).says(&format!("run 2 on {name}"));
    assert_eq!(machine.root("systemctl show infrakt -p MainPID"), process);
    machine.root("touch /run/enough");
    machine.awaits(&format!(
        "cd / && runuser -u infrakt -- infrakt --home {HOME} runs list --json | jq -e '.[0].state == \"done\"'"
    ));
    host.setup("--port 9000").exits(0).says("ssh -N -L 9000:127.0.0.1:9000");
    assert!(machine.holds("curl -fsS http://127.0.0.1:9000/api/health && ! curl -sS http://127.0.0.1:8000/"));
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_server_that_can_not_be_marked_is_not_provisioned() {
    let host = Host::up(&[]);
    let machine = &host.machine;
    for wrong in [
        "--nonsense",
        "--port",
        "--port 80",
        "--domain http://x",
        "--email me",
        "--domain a.example --no-domain",
        "x",
    ] {
        host.setup(wrong).exits(2).says("--");
    }
    assert!(!machine.holds("test -e /usr/local/bin/infrakt || test -e /etc/infrakt"));

    // A database that refuses the mark, and one that does not keep it: the API says so, or answers 200 and false.
    for (way, trigger) in [
        (
            "refuses it",
            "BEFORE UPDATE ON servers WHEN NEW.is_infrakt_host = 1 BEGIN SELECT RAISE(ABORT, 'no'); END",
        ),
        (
            "forgets it",
            "AFTER UPDATE ON servers WHEN NEW.is_infrakt_host = 1 BEGIN UPDATE servers SET is_infrakt_host = 0 WHERE id = NEW.id; END",
        ),
    ] {
        let installation = Infrakt::new();
        drop(installation.store());
        let database = installation.home().join("infrakt.db");
        let connection = rusqlite::Connection::open(&database).expect("a database");
        connection
            .execute_batch(&format!(
                "PRAGMA wal_checkpoint(TRUNCATE); CREATE TRIGGER broken {trigger};"
            ))
            .expect("a trigger");
        drop(connection);
        machine.root(&format!(
            "! systemctl is-active infrakt || systemctl stop infrakt; rm -f {HOME}/infrakt.db*; mkdir -p {HOME}"
        ));
        machine.copy(&database, &format!("{HOME}/infrakt.db"));
        machine.root(&format!(
            "! id infrakt || chown infrakt: {HOME}/infrakt.db; chmod 0600 {HOME}/infrakt.db"
        ));

        let ended = host.setup("").exits(1).says("STOPPED: NOTHING WAS PROVISIONED");
        let (_, servers) = host.api("GET", "/api/servers", None);
        assert_eq!(servers[0]["is_infrakt_host"], json!(false), "{way}: {ended}");
        assert_eq!(host.runs(), 0, "{way}: {ended}");
        assert!(
            !machine.holds("command -v docker || command -v ufw || test -e /opt/infrakt"),
            "{way}"
        );
        // Whatever the inventory knows: the machine itself says whom not to wipe.
        assert!(machine.holds("test -s /etc/infrakt/host"), "{way}");
        host.infrakt(&format!("run wipe --server {0} --confirm {0}", host.name()))
            .exits(3)
            .says("protected");
    }
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn at_a_domain_it_is_reached_through_traefik_and_in_no_other_way() {
    // Where sshd does not let root in from the machine itself, another login does.
    let host = Host::up(&["--user", "deploy", "--sudo", "nopasswd"]);
    let machine = &host.machine;
    machine.root("printf 'Match Address 127.0.0.1\\n    PermitRootLogin no\\n' >/etc/ssh/sshd_config.d/no-root.conf && systemctl restart ssh");
    let options = format!("--domain {DOMAIN} --email ops@example.org --name control");
    host.setup(&options).exits(1).says("--ssh-user USER");
    let options = format!("{options} --ssh-user deploy");
    host.setup(&options)
        .exits(0)
        .says(&format!("https://{DOMAIN}"))
        .says("reaches infrakt")
        .says("runuser -u infrakt -- /usr/local/bin/infrakt");
    assert_eq!(host.name(), "control");
    assert!(machine.holds("grep -q 'email: \"ops@example.org\"' /opt/infrakt/traefik/traefik.yaml"));
    let route = machine.root("cat /opt/infrakt/traefik/conf.d/infrakt.yaml");
    let gateway = machine.root("docker network inspect infrakt --format '{{(index .IPAM.Config 0).Gateway}}'");
    assert!(route.contains(&format!("Host(`{DOMAIN}`)")), "{route}");
    assert!(route.contains(&format!("http://{gateway}:8000")), "{route}");

    let reached = || {
        let said = machine.root(&format!("{CALLS} from_traefik {DOMAIN}"));
        assert!(said.contains("\"ok\""), "{said}");
        // A page elsewhere can't use it under a name of its own.
        let said = machine.root(&format!("{CALLS} ! from_traefik evil.example.org"));
        assert!(said.contains("403"), "{said}");
        // Not from other networks of containers, nor from outside.
        assert!(machine.holds(&format!("{CALLS} from_container infrakt")));
        assert!(!machine.holds(&format!("{CALLS} from_container bridge")));
        assert!(!host.is_reached_from_outside());
    };
    reached();

    // A second time, without saying it again: nothing changes.
    let before = machine.state();
    host.setup("").exits(0).says(&format!("https://{DOMAIN}"));
    assert_eq!(machine.state(), before);
    assert_eq!(host.runs(), 1);

    // After a restart the socket is there before Docker's network is. And without Docker the service still answers.
    machine.reboot();
    machine.awaits(&format!("{CALLS} from_traefik {DOMAIN}"));
    reached();
    machine.root("systemctl stop docker.socket docker.service && systemctl restart infrakt.service");
    machine.awaits("curl -fsS http://127.0.0.1:8000/api/health");
    machine.root(RESTART_DOCKER);

    host.setup("--no-domain").exits(0).says("ssh -N -L 8000");
    assert!(!machine.holds("test -e /opt/infrakt/traefik/conf.d/infrakt.yaml"));
    assert!(!machine.holds("systemctl is-active infrakt-traefik.socket || ufw status | grep 8000"));
    assert!(!machine.holds(&format!("{CALLS} from_traefik {DOMAIN}")));
    assert_eq!(host.api("GET", "/api/servers", None).0, 200);
}
