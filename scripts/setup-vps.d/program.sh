# The program, the user that it runs as with its home, and the marker of the machine.
# shellcheck shell=bash

install_program() {
    local source version beside checkout
    if [ -n "${OPTION[binary]:-}" ]; then
        source=${OPTION[binary]}
        [ -f "$source" ] || die "there is no program '$source'" "give its path: --binary PATH"
    elif checkout=$(find_checkout); then
        build "$checkout"
        source=$checkout/target/release/infrakt
    elif [ -x "$PROGRAM" ]; then
        source=$PROGRAM
    else
        die "found neither the infrakt program nor a checkout to build it from" "give the path of the program: --binary PATH"
    fi
    [ -x "$source" ] || die "'$source' can't be executed" "chmod +x '$source'"
    version=$("$source" --version 2>"$WORK/said") || version=
    [[ $version == 'infrakt '* ]] ||
        die "'$source' does not run here as infrakt: $(head -c 300 "$WORK/said")" \
            "build it for this system and processor ($(uname -m)), or on this system"
    if [ -f "$PROGRAM" ] && cmp -s "$source" "$PROGRAM" && [ "$(stat -c '%a %U' "$PROGRAM")" = '755 root' ]; then
        report program "unchanged ($version)"
        return
    fi
    refuse_while_runs_are_at_work
    : >"$RESTART"
    beside=$(mktemp "$PROGRAM.XXXXXX")
    cat "$source" >"$beside"
    chmod 0755 "$beside"
    mv -fT -- "$beside" "$PROGRAM"
    report program "installed ($version)"
}

find_checkout() {
    local checkout=${SCRIPT%/scripts/*}
    grep -qx 'name = "infrakt"' "$checkout/Cargo.toml" 2>/dev/null && printf '%s' "$checkout"
}

build() {
    report program "building in $1"
    command -v cargo >/dev/null ||
        die "Rust is not installed, and building infrakt needs it" "install it (https://rustup.rs), or build infrakt elsewhere and give it: --binary PATH"
    (build_here "$1") >&2 ||
        die "infrakt could not be built" "see the lines above, or build it elsewhere and give it: --binary PATH"
}

build_here() {
    cd -- "$1" || return
    # shellcheck source=scripts/build-tools
    . scripts/build-tools
    install_build_tools build || return
    if command -v npm >/dev/null; then
        scripts/dashboard || return
    else
        say "    Node.js is not installed, so infrakt is built without the dashboard; its page will say how to add it."
    fi
    cargo build --release --locked
}

# A restart of the service would stop its current runs. This asks the service's database, not its port: another program may
# still listen there.
refuse_while_runs_are_at_work() {
    local pid running
    pid=$(systemctl show infrakt.service --property MainPID --value)
    [ "$pid" != 0 ] || return 0
    as_account "$PROGRAM" runs list --limit 10000 --json >"$WORK/runs" 2>"$WORK/said" ||
        die "can't determine whether the service has a run at work: $(head -c 300 "$WORK/said")" \
            "if it has none, stop it and run this script again: systemctl stop infrakt.service"
    # shellcheck disable=SC2016 # jq's variables
    running=$(jq -r --argjson pid "$pid" 'map(select(.state == "running" and .pid == $pid) | "run \(.id) on \(.server)") | join(", ")' "$WORK/runs")
    [ -z "$running" ] ||
        die "the service must be restarted, which would stop current runs: $running" \
            "wait until they have ended, then run this script again"
}

make_account() {
    local home
    if home=$(getent passwd "$ACCOUNT" | cut -d : -f 6) && [ -n "$home" ]; then
        [ "$home" = "$STATE_DIR" ] || die "there is already a user '$ACCOUNT' with the home $home, who does not belong to this service" "rename or remove that user"
        report user unchanged
    else
        useradd --system --user-group --home-dir "$STATE_DIR" --no-create-home --shell /usr/sbin/nologin "$ACCOUNT"
        report user "added: $ACCOUNT"
    fi
    if [ ! -d "$STATE_DIR" ]; then
        install -d -m 0700 -o "$ACCOUNT" -g "$ACCOUNT" "$STATE_DIR"
        report home "made: $STATE_DIR"
    elif [ "$(stat -c '%U:%G' "$STATE_DIR")" != "$ACCOUNT:$ACCOUNT" ]; then
        # A backup unpacked from another server leaves it like this. Until now only root could write in it.
        chown -RhP "$ACCOUNT:$ACCOUNT" "$STATE_DIR"
        chmod 0700 "$STATE_DIR"
        report home "owner changed to $ACCOUNT: $STATE_DIR"
    else
        chmod 0700 "$STATE_DIR"
        report home unchanged
    fi
}

# as_account CMD…: runs CMD as the service's user, with that user's home and without root's environment.
as_account() {
    (cd / && exec runuser -u "$ACCOUNT" -- /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C \
        HOME="$STATE_DIR" INFRAKT_HOME="$STATE_DIR" "$@" </dev/null)
}

# Writes the marker before any infrakt knows this machine, exactly as infrakt writes it: infrakt recognises its own marker
# by the second line (src/runtime/inventory/marker.rs).
write_marker() {
    local installation beside
    installation=$({ cat /etc/machine-id; printf %s "$(readlink -f "$STATE_DIR")"; } | sha256sum | cut -c 1-16)
    if [ -e "$MARKER" ]; then
        if grep -qxF "marked by installation $installation" "$MARKER"; then
            report marker unchanged
        else
            report marker "unchanged, written by another installation: $MARKER"
        fi
        return
    fi
    install -d -m 0755 "${MARKER%/*}"
    beside=$(mktemp "$MARKER.XXXXXX")
    printf 'This machine hosts infrakt, and infrakt never wipes it.\nmarked by installation %s\n' "$installation" >"$beside"
    chmod 0644 "$beside"
    mv -fT -- "$beside" "$MARKER"
    report marker "written: $MARKER"
}
