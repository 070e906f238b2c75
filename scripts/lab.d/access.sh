# Access to a running machine: by SSH as a user, and through its namespaces as only the lab can.
# shellcheck shell=bash

machine_key() {
  local key=$LAB_DIR/keys/id_ed25519
  [ -e "$key" ] || with_lock key machine_key_create "$key"
  printf '%s\n' "$key"
}

machine_key_create() {
  [ ! -e "$1" ] || return 0
  with_lock packages host_require_packages
  rm -f -- "$1.new" "$1.new.pub"
  ssh-keygen -q -t ed25519 -N '' -C infrakt-lab -f "$1.new"
  mv -- "$1.new.pub" "$1.pub"
  mv -- "$1.new" "$1"
}

machine_login() {
  local name=$1 user=$2
  shift 2
  ssh -i "$LAB_DIR/keys/id_ed25519" -p "$(machine_get "$name" port)" -o IdentitiesOnly=yes -o BatchMode=yes \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -l "$user" \
    "$(machine_get "$name" ip)" "$@"
}

# The pid that this computer gives to the machine's PID 1: the child of nspawn that is first in its namespace.
machine_leader() {
  local pid
  for pid in $(cgroup_processes "$1"); do
    if awk '$1 == "NSpid:" && NF > 2 && $NF == 1 && NF == 3 { found = 1 } END { exit !found }' "/proc/$pid/status" 2>/dev/null; then
      echo "$pid"
      return
    fi
  done
  die "machine '$1' has no PID 1 (it is booting, or just ended)"
}

# What systemd-nspawn withholds from a machine by default (systemd-nspawn(1), --capability): the clock, the modules, the
# memory and the log of this computer's kernel, and what else no machine needs. `exec` comes from outside and has it all.
MACHINE_WITHHELD=-sys_time,-sys_module,-sys_rawio,-syslog,-wake_alarm,-block_suspend,-sys_pacct,-mac_override,-mac_admin
MACHINE_WITHHELD+=,-audit_read,-ipc_lock,-perfmon,-bpf,-checkpoint_restore

machine_execute() {
  local leader
  leader=$(machine_leader "$1")
  shift
  nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup --root --wd -- \
    /usr/bin/setpriv --bounding-set "$MACHINE_WITHHELD" \
    /usr/bin/env -i HOME=/root USER=root LOGNAME=root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

machine_exec() {
  local name=$1
  shift
  [ "${1:-}" != -- ] || shift
  [ $# -gt 0 ] || misuse "exec: which command? (scripts/lab exec $name -- CMD…)"
  machine_require_running "$name"
  trap - INT # CMD handles it
  machine_execute "$name" "$@"
}

machine_ssh() {
  local name=$1 user=root
  shift
  if [ "${1:-}" = --user ]; then user=${2:?--user needs a name}; shift 2; fi
  machine_require_running "$name"
  trap - INT # the remote command handles it
  machine_login "$name" "$user" "$@"
}

machine_copy() {
  [ $# -eq 3 ] || misuse "copy: it takes NAME SRC DST"
  local name=$1 source=$2 target=$3
  machine_require_running "$name"
  # shellcheck disable=SC2016,SC2094 # expanded in the machine, where the file is written
  if [ -d "$source" ]; then
    tar -C "$source" --owner=0 --group=0 -c . | machine_execute "$name" sh -euc 'mkdir -p -- "$1" && tar -C "$1" -x' copy "$target"
  elif [ -e "$source" ]; then
    machine_execute "$name" sh -euc 'cat >"$1" && chmod "$2" -- "$1"' copy "$target" "$(stat -c %a -- "$source")" <"$source"
  else
    die "copy: there is no '$source'"
  fi
}

machine_ip() { machine_get "$1" ip; }
machine_port() { machine_get "$1" port; }
machine_console() { machine_get "$1" console; }

machine_fingerprint() {
  machine_require_running "$1"
  machine_execute "$1" ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | awk '{ print $2 }'
}

machine_reset_host_key() {
  machine_require_running "$1"
  machine_execute "$1" sh -euc 'rm -f /etc/ssh/ssh_host_*_key*; ssh-keygen -A >/dev/null; systemctl restart ssh.service'
  machine_await "$1"
  machine_fingerprint "$1"
}

# The bridge's end of the machine's cable.
machine_cable() {
  local index
  index=$(machine_execute "$1" cat /sys/class/net/host0/iflink)
  grep -lx -- "$index" /sys/class/net/*/ifindex | cut -d/ -f5
}

# The bridge drops all packets from and to the machine. Neither side notices: the link stays up, and this computer keeps the
# machine's hardware address. Without it, this computer would answer "no route to host" by itself.
machine_cut() {
  machine_require_running "$1"
  ip neigh replace "$(machine_get "$1" ip)" dev "$LAB_BRIDGE" nud permanent \
    lladdr "$(machine_execute "$1" cat /sys/class/net/host0/address)"
  bridge link set dev "$(machine_cable "$1")" state 0
}

machine_restore() {
  machine_require_running "$1"
  bridge link set dev "$(machine_cable "$1")" state 3
  ip neigh del "$(machine_get "$1" ip)" dev "$LAB_BRIDGE" 2>/dev/null || return 0 # it was never cut
}
