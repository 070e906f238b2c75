# Finds obstacles to a complete wipe: container data that the machine's own Docker does not list, and file systems in the wiped
# directories that may belong to another machine too. Prints three fields for each, each ended by a NUL: the path, the problem,
# and what to do. Run ik_prove_engine first, and put its status in ik_proven.
ik_survey() {
    ik_seen=$ik_break
    ik_survey_engine
    # A Docker that does not answer can't be told apart from an uninstalled one.
    ik_survey_others
    if [ "$ik_proven" = 0 ] || ! command -v dockerd >/dev/null 2>&1; then ik_survey_roots; fi
    ik_survey_mounts
    ik_survey_unremovable
}
# ik_found PATH WHAT REMEDY
ik_found() {
    printf '%s\0%s\0%s\0' "$1" "$2" "$3"
}
ik_survey_engine() {
    case $ik_proven in
        1) ik_found /var/run/docker.sock "the Docker that answers there is not proven to be this machine's own: $ik_reason" \
            "find out what listens there: ss -xlp 'src /run/docker.sock'" ;;
    esac
}
# ik_again PATH: whether this store was looked at already.
ik_again() {
    case $ik_seen in *"$ik_break$1$ik_break"*) return 0 ;; esac
    ik_seen=$ik_seen$1$ik_break
    return 1
}
# How many of these paths exist; the pattern of a glob without matches does not count.
ik_count() {
    ik_number=0
    for ik_path in "$@"; do
        if [ -e "$ik_path" ] || [ -L "$ik_path" ]; then ik_number=$((ik_number + 1)); fi
    done
}
# ik_holds ROOT: describes the data in a data root of Docker; prints nothing if there is no data.
ik_holds() {
    ik_words=''
    ik_count "$1"/containers/*/
    ik_add_words "$ik_number" container
    ik_count "$1"/volumes/*/
    ik_add_words "$ik_number" volume
    ik_count "$1"/image/*/imagedb/content/sha256/*
    ik_add_words "$ik_number" image
    if [ -z "$ik_words" ]; then
        ik_count_layers "$1"
        ik_add_words "$ik_number" layer
    fi
    # The images of a Docker that starts a containerd of its own.
    if [ -z "$ik_words" ]; then
        ik_count_content "$1/containerd/daemon"
        ik_add_words "$ik_number" 'image file'
    fi
}
# The layers of a containerd, and the files that they were made from.
ik_count_content() {
    ik_count "$1"/io.containerd.snapshotter.v1.*/snapshots/* "$1"/io.containerd.content.v1.content/blobs/*/*
}
ik_add_words() {
    case $1 in
        0) ;;
        1) ik_words="${ik_words:+$ik_words, }1 $2" ;;
        *) ik_words="${ik_words:+$ik_words, }$1 $2s" ;;
    esac
}
# The layers of every storage driver, without overlay2's short names for them.
ik_count_layers() {
    ik_count "$1"/overlay2/??*/ "$1"/overlay/??*/ "$1"/aufs/diff/*/ "$1"/btrfs/subvolumes/*/ "$1"/vfs/dir/*/ \
        "$1"/devicemapper/mnt/*/ "$1"/fuse-overlayfs/??*/ "$1"/zfs/graph/*/
}
# ik_same PATH PATH: whether both are the same directory.
ik_same() {
    [ "$1" -ef "$2" ]
}
# ik_survey_root PATH [PROCESS]: checks a data root of Docker that is not the one in use, and which dockerd has it open.
ik_survey_root() {
    if [ -n "$ik_root" ] && ik_same "$1" "$ik_root" || ik_again "$1"; then return 0; fi
    ik_holds "$1"
    [ -n "$ik_words" ] || return 0
    if [ -n "${2:-}" ]; then
        ik_found "$1" "another Docker (process $2) than the one that would be wiped has data there: $ik_words" \
            "wipe it over its own socket (to list them: ss -xlp), or stop it and remove the directory yourself"
        return 0
    fi
    case ${1##*/} in
        [0-9]*.[0-9]*) ik_way='set userns-remap in /etc/docker/daemon.json again, restart Docker and wipe then' ;;
        *) ik_way="make it Docker's data-root (in /etc/docker/daemon.json), restart Docker and then wipe" ;;
    esac
    command -v dockerd >/dev/null 2>&1 || ik_way='install Docker again and then wipe'
    ik_found "$1" "it has leftover data of a Docker that does not use it: $ik_words" "$ik_way; or remove it yourself"
}
ik_survey_roots() {
    for ik_candidate in /var/lib/docker /var/lib/docker/[0-9]*.[0-9]*/ /var/snap/docker/common/var-lib-docker; do
        ik_candidate=${ik_candidate%/}
        if [ -d "$ik_candidate" ]; then ik_survey_root "$ik_candidate"; fi
    done
    if [ "$ik_proven" = 0 ]; then
        ik_survey_own
        for ik_candidate in "$ik_root"/[0-9]*.[0-9]*/; do
            case $ik_candidate in /var/lib/docker/*) continue ;; esac
            if [ -d "$ik_candidate" ]; then ik_survey_root "${ik_candidate%/}"; fi
        done
        # With user namespaces, the root is a directory inside another root.
        case ${ik_root##*/} in [0-9]*.[0-9]*) [ "${ik_root%/*}" = /var/lib/docker ] || ik_survey_root "${ik_root%/*}" ;; esac
    fi
    for ik_candidate in $(ik_setting data-root /etc/docker/daemon.json); do
        if [ -d "$ik_candidate" ]; then ik_survey_root "$ik_candidate"; fi
    done
    # If no engine was ever installed, there is nothing to search for.
    [ -d /var/lib/docker ] || [ -d /etc/docker ] || [ -d /etc/containers ] || [ -d /var/lib/containerd ] || [ -n "$ik_root" ] || return 0
    # Every store has a file by which it is recognised: searched to a depth of five on the machine's own file systems.
    ik_status=0
    ik_candidates=$(ik_local_mounts | timeout -s KILL 20 xargs -r -0 sh -c 'exec find "$@" -xdev -maxdepth 5 \
        \( -path /proc -o -path /sys -o -path /dev -o -path "/usr/[!l]*" -o -path "/usr/lib*" -o -path /etc -o -path /boot \
        -o -path /run -o -name overlay2 \) -prune -o \( -path "*/volumes/metadata.db" -o -path "*-images/images.lock" \
        -o -path "*/io.containerd.metadata.v1.bolt/meta.db" \) -print' find 2>/dev/null) || ik_status=$?
    # find itself fails if a directory is removed meanwhile.
    [ "$ik_status" != 137 ] || ik_found / 'its file systems could not be searched within 20 s for other data of Docker' \
        'see which of them does not answer: findmnt'
    # Wherever it is, an engine that runs has that file open.
    ik_candidates=$(ik_opened)$ik_break$ik_candidates$ik_break
    while [ -n "$ik_candidates" ]; do
        ik_candidate=${ik_candidates%%"$ik_break"*}
        ik_candidates=${ik_candidates#"$ik_candidate"}
        ik_candidates=${ik_candidates#"$ik_break"}
        ik_process=''
        case $ik_candidate in
            '') continue ;;
            [0-9]*) ik_process=${ik_candidate%%/*} ;;
        esac
        ik_candidate=${ik_candidate#"$ik_process"}
        # What is left out here is checked elsewhere.
        case $ik_candidate in
            */volumes/metadata.db)
                ik_candidate=${ik_candidate%/volumes/metadata.db}
                case $ik_candidate in
                    /var/lib/docker | /var/lib/docker/[0-9]*.[0-9]* | "$ik_root"/[0-9]*.[0-9]* | "${ik_root%/*}") continue ;;
                    */.local/share/docker | /var/snap/docker/common/var-lib-docker) continue ;;
                esac
                ik_survey_root "$ik_candidate" "$ik_process"
                ;;
            */images.lock)
                ik_candidate=${ik_candidate%/*-images/images.lock}
                case $ik_candidate in */.local/share/containers/storage) continue ;; esac
                ik_survey_podman "$ik_candidate"
                ;;
            *)
                ik_candidate=${ik_candidate%/io.containerd.metadata.v1.bolt/meta.db}
                case $ik_candidate in
                    /var/lib/containerd | */containerd/daemon | */.local/share/containerd) continue ;;
                    /var/lib/rancher/* | /var/lib/k0s/* | /var/snap/microk8s/*) continue ;;
                esac
                if ik_again "$ik_candidate"; then continue; fi
                ik_count_content "$ik_candidate"
                [ "$ik_number" = 0 ] || ik_found "$ik_candidate" "another containerd keeps $ik_number layers and files of images there" \
                    'remove them with ctr over its own socket, or stop it and remove the directory yourself'
                ;;
        esac
    done
}
# The files by which a store is recognised that processes of this machine have open: the process, and the path. A process in a
# container is not of interest: what it stores is in the container, or in a directory of the machine that was mounted into it.
ik_opened() {
    printf '%s\0' /proc/[0-9]*/fd | xargs -0 sh -c 'exec find "$@" -maxdepth 1 \( -lname "*/volumes/metadata.db" \
        -o -lname "*/io.containerd.metadata.v1.bolt/meta.db" \) -printf "%h %l\n"' find 2>/dev/null |
        while read -r ik_process ik_path; do
            ik_process=${ik_process#/proc/}
            ik_process=${ik_process%/fd}
            [ "/proc/$ik_process/ns/pid" -ef /proc/1/ns/pid ] || continue
            # It may see another directory under this path.
            [ "$ik_path" -ef "/proc/$ik_process/root$ik_path" ] || ik_path=/proc/$ik_process/root$ik_path
            printf '%s%s\n' "$ik_process" "$ik_path"
        done
}
# ik_setting KEY FILE…: the paths that configuration files have for it, JSON or TOML. Users write them, so not all of it is read.
ik_setting() {
    ik_key=$1
    shift
    for ik_path in "$@"; do
        if [ -f "$ik_path" ]; then timeout 5 head -c 65536 -- "$ik_path"; echo; fi
    done 2>/dev/null |
        sed -n "s/^\(.*[{,]\)\{0,1\}[[:space:]]*\"\{0,1\}$ik_key\"\{0,1\}[[:space:]]*[:=][[:space:]]*\"\(\/[^\"]*\)\".*/\2/p"
}
# Data in the root in use that its daemon does not list.
ik_survey_own() {
    ik_others=''
    for ik_image in "$ik_root"/image/*/; do
        ik_name=${ik_image%/}
        ik_name=${ik_name##*/}
        [ "$ik_name" != "$ik_driver" ] || continue
        ik_count "$ik_image"imagedb/content/sha256/* "$ik_image"layerdb/mounts/*/
        [ "$ik_number" != 0 ] || continue
        ik_others=yes
        ik_found "$ik_root/image/$ik_name" \
            "Docker uses the storage driver $ik_driver now, and does not list the images and containers that it keeps here with $ik_name" \
            "set $ik_name again in /etc/docker/daemon.json, restart Docker, and then wipe"
    done
    for ik_layers in overlay2/??*/ overlay/??*/ aufs/diff/*/ btrfs/subvolumes/*/ vfs/dir/*/ devicemapper/mnt/*/ fuse-overlayfs/??*/ zfs/graph/*/; do
        ik_name=${ik_layers%%/*}
        if [ "$ik_name" = "$ik_driver" ] || [ -d "$ik_root/image/$ik_name" ]; then continue; fi
        # shellcheck disable=SC2086 # a pattern
        ik_count "$ik_root"/$ik_layers
        [ "$ik_number" = 0 ] || ik_found "$ik_root/$ik_name" \
            "it has $ik_number layers of a storage driver that Docker does not use now" \
            "set $ik_name again in /etc/docker/daemon.json, restart Docker, and then wipe; or remove it yourself"
    done
    # The daemon does not list containers of another driver.
    [ -n "$ik_others" ] || ik_unlisted containers docker ps --all --no-trunc --quiet
    ik_unlisted volumes docker volume ls --quiet
}
# ik_unlisted DIRECTORY COMMAND…: things with a directory there that the daemon does not list.
ik_unlisted() {
    ik_kind=$1
    shift
    ik_count "$ik_root/$ik_kind"/*/
    [ "$ik_number" != 0 ] || return 0
    # Things are created and removed meanwhile: only what is still there at the third look counts as unlisted.
    for ik_attempt in 1 2 3; do
        ik_left=''
        ik_listed=$(DOCKER_HOST=unix:///var/run/docker.sock timeout 30 "$@") || ik_listed=''
        for ik_path in "$ik_root/$ik_kind"/*/; do
            ik_path=${ik_path%/}
            case "$ik_break$ik_listed$ik_break" in
                *"$ik_break${ik_path##*/}$ik_break"*) ;;
                *) if [ -d "$ik_path" ]; then ik_left=$ik_path; fi ;;
            esac
        done
        [ -n "$ik_left" ] || return 0
    done
    ik_found "$ik_left" "it is in Docker's directory of $ik_kind, and Docker does not list it" \
        "restart Docker, which may know it then; or look at it and remove it yourself"
}
# The mount points of the machine's own file systems, each ended by a NUL.
ik_local_mounts() {
    printf '/\0'
    while read -r ik_id ik_parent ik_device ik_base ik_point ik_rest; do
        case $ik_base:$ik_rest in
            *" - btrfs "* | /:*" - ext"[234]" "* | /:*" - xfs "* | /:*" - zfs "* | /:*" - f2fs "*) ;;
            *) continue ;;
        esac
        case $ik_point in
            / | /boot* | */overlay2/* | */snapshots/*) ;;
            *\\*) printf '%b\0' "$(printf '%s' "$ik_point" | sed 's/\\/\\0/g')" ;;
            *) printf '%s\0' "$ik_point" ;;
        esac
    done </proc/self/mountinfo
}
# Container data that is not Docker's, or not root's.
ik_survey_others() {
    ik_survey_podman /var/lib/containers/storage
    ik_survey_podman_settings /etc/containers
    while IFS=: read -r ik_user ik_x ik_uid ik_gid ik_name ik_home ik_shell; do
        ik_survey_home "$ik_user" "$ik_home"
    done </etc/passwd
    # Users may be deleted without their directories, and a directory service has users of its own.
    for ik_home in /home/*/; do
        ik_user=${ik_home%/}
        ik_survey_home "${ik_user##*/}" "${ik_home%/}"
    done
    for ik_place in /var/lib/rancher/k3s/agent/containerd /var/lib/rancher/rke2/agent/containerd /var/lib/k0s/containerd \
        /var/snap/microk8s/common/var/lib/containerd /var/lib/rancher/k3s/storage /var/snap/microk8s/common/default-storage \
        /var/lib/kubelet/pods /var/lib/nerdctl /var/lib/buildkit; do
        ik_count "$ik_place"/*/
        [ "$ik_number" = 0 ] || ik_found "$ik_place" 'it holds containers, images or volumes that are not Docker'"'"'s' \
            'uninstall the program that uses them first'
    done
    ik_survey_containerd /var/lib/containerd /run/containerd/containerd.sock
    if [ -n "$ik_root" ] && [ -d "$ik_root/containerd/daemon" ]; then
        ik_survey_containerd "$ik_root/containerd/daemon" /run/docker/containerd/containerd.sock
    fi
}
# ik_survey_home USER DIRECTORY: engines that run without root keep everything in the user's own directory.
ik_survey_home() {
    case $2 in /?*) ;; *) return 0 ;; esac
    if ik_again "$2"; then return 0; fi
    for ik_candidate in $(ik_setting data-root "$2/.config/docker/daemon.json"); do
        ik_survey_rootless "$1" "$ik_candidate"
    done
    ik_survey_podman_settings "$2/.config/containers"
    ik_place=$2/.local/share
    [ -d "$ik_place" ] || return 0
    ik_survey_rootless "$1" "$ik_place/docker"
    ik_survey_podman "$ik_place/containers/storage"
    ik_count_content "$ik_place/containerd"
    ik_words=$ik_number
    ik_count "$ik_place"/nerdctl/*/ "$ik_place"/buildkit/*/
    [ "$ik_words$ik_number" = 00 ] || ik_found "$ik_place" "$1's own (rootless) containerd, nerdctl or BuildKit has data in containerd, nerdctl or buildkit there" \
        "log in as $1 and remove it there, or remove it yourself"
}
ik_survey_rootless() {
    if [ ! -d "$2" ] || ik_same "$2" "${ik_root:-/nonexistent}" || ik_again "$2"; then return 0; fi
    ik_holds "$2"
    [ -z "$ik_words" ] || ik_found "$2" "it is $1's own (rootless) Docker, with $ik_words" \
        "log in as $1 and wipe it there, or remove it yourself"
}
# ik_survey_podman_settings DIRECTORY: what Podman's configuration there moves elsewhere.
ik_survey_podman_settings() {
    for ik_candidate in $(ik_setting graphroot "$1/storage.conf"); do
        case $ik_candidate in */.local/share/containers/storage) continue ;; esac
        ik_survey_podman "$ik_candidate"
    done
    for ik_candidate in $(ik_setting volume_path "$1"/containers.conf "$1"/containers.conf.d/*.conf); do
        case $ik_candidate in */containers/storage/volumes) continue ;; esac
        ik_count "$ik_candidate"/*/
        ik_words=''
        ik_add_words "$ik_number" volume
        [ -z "$ik_words" ] || ik_found "$ik_candidate" "it has data of Podman or CRI-O: $ik_words" \
            "wipe it with its own tool, as its user: podman system reset"
    done
}
ik_survey_podman() {
    if [ ! -d "$1" ] || ik_again "$1"; then return 0; fi
    ik_words=''
    ik_count "$1"/*-containers/*/
    ik_add_words "$ik_number" container
    ik_count "$1"/volumes/*/
    ik_add_words "$ik_number" volume
    ik_count "$1"/*-images/*/
    ik_add_words "$ik_number" image
    if [ -z "$ik_words" ]; then
        ik_count "$1"/overlay/??*/ "$1"/vfs/dir/*/ "$1"/btrfs/subvolumes/*/ "$1"/zfs/graph/*/
        ik_add_words "$ik_number" layer
    fi
    [ -z "$ik_words" ] || ik_found "$1" "it has data of Podman or CRI-O: $ik_words" \
        "wipe it with its own tool, as its user: podman system reset"
}
# Where the engine's containerd stores its data: it is the machine's own service, or was started by dockerd.
ik_own_containerd() {
    ik_pid=$(cat /run/docker/containerd/containerd.pid 2>/dev/null) || ik_pid=''
    if [ -n "$ik_pid" ] && [ -e "/proc/$ik_pid/exe" ]; then echo "$ik_root/containerd/daemon"; else echo /var/lib/containerd; fi
}
# ik_survey_containerd DIRECTORY SOCKET: containerd keeps Docker's images only if Docker is configured so. Otherwise its layers
# and images belong to another program, or to an earlier configuration of Docker. Content without layers only describes images
# that Docker itself has.
ik_survey_containerd() {
    ik_mine=''
    case $ik_store in io.containerd.*) if [ "$(ik_own_containerd)" = "$1" ]; then ik_mine=yes; fi ;; esac
    if [ -z "$ik_mine" ]; then
        ik_count "$1"/io.containerd.snapshotter.v1.*/snapshots/*
        if [ "$ik_number" != 0 ]; then
            ik_found "$1" "containerd keeps $ik_number layers there that Docker does not list" \
                'if Docker kept its images there before ("containerd-snapshotter" in /etc/docker/daemon.json), set that again, restart Docker and wipe then; else remove them with ctr, or stop that containerd and remove the directory yourself'
            return 0
        fi
    fi
    ik_count "$1"/io.containerd.content.v1.content/blobs/*/*
    [ "$ik_number" != 0 ] || return 0
    ik_spaces=$(timeout 30 ctr --address "$2" namespaces ls -q 2>/dev/null) || {
        ik_found "$1" 'it is not known whose images are there: containerd does not answer' 'systemctl restart containerd'
        return 0
    }
    for ik_space in $ik_spaces; do
        case $ik_mine:$ik_space in yes:moby | *:plugins.moby) continue ;; esac
        ik_words=''
        for ik_kind in images containers content; do
            # Running containers are in Docker's namespace, wherever Docker keeps their layers; so is what describes its images.
            case $ik_space:$ik_kind in moby:containers | moby:content) continue ;; esac
            ik_words=$ik_words$(timeout 30 ctr --address "$2" --namespace "$ik_space" "$ik_kind" ls -q) || ik_words=unknown
        done
        [ -z "$ik_words" ] || ik_found "$1" "containerd keeps images or containers there that Docker does not list, in its namespace $ik_space" \
            "check them, and remove them yourself: ctr --address $2 --namespace $ik_space images ls (also: containers ls, content ls)"
    done
}
# Checks the mounts that contain the wiped data, and the mounts in it. It compares paths as the kernel writes them, with spaces
# and the like as octal digits (proc_pid_mountinfo(5)).
ik_survey_mounts() {
    ik_opt=''
    if [ -e /opt/infrakt ]; then ik_opt=$(readlink -f /opt/infrakt); fi
    ik_data=''
    if [ "$ik_proven" = 0 ]; then ik_data=$(readlink -f "$ik_root"); fi
    ik_images=''
    case $ik_store in io.containerd.*) ik_images=$(readlink -f "$(ik_own_containerd)") ;; esac
    ik_lines=$(IK_OPT=$ik_opt IK_DATA=$ik_data IK_IMAGES=$ik_images awk '
        FNR == 1 { file++ }
        {
            count[file]++
            m = file SUBSEP count[file]
            id[m] = $1; parent[m] = $2; device[m] = $3; base[m] = $4; point[m] = $5
            for (i = 7; i <= NF && $i != "-"; i++) {}
            type[m] = $(i + 1); from[m] = $(i + 2); options[m] = "," $(i + 3) ","
        }
        function written(path,    i, letter, out) {
            for (i = 1; i <= length(path); i++) {
                letter = substr(path, i, 1)
                if (letter == " ") letter = "\\040"
                else if (letter == "\t") letter = "\\011"
                else if (letter == "\n") letter = "\\012"
                else if (letter == "\\") letter = "\\134"
                out = out letter
            }
            return out
        }
        # The topmost mount on this mount point, seen from the mount `m`.
        function above(file, m, path,    i, next_one, again) {
            do {
                again = 0
                for (i = 1; i <= count[file]; i++) {
                    next_one = file SUBSEP i
                    if (next_one != m && parent[next_one] == id[m] && point[next_one] == path) { m = next_one; again = 1; break }
                }
            } while (again)
            return m
        }
        # The mount that contains a path, without mounts hidden under another one.
        function holder(file, path,    i, m, parts, depth, prefix) {
            for (i = 1; i <= count[file]; i++) if (point[file SUBSEP i] == "/") { m = file SUBSEP i; break }
            m = above(file, m, "/")
            depth = split(substr(path, 2), parts, "/")
            for (i = 1; i <= depth; i++) { prefix = prefix "/" parts[i]; m = above(file, m, prefix) }
            return m
        }
        function report(path, what, remedy) { printf "%s\t%s\t%s\n", path, what, remedy }
        # Whether a mount is an overlay that does not delete what is in the directories below it; this is reported. An overlay as
        # the root file system is how containers and virtual machines may get their disk.
        function keeps(file, m, path,    upper) {
            if (type[m] != "overlay") return 0
            if (device[m] != device[holder(file, "/")]) {
                report(path, "it lies in an overlay (mounted on " point[m] "), and what is deleted in it stays in the directories below it", \
                    "unmount it first: umount " point[m])
                return 1
            }
            upper = options[m]
            if (!sub(/.*,upperdir=/, "", upper)) return 0
            sub(/,.*/, "", upper)
            if (type[holder(file, upper)] != "tmpfs") return 0
            report(path, "the root file system is an overlay that keeps changes in memory (" upper "): after a restart, what was deleted would be back", \
                "restart the server without that overlay first")
            return 1
        }
        # `alone`: whether a part of a file system is allowed if this machine sees it nowhere else.
        function judge(file, path, alone,    m) {
            m = holder(file, path)
            if (!keeps(file, m, path)) judge_mount(file, m, path, alone, "/")
        }
        # The same for a mount. It may be visible in `within` too, where everything is deleted anyway.
        function judge_mount(file, m, path, alone, within,    i, n, rest, place, same, elsewhere) {
            if (!(type[m] in known)) {
                report(path, "it lies on a file system of the kind " type[m] " (" from[m] ", mounted on " point[m] "), which others may share", \
                    "unmount it first, or move " path " to a disk of this machine")
                return
            }
            if (point[m] == "/") return
            for (i = 1; i <= count[file]; i++) {
                n = file SUBSEP i
                if (n == m || device[n] != device[m] || point[n] == point[m]) continue
                if (base[n] == "/") rest = (base[m] == "/" ? "" : base[m])
                else if (base[m] == base[n] || index(base[m], base[n] "/") == 1) rest = substr(base[m], length(base[n]) + 1)
                else continue
                place = (point[n] == "/" && rest != "" ? "" : point[n]) rest
                if (place == point[m]) same = 1
                else if (within == "/" || index(place "/", within "/") != 1) elsewhere = place
            }
            if (elsewhere != "")
                report(path, "what is mounted on " point[m] " is also " elsewhere " (a bind mount), and would be emptied there", "unmount it first: umount " point[m])
            else if (!alone && !same && base[m] != "/" && !(type[m] == "btrfs" && index(options[m], ",subvol=" base[m] ",")))
                report(path, "what is mounted on " point[m] " is the directory " base[m] " of a file system that others may share (a bind mount)", "unmount it first: umount " point[m])
        }
        # Docker itself mounts a volume in memory.
        function in_memory(volume,    file, line) {
            file = ENVIRON["IK_DATA"] "/volumes/" volume "/opts.json"
            line = ""
            getline line <file
            close(file)
            return line ~ /"MountType": *"tmpfs"/
        }
        END {
            split("ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs nilfs2 bcachefs overlay tmpfs ramfs", names, " ")
            for (i in names) known[names[i]] = 1
            if (ENVIRON["IK_OPT"] != "") judge(1, written(ENVIRON["IK_OPT"]), 0)
            if (ENVIRON["IK_IMAGES"] != "") judge(2, written(ENVIRON["IK_IMAGES"]), 1)
            data = written(ENVIRON["IK_DATA"])
            if (data == "") exit
            judge(2, data, 1)
            images = written(ENVIRON["IK_IMAGES"])
            for (i = 1; i <= count[2]; i++) {
                at = point[2 SUBSEP i]
                if (images != "" && index(at, images "/") == 1) { judge_mount(2, 2 SUBSEP i, at, 1, images); continue }
                if (index(at, data "/") != 1) continue
                rest = substr(at, length(data) + 2)
                # Docker mounts the layers of its containers.
                if (rest ~ /^fuse-overlayfs\/[^\/]*\/merged$/ && type[2 SUBSEP i] == "fuse.fuse-overlayfs") continue
                # A wipe leaves Docker plugins where they are.
                if (index(rest, "plugins/") == 1) continue
                if (index(rest, "/") == 0) { judge(2, at, 1); continue }
                if (index(rest, "volumes/") != 1) { judge_mount(2, 2 SUBSEP i, at, 1, data); continue }
                split(rest, parts, "/")
                if (type[2 SUBSEP i] == "tmpfs" && parts[3] == "_data" && in_memory(parts[2])) continue
                report(at, "another file system is mounted in the volume " parts[2] " (" from[2 SUBSEP i] "), and would be emptied", "unmount it first: umount " at)
            }
        }' /proc/self/mountinfo /proc/1/mountinfo) || ik_found /proc/self/mountinfo 'the list of mounts could not be read' 'check that awk works on the server'
    while [ -n "$ik_lines" ]; do
        ik_line=${ik_lines%%"$ik_break"*}
        ik_lines=${ik_lines#"$ik_line"}
        ik_lines=${ik_lines#"$ik_break"}
        ik_rest=${ik_line#*"$ik_tab"}
        ik_found "${ik_line%%"$ik_tab"*}" "${ik_rest%%"$ik_tab"*}" "${ik_rest#*"$ik_tab"}"
    done
}
ik_tab='	'
# Files that not even root can delete (chattr(1), +i and +a): the wipe would stop half-way at them. Sought for five seconds, since
# not every file of a large volume can be looked at.
ik_survey_unremovable() {
    command -v lsattr >/dev/null 2>&1 || return 0
    for ik_place in "$ik_opt" "${ik_data:+$ik_data/volumes}"; do
        [ -n "$ik_place" ] || continue
        ik_path=$({ lsattr -d -- "$ik_place"; timeout 5 lsattr -R -a -- "$ik_place"; } 2>/dev/null |
            awk 'length($1) > 12 && $1 ~ /^[-A-Za-z]+$/ && $1 ~ /[ia]/ { sub(/^[^ ]+ /, ""); print; exit }')
        [ -z "$ik_path" ] || ik_found "$ik_path" 'it has an attribute (immutable or append-only) that keeps it from being deleted' \
            "if it may be deleted, on the server: chattr -R -i -a $ik_place"
    done
}
