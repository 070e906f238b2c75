# The follower: sends what the runner and its steps have written since the given offsets, and obeys the words that arrive on
# its standard input. It may be lost at any moment; another one continues at the client's offsets. While nothing happens it
# uses no processor time: the runner wakes it, or the client, which asks for more from time to time.
#
# It is a pipeline. Its first part begins the run or finds it, and then passes on the client's words; ik_follow does the
# rest. Descriptor 3 leads to the client from both parts, 9 is the lock.
ik_turn_down() {
    printf 'infrakt %s\nx %s\n' "$IK_NONCE" "$*" >&3
}
# For the first part: tells ik_follow that there is nothing to follow.
ik_refuse() {
    ik_turn_down "$@"
    echo refused
    return 1
}
# ik_cannot CODE COMMAND…: refuses with the error message of COMMAND, which has just failed. It runs COMMAND again to get the
# message, so that the usual case costs no process.
ik_cannot() {
    ik_code=$1
    shift
    ik_why=$("$@" 2>&1)
    ik_why=${ik_why#sh: [0-9]*: }
    ik_why=${ik_why%%"
"*}
    ik_refuse "$ik_code" "${ik_why:-it failed once and then worked}"
}
# Whether the runner is running. After a restart, another process may have its pid: it is the runner only if the start time
# is the same.
ik_runner_lives() {
    read -r ik_runner ik_began <"$IK_DIR/pid" && ik_start_of "$ik_runner" && [ "$ik_start" = "$ik_began" ]
} 2>/dev/null
# Makes sure that a run that has not begun never will. 200: another run has the lock; 201: it has begun; 202: its records
# can't be removed.
ik_void() {
    flock -n -o -E 200 "$IK_LOCK" sh -c '[ ! -s "$1/journal" ] || exit 201; rm -f -- "$1"/* || exit 202' sh "$IK_DIR"
}
# Waits until a run whose launch was not seen has begun. The launch may still arrive, or may have been lost. Only the holder of
# the lock can settle that, since no runner begins without the lock. The folder stays, so that no other copy of the launch
# begins either.
ik_find() {
    mkdir -p "${IK_LOCK%/*}"
    ik_tries=0
    until [ -s "$IK_DIR/journal" ]; do
        if [ ! -d "$IK_DIR" ]; then
            ik_refuse absent 'there are no records of it'
            return 1
        fi
        ik_void
        case $? in
        0)
            ik_refuse void 'it never started'
            return 1
            ;;
        200 | 201) ;;
        202)
            ik_cannot spool ik_void
            return 1
            ;;
        *)
            ik_cannot lock ik_void
            return 1
            ;;
        esac
        ik_tries=$((ik_tries + 1))
        if [ "$ik_tries" -gt 100 ]; then
            ik_refuse locked "$(cat "$IK_LOCK.holder" 2>&1)"
            return 1
        fi
        sleep 0.1
    done
}
# ik_start_of PID: the start time of the process, field 22 of proc_pid_stat(5). Fails for a zombie.
ik_start_of() {
    read -r ik_stat <"/proc/$1/stat" || return 1
    # shellcheck disable=SC2086 # fields
    set -- ${ik_stat##*) }
    ik_start=${20}
    [ "$1" != Z ]
} 2>/dev/null
# Starts following the run, and passes on the client's words, one per line.
ik_listen() {
    echo begun
    while read -r ik_word; do
        printf '%s\n' "$ik_word"
        case $ik_word in "done" | sealed)
            ik_clear "$ik_word"
            return
            ;;
        esac
    done
    echo lost
}
# Whether this shell and its children would end with the login. That is so in the scope of a session (KillUserProcesses in
# logind.conf(5)), or in a service that belongs to the connection (KillMode in systemd.kill(5)). Root's sessions are exempt
# unless logind is configured otherwise.
ik_is_bound() {
    while read -r ik_line; do
        case $ik_line in
        0::/* | *:name=*:/*) ;;
        *) continue ;;
        esac
        case $ik_line in
        */user-0.slice/session-*) if ik_logind_ends_sessions; then return 0; fi ;;
        */session-*.scope | */session-*.scope/* | *@*.service | *@*.service/* | *:name=elogind:/?*) return 0 ;;
        esac
    done </proc/self/cgroup
    return 1
} 2>/dev/null
ik_logind_ends_sessions() {
    for ik_file in /etc/systemd/logind.conf /usr/lib/systemd/logind.conf /etc/systemd/logind.conf.d/*.conf \
        /run/systemd/logind.conf.d/*.conf /usr/local/lib/systemd/logind.conf.d/*.conf /usr/lib/systemd/logind.conf.d/*.conf; do
        if [ ! -r "$ik_file" ]; then continue; fi
        while read -r ik_setting; do
            case $ik_setting in KillUserProcesses* | KillExcludeUsers* | KillOnlyUsers*) return 0 ;; esac
        done <"$ik_file"
    done
    return 1
}
# Text for a shell: moves the process $1 to this shell's cgroup, or with $2 to the root, in the hierarchy that systemd uses to
# track processes. With cgroup v1 there are two of these hierarchies (cgroups(7)).
ik_move='while read -r line; do
    case $line in
    0::/*) root=/sys/fs/cgroup; if [ -d /sys/fs/cgroup/unified ]; then root=/sys/fs/cgroup/unified; fi ;;
    *:name=*:/*) root=${line#*:name=}; root=/sys/fs/cgroup/${root%%:*} ;;
    *) continue ;;
    esac
    if [ -n "${2-}" ]; then path=""; else path=/${line#*:/}; fi
    echo "$1" >"$root$path/cgroup.procs" || exit 1
done </proc/self/cgroup'
# ik_leave UNIT [must]: moves this shell and its future children out of the login, to a systemd unit, or else to no unit at all.
# If neither works and the run must outlive its connection (`must`), refuses.
ik_leave() {
    if ! ik_is_bound; then return 0; fi
    read -r ik_self ik_rest </proc/self/stat
    ik_why=$(timeout 10 systemd-run --scope --quiet --collect --slice=system.slice --unit="infrakt-$1" \
        --description='A run of infrakt' \
        -- sh -c "$ik_move" sh "$ik_self" 2>&1 </dev/null)
    if ! ik_is_bound || { sh -c "$ik_move" sh "$ik_self" root 2>/dev/null && ! ik_is_bound; }; then return 0; fi
    if [ -z "${2-}" ]; then return 0; fi
    rm -rf -- "$IK_DIR"
    ik_cannot bound printf %s "${ik_why:-it can not be left}"
}
# The client has received everything. This part removes the records, since it has left the login; the other part may end with
# the login. Sealed: copies of the launch may still arrive, and the folder prevents them from beginning.
ik_clear() {
    ik_line=''
    while read -r ik_rest; do ik_line=$ik_rest; done <"$IK_DIR/journal"
    case $ik_line in Z*) ;; *) if ik_runner_lives; then return; fi ;; esac
    case $1 in
    "done") rm -rf -- "$IK_DIR" ;;
    *) rm -f -- "$IK_DIR"/* ;;
    esac
}
# ik_lines DESCRIPTOR FROM COUNT: reads text with the shell itself, which saves a process. That fails if the text does not end
# with a line, or contains NUL bytes: then the shell has read fewer bytes than the descriptor has moved.
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
    eval "command exec $1<\"\$IK_DIR/$2\"" || return
    # dd moves a descriptor without reading the bytes in between.
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
    # A step that opens its output by its path truncates it. The piece must still have the announced length.
    read -r ik_rest ik_at <"/proc/self/fdinfo/$2"
    if [ "$ik_at" -lt $(($3 + ik_count)) ]; then
        head -c $(($3 + ik_count - ik_at)) /dev/zero
    fi
}
# Reads what is new in the journal and sends it first, so that the client knows which step has begun before the step's first
# output arrives. If much output waits to be sent, later records wait too: the client could use one stream's output of a step
# only when the other stream has got that far, and would have to keep it in memory until then.
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
# How much output has been written so far. Fails if there is no runner, or not yet.
ik_measure() {
    # If the runner ends at this moment, nothing is read; the known values must not be lost then.
    read -r ik_rest ik_at_o <"/proc/$ik_runner/fdinfo/5" && read -r ik_rest ik_at_e <"/proc/$ik_runner/fdinfo/6" &&
        [ -n "$ik_at_o" ] && [ -n "$ik_at_e" ] && ik_to_o=$ik_at_o ik_to_e=$ik_at_e
} 2>/dev/null
# The same if the runner has ended.
ik_measure_files() {
    # shellcheck disable=SC2046 # two numbers
    set -- $(stat -c %s "$IK_DIR/out" "$IK_DIR/err")
    ik_to_o=$1 ik_to_e=$2
}
# What the current step has printed so far, when the client asks for more.
ik_peek() {
    if [ -n "$ik_ended$ik_behind" ] || ik_measure || ik_runner_lives; then return; fi
    # The step may have ended just now.
    ik_read_journal
    if [ -n "$ik_ended$ik_behind" ]; then return; fi
    case $(tail -n 1 "$IK_DIR/journal") in Z*) ik_ended=yes ;; *) ik_gone=yes ;; esac
    # A client that has the whole journal may still miss some output, and no further record will tell how much.
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
            ik_line=''
            if [ -s "$IK_DIR/runner.err" ]; then read -r ik_line <"$IK_DIR/runner.err"; fi
            # A step is recorded before it begins.
            if [ -s "$IK_DIR/journal" ]; then ik_word=gone; else ik_word=died; fi
            echo "x $ik_word the runner is no longer there${ik_line:+: $ik_line}"
        fi
    fi
}
# Wakes the runner if it waits for words that were written for it.
ik_poke() {
    if [ -p "$IK_DIR/turn" ]; then echo 1<>"$IK_DIR/turn"; fi
}
# Tells the runner at once if the client has ordered the end of the current step.
ik_end_step() {
    if [ "$ik_order" = kill ] && ik_runner_lives; then kill -s USR1 "$ik_runner"; fi
}
# ik_follow JOURNAL OUT ERR
ik_follow() {
    # Only the runner may hold the lock when the client hears of it; a quick run has ended by then. If no word arrives, the
    # shell that should begin the run has died, and its message is on its standard error.
    ik_word=''
    until [ "$ik_word" = begun ]; do
        if ! read -r ik_word; then
            ik_turn_down died
            return
        elif [ "$ik_word" = refused ]; then
            return
        fi
    done
    ik_j=$1 ik_o=$2 ik_e=$3 ik_to_o=$2 ik_to_e=$3
    ik_part='' ik_ended='' ik_gone='' ik_said='' ik_order=none
    # In this locale, characters are bytes, so they can be counted.
    export LC_ALL=C
    if ! ik_open 4 journal "$1" || ! ik_open 5 out "$2" || ! ik_open 6 err "$3"; then
        ik_turn_down unreadable "its records can't be read"
        return
    fi
    # For its own messages.
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
        stop | end | kill)
            # A stronger order stays, even if a weaker one follows.
            read -r ik_order <"$IK_DIR/order"
            case $ik_order.$ik_word in kill.* | end.stop) ;; *) ik_order=$ik_word ;; esac
            echo "$ik_order" 1<>"$IK_DIR/order"
            ik_poke
            ik_end_step
            ;;
        "done" | sealed | lost) break ;;
        esac
    done
}
