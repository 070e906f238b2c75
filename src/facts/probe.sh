LC_ALL=C
DOCKER_HOST=unix:///var/run/docker.sock
PATH=${PATH:-/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL DOCKER_HOST PATH

# Begins a record; its value is everything printed until the next one.
mark() {
    printf '\n%s %s\n' "$ik_nonce" "$1"
}
# say KEY VALUE
say() {
    printf '\n%s %s\n%s' "$ik_nonce" "$1" "$2"
}
# In this case, the whole answer is this sentence.
fail() {
    say error "$1"
    say end ''
    exit 0
}
answer() {
    if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi
}
read_os() {
    mark os_release
    if [ -r /etc/os-release ]; then
        while IFS= read -r ik_line || [ -n "$ik_line" ]; do printf '%s\n' "$ik_line"; done </etc/os-release
    fi
}
# The search for processes must find the searching process itself; that proves that the search works.
search_works() {
    ik_own=$(cat /proc/$$/comm)
    printf '%s\0' /proc/[0-9]*/task/[0-9]*/comm | xargs -0 grep -shx -- "$ik_own" | grep -q .
}
process_seen() {
    # A thread may end after it was listed; if grep can't read its file, that is not an error. Through xargs, since a busy
    # server has more threads than fit on a command line.
    printf '%s\0' /proc/[0-9]*/task/[0-9]*/comm | xargs -0 grep -shx -- "$ik_thread" | grep -q .
}
read_ssh() {
    mark host_keys
    for ik_file in /etc/ssh/ssh_host_*_key.pub; do
        if [ -r "$ik_file" ]; then
            while read -r ik_type ik_blob ik_rest; do printf '%s\n' "$ik_type $ik_blob"; done <"$ik_file"
        fi
    done
    mark ssh_ports
    # sshd is not on every PATH, and refuses to print its configuration without host keys or its run directory. Then only
    # the listening ports are known.
    if [ -x /usr/sbin/sshd ]; then
        /usr/sbin/sshd -T 2>/dev/null | while read -r ik_word ik_port; do
            if [ "$ik_word" = port ]; then printf '%s\n' "$ik_port"; fi
        done
    fi
    if command -v ss >/dev/null 2>&1; then
        ss -Hltnp 2>/dev/null | grep -E '"(sshd|sshd-session)"' | awk '{ n = split($4, a, ":"); print a[n] }'
    fi
    # Ubuntu since 22.10 may listen through ssh.socket, where the listener belongs to systemd.
    if command -v systemctl >/dev/null 2>&1 && systemctl is-active --quiet ssh.socket 2>/dev/null; then
        systemctl show ssh.socket -p Listen --value 2>/dev/null | grep -oE '[0-9]+ \(Stream\)' |
            while read -r ik_port ik_rest; do printf '%s\n' "$ik_port"; done
    fi
}
# Why Docker's service does not run: its state, and its last messages in the journal.
read_unit() {
    ik_unit=''
    if command -v systemctl >/dev/null 2>&1; then
        ik_unit=$(systemctl show docker.service -p LoadState -p Result 2>/dev/null)
    fi
    case $ik_unit in
    *LoadState=masked*) ik_unit=masked ;;
    *LoadState=loaded*Result=success* | *Result=success*LoadState=loaded*) ik_unit=stopped ;;
    *LoadState=loaded*) ik_unit=failed ;;
    *) ik_unit='' ;;
    esac
    say docker_unit "$ik_unit"
    mark docker_journal
    if [ "$ik_unit" = failed ]; then journalctl --quiet --no-pager -o cat -n 1 _SYSTEMD_UNIT=docker.service 2>/dev/null; fi
}
read_docker() {
    ik_installed=no ik_running=no ik_compose=no ik_package='' ik_proven=2 ik_version='' ik_root='' ik_store=''
    if command -v dockerd >/dev/null 2>&1 || engine_socket; then
        if ! command -v docker >/dev/null 2>&1; then
            fail "the Docker engine is installed without its command line, so its contents can't be listed"
        fi
        ik_installed=yes
        ik_package=other
        for ik_name in docker.io docker-ce; do
            if dpkg -s "$ik_name" 2>/dev/null | grep -q '^Status: .* ok installed$'; then ik_package=$ik_name; fi
        done
        ik_proven=0
        ik_prove_engine || ik_proven=$?
        if [ -n "$ik_engine" ]; then
            ik_running=yes
            ik_compose=$(answer docker compose version)
        fi
    fi
    say docker_installed "$ik_installed"
    say docker_running "$ik_running"
    say docker_compose "$ik_compose"
    say docker_version "$ik_version"
    say docker_package "$ik_package"
    if [ "$ik_installed" = yes ] && [ "$ik_running" = no ]; then read_unit; fi
    if [ "$ik_running" = yes ]; then
        say docker_id "$ik_engine"
        say docker_root "$ik_root"
        say docker_driver "$ik_driver"
        say docker_unproven "$ik_reason"
        say docker_swarm "$ik_swarm"
        read_engine
        case $ik_swarm in *'"LocalNodeState":"inactive"'*) ;; *) read_swarm ;; esac
    fi
    mark obstacles
    ik_survey
}
# Podman's socket, under the same path, is not a Docker engine.
engine_socket() {
    [ -S /var/run/docker.sock ] || return 1
    case $(readlink -f /var/run/docker.sock) in */podman/*) return 1 ;; esac
}
# What the swarm contains, if this node may know it: only a manager does, and only with a quorum.
read_swarm() {
    if ik_nodes=$(timeout 30 docker node ls --format '[{{json .ID}},{{json .Hostname}}]' 2>/dev/null) &&
        ik_services=$(docker service ls --format '[{{json .ID}},{{json .Name}}]') &&
        ik_stacks=$(docker stack ls --format '{{json .Name}}') &&
        ik_secrets=$(docker secret ls --format '[{{json .ID}},{{json .Name}}]') &&
        ik_configs=$(docker config ls --format '[{{json .ID}},{{json .Name}}]'); then
        say swarm_listed yes
        say swarm_nodes "$ik_nodes"
        say swarm_services "$ik_services"
        say swarm_stacks "$ik_stacks"
        say swarm_secrets "$ik_secrets"
        say swarm_configs "$ik_configs"
    else
        say swarm_listed no
    fi
}
# What the engine contains, as JSON, which contains no line breaks, whatever the names are.
read_engine() {
    mark containers
    docker ps -a --no-trunc --format '[{{json .ID}},{{json .Names}},{{json .Image}},{{json .State}}]' &&
        mark images &&
        docker images --no-trunc --format '[{{json .ID}},{{json .Repository}},{{json .Tag}},{{json .Size}}]' &&
        mark networks &&
        docker network ls --no-trunc --filter type=custom --format '[{{json .ID}},{{json .Name}}]' ||
        fail 'Docker does not list its contents'
    # A volume may be removed after it was listed; then the list is read again.
    for ik_attempt in 1 2 3; do
        if ik_volumes=$(inspect_volumes '{"name":{{json .Name}},"driver":{{json .Driver}},"created":{{json .CreatedAt}},"mountpoint":{{json .Mountpoint}},"options":{{json .Options}}}') &&
            ik_places=$(inspect_volumes '{{if and (eq .Driver "local") (not .Options)}}{{.Mountpoint}}{{end}}'); then break; fi
        [ "$ik_attempt" -lt 3 ] || fail 'Docker does not say where its volumes store their data'
    done
    say volumes "$ik_volumes"
    mark volume_sizes
    # du stops after 20 s: sizes are useful, but not worth a longer wait. Volumes that were not reached have no size.
    if [ -n "$ik_places" ]; then
        printf '%s\n' "$ik_places" | grep / | timeout 20 xargs -r -d '\n' du -0 -s -b -- 2>/dev/null
    fi
}
# inspect_volumes FORMAT
inspect_volumes() {
    ik_names=$(docker volume ls -q) || return
    [ -z "$ik_names" ] || printf '%s\n' "$ik_names" | xargs -d '\n' docker volume inspect --format "$1" --
}
read_opt() {
    ik_kind=other
    if [ -L /opt/infrakt ]; then
        ik_kind=symlink
    elif [ ! -e /opt/infrakt ]; then
        ik_kind=absent
    elif [ -d /opt/infrakt ]; then
        ik_kind=directory
    fi
    say opt_kind "$ik_kind"
    [ "$ik_kind" = directory ] || return 0
    ik_backups=0
    if [ -d /opt/infrakt/backups ]; then ik_backups=$(find /opt/infrakt/backups -mindepth 1 -maxdepth 1 -printf '\n' | wc -l); fi
    say opt_backups "$ik_backups"
    mark opt_mounts
    ik_place=$(readlink -f /opt/infrakt)
    while read -r ik_id ik_parent ik_device ik_root ik_point ik_rest; do
        case $ik_point in "$ik_place" | "$ik_place"/*) printf '%s\n' "$ik_point" ;; esac
    done </proc/self/mountinfo
    mark opt_entries
    find /opt/infrakt -xdev -mindepth 1 -maxdepth 2 -printf '%P\0%y\0%T@\0' | head -z -n 60000
    mark opt_sizes
    # The entries come before the directory itself.
    timeout 20 du -0 -a -b -x --max-depth=2 -- /opt/infrakt 2>/dev/null | tail -z -n 20001
}
# Memory, processors, addresses, users and disks. A part that a machine does not tell is empty.
read_machine() {
    ik_memory='' ik_swap=''
    if [ -r /proc/meminfo ]; then
        while read -r ik_word ik_size ik_rest; do
            case $ik_word in MemTotal:) ik_memory=$ik_size ;; SwapTotal:) ik_swap=$ik_size ;; esac
        done </proc/meminfo
    fi
    say memory "$ik_memory"
    say swap "$ik_swap"
    say processors "$(nproc 2>/dev/null)"
    mark addresses
    if command -v ip >/dev/null 2>&1; then
        ip -o addr show scope global 2>/dev/null | while read -r ik_id ik_name ik_family ik_address ik_rest; do
            printf '%s\n' "$ik_name $ik_address"
        done
    fi
    mark users
    if [ -r /etc/passwd ]; then
        while IFS=: read -r ik_name ik_word ik_id ik_rest; do printf '%s\0%s\0' "$ik_name" "$ik_id"; done </etc/passwd
    fi
    mark disk_mounts
    set --
    while read -r ik_id ik_parent ik_device ik_root ik_point ik_rest; do
        ik_rest=${ik_rest#*' - '}
        ik_type=${ik_rest%% *}
        ik_source=${ik_rest#* }
        ik_source=${ik_source%% *}
        case $ik_source in
        /dev/loop*) continue ;;
        /dev/*) ;;
        *) if [ "$ik_point" = / ]; then ik_source=$ik_type; else continue; fi ;;
        esac
        printf '%s\0%s\0%s\0' "$ik_source" "$ik_point" "$ik_device"
        # A path with a blank or a line break is escaped here, and has no size.
        case $ik_point in *\\*) ;; *) set -- "$@" "$ik_point" ;; esac
    done </proc/self/mountinfo
    mark disk_room
    # A broken disk may not answer; its size is not worth a longer wait.
    if [ $# -gt 0 ]; then timeout 5 stat -f --printf='%n\0%S %b %a\0' -- "$@" 2>/dev/null; fi
    mark disk_devices
    for ik_device in /sys/class/block/*; do
        ik_name=${ik_device##*/}
        case $ik_name in loop* | ram* | zram* | sr* | fd*) continue ;; esac
        [ -r "$ik_device/size" ] && [ -r "$ik_device/dev" ] || continue
        set -- "$ik_device/$ik_name"* "$ik_device"/holders/*
        # What is divided into partitions, or is part of another device, is not listed itself.
        ik_part=no
        for ik_file in "$@"; do if [ -e "$ik_file" ]; then ik_part=yes; fi; done
        [ "$ik_part" = no ] || continue
        read -r ik_size <"$ik_device/size"
        read -r ik_id <"$ik_device/dev"
        [ "$ik_size" != 0 ] || continue
        ik_swap=no
        if [ -r /proc/swaps ]; then
            while read -r ik_file ik_rest; do if [ "$ik_file" = "/dev/$ik_name" ]; then ik_swap=yes; fi; done </proc/swaps
        fi
        printf '%s\0%s\0%s\0%s\0' "$ik_name" "$ik_size" "$ik_id" "$ik_swap"
    done
}

read_os
read_machine
say arch "$(dpkg --print-architecture 2>/dev/null || uname -m)"
say kernel "$(uname -r)"
say hostname "$(uname -n)"
say machine_id "$(cat /etc/machine-id 2>/dev/null)"
if ! search_works; then
    fail 'the running processes of the server cannot be searched (grep, xargs and /proc are needed)'
fi
if [ -L /etc/infrakt/host ]; then say marker yes; else say marker "$(answer test -e /etc/infrakt/host)"; fi
say runs_this_infrakt "$(answer process_seen)"
say reboot_required "$(answer test -e /var/run/reboot-required)"
read_ssh
read_docker
read_opt
say end ''
