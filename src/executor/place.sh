# Puts an uploaded file into its place, for the runner. A user who can write a directory on the way can put a link into it at
# any moment. So each directory is entered first and checked then. A link is followed only if only root can have made it, and
# the new file is made in a directory that only root can write.

# Whether only root can write the current directory.
ik_is_roots() {
    case $(stat -c '%u %a' .) in
    0\ *[2367] | 0\ *[2367]?) return 1 ;;
    0\ *) return 0 ;;
    *) return 1 ;;
    esac
}
# ik_reach PATH: enters the directory of a file, and sets ik_name to the file's name.
ik_reach() {
    ik_name=${1##*/} ik_rest=${1%/*}
    # The usual case: getcwd(3) returns the same path, so there was no link on the way.
    if cd -P -- "${ik_rest:-/}" 2>/dev/null && [ "$PWD" = "${ik_rest:-/}" ] && [ ! -L "./$ik_name" ]; then return; fi
    cd /
    ik_rest=$1 ik_links=0
    while :; do
        ik_rest=${ik_rest#"${ik_rest%%[!/]*}"}
        ik_name=${ik_rest%%/*}
        case $ik_rest in */*) ik_rest=${ik_rest#*/} ;; *) ik_rest='' ;; esac
        ik_here=${PWD%/}
        if [ -L "./$ik_name" ]; then
            if ! ik_is_roots; then
                echo "$ik_here/$ik_name is a link in a directory that users other than root can write; it is not followed" >&2
                return 1
            fi
            ik_links=$((ik_links + 1))
            if [ "$ik_links" -gt 40 ]; then
                echo "$1 leads from link to link" >&2
                return 1
            fi
            ik_link=$(readlink -- "./$ik_name")
            case $ik_link in /*) cd / ;; esac
            ik_rest=$ik_link${ik_rest:+/$ik_rest}
        elif [ -z "$ik_rest" ]; then
            return
        elif [ "$ik_name" = .. ]; then
            cd -P ..
        else
            if [ ! -d "./$ik_name" ]; then
                echo "there is no directory $ik_here/$ik_name; make it in an earlier step, as with files::directory" >&2
                return 1
            fi
            cd -P -- "./$ik_name"
            if [ "$ik_name" != . ] && [ "$PWD" != "$ik_here/$ik_name" ]; then
                echo "$ik_here/$ik_name was replaced in the meantime" >&2
                return 1
            fi
        fi
    done
}
# ik_place DATA PATH MODE OWNER: replaces the file atomically.
ik_place() {
    ik_reach "$2"
    if [ -d "./$ik_name" ]; then
        echo "$2 is a directory" >&2
        return 1
    fi
    ik_here=${PWD%/}
    ik_new=$(mktemp -d ./.infrakt.XXXXXXXX)
    trap 'exit 1' HUP INT TERM
    trap 'rmdir -- "$ik_new"' EXIT
    cd -P -- "$ik_new"
    # A user who can write the parent directory can replace this directory, but can't write into it or move it away.
    case $PWD:$(stat -c '%u %a' .) in
    "$ik_here/${ik_new#./}:0 700" | "$ik_here/${ik_new#./}:0 2700") ;;
    *)
        echo "$ik_here/${ik_new#./} was replaced in the meantime" >&2
        return 1
        ;;
    esac
    trap 'if [ -e new ]; then rm -f -- new; fi; cd -P ..; rmdir -- "$ik_new"' EXIT
    cat -- "$1" >new
    chown -- "$4" new
    chmod -- "$3" new
    mv -fT -- new "../$ik_name"
}
