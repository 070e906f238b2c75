# The runner: executes the steps one after the other, detached from the connection that brought it. What it writes into
# the journal is the only truth about how a step ended.
record() {
    # What can't be recorded must not happen: a full disk ends the run here.
    printf '%s\n' "$*" >>"$IK_DIR/journal" || exit 1
}
# Sizes of both output files and the uptime, in hundredths of a second so that no clock can jump.
mark() {
    ik_sizes=$(stat -c %s "$IK_DIR/out" "$IK_DIR/err")
    read -r ik_up ik_rest </proc/uptime
    ik_mark="$(echo $ik_sizes) ${ik_up%.*}${ik_up#*.}"
}
finish() {
    # Steps may carry secrets: what was not executed must not lie about until somebody fetches the records.
    rm -f "$IK_DIR"/[0-9]*.*
    record Z "$1"
    : >"$IK_DIR/done"
    exit 0
}
# Fails as its guard does; a guard that does not end is an error of the step, and no answer.
guard() {
    (
        unset IK_DIR IK_LOCK
        exec timeout -k 5 60 sh "$1"
    ) </dev/null >/dev/null 2>&1
    ik_guard_status=$?
    case $ik_guard_status in
    124 | 137)
        echo "a guard did not end within 60 s" >>"$IK_DIR/err"
        ended "$ik_step" 124 1
        ;;
    esac
    return "$ik_guard_status"
}
nothing_to_do() {
    for ik_guard in "$IK_DIR/$1".unless.*; do
        if [ -e "$ik_guard" ] && guard "$ik_guard"; then return 0; fi
    done
    for ik_guard in "$IK_DIR/$1".only_if.*; do
        if [ -e "$ik_guard" ] && ! guard "$ik_guard"; then return 0; fi
    done
    return 1
}
# ended INDEX STATUS WHY: why is 1 if its time was over, 2 if it was undone, 3 if undoing it failed, else 0.
ended() {
    mark
    record E "$1" "$2" "$3" "$ik_mark"
    rm -f "$IK_DIR/$1".*
    if [ "$2" -ne 0 ]; then finish failed; fi
}
# It is the client's turn with this step; the lock is held meanwhile. A client that does not come back ends the run.
pause() {
    record P "$1"
    ik_ticks=0
    until [ -e "$IK_DIR/go.$1" ]; do
        if [ -e "$IK_DIR/stop" ]; then finish stopped; fi
        ik_ticks=$((ik_ticks + 1))
        if [ "$ik_ticks" -gt $((($2 + 60) * 20)) ]; then finish paused; fi
        sleep 0.05
    done
}
# undo_unless_proven INDEX SECONDS: the client has so long to come back over a new connection. A request to stop changes
# nothing about that: what may have locked everybody out is proven or undone first.
undo_unless_proven() {
    record Q "$1"
    ik_ticks=0
    until [ -e "$IK_DIR/go.$1" ]; do
        ik_ticks=$((ik_ticks + 1))
        if [ "$ik_ticks" -gt $(($2 * 20)) ]; then
            (
                umask 022
                ik_script=$IK_DIR/$1.undo
                unset IK_DIR IK_LOCK
                exec timeout -k 10 300 sh -e "$ik_script"
            ) </dev/null >>"$IK_DIR/out" 2>>"$IK_DIR/err"
            if [ "$?" -eq 0 ]; then ended "$1" 1 2; else ended "$1" 1 3; fi
            return
        fi
        sleep 0.05
    done
}
# step INDEX KIND SECONDS [SECONDS-UNTIL-UNDONE]
step() {
    if [ -e "$IK_DIR/stop" ]; then finish stopped; fi
    mark
    record S "$1" "$ik_mark"
    ik_began=${ik_mark##* } ik_step=$1
    if nothing_to_do "$1"; then
        record U "$1"
        rm -f "$IK_DIR/$1".*
        return
    fi
    if [ "$2" = pause ]; then
        pause "$1" "$3"
        return
    fi
    # timeout leads a process group of its own, which it ends as a whole. What a step makes is for the server, whose
    # services must be able to read it; only the records here are for root alone.
    (
        umask 022
        ik_script=$IK_DIR/$1.sh
        unset IK_DIR IK_LOCK
        exec timeout -k 10 "$3" sh -e "$ik_script"
    ) </dev/null >>"$IK_DIR/out" 2>>"$IK_DIR/err" &
    ik_pid=$!
    echo "$ik_pid" >"$IK_DIR/current"
    wait "$ik_pid"
    ik_status=$?
    rm -f "$IK_DIR/current"
    mark
    ik_timed_out=0
    case $ik_status in
    124 | 137) if [ $((${ik_mark##* } - ik_began)) -ge $(($3 * 100)) ]; then ik_timed_out=1; fi ;;
    0) if [ -n "${4-}" ]; then undo_unless_proven "$1" "$4"; fi ;;
    esac
    ended "$1" "$ik_status" "$ik_timed_out"
}
