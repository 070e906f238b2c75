//! The lint for queries and guards, which must be read-only: it refuses commands that are known to change something. A
//! query runs during planning, before anyone is asked for consent.

use super::commands::{commands, name_of, programs};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The first thing in a shell text that changes something, in words for a reader: `systemctl stop`, `> /etc/motd`.
pub fn changing(shell: &str) -> Option<String> {
    commands(shell).iter().find_map(|simple| {
        let target = simple.writes.iter().find(|target| keeps(target));
        programs(&simple.words, 0)
            .iter()
            .find_map(|words| changes(words))
            .or_else(|| target.map(|target| format!("> {target}")))
    })
}

/// Whether what is written there stays.
fn keeps(target: &str) -> bool {
    const GOES: [&str; 5] = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/full"];
    let descriptor = target.bytes().all(|byte| byte.is_ascii_digit());
    !(descriptor || GOES.contains(&target) || target.starts_with("/dev/fd/") || target.starts_with("/proc/self/fd/"))
}

/// What changes a server, by program; see the file.
const TABLE: &str = include_str!("changing.txt");

/// The first of the program's names, and the words that make it change something, by each of its names. Made once: a plan
/// has hundreds of commands.
static BY_NAME: LazyLock<HashMap<&str, (&str, Vec<&str>)>> = LazyLock::new(|| {
    let mut by_name = HashMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let (names, verbs) = line.split_once(' ').unwrap_or((line, ""));
        let first = names.split(',').next().unwrap_or(names);
        let verbs: Vec<&str> = verbs.split_whitespace().collect();
        for name in names.split(',') {
            by_name.entry(name).or_insert_with(|| (first, verbs.clone()));
        }
    }
    by_name
});

/// With one of these, a program says what it would do.
const PRETENDS: &[&str] = &[
    "--dry-run",
    "--simulate",
    "--just-print",
    "--no-act",
    "--recon",
    "--noop",
    "--print-uris",
];

