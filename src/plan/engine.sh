# Proves that the engine behind Docker's socket is this machine's own. Another machine's engine may answer there: the socket
# may be forwarded by ssh or socat, or be the host's, mounted into a container.
#
# Returns 0 if it is proven, 1 if not, with the reason in ik_reason, and 2 if nothing answers. Sets what the engine reports:
# ik_engine (its id), ik_version, ik_root and ik_driver, ik_store (`io.containerd.snapshotter.v1` if containerd keeps the
# images), and ik_swarm (JSON).
ik_prove_engine() {
    ik_engine='' ik_version='' ik_root='' ik_driver='' ik_store='' ik_swarm='' ik_reason='' ik_daemon=''
    [ -S /var/run/docker.sock ] || return 2
    ik_said=$(DOCKER_HOST=unix:///var/run/docker.sock timeout 30 docker info --format '{{println .ID}}{{println .ServerVersion}}{{println .DockerRootDir}}{{println .Driver}}{{range .DriverStatus}}{{if eq (index . 0) "driver-type"}}{{index . 1}}{{end}}{{end}}{{println}}{{json .Swarm}}' 2>/dev/null) || ik_said=''
    if [ -n "$ik_said" ]; then
        for ik_field in ik_engine ik_version ik_root ik_driver ik_store; do
            ik_value=${ik_said%%"$ik_break"*}
            ik_said=${ik_said#*"$ik_break"}
            eval "$ik_field=\$ik_value"
        done
        ik_swarm=$ik_said
    fi
    ik_listeners=$(ik_listening) || {
        [ -n "$ik_engine" ] || return 2
        ik_reason="no process of this machine listens on /var/run/docker.sock, according to ss"
        return 1
    }
    # Checks every process that holds the socket, whatever its name is.
    while :; do
        case $ik_listeners in *pid=*) ;; *) break ;; esac
        ik_listeners=${ik_listeners#*pid=}
        ik_pid=${ik_listeners%%[!0-9]*}
        ik_program=$(readlink "/proc/$ik_pid/exe") || ik_program=''
        case $ik_pid:$ik_program in
            *:*/dockerd | *:*"/dockerd (deleted)") ik_daemon=$ik_pid ;;
            # It opens the socket for dockerd and passes it on (systemd.socket(5)).
            1:*/systemd) ;;
            *)
                ik_reason="${ik_program:-an unknown program} (process $ik_pid) listens on /var/run/docker.sock, which is not dockerd"
                return 1
                ;;
        esac
    done
    [ -n "$ik_engine" ] || return 2
    if [ -z "$ik_daemon" ]; then
        ik_reason='no dockerd of this machine listens on /var/run/docker.sock'
        return 1
    fi
    # shellcheck disable=SC2046 # numbers
    set -- $(stat -L -c '%d:%i' /proc/1/ns/mnt "/proc/$ik_daemon/ns/mnt" /proc/1/ns/pid "/proc/$ik_daemon/ns/pid" \
        / /proc/1/root/. "/proc/$ik_daemon/root/." 2>/dev/null)
    if [ $# != 7 ] || [ "$1" != "$2" ] || [ "$3" != "$4" ] || [ "$5" != "$6" ] || [ "$5" != "$7" ]; then
        ik_reason="dockerd (process $ik_daemon) does not run in this machine itself, but in a container or its own namespace"
        return 1
    fi
    # dockerd keeps a file open there while it runs. That proves that its data is where it says, on a disk of this machine.
    ik_file=$(stat -L -c '%d:%i' -- "$ik_root/volumes/metadata.db" 2>/dev/null) || ik_file=none
    stat -L -c '%d:%i' "/proc/$ik_daemon/fd/"* 2>/dev/null | grep -qxF -- "$ik_file" || {
        ik_reason="dockerd (process $ik_daemon) does not store its data in $ik_root of this machine"
        return 1
    }
    ik_id=''
    if [ -e "$ik_root/engine-id" ]; then
        # The file has no newline at its end.
        read -r ik_id <"$ik_root/engine-id" || [ -n "$ik_id" ] || ik_id=none
    elif grep -qsF -- "\"kid\":\"$ik_engine\"" /etc/docker/key.json; then
        # Before Docker 23, the id is the id of a key.
        ik_id=$ik_engine
    fi
    if [ "$ik_id" != "$ik_engine" ]; then
        ik_reason="the engine's id is $ik_engine, and not the one in $ik_root/engine-id"
        return 1
    fi
}
# What ss reports about the listeners on the socket that the path leads to now. They are found by inode and device, since
# another process can take over a path. ss prints the kernel's number of a device through major(3) and minor(3).
ik_listening() {
    # shellcheck disable=SC2046 # two numbers
    set -- $(stat -L -c '%i %d' /var/run/docker.sock)
    ik_number=$((((($2 >> 8) & 4095) << 20) | ($2 & 255) | (($2 >> 12) & 1048320)))
    ss -Hxlpne 2>/dev/null |
        grep -F -- " ino:$1 dev:$(((ik_number >> 8) & 4095))/$(((ik_number & 255) | ((ik_number >> 12) & 1048320))) "
}
ik_break='
'
