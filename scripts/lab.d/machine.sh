# A machine from `up` to `down`.
# shellcheck shell=bash

MACHINE_PASSWORD=lab-password

machine_name_check() {
  [[ $1 =~ ^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$ ]] ||
    misuse "'$1' is not a valid machine name (a-z, 0-9 and -; a letter first, no - at the end; at most 32 characters)"
}

machine_directory() { printf '%s\n' "$LAB_DIR/machines/$1"; }

machine_names() {
  local directory
  for directory in "$LAB_DIR"/machines/*/; do basename -- "$directory"; done
}

machine_get() { cat "$LAB_DIR/machines/$1/$2" 2>/dev/null || die "unknown machine '$1' (scripts/lab list shows all machines)"; }

machine_running() { process_is "$(cat "$LAB_DIR/machines/$1/pid" 2>/dev/null || true)" "_run $1 "; } # without the file, it is not running

machine_require_running() {
  machine_get "$1" ip >/dev/null
  machine_running "$1" || die "machine '$1' is not running (scripts/lab down $1, then scripts/lab up $1)"
}

machine_up() {
  local name='' release=trixie docker='' sid='' full='' user='' sudo='' port=22 wanted
  while [ $# -gt 0 ]; do
    case $1 in
      --docker) docker=yes ;;
      --docker-sid) docker=yes sid=yes ;;
      --full) docker=yes full=yes ;;
      --release | --user | --sudo | --ssh-port)
        [ $# -ge 2 ] || misuse "up: $1 needs a value"
        case $1 in
          --release) release=$2 ;;
          --user) user=$2 ;;
          --sudo) sudo=$2 ;;
          --ssh-port) port=$2 ;;
        esac
        shift
        ;;
      -*) misuse "up: unknown option '$1'" ;;
      *) [ -z "$name" ] || misuse "up: one machine at a time, not '$name' and '$1'"; name=$1 ;;
    esac
    shift
  done
  [ -n "$name" ] || misuse "up: the machine needs a name"
  machine_name_check "$name"
  base_release_check "$release"
  { [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -le 65535 ]; } || misuse "up: '$port' is not a port (1–65535)"
  [ -z "$user" ] || [[ $user =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] || misuse "up: '$user' is not a valid login name"
  [ "$user" != root ] || misuse "up: root can log in anyway; --user adds another login"
  [ -z "$sudo" ] || [ -n "$user" ] || misuse "up: --sudo requires --user"
  case ${sudo:=nopasswd} in nopasswd | password | none) ;; *) misuse "up: unknown value '$sudo' for --sudo (nopasswd, password, none)" ;; esac

  wanted="release=$release docker=$docker sid=$sid full=$full user=$user sudo=$sudo port=$port"
  with_lock "machine-$name" machine_up_locked
}

# Uses the variables of machine_up.
machine_up_locked() {
  local layer=$release${docker:+-docker}${sid:+-sid} directory started=$SECONDS
  directory=$(machine_directory "$name")
  # without the file `ready`, an interrupted `up` left it
  if machine_running "$name" && [ -e "$directory/ready" ]; then
    [ "$(cat "$directory/wanted")" = "$wanted" ] ||
      die "machine '$name' is up with other options (first: scripts/lab down $name)"
    say "$name is up already"
    cat "$directory/ip"
    return
  fi
  machine_delete "$name"
  base_require "$release"
  base_require "$layer"
  machine_key >/dev/null
  trap 'machine_give_up "$name"' EXIT
  with_lock network machine_allocate
  printf '%s\n' "$wanted" >"$directory/wanted"
  printf '%s\n' "$port" >"$directory/port"
  printf '%s\n' "$release" >"$directory/release"
  printf '%s\n' "$layer" >"$directory/layer"
  [ -z "$user" ] || printf '%s %s\n' "$user" "$sudo" >"$directory/user"

  machine_start "$name"
  machine_await "$name"
  if [ -n "$docker" ]; then
    # `start` waits for the job that the boot has queued
    machine_execute "$name" systemctl start docker.service || machine_fail "$name" "dockerd did not start"
  fi
  if [ -n "$full" ]; then furnish "$name" || machine_fail "$name" "could not create its data"; fi
  : >"$directory/ready"
  trap - EXIT
  say "$name is up at $(<"$directory/ip") after $((SECONDS - started)) s"
  cat "$directory/ip"
}

machine_allocate() {
  network_up
  registry_up
  mkdir -p "$directory"/{upper,work,root,docker,containerd}
  network_allocate >"$directory/ip.new"
  mv -- "$directory/ip.new" "$directory/ip"
}

# A machine has its own session and mount namespace, so its mounts end with its processes.
machine_start() {
  local name=$1 directory
  directory=$(machine_directory "$name")
  host_load_modules
  host_resolv_conf >"$directory/resolv.conf"
  detach "$directory/console" unshare --mount "$LAB_SCRIPT" _run "$name" "$LAB_DIR"
  echo "$DETACHED" >"$directory/pid"
}

# The process that a machine runs in. nspawn exits with 133 when its machine reboots, and is started again.
machine_run() {
  local name=$1 directory status=133
  LAB_DIR=$2
  directory=$(machine_directory "$name")
  with_lock cgroups cgroup_enter "$name"
  mount -t overlay overlay "$directory/root" \
    -o "lowerdir=$(base_lower "$(<"$directory/layer")"),upperdir=$directory/upper,workdir=$directory/work"
  machine_prepare "$name"
  while [ "$status" -eq 133 ]; do
    status=0
    systemd-nspawn --quiet --boot --directory="$directory/root" --machine="${LAB_ID#i}-$name" --hostname="$name" \
      --register=no --keep-unit --console=pipe --network-bridge="$LAB_BRIDGE" --private-users=no \
      --system-call-filter='add_key keyctl bpf' --resolv-conf=off --timezone=off --link-journal=no \
      --bind="$directory/docker:/var/lib/docker" --bind="$directory/containerd:/var/lib/containerd" \
      systemd.unified_cgroup_hierarchy="$(cgroup_unified)" SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 \
      </dev/null || status=$?
  done
  exit "$status"
}

# Everything that distinguishes this machine from its base, before its first boot.
machine_prepare() {
  local name=$1 directory root address port user sudo
  directory=$(machine_directory "$name")
  root=$directory/root
  address=$(<"$directory/ip")
  port=$(<"$directory/port")
  echo "$name" >"$root/etc/hostname"
  printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost ip6-localhost\n' "$name" >"$root/etc/hosts"
  cp -- "$directory/resolv.conf" "$root/etc/resolv.conf"
  cat >"$root/etc/systemd/network/10-lab.network" <<UNIT
[Match]
Name=host0

[Network]
Address=$address/24
Gateway=$(network_gateway)
LinkLocalAddressing=no
IPv6AcceptRA=no
UNIT
  mkdir -p "$root/etc/docker"
  printf '{"registry-mirrors": ["http://%s:%s"]}\n' "$(network_gateway)" "$REGISTRY_PORT" >"$root/etc/docker/daemon.json"
  chroot "$root" ssh-keygen -A >/dev/null
  [ "$port" = 22 ] || printf 'Port %s\n' "$port" >"$root/etc/ssh/sshd_config.d/port.conf"
  machine_authorize "$root/root"
  if [ -e "$directory/user" ]; then
    read -r user sudo <"$directory/user"
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
    printf '%s:%s\n' "$user" "$MACHINE_PASSWORD" | chroot "$root" chpasswd
    machine_authorize "$root/home/$user"
    chroot "$root" chown -R "$user:" "/home/$user/.ssh"
    case $sudo in
      nopasswd) printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\n' "$user" >"$root/etc/sudoers.d/$user" ;;
      password) chroot "$root" usermod --append --groups sudo "$user" ;;
    esac
  fi
}

machine_authorize() {
  install -d -m 0700 "$1/.ssh"
  cp -- "$LAB_DIR/keys/id_ed25519.pub" "$1/.ssh/authorized_keys"
  chmod 0600 "$1/.ssh/authorized_keys"
}

# Returns when sshd accepts every login of the machine (during boot, PAM accepts only root).
machine_await() {
  local name=$1 deadline=$((SECONDS + LAB_TIMEOUT)) user=root
  if [ -e "$LAB_DIR/machines/$name/user" ]; then read -r user _ <"$LAB_DIR/machines/$name/user"; fi
  until machine_banner "$name" && machine_login "$name" "$user" -q -o ConnectTimeout=2 true </dev/null; do
    machine_running "$name" || machine_fail "$name" "it ended while booting"
    [ "$SECONDS" -lt "$deadline" ] || machine_fail "$name" "sshd does not answer within $LAB_TIMEOUT s (INFRAKT_LAB_TIMEOUT)"
    sleep 0.1
  done
}

machine_banner() {
  # shellcheck disable=SC2016 # expanded by the inner shell, which closes the descriptor and hides the error
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2" && read -r line <&3 && [[ $line == SSH-* ]]' banner \
    "$(machine_get "$1" ip)" "$(machine_get "$1" port)" 2>/dev/null
}

machine_fail() {
  local name=$1 why=$2
  say "--- the end of $name's console ---"
  tail -n 25 "$LAB_DIR/machines/$name/console" >&2
  say "---"
  die "$name: $why"
}

# Deletes a machine that did not start, and keeps its output. Runs at exit, whichever locks are held.
machine_give_up() {
  local descriptor console=$LAB_DIR/machines/$1/console
  if [ -e "$console" ]; then
    cp -- "$console" "$LAB_DIR/$1.failed.log"
    say "$1 did not start and was deleted; its output: $LAB_DIR/$1.failed.log"
  fi
  machine_delete "$1"
  for descriptor in "${LAB_LOCKS[@]}"; do exec {descriptor}>&-; done
  with_lock network lab_idle
}

machine_reboot() {
  local name=$1 before deadline=$((SECONDS + LAB_TIMEOUT))
  machine_require_running "$name"
  before=$(machine_leader "$name")
  machine_execute "$name" systemctl --no-block reboot
  while [ -d "/proc/$before" ]; do
    [ "$SECONDS" -lt "$deadline" ] || die "$name does not go down within $LAB_TIMEOUT s (scripts/lab console $name)"
    sleep 0.1
  done
  machine_await "$name"
}

machine_list() {
  local name state
  for name in $(machine_names); do
    state=down
    if machine_running "$name"; then
      state=booting
      [ ! -e "$LAB_DIR/machines/$name/ready" ] || state=up
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$(cat "$LAB_DIR/machines/$name/ip" 2>/dev/null || echo -)" \
      "$(cat "$LAB_DIR/machines/$name/port" 2>/dev/null || echo -)" \
      "$(cat "$LAB_DIR/machines/$name/layer" 2>/dev/null || echo -)" "$state"
  done
}

machine_down_command() {
  local name
  [ $# -gt 0 ] || misuse "down: which machine? (NAME…, or --all)"
  if [ "$1" = --all ]; then machine_down_all; return; fi
  for name in "$@"; do machine_name_check "$name"; done
  for name in "$@"; do
    [ -d "$(machine_directory "$name")" ] || say "unknown machine '$name'"
    with_lock "machine-$name" machine_delete "$name"
  done
  with_lock network lab_idle
}

machine_down_all() {
  local name
  for name in $(machine_names); do with_lock "machine-$name" machine_delete "$name"; done
  with_lock network lab_idle
}

# Under the lock of the machine. Works in every state of the machine, and leaves nothing of it.
machine_delete() {
  local directory
  directory=$(machine_directory "$1")
  cgroup_end "$1"
  with_lock cgroups cgroup_remove "$1"
  if [ -e "$directory/ip" ] && ip link show "$LAB_BRIDGE" >/dev/null 2>&1; then
    # exists only if the machine was cut
    ip neigh del "$(<"$directory/ip")" dev "$LAB_BRIDGE" 2>/dev/null || :
  fi
  rm -rf --one-file-system -- "$directory"
}

# Under the lock "network": after the last machine, removes what the machines shared on this computer.
lab_idle() {
  [ -z "$(machine_names)" ] || return 0
  registry_stop
  network_down
}

# By name, and not the whole directory, since the user chose it and it may contain other files.
lab_clean() {
  rm -rf --one-file-system -- "$LAB_DIR"/{base,images,keys,machines,registry,prefix,apt.log,locks} "$LAB_DIR"/*.failed.log
  if rmdir -- "$LAB_DIR" 2>/dev/null; then
    say "deleted $LAB_DIR"
  else
    say "deleted the lab's files in $LAB_DIR, which also contains other files"
  fi
}
