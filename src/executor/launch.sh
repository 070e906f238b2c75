# The launch: takes the server's lock, makes all files that the run may need, leaves the login behind, and starts the
# runner. Whatever is in the way is told to the client, and nothing has begun then.
ik_make_folders() {
    mkdir -p /run/infrakt "${IK_DIR%/*}" && chmod 700 /run/infrakt "${IK_DIR%/*/*}" "${IK_DIR%/*}"
}
ik_make_folder() {
    mkdir "$IK_DIR"
}
# A redirection that fails ends the shell if it is one of exec or of another special builtin (POSIX.1-2017, 2.8.1); not
# under `command`.
ik_open_lock() {
    command exec 9>>"$IK_LOCK"
}
# Only the status 200 means that another run has the lock; flock(1) has others for what goes wrong.
ik_lock() {
    flock -n -E 200 9
}
# ik_prepare DAYS: takes the server's lock, and makes the folder of the run. The lock is given on to the runner.
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
    # Only with the lock: to a clock that has jumped, the records of a living run are old too.
    for ik_other in "${IK_DIR%/*}"/*; do
        if [ -e "$ik_other" ]; then
            find "${IK_DIR%/*}" -mindepth 1 -maxdepth 1 -mtime "+$1" -exec rm -rf -- {} +
            break
        fi
    done
    ik_make_folder 2>/dev/null || {
        # Another launch of the same run may have been faster, between the check and the lock.
        if [ -d "$IK_DIR" ]; then
            exec 9>&-
            ik_refuse folder "$IK_DIR is there already"
        else
            ik_cannot spool ik_make_folder
        fi
        return
    }
}
# ik_make_records [turn]: makes all files that a run may need: it may get no others later. Turn: there is a step that the
# runner waits for.
ik_make_records() {
    true >"$IK_DIR/journal" && true >"$IK_DIR/out" && true >"$IK_DIR/err" && echo none >"$IK_DIR/order" &&
        ik_blank deadline && ik_blank pid && ik_blank go &&
        { [ -z "${1-}" ] || [ -p "$IK_DIR/turn" ] || mkfifo "$IK_DIR/turn"; }
}
# Half a step must not pass for a whole one.
ik_full() {
    ik_why=$(ik_files 2>&1)
    # What a shell itself can't write, it calls an error without saying which; a program does.
    for ik_file in "$IK_DIR/try" "$IK_LOCK.try"; do
        ik_words=$(head -c 65536 /dev/zero 2>&1 >"$ik_file") || ik_why="$ik_file: ${ik_words:-$ik_why}"
        rm -f -- "$ik_file"
    done
    rm -rf -- "$IK_DIR"
    ik_cannot spool printf %s "$ik_why"
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
