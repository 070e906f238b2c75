# Creates, once for each connection, a mount namespace with read-only file systems, and keeps it on descriptor 8. `ik_room` is
# `yes`, or the reason why there is none. Unmounts outside also happen in the namespace, so it keeps nothing busy. The script
# that executes a plan closes the descriptor before its first step.
if [ -z "${ik_room-}" ]; then
    # The process that created the namespace waits until the descriptor is open.
    ik_room=$(unshare --mount --propagation slave setpriv --bounding-set="$IK_WITHOUT" sh -c \
        'perl -e "$1" && echo $$ && exec sleep 60 >/dev/null 2>&1' sh "$IK_MAKE" 2>&1 </dev/null &)
    case $ik_room in
    '' | *[!0-9]*)
        # On one line.
        ik_room=$(set -f && set -- no $ik_room && echo "$*")
        ;;
    *)
        if command exec 8<"/proc/$ik_room/ns/mnt" && kill "$ik_room"; then
            ik_room=yes
        else
            ik_room='no its namespace is gone'
        fi
        ;;
    esac
fi
