#!/usr/bin/env bash
# Hosts infrakt on the server where it runs (docs/hosting.md). Each part first checks whether there is anything to do. So you
# resume, upgrade and repair by running it again.
# This file reads the command line; setup-vps.d/ does the work, one concern per file.
# shellcheck disable=SC2034 # variables set here are used in setup-vps.d/
set -euo pipefail
shopt -s inherit_errexit
umask 022
export LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${HOME:-/root}/.cargo/bin

SCRIPT=$(readlink -f -- "${BASH_SOURCE[0]}")

ACCOUNT=infrakt
# Not /var/lib/infrakt: on every server that infrakt manages, runs keep their records there, readable by root only.
STATE_DIR=/var/lib/infrakt-service
PROGRAM=/usr/local/bin/infrakt
UNITS=/etc/systemd/system
MARKER=/etc/infrakt/host
SETTINGS=/etc/infrakt/setup
ROUTE=/opt/infrakt/traefik/conf.d/infrakt.yaml
# Exists from before the program or its unit is replaced until the service has started with them.
RESTART=/run/infrakt-setup.restart
UFW_COMMENT='infrakt for Traefik'
# Seconds.
START_PATIENCE=60
RUN_PATIENCE=5400

if ! [ -d "${SCRIPT%/*}/setup-vps.d" ]; then
    echo "error: the directory setup-vps.d, which this script needs, is not beside it" >&2
    echo "hint: copy both: scp -r scripts/setup-vps.sh scripts/setup-vps.d root@SERVER:" >&2
    exit 2
fi
# shellcheck source=/dev/null
for part in options computer program login service api inventory provision domain; do
    . "${SCRIPT%/*}/setup-vps.d/$part.sh"
done

usage() {
    cat <<'HELP'
setup-vps.sh: hosts infrakt on this server (Debian 12 and later, Ubuntu 22.04 and later), as root

It installs the program, a user and a systemd service for it, and an SSH key with which infrakt manages this server. It
marks the server as one that infrakt never wipes. Then it provisions the server without a wipe. Run it again to upgrade or
repair: it changes only what is not in place.

Usage: setup-vps.sh [OPTION]…

  --binary PATH      the infrakt program to install; without it, the script builds the checkout that it is in
  --name NAME        the name of this server in the inventory (default: its host name)
  --domain DOMAIN    serve the dashboard at https://DOMAIN, through Traefik; without it, only on this server itself
  --email EMAIL      the address that Let's Encrypt writes to; without it, the certificate is self-signed
  --no-domain        stop serving the dashboard at a domain
  --port PORT        the port that the service listens on at 127.0.0.1 (default: 8000)
  --ssh-user USER    the login for managing this server (default: root); another user needs sudo without a password
  --ssh-port PORT    the port of this server's sshd (default: detected)
  --show-key         print the API key at the end even if the output is not a terminal and may end up in a log
  -h, --help         show this help

Later runs keep the values of --domain, --email, --port and --ssh-user unless you give new ones.
HELP
}

bold='' plain=''
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

say() { printf '%s\n' "$*" >&2; }

# report PART WHAT: prints what was done for a part.
report() { printf '  %s%-12s%s %s\n' "$bold" "$1" "$plain" "$2" >&2; }

# die MESSAGE HINT: ends the script with what went wrong and what to do next.
die() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

# stop_loudly MESSAGE DETAILS: ends the script if continuing could destroy data.
stop_loudly() {
    {
        printf '\n%s%s%s\n' "$bold" '########################## STOPPED: NOTHING WAS PROVISIONED ##########################' "$plain"
        printf 'error: %s\n' "$1"
        printf '%s\n' "$2" | sed 's/^/  | /'
        printf 'hint: find out why; this machine keeps its marker %s, so nothing wipes it meanwhile:\n' "$MARKER"
        printf '      journalctl -u infrakt.service -n 50    then run this script again\n'
    } >&2
    exit 1
}

misuse() {
    printf 'error: %s\nhint: setup-vps.sh --help\n' "$1" >&2
    exit 2
}

tell() {
    local login
    printf '\n'
    if [ -n "$DOMAIN" ]; then
        printf 'infrakt is at:  https://%s\n' "$DOMAIN"
        [ -n "$EMAIL" ] || say "The certificate is self-signed, so browsers warn about it. For a real one: --email you@example.org"
        getent ahosts "$DOMAIN" >/dev/null || say "$DOMAIN does not resolve yet: point it to this server, $(own_address)."
    else
        login=${SUDO_USER:-$SSH_USER}@$(own_address)
        [ "$SSH_PORT" = 22 ] || login="-p $SSH_PORT $login"
        printf 'infrakt is at:  http://127.0.0.1:%s, on this server only. From your computer:\n' "$PORT"
        printf '                ssh -N -L %s:127.0.0.1:%s %s\n' "$PORT" "$PORT" "$login"
    fi
    if [ -t 1 ] || [ -n "${OPTION[show-key]:-}" ]; then
        printf 'API key:        %s\n' "$KEY"
    fi
    printf 'To see the key: runuser -u %s -- %s --home %s serve --print-key\n' "$ACCOUNT" "$PROGRAM" "$STATE_DIR"
}

# The address that the current SSH connection uses, or else this machine's first address.
own_address() {
    local words
    read -ra words <<<"${SSH_CONNECTION:-}"
    if [ ${#words[@]} -eq 4 ]; then
        printf '%s' "${words[2]}"
    else
        hostname -I | awk '{ printf "%s", $1 }'
    fi
}

main() {
    read_options "$@"
    check_computer
    settle_options
    take_lock
    WORK=$(mktemp -d)
    trap 'rm -rf -- "$WORK"' EXIT

    say "Hosting infrakt on this server"
    need_tools
    install_program
    make_account
    write_marker
    make_ssh_key
    read_sshd
    find_host_key
    find_ssh_addresses
    authorize
    find_login
    keep_settings
    read_key
    write_unit
    start_service
    register
    mark
    provision
    if [ -n "$DOMAIN" ]; then serve_at_domain; else serve_at_no_domain; fi
    tell
}

main "$@"
