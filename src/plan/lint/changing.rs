//! The lint for queries and guards, which must be read-only: it refuses commands that are known to change something. A
//! query runs during planning, before anyone is asked for consent.

use super::commands::commands;
use super::program_changes::{changes, keeps};
use super::programs::programs;

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
