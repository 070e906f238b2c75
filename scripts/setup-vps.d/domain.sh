# The dashboard at a domain, through Traefik.
# shellcheck shell=bash

# Traefik's container reaches the service through a socket at the gateway of its network. systemd holds the socket and
# forwards it to 127.0.0.1. The address exists only while Docker runs, but the socket may be bound earlier (FreeBind). So the
# service never waits for Docker, and stays reachable from this machine when Docker is broken.
serve_at_domain() {
    local network gateway subnet
    network=$(local_docker network inspect infrakt) || die "there is no Docker network 'infrakt'" "run this script again"
    # Every network has IPv4.
    jq -r '.[0].IPAM.Config | map(select(.Subnet | contains("."))) | .[0] | "\(.Gateway) \(.Subnet)"' <<<"$network" >"$WORK/gateway"
    read -r gateway subnet <"$WORK/gateway"
    [[ $gateway =~ ^[0-9.]+$ && $subnet =~ ^[0-9.]+/[0-9]+$ ]] ||
        die "the Docker network 'infrakt' has no gateway at which containers could reach this machine" "see: docker network inspect infrakt"

    render_proxy_socket "$gateway" >"$WORK/socket"
    place "$UNITS/infrakt-traefik.socket" 0644 <"$WORK/socket"
    local socket=$PLACED
    render_proxy_service >"$WORK/service"
    place "$UNITS/infrakt-traefik.service" 0644 <"$WORK/service"
    if [ "$socket/$PLACED" != unchanged/unchanged ]; then
        systemctl daemon-reload
        # A socket accepts a new address only while its service is stopped.
        systemctl stop infrakt-traefik.socket infrakt-traefik.service
    fi
    systemctl --quiet enable infrakt-traefik.socket
    systemctl start infrakt-traefik.socket || die "can't listen at $gateway:$PORT" "see why: journalctl -u infrakt-traefik.socket"
    report "socket" "$([ "$socket/$PLACED" = unchanged/unchanged ] && echo unchanged || echo "$gateway:$PORT, for Traefik")"

    allow_traefik "$gateway" "$subnet"

    render_route "$gateway" >"$WORK/route"
    place "$ROUTE" 0644 <"$WORK/route"
    report route "$([ "$PLACED" = unchanged ] && echo unchanged || echo "$PLACED: $ROUTE")"
    check_route "$gateway"
}

# Ignores the Docker context that may be chosen here.
local_docker() { DOCKER_HOST=unix:///var/run/docker.sock docker "$@"; }

render_proxy_socket() {
    cat <<UNIT
# Written by setup-vps.sh, which overwrites it.
[Unit]
Description=infrakt, for Traefik's container

[Socket]
ListenStream=$1:$PORT
# The address is Docker's, and exists only while Docker runs.
FreeBind=yes

[Install]
WantedBy=sockets.target
UNIT
}

render_proxy_service() {
    cat <<UNIT
# Written by setup-vps.sh, which overwrites it.
[Unit]
Description=infrakt, for Traefik's container
Requires=infrakt-traefik.socket
After=infrakt-traefik.socket infrakt.service

[Service]
Type=notify
DynamicUser=yes
ExecStart=/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:$PORT
$(hardening)
UNIT
}

# Allows only the containers of that one network. Removes rules for earlier networks and ports.
allow_traefik() {
    local rule="allow from $2 to $1 port $PORT proto tcp comment '$UFW_COMMENT'" line known=''
    if ! ufw status 2>/dev/null | grep -qx 'Status: active'; then
        report firewall "UFW is not active, so no rule is needed"
        return
    fi
    while read -r line; do
        if [ "$line" = "ufw $rule" ]; then known=yes; else forget_rule "$line"; fi
    done < <(traefik_rules)
    if [ "$known" = yes ]; then
        report firewall unchanged
        return
    fi
    ufw allow from "$2" to "$1" port "$PORT" proto tcp comment "$UFW_COMMENT" >/dev/null
    report firewall "allows only the network of Traefik's container ($2)"
}

traefik_rules() { ufw show added | grep -F "comment '$UFW_COMMENT'" || true; } # finding no such rule is not an error

forget_rule() {
    local words
    # UFW prints its rule as words of a shell, except for the comment at the end.
    read -ra words <<<"${1%% comment *}"
    ufw delete "${words[@]:1}" >/dev/null
}

render_route() {
    cat <<YAML
# Written by setup-vps.sh, which overwrites it: the route to infrakt's dashboard, which runs on this machine itself.
http:
  routers:
    infrakt:
      rule: "Host(\`$DOMAIN\`)"
      entryPoints: [websecure]
      service: infrakt
  services:
    infrakt:
      loadBalancer:
        servers:
          - url: "http://$1:$PORT"
YAML
}

# Tests the route from the network of Traefik's container, with the host name that Traefik forwards.
check_route() {
    local pid deadline=$((SECONDS + START_PATIENCE))
    pid=$(local_docker inspect --format '{{.State.Pid}}' traefik)
    : >"$WORK/answer"
    until nsenter --target "$pid" --net curl --disable --silent --show-error --noproxy '*' --max-time 5 --header "Host: $DOMAIN" \
        --output "$WORK/answer" "http://$1:$PORT/api/health" 2>"$WORK/said" &&
        jq -e '.status == "ok"' "$WORK/answer" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] ||
            die "Traefik's container does not reach infrakt at $1:$PORT: $(head -n 1 "$WORK/said") $(head -c 300 "$WORK/answer")" \
                "see: systemctl status infrakt-traefik.socket; ufw status"
        sleep 0.5
    done
    report Traefik "reaches infrakt"
}

serve_at_no_domain() {
    [ -e "$UNITS/infrakt-traefik.socket" ] || [ -e "$ROUTE" ] || return 0
    rm -f -- "$ROUTE"
    systemctl --quiet disable --now infrakt-traefik.socket
    systemctl stop infrakt-traefik.service
    rm -f -- "$UNITS/infrakt-traefik.socket" "$UNITS/infrakt-traefik.service"
    systemctl daemon-reload
    local line
    while read -r line; do forget_rule "$line"; done < <(traefik_rules)
    report domain "removed"
}
