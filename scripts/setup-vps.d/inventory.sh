# This server in the inventory: registered, and marked as the one that hosts infrakt.
# shellcheck shell=bash disable=SC2016 # jq's variables

# Finds this machine's row by its identity, whatever its name is, or creates it.
register() {
    local machine found
    machine=$(tr -d '\n' </etc/machine-id)
    call GET /api/servers 200
    jq --arg machine "$machine" --arg host_key "$HOST_KEY" --arg name "$NAME" '
        map(select(.machine_id == $machine or (.machine_id == null and .host_key == $host_key)))
        | sort_by(.name != $name, (.is_infrakt_host | not), .id) | .[0]' "$WORK/answer" >"$WORK/row"
    found=$(jq -r '.name // empty' "$WORK/row")
    if [ -z "$found" ]; then
        add_row
        return
    fi
    [ -z "$NAME" ] || [ "$NAME" = "$found" ] ||
        die "the inventory already has this server, as '$found'" "omit --name, or use: --name $found"
    NAME=$found
    readdress_row
}

# How infrakt reaches this machine, as fields of its row.
way_here() {
    jq -n --arg host "$SSH_ADDRESS" --argjson port "$SSH_PORT" --arg user "$SSH_USER" --arg path "$SSH_KEY" --arg host_key "$HOST_KEY" \
        '{host: $host, port: $port, user: $user, ssh_key_path: $path, host_key: $host_key}'
}

# Requires the list of servers as the last answer.
add_row() {
    if [ -z "$NAME" ]; then
        NAME=$(hostname | tr -cd 'A-Za-z0-9._-' | cut -c 1-100)
        [ -n "$NAME" ] || die "this machine has no host name" "choose a name: --name NAME"
    fi
    ! jq -e --arg name "$NAME" 'any(.[]; .name == $name)' "$WORK/answer" >/dev/null ||
        die "the inventory has another server named '$NAME'" "choose another name: --name NAME"
    way_here | jq --arg name "$NAME" '{name: $name} + .' >"$WORK/body"
    call POST /api/servers 201 "$WORK/body"
    jq -e '.reached == true' "$WORK/answer" >/dev/null ||
        die "'$NAME' was registered, but infrakt can't reach it: $(jq -r '.problem | .message? // .' "$WORK/answer")" \
            "find out why, then run this script again"
    report registered "as '$NAME'"
}

# Updates the row to the address, port and user at which the login has just worked.
readdress_row() {
    way_here | jq --slurpfile row "$WORK/row" 'with_entries(select($row[0][.key] != .value))' >"$WORK/differs"
    if jq -e 'length == 0' "$WORK/differs" >/dev/null; then
        report registered "unchanged, as '$NAME'"
        return
    fi
    # The API requires consent to change a protected row's address. The new address leads to the same machine.
    jq --arg name "$NAME" '. + {confirm: $name}' "$WORK/differs" >"$WORK/body"
    call PATCH "/api/servers/$NAME" 200 "$WORK/body"
    report registered "as '$NAME', changed: $(jq -r 'keys | join(", ")' "$WORK/differs")"
}

# The script provisions nothing unless infrakt itself says that it must not wipe this server.
mark() {
    local word=unchanged
    call GET "/api/servers/$NAME" 200
    if ! says_host; then
        echo '{"is_infrakt_host": true}' >"$WORK/body"
        api PATCH "/api/servers/$NAME" "$WORK/body" ||
            stop_loudly "'$NAME' could not be marked as the server that hosts infrakt: no answer" "$(cat "$WORK/said")"
        says_host || stop_loudly "'$NAME' could not be marked as the server that hosts infrakt" "PATCH /api/servers/$NAME $(answered)"
        # Make sure that it was saved too.
        api GET "/api/servers/$NAME" ||
            stop_loudly "can't determine whether '$NAME' is marked as the server that hosts infrakt: no answer" "$(cat "$WORK/said")"
        says_host || stop_loudly "'$NAME' is not marked as the server that hosts infrakt" "GET /api/servers/$NAME $(answered)"
        word="infrakt never wipes '$NAME'"
    fi
    [ -s "$MARKER" ] || stop_loudly "the marker is gone from this machine" "$MARKER"
    report protected "$word"
}

# Whether the last answer says that this server, and no other, hosts infrakt.
says_host() {
    [ "$STATUS" = 200 ] &&
        jq -e --arg name "$NAME" 'type == "object" and .name == $name and .is_infrakt_host == true' "$WORK/answer" >/dev/null 2>&1
}
