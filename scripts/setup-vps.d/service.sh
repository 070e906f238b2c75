# The systemd service.
# shellcheck shell=bash

# Restrictions of both units. infrakt itself needs only its home and the network.
hardening() {
    cat <<'UNIT'
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
UMask=0077
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UNIT
}

write_unit() {
    local public=
    [ -z "$DOMAIN" ] || public=" --public-host $DOMAIN"
    render_unit "$public" >"$WORK/unit"
    if [ -f "$UNITS/infrakt.service" ] && cmp -s "$WORK/unit" "$UNITS/infrakt.service"; then
        report unit unchanged
        return
    fi
    refuse_while_runs_are_at_work
    : >"$RESTART"
    place "$UNITS/infrakt.service" 0644 <"$WORK/unit"
    report unit "$PLACED: $UNITS/infrakt.service"
}

# When stopped, infrakt ends after the current step. If that takes longer than TimeoutStopSec, the step continues on its
# server, and the run counts as interrupted and can be resumed.
render_unit() {
    cat <<UNIT
# Written by setup-vps.sh, which overwrites it. Put your own settings into a drop-in: systemctl edit infrakt
[Unit]
Description=infrakt, its API and its dashboard
After=network.target

[Service]
Type=exec
User=$ACCOUNT
Group=$ACCOUNT
StateDirectory=${STATE_DIR##*/}
StateDirectoryMode=0700
WorkingDirectory=$STATE_DIR
Environment=INFRAKT_HOME=$STATE_DIR SHELL=/bin/sh
ExecStart=$PROGRAM serve --bind 127.0.0.1:$PORT$1
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=90
# Exit status 5: it was stopped while it had runs, which can be resumed.
SuccessExitStatus=5
$(hardening)

[Install]
WantedBy=multi-user.target
UNIT
}

start_service() {
    local pid taken
    systemctl daemon-reload
    pid=$(systemctl show infrakt.service --property MainPID --value)
    taken=$(listeners | awk -v own="pid=$pid," 'index($0, own) == 0' | head -n 1)
    [ -z "$taken" ] || die "another program uses port $PORT: $taken" "choose another port: --port PORT"
    systemctl --quiet enable infrakt.service
    if systemctl is-active --quiet infrakt.service && [ ! -e "$RESTART" ]; then
        wait_until_healthy
        report service unchanged
        return
    fi
    # An earlier start may have failed too often.
    systemctl reset-failed infrakt.service 2>/dev/null || true # fails if it never ran
    systemctl restart infrakt.service || service_failed "the service can't be started"
    wait_until_healthy
    rm -f -- "$RESTART"
    report service "started: infrakt.service, at 127.0.0.1:$PORT"
}

# The listeners that would answer at 127.0.0.1, with pid and name.
listeners() {
    ss -Hltnp "sport = :$PORT" | awk '$4 ~ /^(127\.0\.0\.1|0\.0\.0\.0|\*|\[::\]):/ { print $4, $6 }'
}

# Waits until the service answers, and makes sure that it is the listener: another program must not get the key.
wait_until_healthy() {
    local pid deadline=$((SECONDS + START_PATIENCE))
    while :; do
        pid=$(systemctl show infrakt.service --property MainPID --value)
        if [ "$pid" != 0 ] && listeners | grep -qF "pid=$pid," &&
            curl --disable --silent --noproxy '*' --max-time 5 --output "$WORK/answer" "http://127.0.0.1:$PORT/api/health" &&
            jq -e '.status == "ok"' "$WORK/answer" >/dev/null 2>&1; then
            return
        fi
        # systemd restarts a service that ends at once, a limited number of times.
        [ "$(systemctl show infrakt.service --property NRestarts --value)" -lt 3 ] || service_failed "the service ends right after its start"
        [ $SECONDS -lt $deadline ] || service_failed "the service does not answer within $START_PATIENCE s at http://127.0.0.1:$PORT/api/health"
        sleep 0.2
    done
}

service_failed() {
    journalctl --unit infrakt.service --lines 15 --no-pager --output cat 2>/dev/null | sed 's/^/  | /' >&2
    die "$1" "see its journal: journalctl -u infrakt.service; then run this script again"
}
