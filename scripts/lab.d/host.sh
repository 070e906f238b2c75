# What the lab needs from the computer that it runs on.
# shellcheck shell=bash

# If no lab can run here, prints the reason in one line and fails. Otherwise succeeds silently.
host_obstacle() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "not root (machines need mounts, networks and cgroups; try: sudo scripts/lab check)"
  elif ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "neither Debian nor Ubuntu: there is no apt-get here"
  elif ! unshare --mount --net --uts --ipc --pid --fork true 2>/dev/null; then
    echo "this root may not create namespaces (CAP_SYS_ADMIN is missing, as in an unprivileged container)"
  elif ! host_can_overlay; then
    echo "overlayfs cannot be mounted over $LAB_DIR (set INFRAKT_LAB_DIR to a directory on ext4, xfs, btrfs or tmpfs)"
  elif ! cgroup_writable; then
    echo "the cgroups under /sys/fs/cgroup are not writable"
  elif ! command -v systemd-nspawn >/dev/null && ! host_package_known systemd-container; then
    echo "systemd-nspawn is not here, and apt knows no package systemd-container (try: apt-get update)"
  else
    return 0
  fi
  return 1
}

host_check() {
  local reason
  if reason=$(host_obstacle); then
    echo "a lab can run here"
  else
    printf '%s\n' "$reason"
    return 1
  fi
}

# An overlay's upper directory can't be on every file system (not on another overlay, not on NFS).
host_can_overlay() {
  local near=$LAB_DIR scratch status=0
  while [ ! -d "$near" ]; do near=$(dirname -- "$near"); done
  scratch=$(mktemp -d -- "$near/.lab-check.XXXXXX" 2>/dev/null) || return 1
  mkdir "$scratch"/{lower,upper,work,merged}
  unshare --mount mount -t overlay overlay \
    -o "lowerdir=$scratch/lower,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/merged" 2>/dev/null || status=1
  rm -rf -- "$scratch"
  return "$status"
}

host_package_known() {
  # Without package lists this is unknown; installing fetches them first.
  [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -print -quit)" ] ||
    [ -n "$(apt-cache show --no-all-versions "$1" 2>/dev/null)" ]
}

host_apt_update() {
  say "apt-get update"
  apt-get -o DPkg::Lock::Timeout=600 -qq update >&2 || say "apt-get update failed; continuing with the existing package lists"
}

host_require_packages() {
  local package missing=()
  for package in systemd-container mmdebstrap iptables iproute2 openssh-client curl debian-archive-keyring; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] || host_install "${missing[@]}"
}

host_install() {
  host_apt_update
  say "apt-get install $*"
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -o DPkg::Lock::Timeout=600 -qq -y \
    --no-install-recommends install "$@" >"$LAB_DIR/apt.log" 2>&1 || {
    tail -n 20 "$LAB_DIR/apt.log" >&2
    die "could not install: $* (try it by hand: apt-get install $*)"
  }
}

# host_unpack_package PACKAGE DIR: unpacks a package without installing it. A daemon of the lab must not become a service of
# this computer, and busybox-static must not replace another busybox.
host_unpack_package() {
  local package=$1 directory=$2 download
  say "unpacking the package $package into $directory (nothing is installed)"
  download=$(mktemp -d)
  # apt's unprivileged user must be able to write the download
  chmod 0755 "$download"
  chown _apt: "$download" 2>/dev/null || say "no user _apt: apt downloads as root"
  (cd "$download" && { apt-get -qq download "$package" >&2 || { host_apt_update && apt-get -qq download "$package" >&2; }; }) ||
    die "apt could not download $package (try: apt-get update)"
  rm -rf -- "$directory.new"
  mkdir -p "$directory.new"
  dpkg-deb -x "$download"/*.deb "$directory.new"
  rm -rf -- "$download" "$directory"
  mv -- "$directory.new" "$directory"
}

# The lines of a sources.list for RELEASE, from the mirrors that this computer's own apt uses.
# Prints nothing if apt knows no Debian mirror (Ubuntu); mmdebstrap then uses its own default.
host_debian_sources() {
  local release=$1 main security
  main=$(host_mirror Debian)
  [ -n "$main" ] || { host_apt_update; main=$(host_mirror Debian); }
  [ -n "$main" ] || return 0
  security=$(host_mirror Debian-Security)
  echo "deb $main $release main"
  echo "deb $main $release-updates main"
  if [ -n "$security" ]; then echo "deb $security $release-security main"; fi
}

host_mirror() {
  local uri
  # shellcheck disable=SC2016 # expanded by apt
  uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' -v label="$1" '$1 == "Debian" && $2 == label && !found { print $3; found = 1 }')
  case $uri in
    # cloud images have a list of mirrors in a local file: use the first
    mirror+file:*) awk '/^https?:/ { print $1; exit }' "${uri#mirror+file:}" ;;
    http:* | https:*) printf '%s\n' "$uri" ;;
  esac
}

# Kernel features that machines use but can't load themselves. Most kernels have some of them built in; then there is no
# such module, which is not an error.
host_load_modules() {
  local module
  command -v modprobe >/dev/null || return 0
  for module in overlay bridge veth br_netfilter nf_tables nft_compat nf_nat nft_chain_nat xt_MASQUERADE xt_addrtype \
    xt_conntrack xt_comment xt_multiport xt_limit xt_recent xt_hl xt_LOG ip_tables iptable_nat iptable_filter \
    ip6_tables ip6table_nat ip6table_filter; do
    modprobe --quiet "$module" || continue
  done
}

# Name servers that machines can reach. A resolver on this computer's loopback is not one of them.
host_resolv_conf() {
  local file=/etc/resolv.conf
  if grep -qE '^nameserver[[:space:]]+(127\.|::1)' "$file" && [ -s /run/systemd/resolve/resolv.conf ]; then
    file=/run/systemd/resolve/resolv.conf
  fi
  grep -E '^(nameserver|search|options)' "$file" || say "$file names no name server: machines will resolve nothing"
}
