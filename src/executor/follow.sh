# The follower: sends what the runner and its steps have written since the given offsets, and carries out the words that
# come on its standard input. It may be lost at any moment; another one goes on from where the client has got to.
ik_piece() {
    ik_count=$(($4 - $3))
    if [ "$ik_count" -gt 1048576 ]; then ik_count=1048576; fi
    printf '%s %s %s\n' "$1" "$3" "$ik_count"
    tail -c "+$(($3 + 1))" "$IK_DIR/$2" | head -c "$ik_count"
}
ik_runner_lives() {
    # After a restart the same number may be another process: only with the same start time (field 22 of proc_pid_stat(5),
    # the 20th after the name) is it the runner. One that has ended and was not waited for yet is a zombie, state Z.
    [ -s "$IK_DIR/pid" ] && read -r ik_pid ik_start <"$IK_DIR/pid" && [ -e "/proc/$ik_pid/stat" ] || return 1
    read -r ik_stat <"/proc/$ik_pid/stat" || return 1
    set -- ${ik_stat##*) }
    [ "$1" != Z ] && [ "${20}" = "$ik_start" ]
}
# Waits until a run whose launch was not seen has begun. The launch may still be on its way, or cut short for ever; which
# of the two is settled with the lock in hand, without which no runner begins.
ik_find() {
    mkdir -p "${IK_LOCK%/*}"
    ik_tries=0
    until [ -s "$IK_DIR/journal" ]; do
        if [ ! -d "$IK_DIR" ]; then
            echo 'x absent there are no records of it'
            exit 0
        fi
        if flock -n -o "$IK_LOCK" sh -c '[ ! -s "$1/journal" ] && mv -T -- "$1" "$1.void"' sh "$IK_DIR"; then
            rm -rf -- "$IK_DIR.void"
            echo 'x void it never began'
            exit 0
        fi
        ik_tries=$((ik_tries + 1))
        if [ "$ik_tries" -gt 100 ]; then
            echo "x locked $(cat "$IK_LOCK.holder" 2>&1)"
            exit 0
        fi
        sleep 0.1
    done
}
ik_listen() {
    while read -r ik_word; do
        case $ik_word in
        go.*) : >"$IK_DIR/$ik_word" ;;
        stop) : >"$IK_DIR/stop" ;;
        kill)
            : >"$IK_DIR/stop"
            if ik_group=$(cat "$IK_DIR/current" 2>/dev/null); then
                kill -s TERM -- "-$ik_group"
                # Gone by then, if it listens to SIGTERM: there is nothing left to end, and nobody to tell.
                (sleep 5 && kill -s KILL -- "-$ik_group") </dev/null >/dev/null 2>&1 &
            fi
            ;;
        done)
            rm -rf -- "$IK_DIR"
            exit 0
            ;;
        esac
    done
}
ik_follow() {
    ik_j=$1 ik_o=$2 ik_e=$3 ik_idle=0
    exec 3<&0
    ik_listen <&3 &
    ik_listener=$!
    while :; do
        ik_done=no
        if [ -e "$IK_DIR/done" ]; then ik_done=yes; fi
        # The journal's size is taken last, and the journal is sent first: so whoever reads knows which step has begun
        # before the first byte of its output comes.
        set -- $(stat -c %s "$IK_DIR/out" "$IK_DIR/err" "$IK_DIR/journal")
        ik_new=no
        while [ "$ik_j" -lt "$3" ]; do
            ik_piece j journal "$ik_j" "$3"
            ik_j=$((ik_j + ik_count)) ik_new=yes
        done
        while [ "$ik_o" -lt "$1" ]; do
            ik_piece o out "$ik_o" "$1"
            ik_o=$((ik_o + ik_count)) ik_new=yes
        done
        while [ "$ik_e" -lt "$2" ]; do
            ik_piece e err "$ik_e" "$2"
            ik_e=$((ik_e + ik_count)) ik_new=yes
        done
        if [ "$ik_done" = yes ]; then break; fi
        if [ "$ik_new" = yes ]; then
            ik_idle=0
        else
            ik_idle=$((ik_idle + 1))
            if [ $((ik_idle % 20)) -eq 0 ]; then
                echo h
                if ! ik_runner_lives && [ ! -e "$IK_DIR/done" ]; then
                    if [ -s "$IK_DIR/journal" ]; then
                        echo "x gone the runner is no longer there"
                    else
                        # It never began: somebody else was faster at the lock.
                        echo "x locked $(cat "$IK_LOCK.holder" 2>&1)"
                        rm -rf -- "$IK_DIR"
                    fi
                    exit 0
                fi
            fi
        fi
        if [ "$ik_idle" -lt 20 ]; then sleep 0.02; else sleep 0.1; fi
    done
    echo z
    wait "$ik_listener"
    exit 0
}
