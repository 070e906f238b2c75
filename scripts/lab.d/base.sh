# The cached file systems: for each release a plain base, and a layer over it with Docker installed. Machines
# never write to them; each has an overlay of its own.
# shellcheck shell=bash

# Part of a base's stamp: raise it when you change what is built here.
BASE_EDITION=5

# What Debian's installer leaves on a server, as far as it matters here. It includes nftables, which fail2ban's default
# ban needs, and no iptables, which comes with Docker and UFW.
BASE_PACKAGES=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,iproute2,iputils-ping,nftables,kmod,procps
BASE_PACKAGES+=,curl,ca-certificates,sudo,netbase,less,cron

# What provisioning will install: downloaded in advance, so that machines need almost nothing from the mirror.
base_provision_packages() {
  case $1 in
    bookworm) echo docker.io ufw fail2ban python3-systemd ca-certificates curl rsync ;;
    *) echo docker.io docker-cli docker-compose ufw fail2ban python3-systemd ca-certificates curl rsync ;;
  esac
}

base_docker_packages() {
  case $1 in
    bookworm) echo docker.io ;; # contains the client too; bookworm has no Compose v2
    *) echo docker.io docker-cli docker-compose ;;
  esac
}

base_command() {
  local argument releases=() rebuild=
  for argument in "$@"; do
    case $argument in
      --rebuild) rebuild=yes ;;
      -*) misuse "base: unknown option '$argument'" ;;
      *) base_release_check "$argument"; releases+=("$argument") ;;
    esac
  done
  [ ${#releases[@]} -gt 0 ] || releases=("${LAB_RELEASES[@]}")
  if [ -n "$rebuild" ]; then
    base_refuse_in_use
    for argument in "${releases[@]}"; do rm -f -- "$LAB_DIR/base/$argument.stamp" "$LAB_DIR/base/$argument"-docker*.stamp; done
  fi
  for argument in "${releases[@]}"; do
    base_require "$argument"
    if [ "$argument" = trixie ]; then base_require "$argument-docker"; fi
  done
  with_lock network registry_require
  for argument in "$LAB_DIR"/base/*.stamp; do du -sh "${argument%.stamp}" >&2; done
}

base_refuse_in_use() {
  [ -z "$(machine_names)" ] ||
    die "the bases must be rebuilt, but machines that use them are up (first: scripts/lab down --all)"
}

base_release_check() {
  local release
  for release in "${LAB_RELEASES[@]}"; do [ "$release" != "$1" ] || return 0; done
  misuse "unknown release '$1' (known: ${LAB_RELEASES[*]})"
}

# base_require LAYER: builds RELEASE, RELEASE-docker or RELEASE-docker-sid if it is missing. Several processes may ask at once.
base_require() {
  base_ready "$1" || with_lock "base-$1" base_build "$1"
}

base_ready() { [ "$(cat "$LAB_DIR/base/$1.stamp" 2>/dev/null)" = "$BASE_EDITION" ]; }

base_build() {
  local layer=$1 started=$SECONDS
  if base_ready "$layer"; then return; fi # another process built it while this one waited for the lock
  [ ! -d "$LAB_DIR/base/$layer" ] || base_refuse_in_use
  with_lock packages host_require_packages
  case $layer in
    *-docker*) base_build_docker "$layer" ;;
    *) base_build_plain "$layer" ;;
  esac
  echo "$BASE_EDITION" >"$LAB_DIR/base/$layer.stamp"
  say "base $layer: ready after $((SECONDS - started)) s"
}

base_build_plain() {
  local release=$1 target=$LAB_DIR/base/$1 proxy sources=() hook options=()
  say "base $release: building it with mmdebstrap (once; some 30 s)"
  mapfile -t sources < <(host_debian_sources "$release")
  proxy=$(apt-config dump --format '%v' Acquire::http::Proxy)
  [ -z "$proxy" ] || options+=("--aptopt=Acquire::http::Proxy \"$proxy\"")
  # Runs in the new system. It includes recommended packages, since provisioning may or may not install them.
  hook="chroot \"\$1\" apt-get -qq update && chroot \"\$1\" apt-get -qq -y -o APT::Install-Recommends=true --download-only install $(base_provision_packages "$release")"
  rm -rf --one-file-system -- "$target.new"
  mmdebstrap --mode=root --variant=minbase --quiet --include="$BASE_PACKAGES" \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    --aptopt='Acquire::Languages "none"' "${options[@]}" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="$hook" --skip=cleanup/apt,cleanup/reproducible \
    "$release" "$target.new" "${sources[@]}" >&2 ||
    die "mmdebstrap could not build $release (its last lines above say why; the mirror was: ${sources[0]:-its own default})"
  base_settle "$target.new"
  rm -rf --one-file-system -- "$target"
  mv -- "$target.new" "$target"
}

# What all machines have in common, and Debian's packages do not contain.
base_settle() {
  local root=$1
  : >"$root/etc/machine-id"
  echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
  rm -f -- "$root"/etc/ssh/ssh_host_*_key* "$root/etc/resolv.conf" "$root/var/lib/dbus/machine-id"
  # apt's timers would take its lock at unpredictable times
  systemctl --root="$root" --quiet mask apt-daily.timer apt-daily-upgrade.timer console-getty.service
  systemctl --root="$root" --quiet enable systemd-networkd.service
  systemctl --root="$root" --quiet set-default multi-user.target

  # nspawn mounts parts of the cgroup hierarchy read-only, but Docker creates its containers' groups in them.
  cat >"$root/usr/local/sbin/writable-cgroups" <<'SH'
#!/bin/sh
set -eu
# the mount, the file system in it, or both can be read-only; a writable one refuses the second remount
awk '$5 ~ "^/sys/fs/cgroup" && $6 ~ "(^|,)ro(,|$)" { print $5, $NF }' /proc/self/mountinfo | while read -r path options; do
  case ,$options, in *,ro,*) mount -o remount,rw "$path" ;; esac
  mount -o remount,rw,bind "$path"
done
SH
  chmod 0755 "$root/usr/local/sbin/writable-cgroups"
  cat >"$root/etc/systemd/system/writable-cgroups.service" <<'UNIT'
[Unit]
Description=Make the cgroup hierarchies writable for Docker
DefaultDependencies=no
After=sysinit.target
Before=docker.service containerd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/writable-cgroups

[Install]
WantedBy=sysinit.target
UNIT
  systemctl --root="$root" --quiet enable writable-cgroups.service
}

# base_build_docker LAYER: RELEASE-docker with the release's own Docker, or RELEASE-docker-sid with the newest one that
# Debian has, from sid. The source of sid is removed afterwards: later packages come from the release.
base_build_docker() {
  local release=${1%%-docker*} layer=$LAB_DIR/base/$1 packages sid=
  read -ra packages < <(base_docker_packages "$release")
  base_require "$release"
  case $1 in *-sid)
    sid=$(host_mirror Debian)
    [ -n "$sid" ] || die "Docker from sid needs a Debian mirror, and this computer's apt knows none"
    ;;
  esac
  say "base $1: installing Docker over $release (once; half a minute at most)"
  rm -rf --one-file-system -- "$layer.new" "$layer.work"
  mkdir -p "$layer.new" "$layer.work" "$LAB_DIR/base/mount"
  # shellcheck disable=SC2016 # expanded by the inner shell, in a mount namespace that ends with it
  unshare --mount bash -euc '
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
    mount --bind /proc "$4/proc" && mount --bind /dev "$4/dev"
    printf "#!/bin/sh\nexit 101\n" >"$4/usr/sbin/policy-rc.d" && chmod 0755 "$4/usr/sbin/policy-rc.d"
    # apt resolves names as its own user, who could not read a copy of a pipe.
    install -m 0644 -- "$5" "$4/etc/resolv.conf"
    sid=$6 root=$4 release=
    shift 6
    if [ -n "$sid" ]; then
      release=--target-release=sid
      # A mirror may be weeks behind sid, whose lists say until when they are valid.
      printf "deb %s sid main\n" "$sid" >"$root/etc/apt/sources.list.d/sid.list"
      printf "Acquire::Check-Valid-Until \"false\";\n" >"$root/etc/apt/apt.conf.d/90sid"
      chroot "$root" apt-get -qq update
    fi
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq -y --no-install-recommends $release install "$@"
    if [ -n "$sid" ]; then
      rm -f -- "$root/etc/apt/sources.list.d/sid.list" "$root/etc/apt/apt.conf.d/90sid" "$root"/var/lib/apt/lists/*_dists_sid_*
    fi
    rm -f -- "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
  ' base-docker "$LAB_DIR/base/$release" "$layer.new" "$layer.work" "$LAB_DIR/base/mount" <(host_resolv_conf) "$sid" \
    "${packages[@]}" >"$layer.log" 2>&1 || {
    tail -n 20 "$layer.log" >&2
    die "Docker could not be installed over $release (all of it: $layer.log)"
  }
  rm -rf --one-file-system -- "$layer" "$layer.work"
  mv -- "$layer.new" "$layer"
}

# The lower directories of an overlay, topmost first.
base_lower() {
  case $1 in
    *-docker*) echo "$LAB_DIR/base/$1:$LAB_DIR/base/${1%%-docker*}" ;;
    *) echo "$LAB_DIR/base/$1" ;;
  esac
}
