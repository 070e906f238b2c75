//! What a wipe says is gone is gone from the machine: container data that Docker does not list, and file systems that the
//! machine shares, are named before anything is destroyed.

use crate::infrakt::Infrakt;
use crate::machine::{Machine, RESTART_DOCKER};

const WIPE: [&str; 6] = ["run", "wipe.rhai", "--server", "prod-2", "--confirm", "prod-2"];

/// Adds settings to Docker's configuration and restarts it.
fn set(settings: &str) -> String {
    format!(
        "[ -e /root/daemon.json ] || cp /etc/docker/daemon.json /root/daemon.json
         sed 's|^{{|{{ {settings},|' /root/daemon.json >/etc/docker/daemon.json
         {RESTART_DOCKER}"
    )
}

/// Takes the settings back.
fn back() -> String {
    format!("cp /root/daemon.json /etc/docker/daemon.json; {RESTART_DOCKER}")
}

/// An image without anything to fetch.
const IMAGE: &str = "tar -c -C /etc hostname | docker import - left/over:1";

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn container_data_that_docker_does_not_list_is_named_and_refused() {
    let machine = Machine::up(&["--full"]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let refused = |make: &str, said: &[&str], undo: &str| {
        machine.root(make);
        let before = machine.state();
        for (words, exit) in [(WIPE.as_slice(), 3), (&["plan", "wipe", "--server", "prod-2"], 3)] {
            let ended = infrakt.run(words).exits(exit);
            said.iter().fold(ended, |ended, said| ended.says(said));
        }
        assert!(machine.state() == before, "something has changed with: {make}");
        machine.root(undo);
    };

    // The data root, there and back.
    refused(
        &set(r#""data-root": "/srv/docker""#),
        &["/var/lib/docker", "6 containers, 4 volumes", "data-root"],
        &format!("docker volume create elsewhere; {}", back()),
    );
    refused("true", &["/srv/docker", "1 volume"], "rm -rf /srv/docker");
    // The storage driver, there and back.
    for (settings, there, here) in [
        (
            r#""features": {"containerd-snapshotter": true}"#,
            "/var/lib/docker/image/overlay2",
            "/var/lib/containerd",
        ),
        (
            r#""storage-driver": "vfs""#,
            "/var/lib/docker/image/overlay2",
            "/var/lib/docker/image/vfs",
        ),
        (
            r#""userns-remap": "default""#,
            "/var/lib/docker",
            "/var/lib/docker/100000.100000",
        ),
    ] {
        refused(&set(settings), &[there], &format!("{IMAGE}; {}", back()));
        refused("true", &[here], "true");
        machine.root(&format!("{}; docker image rm left/over:1; {}", set(settings), back()));
    }
    machine.root("rm -rf /var/lib/docker/100000.100000");

    // Other users, other engines.
    refused(
        "useradd --create-home joe; mkdir -p /home/joe/.local/share/docker/volumes/pgdata/_data",
        &["/home/joe/.local/share/docker", "joe", "1 volume"],
        "userdel --remove joe",
    );
    refused(
        "mkdir -p /var/lib/containers/storage/volumes/pgdata/_data",
        &["/var/lib/containers/storage", "Podman", "1 volume"],
        "rm -rf /var/lib/containers",
    );
    refused(
        "mkdir -p /var/snap/docker/common/var-lib-docker/volumes/pgdata/_data",
        &["/var/snap/docker/common/var-lib-docker"],
        "rm -rf /var/snap",
    );
    refused(
        "mkdir -p /var/lib/docker/volumes/stray/_data",
        &["/var/lib/docker/volumes/stray"],
        "rm -rf /var/lib/docker/volumes/stray",
    );
    refused(
        "mkdir -p /mnt/disk/docker/volumes/pgdata /mnt/disk/docker/containers && touch /mnt/disk/docker/volumes/metadata.db",
        &["/mnt/disk/docker", "1 volume"],
        "rm -rf /mnt/disk",
    );

    other_engines_are_found_wherever_they_keep_their_data(&infrakt, &machine);

    // File systems that are not the machine's own, or are somewhere else too.
    let uploads = "/var/lib/docker/volumes/uploads/_data";
    machine.root("mkdir -p '/srv/my shared/infrakt/backups' && touch '/srv/my shared/infrakt/backups/precious'");
    refused(
        &format!("mount --bind '/srv/my shared' {uploads}"),
        &[uploads, "the volume uploads"],
        &format!("umount {uploads}"),
    );
    refused(
        "mount --bind '/srv/my shared' /opt",
        &["/opt/infrakt", "bind mount"],
        "umount /opt",
    );
    refused(
        "mount --bind '/srv/my shared' /var/lib/docker/tmp",
        &["/var/lib/docker/tmp", "bind mount"],
        "umount /var/lib/docker/tmp",
    );
    let layer = "/var/lib/docker/image/overlay2/distribution";
    refused(
        &format!("mount --bind '/srv/my shared' {layer}"),
        &[layer, "bind mount"],
        &format!("umount {layer}"),
    );
    // What is deleted in an overlay is there again without it.
    refused(
        "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work
         mount -t overlay -o lowerdir=/opt,upperdir=/mnt/upper,workdir=/mnt/work overlay /opt",
        &["/opt/infrakt", "overlay"],
        "umount /opt /mnt",
    );
    // What not even root can delete would end the wipe half-way. Debian's installer brings chattr(1) along.
    machine.root("apt-get install -qq -y --no-install-recommends e2fsprogs");
    refused(
        &format!("touch {uploads}/kept && chattr +i {uploads}/kept"),
        &[&format!("{uploads}/kept"), "immutable", "chattr -R -i -a"],
        &format!("chattr -i {uploads}/kept && rm {uploads}/kept"),
    );
    // Of a kind that is no disk, as those of a network and of FUSE are.
    refused(
        "mount -t hugetlbfs none /opt && mkdir /opt/infrakt",
        &["/opt/infrakt", "hugetlbfs"],
        "umount /opt",
    );

    // A disk of the machine's own, a directory that is mounted on itself, and a volume in memory are no obstacles; and what
    // a server or root's own configuration sets for Docker does not count.
    machine.root(
        "mv /opt /opt.before && mkdir /opt && mount -t tmpfs none /opt && cp -a /opt.before/. /opt
         mount --bind /opt /opt
         mount --bind /var/lib/docker/volumes /var/lib/docker/volumes
         docker volume create --opt type=tmpfs --opt device=tmpfs memory
         docker run --detach --volume memory:/memory redis:7
         mkdir -p /root/.docker && echo '{\"pruneFilters\": [\"label=none\"], \"currentContext\": \"elsewhere\"}' >/root/.docker/config.json
         printf '%s\\n' DOCKER_CONTEXT=elsewhere DOCKER_API_VERSION=1.1 DOCKER_CONFIG=/root/.docker >>/etc/environment",
    );
    let docker = &infrakt.json(&["facts", "prod-2"])["docker"];
    assert_eq!(docker["root"], "/var/lib/docker");
    assert_eq!(docker["driver"], "overlay2");
    assert_eq!(docker["id"], machine.root("cat /var/lib/docker/engine-id"));
    infrakt.run(&WIPE).exits(0);
    machine.root("rm /root/.docker/config.json");
    assert_eq!(machine.held_by_docker(), [""; 0]);
    assert!(machine.holds("test -e '/srv/my shared/infrakt/backups/precious'"));
    // Also after the daemon has looked again at all that it finds.
    machine.root(RESTART_DOCKER);
    assert_eq!(machine.held_by_docker(), [""; 0]);
}

/// Engines whose data is not where it usually is, all at once: each is found by its files, by its configuration, or because
/// it runs.
fn other_engines_are_found_wherever_they_keep_their_data(infrakt: &Infrakt, machine: &Machine) {
    machine.root(
        "useradd --create-home joe
         mkdir -p /srv/pods/overlay-images/0123 /srv/pods/volumes/pgdata && touch /srv/pods/overlay-images/images.lock
         mkdir -p /srv/a/b/c/d/e/pods/overlay-containers/0123 /etc/containers /srv/joes/pgdata /home/joe/.config/containers
         printf '[storage]\ngraphroot = \"/srv/a/b/c/d/e/pods\"\n' >/etc/containers/storage.conf
         printf '[engine]\nvolume_path = \"/srv/joes\"\n' >/home/joe/.config/containers/containers.conf
         mkdir -p /srv/a/b/c/d/joes/volumes/pgdata /home/joe/.config/docker
         echo '{\"debug\": true, \"data-root\": \"/srv/a/b/c/d/joes\"}' >/home/joe/.config/docker/daemon.json
         mkdir -p /home/joe/.local/share/docker/containerd/daemon/io.containerd.content.v1.content/blobs/sha256/0123
         mkdir -p /home/gone/.local/share/containers/storage/vfs-images/0123 /home/gone/.local/share/nerdctl/0123
         mkdir -p /srv/pieces/io.containerd.metadata.v1.bolt /srv/pieces/io.containerd.content.v1.content/blobs/sha256/0123
         touch /srv/pieces/io.containerd.metadata.v1.bolt/meta.db
         mkdir -p /var/lib/kubelet/pods/0123/volumes
         echo left | ctr --namespace other content ingest left
         mkdir -p /srv/second/b/c/d/e
         systemd-run --quiet --unit second --property PrivateNetwork=yes dockerd --host unix:///run/second.sock --data-root /srv/second/b/c/d/e/docker \
             --exec-root /run/second --pidfile /run/second.pid --bridge none --iptables=false --storage-driver vfs",
    );
    machine.awaits("docker --host unix:///run/second.sock volume create pgdata");
    let before = machine.state();
    let facts = infrakt.json(&["facts", "prod-2"]);
    let obstacles = facts["obstacles"].as_array().expect("obstacles");
    let mut paths: Vec<&str> = obstacles.iter().filter_map(|found| found["path"].as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "/home/gone/.local/share",
            "/home/gone/.local/share/containers/storage",
            "/home/joe/.local/share/docker",
            "/srv/a/b/c/d/e/pods",
            "/srv/a/b/c/d/joes",
            "/srv/joes",
            "/srv/pieces",
            "/srv/pods",
            "/srv/second/b/c/d/e/docker",
            "/var/lib/containerd",
            "/var/lib/kubelet/pods",
        ],
        "{obstacles:#?}"
    );
    infrakt
        .run(&WIPE)
        .exits(3)
        .says("for the 10 other obstacles: infrakt facts prod-2");
    assert!(machine.state() == before);
    machine.root(
        "systemctl stop second
         rm -rf /srv/pods /srv/a /etc/containers /srv/joes /home/gone /srv/pieces /var/lib/kubelet /srv/second
         ctr --namespace other content ls --quiet | xargs ctr --namespace other content rm
         userdel --remove joe",
    );
}
