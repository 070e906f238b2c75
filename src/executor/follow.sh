# The follower: sends what the runner and its steps have written since the given offsets, and carries out the words that
# come on its standard input. It may be lost at any moment; another one goes on from where the client has got to. It costs
# nothing while nothing happens: it is woken by the runner, or by the client, which asks for more from time to time.
#
# It is a pipeline: what comes first begins the run, or finds it, and then hands on what the client says; ik_follow does
# the rest. Descriptor 3 leads to the client from both, 9 is the lock.
ik_refuse() {
    printf 'infrakt %s\nx %s\n' "$IK_NONCE" "$*" >&3
    return 1
}
ik_full() {
    exec 9>&-
    rm -rf -- "$IK_DIR"
    ik_refuse spool 'its disk is full'
}
# ik_prepare DAYS [turn]: takes the server's lock, and makes the folder of the run with all files that a run may need: it
# may get no others later. Turn: there is a step that the runner waits for. The lock is given on to the runner.
ik_prepare() {
    if ! [ -d /run/infrakt ] || ! [ -d "${IK_DIR%/*}" ]; then
        mkdir -p /run/infrakt "${IK_DIR%/*}" && chmod 700 /run/infrakt "${IK_DIR%/*/*}" "${IK_DIR%/*}" || {
            ik_refuse spool "the folder for its records can't be made"
            return
        }
    fi
    exec 9>>"$IK_LOCK"
    if ! flock -n 9; then
        exec 9>&-
        ik_refuse locked "$(cat "$IK_LOCK.holder" 2>&1)"
        return
    fi
    # Only with the lock: to a clock that has jumped, the records of a living run are old too.
    for ik_other in "${IK_DIR%/*}"/*; do
        if [ -e "$ik_other" ]; then
            find "${IK_DIR%/*}" -mindepth 1 -maxdepth 1 -mtime "+$1" -exec rm -rf -- {} +
            break
        fi
    done
    # Another launch of the same run has been faster, between the check and the lock.
    if ! mkdir "$IK_DIR"; then
        exec 9>&-
        ik_refuse folder "$IK_DIR can't be made"
        return
    fi
    : >"$IK_DIR/journal" && : >"$IK_DIR/out" && : >"$IK_DIR/err" && echo none >"$IK_DIR/order" &&
        ik_blank deadline && ik_blank pid && ik_blank go && { [ -z "${2-}" ] || mkfifo "$IK_DIR/turn"; } || ik_full
}
# What is written into later in place, where there is room for it whatever becomes of the disk.
ik_blank() {
    printf '%40s\n' '' >"$IK_DIR/$1"
}
# Starts the runner, which wakes the follower through the pipe.
ik_start() {
    setsid sh "$IK_DIR/runner" 7>&1 </dev/null >/dev/null 2>"$IK_DIR/runner.err" 3>&- &
    ik_start_of $!
    echo "$! $ik_start" 1<>"$IK_DIR/pid"
    exec 9>&-
}
# Whether the runner is there. After a restart the same number may be another process: only with the same start is it the
# runner.
ik_runner_lives() {
    read -r ik_runner ik_began <"$IK_DIR/pid" && ik_start_of "$ik_runner" && [ "$ik_start" = "$ik_began" ]
} 2>/dev/null
# Waits until a run whose launch was not seen has begun. The launch may still be on its way, or cut short for ever; which
# of the two is settled with the lock in hand, without which no runner begins. The folder stays where it is then, so that
# no other copy of the launch begins either.
ik_find() {
    mkdir -p "${IK_LOCK%/*}"
    ik_tries=0
    until [ -s "$IK_DIR/journal" ]; do
        if [ ! -d "$IK_DIR" ]; then
            ik_refuse absent 'there are no records of it'
            return 1
        fi
        if flock -n -o "$IK_LOCK" sh -c '[ ! -s "$1/journal" ] && rm -f -- "$1"/*' sh "$IK_DIR"; then
            ik_refuse void 'it never began'
            return 1
        fi
        ik_tries=$((ik_tries + 1))
        if [ "$ik_tries" -gt 100 ]; then
            ik_refuse locked "$(cat "$IK_LOCK.holder" 2>&1)"
            return 1
        fi
        sleep 0.1
    done
}
# ik_start_of PID: when the process began, field 22 of proc_pid_stat(5). Fails for one that has ended and was not waited
# for yet.
ik_start_of() {
    read -r ik_stat <"/proc/$1/stat" || return 1
    # shellcheck disable=SC2086 # fields
    set -- ${ik_stat##*) }
    ik_start=${20}
    [ "$1" != Z ]
} 2>/dev/null
# Has the run followed, and hands on what the client says, one word a line.
ik_listen() {
    echo begun
    while read -r ik_word; do
        printf '%s\n' "$ik_word"
        case $ik_word in "done" | sealed) return ;; esac
    done
    echo lost
}
# ik_lines DESCRIPTOR FROM COUNT: takes text as a shell can, which saves a process. It can't if a line does not end there, or
# if there are zeros among the bytes: then not so many of them have come as the descriptor has moved.
ik_lines() {
    ik_text=''
    while [ ${#ik_text} -lt "$3" ] && IFS= read -r ik_line <&"$1"; do
        ik_text="$ik_text$ik_line
"
    done
    read -r ik_rest ik_at <"/proc/self/fdinfo/$1"
    [ ${#ik_text} -eq "$3" ] && [ "$ik_at" -eq $(($2 + $3)) ]
}
# ik_open DESCRIPTOR FILE FROM
ik_open() {
    eval "exec $1<\"\$IK_DIR/$2\""
    # dd moves a descriptor without reading what it passes.
    if [ "$3" -gt 0 ]; then dd bs=1 count=0 skip="$3" status=none <&"$1"; fi
}
# ik_piece FILE DESCRIPTOR FROM TO
ik_piece() {
    ik_count=$(($4 - $3)) ik_kind=${1%"${1#?}"}
    if [ "$ik_count" -le 0 ]; then
        ik_count=0
        return
    fi
    if [ "$ik_count" -le 2048 ]; then
        if ik_lines "$2" "$3" "$ik_count"; then
            printf '%s %s %s\n%s' "$ik_kind" "$3" "$ik_count" "$ik_text"
            return
        fi
        ik_open "$2" "$1" "$3"
    fi
    if [ "$ik_count" -gt 1048576 ]; then
        ik_count=1048576 ik_more=yes
    fi
    printf '%s %s %s\n' "$ik_kind" "$3" "$ik_count"
    head -c "$ik_count" <&"$2"
    # A step that opens its output by its path cuts it short; the piece has the length that was announced all the same.
    read -r ik_rest ik_at <"/proc/self/fdinfo/$2"
    if [ "$ik_at" -lt $(($3 + ik_count)) ]; then
        head -c $(($3 + ik_count - ik_at)) /dev/zero
    fi
}
# Takes what is new in the journal. It is sent first: so whoever reads knows which step has begun before the first byte of
# its output comes. Where much output waits to be sent, later records wait too: what one stream has of a step could only be
# told once the other has got there, and would have to be kept in memory until then.
ik_read_journal() {
    ik_text='' ik_behind=yes
    while [ ${#ik_text} -lt 65536 ] && [ $((ik_to_o - ik_o + ik_to_e - ik_e)) -lt 4194304 ]; do
        if ! read -r ik_line <&4; then
            # The rest of the line is still being written.
            ik_part=$ik_part$ik_line ik_behind=''
            break
        fi
        ik_line=$ik_part$ik_line ik_part=''
        ik_text="$ik_text$ik_line
"
        # shellcheck disable=SC2086 # words
        set -- $ik_line
        case $1 in
        S) ik_to_o=$3 ik_to_e=$4 ;;
        E) ik_to_o=$5 ik_to_e=$6 ;;
        Z) ik_ended=yes ;;
        esac
    done
    if [ -n "$ik_text" ]; then
        printf 'j %s %s\n%s' "$ik_j" ${#ik_text} "$ik_text"
        ik_j=$((ik_j + ${#ik_text}))
    fi
}
# How far the outputs have been written by now; fails if there is no runner to tell, or not yet.
ik_measure() {
    # Of one that ends at this moment nothing is read, and what is known must not be lost by that.
    read -r ik_rest ik_at_o <"/proc/$ik_runner/fdinfo/5" && read -r ik_rest ik_at_e <"/proc/$ik_runner/fdinfo/6" &&
        [ -n "$ik_at_o" ] && [ -n "$ik_at_e" ] && ik_to_o=$ik_at_o ik_to_e=$ik_at_e
} 2>/dev/null
# The same where there is no runner any more.
ik_measure_files() {
    # shellcheck disable=SC2046 # two numbers
    set -- $(stat -c %s "$IK_DIR/out" "$IK_DIR/err")
    ik_to_o=$1 ik_to_e=$2
}
# What a step has printed so far, for whoever asks for more than what has ended.
ik_peek() {
    if [ -n "$ik_ended$ik_behind" ] || ik_measure || ik_runner_lives; then return; fi
    # It may have ended just now.
    ik_read_journal
    if [ -n "$ik_ended$ik_behind" ]; then return; fi
    case $(tail -n 1 "$IK_DIR/journal") in Z*) ik_ended=yes ;; *) ik_gone=yes ;; esac
    # Whoever has the whole journal already may still miss some of the outputs, and no record will tell any more.
    ik_measure_files
}
ik_send() {
    ik_more=$ik_behind
    ik_piece out 5 "$ik_o" "$ik_to_o"
    ik_o=$((ik_o + ik_count))
    ik_piece err 6 "$ik_e" "$ik_to_e"
    ik_e=$((ik_e + ik_count))
    if [ -n "$ik_more" ]; then echo >&7; fi
    if [ "$ik_o" -ge "$ik_to_o" ] && [ "$ik_e" -ge "$ik_to_e" ] && [ -z "$ik_said" ]; then
        if [ -n "$ik_ended" ]; then
            ik_said=yes
            echo z
        elif [ -n "$ik_gone" ]; then
            ik_said=yes
            echo "x gone the runner is no longer there"
        fi
    fi
}
# Lets the runner see what was written for it, if it waits for that.
ik_poke() {
    if [ -p "$IK_DIR/turn" ]; then echo 1<>"$IK_DIR/turn"; fi
}
# Tells the runner at once if the client has ordered the end of the step at work.
ik_end_step() {
    if [ "$ik_order" = kill ] && ik_runner_lives; then kill -s USR1 "$ik_runner"; fi
}
# ik_follow JOURNAL OUT ERR
ik_follow() {
    # The lock must be the runner's alone before anybody hears of it: one that is quick has ended by then. Without that
    # word nothing began, and why has been said.
    ik_word=''
    until [ "$ik_word" = begun ]; do
        if ! read -r ik_word; then return; fi
    done
    ik_j=$1 ik_o=$2 ik_e=$3 ik_to_o=$2 ik_to_e=$3
    ik_part='' ik_ended='' ik_gone='' ik_said='' ik_order=none
    # Where characters are bytes, so that they can be counted.
    export LC_ALL=C
    ik_open 4 journal "$1"
    ik_open 5 out "$2"
    ik_open 6 err "$3"
    # For what it has to tell itself.
    exec 7<>/proc/self/fd/0
    if ! ik_runner_lives; then ik_runner=none; fi
    printf 'infrakt %s\n' "$IK_NONCE"
    ik_read_journal
    ik_peek
    ik_send
    while read -r ik_word; do
        case $ik_word in
        '')
            ik_read_journal
            ik_send
            ;;
        more)
            ik_end_step
            ik_read_journal
            ik_peek
            ik_send
            echo h
            ;;
        go.*)
            echo "${ik_word#go.}" 1<>"$IK_DIR/go"
            ik_poke
            ;;
        stop | kill)
            # Whoever has ordered the end of a step does not take it back by asking for less.
            read -r ik_order <"$IK_DIR/order"
            if [ "$ik_order" != kill ]; then ik_order=$ik_word; fi
            echo "$ik_order" 1<>"$IK_DIR/order"
            ik_poke
            ik_end_step
            ;;
        "done")
            if [ -n "$ik_ended$ik_gone" ]; then rm -rf -- "$IK_DIR"; fi
            break
            ;;
        sealed)
            # Copies of the launch may still be on their way. The folder lets none of them begin.
            if [ -n "$ik_ended$ik_gone" ]; then rm -f -- "$IK_DIR"/*; fi
            break
            ;;
        lost) break ;;
        esac
    done
}
