# The runner: executes the steps one after the other, detached from the connection that brought it. What it writes into
# the journal is the only truth about how a step ended.
record() {
    printf '%s\n' "$*" >>"$IK_DIR/journal"
}
# Sizes of both output files and the uptime, in hundredths of a second so that no clock can jump.
mark() {
    ik_sizes=$(stat -c %s "$IK_DIR/out" "$IK_DIR/err")
    read -r ik_up ik_rest </proc/uptime
    ik_mark="$(echo $ik_sizes) ${ik_up%.*}${ik_up#*.}"
}
finish() {
    record Z "$1"
    : >"$IK_DIR/done"
    exit 0
}
nothing_to_do() {
    for ik_guard in "$IK_DIR/$1".unless.*; do
        if [ -e "$ik_guard" ] && timeout -k 5 60 sh "$ik_guard" </dev/null >/dev/null 2>&1; then return 0; fi
    done
    for ik_guard in "$IK_DIR/$1".only_if.*; do
        if [ -e "$ik_guard" ] && ! timeout -k 5 60 sh "$ik_guard" </dev/null >/dev/null 2>&1; then return 0; fi
    done
    return 1
}
# step INDEX KIND SECONDS
step() {
    if [ -e "$IK_DIR/stop" ]; then finish stopped; fi
    mark
    record S "$1" "$ik_mark"
    ik_began=${ik_mark##* }
    if nothing_to_do "$1"; then
        record U "$1"
        return
    fi
    if [ "$2" = pause ]; then
        record P "$1"
        finish paused
    fi
    # timeout leads a process group of its own, which it ends as a whole. What a step makes is for the server, whose
    # services must be able to read it; only the records here are for root alone.
    (
        umask 022
        exec timeout -k 10 "$3" sh -e "$IK_DIR/$1.sh"
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
    esac
    record E "$1" "$ik_status" "$ik_timed_out" "$ik_mark"
    if [ "$ik_status" -ne 0 ]; then finish failed; fi
}
