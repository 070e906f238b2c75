# The runner: executes the steps one after the other, detached from the connection. Only its journal says how a step ended.
# Usually a step costs one fork and no other program: everything here except the step's own command is built into the shell.
exec 4>>"$IK_DIR/journal" 5>>"$IK_DIR/out" 6>>"$IK_DIR/err" || exit 1
# The pipe to the follower, opened for reading and writing, so that writing never fails when the follower has gone.
exec 7<>/proc/self/fd/7
# The runner waits on this for the client's word, in plans with steps of the client.
if [ -p "$IK_DIR/turn" ]; then exec 8<>"$IK_DIR/turn"; fi
# Before anything else is recorded, so that a reader of the records knows whose they are, even if the shell that began this
# one ended before it could report that.
read -r ik_stat <"/proc/$$/stat"
# shellcheck disable=SC2086 # the fields after the name: the twentieth is the start, see proc_pid_stat(5)
set -- ${ik_stat##*) }
echo "$$ ${20}" 1<>"$IK_DIR/pid" || exit 1
# The server's services must be able to read what a step creates; only the records here are for root only.
umask 022
# Why only steps that always run are left: `failed`, `stopped` or `paused`; else empty.
ik_broken=$IK_BROKEN
# Whether a step of the run has begun: if none has, those that always run have nothing to put right.
ik_begun=$IK_BEGUN
ik_signal='' ik_ends='' ik_watch='' ik_told='' ik_wakes=0 ik_firm='' ik_measured='' ik_most=$IK_MOST
trap 'ik_signal=yes' USR1
# A step that kills its process group means itself. A shutdown of the server ends the runner too, if it waits for nothing.
trap 'ik_signal=yes ik_ends=yes' HUP INT TERM

ik_record() {
    # If a step can't be recorded, it must not run: a full disk ends the run here.
    printf '%s\n' "$*" >&4 || exit 1
}
# The uptime, in hundredths of a second. Unlike a clock, it can't jump.
ik_clock() {
    read -r ik_now ik_rest </proc/uptime
    ik_now=${ik_now%.*}${ik_now#*.}
}
# The time, and the length of both outputs: the positions of the descriptors that all steps share (fdinfo in proc(5)).
ik_mark() {
    ik_clock
    read -r ik_rest ik_out </proc/self/fdinfo/5
    read -r ik_rest ik_err </proc/self/fdinfo/6
}
# Like mark, for a step that may have opened an output again by its path; then the shared descriptor did not move.
ik_mark_exactly() {
    ik_mark
    # shellcheck disable=SC2046 # two numbers
    set -- $(stat -c %s "$IK_DIR/out" "$IK_DIR/err")
    ik_out=$1 ik_err=$2
}
# Wakes the follower that the run began with; later ones ask by themselves. Short steps share a call. The number of calls is
# limited to what fits into the pipe (pipe(7)), even if no follower reads them.
ik_wake() {
    if [ $((ik_now - ${ik_told:=$ik_now})) -ge "$1" ] && [ "$ik_wakes" -lt 4000 ]; then
        ik_told=$ik_now ik_wakes=$((ik_wakes + 1))
        echo >&7
    fi
}
# The client's last order; initially `none`.
ik_hear() {
    read -r ik_order <"$IK_DIR/order"
}
# Whether the client has reported its own step as done.
ik_may_go() {
    read -r ik_word <"$IK_DIR/go" && [ "$ik_word" = "$1" ]
}
ik_forget() {
    for ik_file in "$@"; do
        if [ -s "$IK_DIR/$ik_file" ]; then true >"$IK_DIR/$ik_file" || exit 1; fi
    done
}
ik_finish() {
    # A process that has just begun may still have the lock open, so wait for its end. No signal may end this wait.
    trap '' USR1
    if [ -n "$ik_watch" ]; then
        kill -s USR2 "$ik_watch"
        wait "$ik_watch"
    fi
    # Steps that were not executed must not stay until a client fetches the records.
    ik_forget $IK_SECRETS
    # A run that was stopped may be resumed, and needs the content then.
    case $IK_FILES:$1 in ?*:"done" | ?*:failed) rm -rf -- "$IK_FILES" ;; esac
    # A client that reads this record may begin another run.
    exec 9>&-
    ik_record Z "$1"
    echo >&7
    exit 0
}

# Whether the output of the steps has reached the limit that protects the server's disk. The steps after one that was ended for
# this have as much again.
ik_floods() {
    read -r ik_rest ik_flood_o <"/proc/$$/fdinfo/5" && read -r ik_rest ik_flood_e <"/proc/$$/fdinfo/6" &&
        [ $((ik_flood_o + ik_flood_e)) -gt "$ik_most" ]
}
# Tells the runner when it has timed out, or when there is too much output: one process for all deadlines. It never sleeps
# longer than the shortest deadline, so that it misses no new one, nor so long that a step could fill a disk. It creates no
# file, since the disk may be full. It tells the runner again until there is a new deadline: a signal that comes before the
# runner waits does not end its wait.
ik_watch() {
    # The last process that is not one of the watch's own: at first the step, which the runner started.
    ik_over=$!
    trap 'if [ "$!" != "$ik_over" ]; then kill -s KILL "$!"; fi; exit 0' USR2
    # Not meant by a step that ends its process group.
    trap 'ik_signal=yes' HUP INT TERM
    while kill -0 $$; do
        ik_nap=$IK_SHORTEST
        if [ "$ik_nap" -gt 200 ]; then ik_nap=200; fi
        read -r ik_key ik_until <"$IK_DIR/deadline" || ik_key=''
        if [ -n "$ik_key" ]; then
            ik_clock
            ik_left=$((ik_until - ik_now))
            if [ "$ik_left" -le 0 ]; then
                kill -s USR1 $$
                if [ -p "$IK_DIR/turn" ]; then echo >&8; fi
            elif [ "$ik_left" -lt "$ik_nap" ]; then
                ik_nap=$ik_left
            fi
        fi
        if ik_floods; then kill -s USR1 $$; fi
        ik_part=$((ik_nap % 100))
        if [ "$ik_part" -lt 10 ]; then ik_part=0$ik_part; fi
        sleep "$((ik_nap / 100)).$ik_part" &
        ik_signal=''
        wait "$!"
        if [ -n "$ik_signal" ]; then kill -s KILL "$!"; fi
        ik_over=$!
    done
}
# deadline KEY HUNDREDTHS
ik_deadline() {
    ik_clock
    ik_due=$((ik_now + $2))
    # In place, so that a reader finds the old value or the new one.
    echo "$1 $ik_due" 1<>"$IK_DIR/deadline"
    if [ -z "$ik_watch" ]; then
        # In parentheses, since a function alone would keep copies of the descriptors to restore them.
        (ik_watch) </dev/null >/dev/null 2>&1 4>&- 5>&- 6>&- 7>&- 9>&- &
        ik_watch=$!
    fi
}
# Whether the last deadline has passed.
ik_is_over() {
    ik_clock
    [ "$ik_now" -ge "$ik_due" ]
}
# start FILE MODE OPTION SECONDS: runs the file in a shell and process group of its own (`apart`), or in a fork of this shell
# (`plain`), which saves most of a step's cost. In both, the runner's variables and functions are invisible.
ik_start() {
    case $2 in
    apart) timeout -k 10 "$(($4 + 60))" sh "$3" "$IK_DIR/$1" </dev/null 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- & ;;
    *)
        (
            ik_file=$IK_DIR/$1
            set "$3" --
            # shellcheck source=/dev/null
            . "$ik_file"
        ) </dev/null 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
        ;;
    esac
    ik_pid=$! ik_mode=$2 ik_since='' ik_ending='' ik_signal=''
}
# end SIGNAL: sends SIGNAL to all processes that the current file has started. A file that runs apart leads a process group. For
# a plain one, these are the processes of the runner's group that started with it or later (in the same hundredth of a second,
# the pids decide), except the runner and its watch. Fails if there is none left.
ik_end() {
    if [ "$ik_mode" = apart ]; then
        kill -s "$1" -- "-$ik_pid"
        return
    fi
    ik_found=''
    for ik_process in "/proc/$ik_pid" /proc/[0-9]*; do
        read -r ik_stat <"$ik_process/stat" || continue
        # shellcheck disable=SC2086 # the fields after the name: state, parent, group, …; the twentieth is the start
        set -- "$1" ${ik_stat##*) }
        ik_other=${ik_process#/proc/}
        if [ -z "$ik_since" ]; then
            # It has already ended.
            if [ "$ik_other" != "$ik_pid" ]; then break; fi
            ik_since=${21}
        fi
        case $ik_other in "$$" | "$ik_watch") continue ;; esac
        if [ "$4" != $$ ] || [ "$3" = "$ik_watch" ] || [ "${21}" -lt "$ik_since" ] || [ "$2" = Z ]; then continue; fi
        if [ "${21}" -gt "$ik_since" ] || [ "$ik_other" -ge "$ik_pid" ]; then
            ik_found=yes
            kill -s "$1" "$ik_other"
        fi
    done
    [ -n "$ik_found" ]
}
# attend KEY: finds out the reason of a signal: a timeout, or an order to end the current step.
ik_attend() {
    if [ -n "$ik_ending" ]; then
        if ik_is_over; then ik_end KILL; fi
        return
    fi
    if ik_is_over; then ik_late=1; elif [ -z "$ik_firm" ] && ik_floods; then ik_late=4; fi
    ik_hear
    if [ "$ik_late" = 0 ] && { [ "$ik_order" != kill ] || [ -n "$ik_firm" ]; }; then return; fi
    ik_ending=yes
    ik_end TERM
    if [ -n "$ik_watch" ]; then kill -s USR2 "$ik_watch"; fi
    ik_watch=''
    ik_deadline "$1.kill" 1000
}
# A program may ignore the signal that ended its shell, and keep starting others. Don't wait for processes that can't be
# killed (they wait for a disk).
ik_end_rest() {
    while ik_end 0 && ! ik_is_over; do sleep 0.1; done
    ik_tries=0
    while ik_end KILL && [ "$ik_tries" -lt 20 ]; do
        ik_tries=$((ik_tries + 1))
        sleep 0.1
    done
}
# await KEY HUNDREDTHS: waits for the end of what was started, and ends it when it times out.
ik_await() {
    ik_late=0 ik_first=''
    ik_deadline "$1" "$2"
    while :; do
        wait "$ik_pid"
        ik_status=$?
        # The signal arrived together with the end: nothing is left to wait for.
        if [ "$ik_status" = 127 ] && [ -n "$ik_first" ]; then ik_status=$ik_first; fi
        if [ -z "$ik_signal" ] || [ "$ik_status" -le 128 ]; then break; fi
        ik_signal='' ik_first=$ik_status
        ik_attend "$1"
    done
    if [ -n "$ik_ending" ]; then ik_end_rest; fi
    case $ik_late in
    1) ik_status=124 ;;
    4)
        ik_status=1
        ik_floods
        ik_most=$((ik_flood_o + ik_flood_e + IK_MOST))
        # The next watch knows of it.
        kill -s USR2 "$ik_watch"
        ik_watch=''
        ;;
    esac
}

