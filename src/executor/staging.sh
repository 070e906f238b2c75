# Receives the content of local files before the run begins: what the server lacks of it. The client sends it when it has the
# list. If anything goes wrong the shell ends at once, since it would take the rest of the content for commands.

# ik_want SHA256 BYTES OLD GUARD…: adds a file to the list, from the byte on that is missing, unless it has arrived or each
# guard says that it is in its place. OLD: whether that counts.
ik_want() {
    ik_sum=$1 ik_bytes=$2 ik_old=$3
    shift 3
    if [ -f "$IK_FILES/$ik_sum" ]; then return; fi
    if [ "$ik_old" = yes ]; then
        for ik_guard in "$@"; do
            if ! (eval "$ik_guard") >/dev/null 2>&1; then ik_old=no; fi
        done
        if [ "$ik_old" = yes ]; then return; fi
    fi
    ik_size=0
    for ik_file in "$IK_FILES/$ik_sum".*; do
        if [ -f "$ik_file" ]; then
            # An earlier connection may still write to it, so this is a copy of its beginning.
            ik_size=$(stat -c %s -- "$ik_file")
            head -c "$ik_size" -- "$ik_file" >"$IK_FILES/$ik_sum.$IK_NONCE" || exit 1
            rm -f -- "$ik_file"
            break
        fi
    done
    ik_list="$ik_list $ik_sum.$ik_bytes.$ik_size"
}
# Whether the run can begin: if not, the launch says why, and no content is sent to this machine.
ik_may_stage() {
    [ ! -e "$IK_DIR" ] && ik_is_planned_machine && { [ ! -e "$IK_LOCK" ] || flock -n "$IK_LOCK" true; } &&
        { [ -d "$IK_FILES" ] || mkdir -p -- "$IK_FILES"; }
}
# ik_take SHA256.BYTES.SIZE: receives the rest of a file that has SIZE bytes already.
ik_take() {
    ik_size=${1##*.} ik_sum=${1%.*}
    ik_bytes=${ik_sum#*.} ik_sum=${ik_sum%.*}
    ik_part=$IK_FILES/$ik_sum.$IK_NONCE
    head -c $((ik_bytes - ik_size)) >>"$ik_part" || {
        rm -rf -- "$IK_FILES"
        exit 1
    }
    if [ "$(stat -c %s -- "$ik_part")" -ne "$ik_bytes" ]; then
        echo "the connection ended in the middle of a file" >&2
        exit 1
    fi
    if [ "$(sha256sum <"$ik_part")" != "$ik_sum  -" ]; then
        rm -f -- "$ik_part"
        echo "the content of a file did not arrive as it was sent" >&2
        exit 1
    fi
    mv -fT -- "$ik_part" "$IK_FILES/$ik_sum" || exit 1
}
ik_stage() {
    ik_list=''
    if ik_may_stage; then ik_wants; fi
    printf 'infrakt-files %s%s\n' "$IK_NONCE" "$ik_list"
    for ik_entry in $ik_list; do ik_take "$ik_entry"; done
}
