LC_ALL=C
DOCKER_HOST=unix:///var/run/docker.sock
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL DOCKER_HOST PATH
unset DOCKER_CONTEXT

ik_breaks='	
'
# say KEY VALUE…: one line, whatever stands in the values.
say() {
    ik_line=$1
    shift
    for ik_value in "$@"; do
        # Processes only for what needs them: three for each value were half of what the probe cost a server.
        case $ik_value in *["$ik_breaks"]*) ik_value=$(printf %s "$ik_value" | tr '\t\n' '  ') ;; esac
        ik_line="$ik_line	$ik_value"
    done
    printf '%s\n' "$ik_line"
}
answer() {
    if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi
}
read_os() (
    ID='' VERSION_ID='' VERSION_CODENAME='' PRETTY_NAME=''
    if [ -r /etc/os-release ]; then . /etc/os-release; fi
    say os_id "$ID"
    say os_version "$VERSION_ID"
    say os_codename "$VERSION_CODENAME"
    say os_name "$PRETTY_NAME"
)
# Whether the search for processes works at all is proven by finding the one that searches.
search_works() {
    ik_own=$(cat /proc/$$/comm)
    printf '%s\0' /proc/[0-9]*/task/[0-9]*/comm | xargs -0 grep -shx -- "$ik_own" | grep -q .
}
process_seen() {
    # A thread may end between the listing and the look: what grep cannot read is then no finding. Through xargs, since
    # a busy server has more threads than fit on a command line.
    printf '%s\0' /proc/[0-9]*/task/[0-9]*/comm | xargs -0 grep -shx -- "$ik_thread" | grep -q .
}
read_ssh() {
    for ik_file in /etc/ssh/ssh_host_*_key.pub; do
        if [ -r "$ik_file" ]; then
            while read -r ik_type ik_blob ik_rest; do say host_key "$ik_type $ik_blob"; done <"$ik_file"
        fi
    done
    # sshd is not on every PATH, and refuses to print its configuration without host keys or its run directory: then
    # what listens is all that can be known.
    if [ -x /usr/sbin/sshd ]; then
        /usr/sbin/sshd -T 2>/dev/null | while read -r ik_word ik_port; do
            if [ "$ik_word" = port ]; then say ssh_port "$ik_port"; fi
        done
    fi
    if command -v ss >/dev/null 2>&1; then
        ss -Hltnp 2>/dev/null | grep -E '"(sshd|sshd-session)"' | awk '{ n = split($4, a, ":"); print a[n] }' |
            while read -r ik_port; do say ssh_port "$ik_port"; done
    fi
    # Ubuntu since 22.10 may listen through ssh.socket, where the listener belongs to systemd.
    if command -v systemctl >/dev/null 2>&1 && systemctl is-active --quiet ssh.socket 2>/dev/null; then
        systemctl show ssh.socket -p Listen --value 2>/dev/null | grep -oE '[0-9]+ \(Stream\)' |
            while read -r ik_port ik_rest; do say ssh_port "$ik_port"; done
    fi
}
read_docker() {
    ik_installed=no ik_running=no ik_compose=no ik_swarm=no ik_version='' ik_package=''
    if command -v dockerd >/dev/null 2>&1 || [ -S /var/run/docker.sock ]; then
        if ! command -v docker >/dev/null 2>&1; then
            say error "Docker's engine is there, but not its command line, so what it holds can't be listed"
            exit 0
        fi
        ik_installed=yes
        ik_package=other
        for ik_name in docker.io docker-ce; do
            if dpkg -s "$ik_name" 2>/dev/null | grep -q '^Status: .* ok installed$'; then ik_package=$ik_name; fi
        done
        if ik_version=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
            ik_running=yes
            ik_compose=$(answer docker compose version)
            if [ "$(docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null)" != inactive ]; then ik_swarm=yes; fi
        else
            ik_version=''
        fi
    fi
    say docker_installed "$ik_installed"
    say docker_running "$ik_running"
    say docker_compose "$ik_compose"
    say docker_swarm "$ik_swarm"
    say docker_version "$ik_version"
    say docker_package "$ik_package"
    if [ "$ik_running" = yes ]; then
        docker ps -a --format 'container	{{.Names}}	{{.Image}}	{{.State}}' &&
            docker images --format 'image	{{.Repository}}:{{.Tag}}	{{.ID}}	{{.Size}}' &&
            docker network ls --filter type=custom --format 'network	{{.Name}}' &&
            ik_volumes=$(docker volume ls -q) || {
            say error 'Docker does not list what it holds'
            exit 0
        }
        for ik_volume in $ik_volumes; do
            docker volume inspect --format 'volume	{{.Name}}	{{.Driver}}	{{with .Options}}{{index . "type"}} {{index . "device"}}{{end}}' "$ik_volume" || {
                say error "Docker does not say where the volume $ik_volume keeps its data"
                exit 0
            }
            ik_directory=$(docker volume inspect --format '{{.Mountpoint}}' "$ik_volume")
            if [ -d "$ik_directory" ]; then
                # du stops after 20 s: a size is good to know, and not worth more waiting. Without it there is no line.
                ik_size=$(timeout 20 du -sb -- "$ik_directory" 2>/dev/null) && say volume_size "$ik_volume" "${ik_size%%	*}"
            fi
        done
    fi
}
read_opt() {
    ik_kind=other ik_bytes='' ik_backups=0
    if [ -L /opt/infrakt ]; then
        ik_kind=symlink
    elif [ ! -e /opt/infrakt ]; then
        ik_kind=absent
    elif [ -d /opt/infrakt ]; then
        ik_kind=directory
        if ik_size=$(timeout 20 du -sbx -- /opt/infrakt 2>/dev/null); then ik_bytes=${ik_size%%	*}; fi
        if [ -d /opt/infrakt/backups ]; then ik_backups=$(find /opt/infrakt/backups -mindepth 1 -maxdepth 1 | wc -l); fi
        while read -r ik_id ik_parent ik_device ik_root ik_point ik_rest; do
            case $ik_point in /opt/infrakt | /opt/infrakt/*) say opt_mount "$ik_point" ;; esac
        done </proc/self/mountinfo
    fi
    say opt_kind "$ik_kind"
    say opt_bytes "$ik_bytes"
    say opt_backups "$ik_backups"
}

read_os
say arch "$(dpkg --print-architecture 2>/dev/null || uname -m)"
say kernel "$(uname -r)"
say hostname "$(uname -n)"
say machine_id "$(cat /etc/machine-id 2>/dev/null)"
if ! search_works; then
    say error 'the running processes of the server cannot be searched (grep, xargs and /proc are needed)'
    exit 0
fi
if [ -L /etc/infrakt/host ]; then say marker yes; else say marker "$(answer test -e /etc/infrakt/host)"; fi
say runs_this_infrakt "$(answer process_seen)"
say reboot_required "$(answer test -e /var/run/reboot-required)"
read_ssh
read_docker
read_opt
echo end
