# Reports which run is at work on this server, and ends it on request. Words on standard output, one per line:
#   free | held SECONDS STEP FOLDER, then the holder's own words | another | ended | undoing | stuck
# Call it with `look`, or `end FOLDER`, which ends only the run that was looked at.
ik_wanted=$1 ik_shown=${2-}
# Whether the lock is free. Only the status 200 means that it is taken; with another status, flock(1) failed.
ik_is_free() {
    if [ ! -e "$IK_LOCK" ]; then return; fi
    if [ -p "$IK_LOCK" ]; then
        echo "$IK_LOCK is a pipe" >&2
        exit 1
    fi
    flock -n -o -E 200 "$IK_LOCK" true
    ik_status=$?
    if [ "$ik_status" != 0 ] && [ "$ik_status" != 200 ]; then exit "$ik_status"; fi
    return "$ik_status"
}
if ik_is_free; then
    echo free
    exit 0
fi
# A holder that has just begun may not have identified itself yet.
ik_dir='' ik_runner=''
if [ -s "$IK_LOCK.folder" ]; then read -r ik_dir <"$IK_LOCK.folder"; fi
if [ "$ik_wanted" = look ]; then
    ik_step=0
    while read -r ik_kind ik_number ik_rest; do
        if [ "$ik_kind" = S ]; then ik_step=$((ik_number + 1)); fi
    done <<EOF
$(cat "$ik_dir/journal" 2>/dev/null)
EOF
    echo "held $(($(date +%s) - $(stat -c %Y "$IK_LOCK.holder"))) $ik_step $ik_dir"
    cat "$IK_LOCK.holder"
    exit 0
fi
if [ "$ik_dir" != "$ik_shown" ]; then
    echo another
    exit 0
fi
# As with a second Ctrl-C, the record says truly how the step ended.
if [ -s "$ik_dir/pid" ]; then
    read -r ik_runner ik_rest <"$ik_dir/pid"
    echo kill 1<>"$ik_dir/order"
    if [ -p "$ik_dir/turn" ]; then echo 1<>"$ik_dir/turn"; fi
    kill -s USR1 "$ik_runner"
fi
ik_tries=0
until ik_is_free; do
    ik_tries=$((ik_tries + 1))
    # A step that may have locked everyone out is undone first, however long that takes.
    if [ "$ik_tries" -eq 140 ]; then
        case $(tail -n 1 "$ik_dir/journal") in Q*)
            echo undoing
            exit 0
            ;;
        esac
    fi
    # Longer than the time that a step has which ignores signals.
    if [ "$ik_tries" -eq 150 ] && [ -n "$ik_runner" ]; then
        # The runner is a session leader.
        kill -s KILL -- "-$ik_runner"
    elif [ "$ik_tries" -gt 180 ]; then
        echo stuck
        exit 0
    fi
    sleep 0.1
done
echo ended