fn changes(words: &[String]) -> Option<String> {
    let (program, rest) = words.split_first()?;
    let written = name_of(program);
    let line = BY_NAME.get(written);
    let name = line.map_or(written, |(name, _)| *name);
    // Where the table has the program: the words that make it change something; none if it always does.
    let verbs: Option<&[&str]> = line.map(|(_, verbs)| verbs.as_slice());
    let has = |wanted: &[&str]| rest.iter().map(String::as_str).find(|word| wanted.contains(word));
    // Letters of options that are written together, as in `-iE`.
    let short = |letter: char| {
        rest.iter()
            .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    let plain = || {
        rest.iter()
            .filter(|word| !word.starts_with('-') && !word.starts_with('+'))
    };
    let said = |part: &str| Some(format!("{written} {part}").trim_end().to_owned());
    // `command --help` and `command --version` look, whatever the command does.
    if has(PRETENDS).is_some() || has(&["--help", "--version"]).is_some() {
        return None;
    }
    match name {
        ">" => rest
            .first()
            .filter(|target| keeps(target))
            .map(|target| format!("> {target}")),
        _ if verbs.is_some_and(<[_]>::is_empty) || name == "mkfs" || name.starts_with("mkfs.") => said(""),
        _ if program.starts_with("/etc/init.d/") => has(&["start", "stop", "restart", "reload"]).and_then(said),
        "apt-get" if has(&["-s", "-qs", "-sq", "-qqs", "-sqq"]).is_some() => None,
        // Into lists of its own.
        "apt-get" if rest.iter().any(|word| word.contains("Dir::State")) => None,
        "nft" if short('c') || has(&["--check"]).is_some() => None,
        "git"
            if has(&[
                "worktree",
                "remote",
                "config",
                "ls-files",
                "ls-remote",
                "log",
                "show",
                "diff",
                "status",
            ])
            .is_some() =>
        {
            None
        }
        "redis-cli" => {
            let verbs = verbs.unwrap_or_default();
            let verb = plain().find(|word| verbs.contains(&word.to_ascii_uppercase().as_str()));
            verb.and_then(|verb| said(verb))
        }
        "docker" | "podman" | "nerdctl" | "docker-compose" => container_engine(rest).and_then(|what| said(&what)),
        "tee" | "split" | "csplit" => plain().find(|target| keeps(target)).and_then(|target| said(target)),
        "dd" => rest
            .iter()
            .find(|word| word.strip_prefix("of=").is_some_and(keeps))
            .and_then(|_| said("of=")),
        "sed"
            if short('i')
                && rest
                    .iter()
                    .any(|word| word.starts_with("-i") || word == "-ni" || word == "-Ei") =>
        {
            said("-i")
        }
        "sed" | "perl" if has(&["--in-place"]).is_some() => said("--in-place"),
        "perl"
            if rest
                .iter()
                .any(|word| word.starts_with("-i") || word.starts_with("-pi")) =>
        {
            said("-i")
        }
        "find" => has(&["-delete", "-fprint", "-fprint0", "-fprintf", "-fls"]).and_then(said),
        "tar"
            if rest.first().is_some_and(|word| {
                !word.starts_with("--")
                    && word.contains(['x', 'c', 'r', 'u'])
                    && !word.contains('t')
                    && !word.contains('O')
            }) =>
        {
            said(rest.first().map_or("", String::as_str))
        }
        "tar" => has(&["--extract", "--create", "--append", "--update", "--delete"]).and_then(said),
        "unzip" if !short('l') && !short('t') && !short('p') && !short('Z') => said(""),
        "wget" if !(short('O') || has(&["--spider"]).is_some()) => said(""),
        "wget" => rest
            .iter()
            .position(|word| word.starts_with('-') && word.ends_with('O'))
            .and_then(|at| rest.get(at + 1))
            .filter(|target| *target != "-" && keeps(target))
            .and_then(|_| said("-O")),
        "curl" => curl(rest).and_then(|what| said(&what)),
        "kill" | "skill" => match has(&["-0", "-l", "-L", "0"]) {
            Some(_) => None,
            None => said(""),
        },
        "mount" if plain().count() >= 1 && has(&["-l", "--show-labels"]).is_none() && !short('t') => said(""),
        "mount" if plain().count() >= 2 || short('a') => said(""),
        "swapon"
            if (plain().count() >= 1 || short('a'))
                && has(&["--show", "-s", "--summary"]).is_none()
                && !rest.iter().any(|word| word.starts_with("--show")) =>
        {
            said("")
        }
        "hostname" if plain().count() >= 1 => said(""),
        "date" if short('s') && rest.iter().any(|word| word.starts_with("-s") || word == "-us") => said("-s"),
        "date" if rest.iter().any(|word| word.starts_with("--set")) => said("--set"),
        "hwclock" if has(&["-w", "--systohc", "-s", "--hctosys", "--set", "--adjust", "-a"]).is_some() => said(""),
        "sysctl" if short('w') || short('p') || has(&["--system", "--write", "--load"]).is_some() => said("-w"),
        "sysctl" if plain().any(|word| word.contains('=')) => said(""),
        "modprobe" if !short('n') && has(&["-c", "--showconfig", "-D", "--show-depends", "-R"]).is_none() => said(""),
        "passwd" if has(&["-S", "--status"]).is_none() && !short('S') => said(""),
        "chage" if has(&["-l", "--list"]).is_none() => said(""),
        "crontab" if has(&["-l"]).is_some() => None,
        "crontab" if plain().count() >= 1 && !short('u') => said(""),
        "iptables-restore" | "ip6tables-restore" if has(&["-t", "--test"]).is_none() => said(""),
        "firewall-cmd" => rest
            .iter()
            .find(|word| {
                [
                    "--add",
                    "--remove",
                    "--set",
                    "--reload",
                    "--complete",
                    "--runtime-to",
                    "--change",
                    "--new",
                    "--delete",
                    "--panic-o",
                    "--reset",
                ]
                .iter()
                .any(|start| word.starts_with(start))
            })
            .and_then(|word| said(word)),
        "journalctl" => rest
            .iter()
            .find(|word| {
                [
                    "--vacuum",
                    "--rotate",
                    "--flush",
                    "--relinquish",
                    "--sync",
                    "--smart-relinquish",
                ]
                .iter()
                .any(|start| word.starts_with(start))
            })
            .and_then(|word| said(word)),
        "fsck" | "e2fsck" | "xfs_repair" | "btrfsck" if !short('n') && !short('N') => said(""),
        "tune2fs" if !short('l') => said(""),
        "parted" if has(&["print", "-l", "--list", "align-check", "unit"]).is_none() => said(""),
        "fdisk" | "sfdisk" | "gdisk"
            if !short('l')
                && !short('d')
                && !short('s')
                && has(&["--list", "--dump", "-J", "--json", "--verify"]).is_none() =>
        {
            said("")
        }
        "ldconfig" if !short('p') && !short('v') => said(""),
        "psql" | "mysql" | "mariadb" | "sqlite3" => sql(rest).and_then(|what| said(&what)),
        _ => has(verbs.unwrap_or_default()).and_then(said),
    }
}

/// What of a container engine only looks. Everything else may start, stop or change something.
fn container_engine(rest: &[String]) -> Option<String> {
    const LOOKS: &str = "ps images inspect info version logs top stats port diff history search events ls list df config convert show \
        du help exists healthcheck verify unlock-key ca";
    const OBJECTS: &str = "container image volume network system builder buildx swarm compose stack service node secret context plugin \
        manifest trust pod";
    // Options before the verb may take values, which is why the first word that is known counts.
    const CHANGES: &str = "run create start stop restart kill rm rmi remove prune pull push build tag load import commit cp update rename \
        pause unpause up down connect disconnect leave init join join-token login logout scale deploy rollback promote \
        demote use enable disable install set watch export save attach wait upgrade bake unlock";
    let mut object = None;
    for word in rest {
        let word = word.as_str();
        let is_of = |words: &str| words.split_whitespace().any(|known| known == word);
        if is_of(LOOKS) {
            return None;
        }
        if is_of(CHANGES) {
            return Some(object.map_or_else(|| word.to_owned(), |object| format!("{object} {word}")));
        }
        if is_of(OBJECTS) {
            object = Some(word);
        }
    }
    None
}

fn curl(rest: &[String]) -> Option<String> {
    for (at, word) in rest.iter().enumerate() {
        let next = rest.get(at + 1).map_or("", String::as_str);
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if word.starts_with("--") => (option, value),
            _ => (word.as_str(), next),
        };
        let joined = word.strip_prefix("-X").filter(|method| !method.is_empty());
        if option == "-X" || option == "--request" || joined.is_some() {
            let method = joined.unwrap_or(value);
            if ["POST", "PUT", "DELETE", "PATCH"].contains(&method) {
                return Some(format!("-X {method}"));
            }
        }
        let short = word.starts_with('-') && !word.starts_with("--");
        if (option == "--output" || short && word.ends_with('o')) && keeps(value) && value != "-" {
            return Some("-o".to_owned());
        }
        if option == "--remote-name" || option == "-T" || option == "--upload-file" || short && word.ends_with('O') {
            return Some(option.to_owned());
        }
    }
    None
}

