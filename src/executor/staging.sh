# Receives the content of local files before the run begins: what the server lacks of it. The client sends it when it has the
# list, and confirms then that the run may begin. If anything goes wrong the shell ends at once, since it would take the rest of the content for commands.

# ik_want SHA256 BYTES OLD GUARD…: adds a file to the list, from the byte on that is missing, unless it has arrived or each
# guard says that it is in its place. OLD: whether that counts.
ik_want() {
    ik_sum=$1 ik_bytes=$2 ik_old=$3
    shift 3
    if [ -f "$IK_FILES/$ik_sum" ]; then return; fi
    if [ "$ik_old" = yes ]; then
        for ik_guard in "$@"; do
            # A sign of life: a large file takes its time.
            echo
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
# Whether the run can begin: if not, the launch says why, and no content is sent to this machine. ik_unstaged: what kept it.
ik_may_stage() {
    ik_unstaged=spool
    if [ -e "$IK_DIR" ] || ! ik_is_planned_machine || ! ik_has_no_pipe 2>/dev/null; then return 1; fi
    if [ -e "$IK_LOCK" ]; then
        flock -n -E 200 "$IK_LOCK" true 2>/dev/null
        case $? in
        0) ;;
        200)
            ik_unstaged=locked
            return 1
            ;;
        *) return 1 ;;
        esac
    fi
    if [ ! -d "$IK_FILES" ]; then mkdir -p -- "$IK_FILES" || return; fi
    ik_unstaged=''
}
# Without content, a run must not begin even if what kept it away is gone now. For the launch, with the lock.
ik_is_staged() {
    if [ -z "$ik_unstaged" ]; then return; fi
    rm -rf -- "$IK_DIR"
    exec 9>&-
    case $ik_unstaged in
    locked) ik_refuse locked "$(cat "$IK_LOCK.holder" 2>&1)" ;;
    *) ik_refuse "$ik_unstaged" "it could not receive the content of files; try it again" ;;
    esac
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
    if [ -z "$ik_list" ]; then return; fi
    for ik_entry in $ik_list; do ik_take "$ik_entry"; done
    # Only the client knows whether it has read what was planned, and whether the user wants to stop.
    ik_word=''
    read -r ik_word
    if [ "$ik_word" != "begin $IK_NONCE" ]; then
        echo "the client did not confirm the content of the files" >&2
        exit 1
    fi
}
