# The launch: takes the server's lock, creates all files that the run may need, leaves the login, and starts the runner. If
# something prevents that, it reports the cause to the client, and nothing has begun.
ik_make_folders() {
    mkdir -p /run/infrakt "${IK_DIR%/*}" && chmod 700 /run/infrakt "${IK_DIR%/*/*}" "${IK_DIR%/*}"
}
ik_make_folder() {
    mkdir "$IK_DIR"
}
# Opening a pipe would wait for a reader.
ik_has_no_pipe() {
    for ik_file in "$IK_LOCK" "$IK_LOCK.holder" "$IK_LOCK.folder"; do
        if [ -p "$ik_file" ]; then
            echo "$ik_file is a pipe" >&2
            return 1
        fi
    done
}
# A failing redirection of exec or another special builtin ends the shell (POSIX.1-2017, 2.8.1), but not with `command`.
ik_open_lock() {
    ik_has_no_pipe && command exec 9>>"$IK_LOCK"
}
# Only the status 200 means that another run has the lock; flock(1) has other statuses for errors.
ik_lock() {
    flock -n -E 200 9
}
# ik_prepare DAYS: takes the server's lock, and creates the folder of the run. The lock is passed on to the runner.
ik_prepare() {
    if ! [ -d /run/infrakt ] || ! [ -d "${IK_DIR%/*}" ]; then
        ik_make_folders 2>/dev/null || {
            ik_cannot spool ik_make_folders
            return
        }
    fi
    ik_open_lock || {
        ik_cannot spool ik_open_lock
        return
    }
    ik_lock
    case $? in
    0) ;;
    200)
        exec 9>&-
        ik_refuse locked "$(cat "$IK_LOCK.holder" 2>&1)"
        return
        ;;
    *)
        ik_cannot lock ik_lock
        return
        ;;
    esac
    # Only with the lock: if the clock has jumped, the records of a current run look old too.
    for ik_other in "${IK_DIR%/*}"/*; do
        if [ -e "$ik_other" ]; then
            find "${IK_DIR%/*}" -mindepth 1 -maxdepth 1 -mtime "+$1" -exec rm -rf -- {} +
            break
        fi
    done
    ik_make_folder 2>/dev/null || {
        # Another launch of the same run may have come between the check and the lock.
        if [ -d "$IK_DIR" ]; then
            exec 9>&-
            ik_refuse folder "$IK_DIR already exists"
        else
            ik_cannot spool ik_make_folder
        fi
        return
    }
}
# ik_make_records [turn]: creates all files that a run may need, since it may not be able to create others later. `turn`: the
# plan has a step for which the runner waits.
ik_make_records() {
    true >"$IK_DIR/journal" && true >"$IK_DIR/out" && true >"$IK_DIR/err" && echo none >"$IK_DIR/order" &&
        ik_blank deadline && ik_blank pid && ik_blank go &&
        { [ -z "${1-}" ] || [ -p "$IK_DIR/turn" ] || mkfifo "$IK_DIR/turn"; }
}
# An incomplete step must not pass for a complete one.
ik_full() {
    ik_why=$(ik_files 2>&1)
    # A shell that can't write reports an error without the cause; a program reports the cause.
    for ik_file in "$IK_DIR/try" "$IK_LOCK.try"; do
        ik_words=$(head -c 65536 /dev/zero 2>&1 >"$ik_file") || ik_why="$ik_file: ${ik_words:-$ik_why}"
        rm -f -- "$ik_file"
    done
    rm -rf -- "$IK_DIR"
    ik_cannot spool printf %s "$ik_why"
}
# Files that are later overwritten in place, so that they have room even if the disk is full.
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
