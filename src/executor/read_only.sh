# Makes, once for each connection, a mount namespace whose file systems are read-only, and keeps it on descriptor 8. `ik_room`
# says `yes`, or why there is none. The namespace sees what is unmounted outside, so it keeps nothing busy; the script that
# carries out a plan closes the descriptor before its first step.
if [ -z "${ik_room-}" ]; then
    # What has made the namespace waits until it is held.
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
