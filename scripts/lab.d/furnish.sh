# Fills a machine with the data of a server that was in use, so that a wipe has something to destroy.
# shellcheck shell=bash

# furnish NAME: the machine's Docker must be running.
furnish() {
  furnish_images "$1" && furnish_containers "$1" && furnish_files "$1"
}

# The images are made here, not pulled; only their names are those of public ones.
furnish_images() {
  local name=$1 image
  for image in shop/web:1.4 shop/web:1.5 shop/worker:1.5 postgres:16 redis:7; do
    machine_execute "$name" docker import --message "made by scripts/lab" \
      --change 'CMD ["sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 1 & wait $!; done"]' - "$image" \
      <"$LAB_DIR/images/busybox.tar" >/dev/null || return
  done
  # takes over the name of the previous image, which then has none
  machine_execute "$name" docker import --change 'LABEL build=2' --change 'CMD ["httpd", "-f", "-p", "80", "-h", "/www"]' \
    - shop/web:1.5 <"$LAB_DIR/images/busybox.tar" >/dev/null
}

furnish_containers() {
  machine_execute "$1" sh -eu -s >/dev/null <<'SH'
# Starting a container is mostly waiting, so all start at once. Each must succeed.
started=
together() {
  "$@" &
  started="$started $!"
}
all() {
  for pid in $started; do wait "$pid"; done
  started=
}

docker network create backend
docker network create --internal metrics
docker volume create pgdata
docker volume create --label backup=daily uploads
together docker run --rm -v pgdata:/data -v uploads:/uploads redis:7 sh -euc '
  mkdir -p /data/base/1
  echo 16 >/data/PG_VERSION
  dd if=/dev/urandom of=/data/base/1/2619 bs=64k count=64 2>/dev/null
  echo invoice >/uploads/2026-07-01.txt'
together docker create --name migrate --network backend shop/web:1.4 sh -c 'echo migrated'
all

together docker run -d --name db --network backend --restart unless-stopped -v pgdata:/var/lib/postgresql/data postgres:16
together docker run -d --name web --network backend --restart always --init -p 8080:80 -v uploads:/www/uploads shop/web:1.5
together docker run -d --name cache -v /data redis:7
together docker run -d --name stubborn --network metrics shop/worker:1.5 sh -c 'trap "" TERM; while :; do sleep 1; done'
together docker start --attach migrate
all
SH
}

furnish_files() {
  machine_execute "$1" sh -eu -s <<'SH'
mkdir -p /opt/infrakt/apps/shop /opt/infrakt/apps/blog /opt/infrakt/backups /opt/infrakt/envs /opt/infrakt/traefik/letsencrypt
cat >/opt/infrakt/apps/shop/compose.yaml <<'YAML'
services:
  worker:
    image: shop/worker:1.5
    restart: always
    volumes: [jobs:/jobs]
volumes:
  jobs:
YAML
printf 'services:\n  blog:\n    image: shop/web:1.4\n' >/opt/infrakt/apps/blog/compose.yaml
printf 'SECRET_KEY_BASE=0c5f1d\nDATABASE_URL=postgres://db/shop\n' >/opt/infrakt/envs/shop.env
chmod 0600 /opt/infrakt/envs/shop.env
printf '{}\n' >/opt/infrakt/traefik/letsencrypt/acme.json
chmod 0600 /opt/infrakt/traefik/letsencrypt/acme.json
for day in 2026-07-01 2026-07-02 2026-07-03; do
  head -c 200000 /dev/urandom >"/opt/infrakt/backups/shop-$day.sql.gz"
done
# not in every release
if docker compose version >/dev/null 2>&1; then
  docker compose --progress quiet --project-directory /opt/infrakt/apps/shop up --detach
fi
SH
}
