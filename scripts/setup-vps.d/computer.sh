# The computer that this runs on: whether infrakt can be hosted on it, the tools that this needs, and how files are written.
# shellcheck shell=bash disable=SC2034 # PLACED is used in other files

check_computer() {
    [ "$(id -u)" = 0 ] || die "this script must run as root" "sudo $SCRIPT …"
    local system
    # shellcheck source=/dev/null
    system=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${VERSION_ID:-}") || system=unknown
    case $system in
        debian\ 1[2-9]* | debian\ [2-9][0-9]* | ubuntu\ 2[2-9].* | ubuntu\ [3-9][0-9].*) ;;
        *)
            die "'$system' (/etc/os-release) is not supported: Debian 12 or later, or Ubuntu 22.04 or later is required" \
                "use a server with one of them"
            ;;
    esac
    [ -d /run/systemd/system ] ||
        die "systemd does not run here, and infrakt needs it for its service" "use a virtual or real machine instead of a container"
    # Provisioning waits for cloud-init, which would wait for this script.
    if grep -q 'cloud-\(init\|config\|final\)' /proc/self/cgroup; then
        die "this script runs inside cloud-init, and provisioning waits until cloud-init has ended" \
            "run it outside: systemd-run --unit infrakt-setup $SCRIPT …"
    fi
    [[ $(tr -d '\n' </etc/machine-id) =~ ^[0-9a-f]{32}$ ]] ||
        die "this machine has no identity (/etc/machine-id)" "systemd-machine-id-setup"
    [ -x /usr/sbin/sshd ] ||
        die "there is no sshd here, and infrakt needs it to manage this machine" "apt-get install openssh-server"
}

# Only one at a time: two would interfere with each other.
take_lock() {
    exec {lock}>/run/infrakt-setup.lock
    flock -n "$lock" || die "setup-vps.sh is already running here" "wait for it to end"
}

need_tools() {
    local pair missing=() attempt=1
    for pair in curl:curl jq:jq ssh:openssh-client ss:iproute2; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        report tools unchanged
        return
    fi
    # apt's waiting for locks does not cover the lock of the package lists, which a new server's first update may hold.
    until apt-get update -qq >"$WORK/apt" 2>&1; do
        [ "$attempt" -lt 12 ] || apt_failed "apt can't read its package lists" "apt-get update"
        attempt=$((attempt + 1))
        sleep 5
    done
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
        apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" >"$WORK/apt" 2>&1 ||
        apt_failed "apt can't install what this script needs" "apt-get install ${missing[*]}"
    report tools "installed: ${missing[*]}"
}

apt_failed() {
    tail -n 10 "$WORK/apt" | sed 's/^/  | /' >&2
    die "$1" "see why: $2"
}

# place FILE MODE: writes standard input to FILE, atomically. $PLACED is `unchanged`, `written` or `changed`.
place() {
    local file=$1 mode=$2 beside
    cat >"$WORK/placed"
    if [ -f "$file" ] && cmp -s "$WORK/placed" "$file" && [ "$(stat -c %a "$file")" = "${mode#0}" ]; then
        PLACED=unchanged
        return
    fi
    PLACED=written
    [ ! -e "$file" ] || PLACED=changed
    beside=$(mktemp "$file.XXXXXX")
    cat "$WORK/placed" >"$beside"
    chmod "$mode" "$beside"
    mv -fT -- "$beside" "$file"
}