fn sql(rest: &[String]) -> Option<String> {
    let text = rest.join(" ").to_ascii_uppercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).find_map(|pair| match pair {
        ["INSERT", "INTO"] => Some("INSERT".to_owned()),
        [
            verb @ ("ALTER" | "CREATE"),
            what @ ("TABLE" | "DATABASE" | "SCHEMA" | "USER" | "ROLE" | "INDEX" | "EXTENSION" | "SYSTEM" | "VIEW"),
        ] => Some(format!("{verb} {what}")),
        ["UPDATE", _] if words.contains(&"SET") => Some("UPDATE".to_owned()),
        ["GRANT" | "REVOKE", _] => Some("GRANT or REVOKE".to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::changing;

    #[test]
    fn what_is_known_to_change_something_is_seen_in_all_its_usual_forms() {
        for (shell, what) in [
            ("touch /srv/x", "touch"),
            ("test -e /x || mkdir -p /x", "mkdir"),
            ("echo 1 > /etc/motd", "> /etc/motd"),
            ("echo 1 >>/etc/motd", "> /etc/motd"),
            ("echo b >/proc/sysrq-trigger", "> /proc/sysrq-trigger"),
            ("ls &> /tmp/out", "> /tmp/out"),
            ("cat <<EOF >/etc/x\nhello\nEOF", "> /etc/x"),
            ("uname | tee /root/kernel", "tee /root/kernel"),
            ("sed -i 's/a/b/' /etc/hosts", "sed -i"),
            ("systemctl stop docker", "systemctl stop"),
            (
                "if systemctl is-active nginx; then systemctl restart nginx; fi",
                "systemctl restart",
            ),
            ("service nginx stop", "service stop"),
            ("/etc/init.d/nginx restart", "nginx restart"),
            ("apt-get install -y htop", "apt-get install"),
            ("DEBIAN_FRONTEND=noninteractive apt-get -y upgrade", "apt-get upgrade"),
            ("sudo -u root apt update", "apt update"),
            ("dpkg -i x.deb", "dpkg -i"),
            ("docker restart web", "docker restart"),
            ("docker --context x compose -f y.yml up -d", "docker compose up"),
            ("docker run --rm busybox true", "docker run"),
            ("docker ps -aq | xargs -r docker rm -f", "docker rm"),
            ("docker exec db sh -c 'echo x > /data/y'", "> /data/y"),
            ("docker exec -u root db rm /data/y", "rm"),
            ("sh -c 'rm /etc/x'", "rm"),
            ("bash -lc \"kill 17\"", "kill"),
            ("x=$(rm /etc/x)", "rm"),
            ("echo \"$(touch /x)\"", "touch"),
            ("echo `touch /x`", "touch"),
            ("find / -name core -delete", "find -delete"),
            ("find / -name core -exec rm {} +", "rm"),
            ("find / -name core -exec sh -c 'rm \"$1\"' sh {} \\;", "rm"),
            ("timeout 5 truncate -s 0 /var/log/x", "truncate"),
            ("runuser -u postgres -- psql -c 'update users set x = 1'", "psql UPDATE"),
            ("su postgres -c 'createdb shop'", "createdb"),
            ("trap 'rm -f /x' EXIT; true", "rm"),
            ("ufw allow 80/tcp", "ufw allow"),
            ("ufw --force enable", "ufw enable"),
            ("iptables -t nat -F", "iptables -F"),
            ("nft flush ruleset", "nft flush"),
            ("ip link set eth0 down", "ip set"),
            ("sysctl -w vm.swappiness=1", "sysctl -w"),
            ("sysctl vm.swappiness=1", "sysctl"),
            ("reboot", "reboot"),
            ("kill -9 17", "kill"),
            ("pkill nginx", "pkill"),
            ("date -s 2020-01-01", "date -s"),
            ("hostnamectl set-hostname x", "hostnamectl set-hostname"),
            ("git -C /srv/app pull", "git pull"),
            ("curl -X DELETE http://localhost/x", "curl -X DELETE"),
            ("curl -fsSLo /tmp/x https://example.org", "curl -o"),
            ("wget https://example.org/x", "wget"),
            ("crontab -r", "crontab -r"),
            ("mount /dev/sdb1 /mnt", "mount"),
            ("journalctl --vacuum-time=1d", "journalctl --vacuum-time=1d"),
            ("case $x in a) rm /x ;; esac", "rm"),
            ("f() { rm /x; }; f", "rm"),
            ("tar xf x.tar", "tar xf"),
            ("redis-cli flushall", "redis-cli flushall"),
        ] {
            assert_eq!(changing(shell).as_deref(), Some(what), "{shell}");
        }
    }

    #[test]
    fn what_only_looks_is_left_alone() {
        for shell in [
            "uname -r",
            "awk '$1 > 5 { print }' /proc/meminfo",
            "test -e /etc/passwd && echo 'rm -r /x > /y'",
            "command -v touch >/dev/null 2>&1",
            "dpkg -s install 2>/dev/null | grep -q '^Status: .* ok installed$'",
            "systemctl is-active --quiet ssh.socket",
            "systemctl is-enabled nginx",
            "systemctl show -p ActiveState docker",
            "service nginx status",
            "docker ps --filter name=stop",
            "docker inspect -f '{{.State.Running}}' web",
            "docker compose -f /opt/x.yml ps -q",
            "docker exec traefik traefik healthcheck",
            "docker volume ls -q",
            "docker swarm unlock-key",
            "ufw status verbose | grep -q '^80/tcp'",
            "ufw show added",
            "iptables -S DOCKER-USER",
            "iptables -L -n",
            "nft list ruleset",
            "ip -o addr show",
            "ip route get 1.1.1.1",
            "sysctl -n vm.swappiness",
            "apt-get -s install htop",
            "apt-get install --simulate htop",
            "apt-cache policy htop",
            "apt-mark showhold",
            "id deploy",
            "kill -0 17",
            "swapon --show=NAME --noheadings | grep -qx /swapfile",
            "mount | grep -q /data",
            "mount -t nfs",
            "findmnt /data",
            "hostname -f",
            "date +%s",
            "crontab -l -u deploy",
            "sudo -u postgres psql -lqt | grep -qw shop",
            "psql -Atc 'select 1'",
            "git -C /srv/app rev-parse HEAD",
            "git remote add --help",
            "curl -fsS -o /dev/null http://127.0.0.1/",
            "wget -qO- http://127.0.0.1/",
            "sed -n 's/a/b/p' /etc/hosts",
            "sshd -T | grep -qx 'passwordauthentication no'",
            "[ \"$(stat -c %a /x)\" = 644 ]",
            "[ $((1 > 0)) = 1 ]",
            "if [ -e /x ]; then echo yes; else echo no; fi",
            "case $x in stop) echo a ;; kill) echo b ;; esac",
            "cat <<EOF\nrm -r /x\nEOF",
            "tar tf x.tar",
            "modprobe -n overlay",
            "fail2ban-client status sshd",
            "ls >&2; exec 3>&1",
            "grep -c x < /etc/passwd",
            "echo $x >/dev/stderr",
        ] {
            assert_eq!(changing(shell), None, "{shell}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd_to_be_read(text in "[a-z $()`'\"<>|&;{}\\\\\n#=-]{0,60}") {
            let _ = changing(&text);
        }
    }
}