# step INDEX [always]: begins a step. Fails if its turn is over: after a failure, or after the order `stop`, only the steps that
# always run have a turn. The orders `end` and `kill` leave none.
ik_step() {
    ik_hear
    case $ik_order in
    none) ;;
    stop)
        ik_broken=${ik_broken:-stopped}
        if [ -z "$ik_begun" ]; then ik_finish "$ik_broken"; fi
        ;;
    *) ik_finish "${ik_broken:-stopped}" ;;
    esac
    if [ -n "$ik_broken" ] && [ -z "${2-}" ]; then return 1; fi
    # Whether the step has failed, or is not to be carried out any more.
    ik_closed='' ik_begun=yes
    # The file for its output, if a later step uses it; and where the old file is kept that it may have to put back.
    ik_output='' ik_restores=''
    # The values measured for the end of the previous step are valid for the start of this one.
    if [ -z "$ik_measured" ]; then ik_mark; fi
    ik_measured=''
    ik_record S "$1" "$ik_out" "$ik_err" "$ik_now"
    ik_printed_from=$ik_out
    ik_wake 20
}
ik_unchanged() {
    if [ -z "$ik_closed" ]; then ik_record U "$1"; fi
}
# close WHY: the step is over without success.
ik_close() {
    ik_closed=yes ik_broken=${ik_broken:-$1}
}
# expect INDEX FILE TITLE…: notes that these handlers have to run, before the step changes anything. If that can't be noted, the
# step must not run.
ik_expect() {
    ik_index=$1
    shift
    while [ $# -gt 0 ]; do
        if ! { printf '%s\n' "$2" >"$1" && sync -- "$1"; }; then
            echo "infrakt could not note in $1 that '$2' has to run" >&6
            ik_mark_exactly
            ik_ended "$ik_index" 1 0
            return 1
        fi
        shift 2
    done
}
# fulfil PATH: removes what says that something is still to be done.
ik_fulfil() {
    if [ -z "$ik_closed" ] && [ -e "$1" ]; then rm -rf -- "$1" || exit 1; fi
}
# ended INDEX STATUS WHY: WHY is 1 if the step timed out, 2 if it was undone, 3 if undoing it failed, 4 if it was ended because
# of too much output, 5 if a guard can't be run, else 0.
ik_ended() {
    ik_record E "$1" "$2" "$3" "$ik_out" "$ik_err" "$ik_now"
    ik_measured=yes
    if [ "$2" -ne 0 ]; then ik_close failed; fi
}
# ask FILE MODE DESCRIPTOR: asks a guard, whose messages go to the descriptor; 1 is nowhere.
ik_ask() {
    ik_start "$1" "$2" +e 60 >/dev/null 2>&"$3"
    ik_await "$1" 6000
}
# held INDEX FILE MODE [lookup]: succeeds if the guard does. A guard that does not end by itself, or that can't be run, is an
# error of the step, not an answer. With `lookup` the guard asks whether a program is there, and 127 is its answer.
ik_held() {
    ik_ask "$2" "$3" 1
    if [ "$ik_late" != 0 ]; then
        if [ "$ik_late" = 1 ]; then echo "a guard did not end within 60 s" >&6; fi
        ik_mark
        ik_ended "$1" 124 "$ik_late"
    elif [ -n "$ik_ending" ]; then
        ik_mark
        ik_ended "$1" "$ik_status" 0
    elif [ "$ik_status" -ge 126 ] && [ "$ik_status${4-}" != 127lookup ]; then
        # Again, for the shell's message.
        ik_failed=$ik_status
        ik_ask "$2" "$3" 6
        ik_mark_exactly
        ik_ended "$1" "$ik_failed" 5
    fi
    return "$ik_status"
}
# unless INDEX FILE MODE [lookup], only_if INDEX FILE MODE [lookup]: whether the step has nothing to do by this guard, or has failed
# because of it.
ik_unless() {
    ik_held "$@" || [ -n "$ik_closed" ]
}
ik_only_if() {
    ! ik_held "$@" || [ -n "$ik_closed" ]
}
# still INDEX FILE MODE…: records that a step is still needed after it has run: none of these guards succeeds.
ik_still() {
    if [ -n "$ik_closed" ]; then return; fi
    ik_index=$1
    shift
    while [ $# -gt 0 ]; do
        ik_ask "$1" "$2" 1
        if [ "$ik_status" -eq 0 ]; then return; fi
        shift 2
    done
    ik_record W "$ik_index"
    ik_wake 20
}
# undo_unless_proven INDEX SECONDS: the client has SECONDS to return over a new connection, however the step has ended. A
# request to stop does not change that: a step that may have locked everyone out is first proven or undone. A request to end
# it at once undoes it at once. Nothing interrupts the undo.
ik_undo_unless_proven() {
    ik_record Q "$1"
    ik_wake 0
    ik_deadline "$1.undo" "${2}00"
    until ik_may_go "$1"; do
        ik_hear
        if ik_is_over || [ "$ik_order" = kill ]; then
            ik_firm=yes
            ik_start "$1.undo" apart -e 300 >&5 2>&6
            ik_await "$1.undone" 30000
            if [ "$ik_status" -eq 0 ]; then ik_late=2; else ik_late=3; fi
            ik_status=1 ik_firm=''
            ik_mark_exactly
            return
        fi
        read -r ik_rest <&8
    done
    ik_mark
}
# run INDEX SECONDS MODE MARK [SECONDS-UNTIL-UNDONE]
ik_run() {
    ik_start "$1.sh" "$3" -e "$2" >&5 2>&6
    ik_await "$1" "${2}00"
    if [ "$ik_status" -ne 0 ] && [ -n "$ik_restores" ] && [ -e "$ik_restores/whole" ]; then ik_restore_ended "$1"; fi
    if [ "$ik_status" -ne 0 ]; then ik_mark_exactly; else "$4"; fi
    ik_printed=$((ik_out - ik_printed_from))
    if [ -n "${5-}" ]; then ik_undo_unless_proven "$1" "$5"; fi
    if [ "$ik_status" -eq 0 ] && [ -n "$ik_output" ]; then ik_keep_output "$ik_printed"; fi
    ik_ended "$1" "$ik_status" "$ik_late"
}
# pause INDEX SECONDS: the client carries out this step while the runner holds the lock. If the client does not return, only the
# steps that always run have a turn.
ik_pause() {
    ik_record P "$1"
    ik_wake 0
    ik_deadline "$1" "$(($2 + 60))00"
    until ik_may_go "$1"; do
        ik_hear
        if [ "$ik_order" = stop ]; then
            ik_close stopped
            return
        fi
        if [ "$ik_order" != none ] || [ -n "$ik_ends" ]; then ik_finish "${ik_broken:-stopped}"; fi
        if ik_is_over; then
            ik_close paused
            return
        fi
        read -r ik_rest <&8
    done
}
