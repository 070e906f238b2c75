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
# ik_enter PATH: makes a directory beside the file that only root can enter, and enters it. The end of this shell removes it.
ik_enter() {
    ik_reach "$1"
    if [ -d "./$ik_name" ]; then
        echo "$1 is a directory" >&2
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
    trap ik_clean EXIT
}
ik_clean() {
    if [ -e new ]; then rm -f -- new; fi
    cd -P ..
    rmdir -- "$ik_new"
}
# ik_distrust KEPT: removes a copy that an interrupted step has left, unless what is in place now is what that step put there.
# Otherwise the file was changed since then, and nothing says that the copy is better.
ik_distrust() {
    if [ -e "$1/whole" ] && [ -f "../$ik_name" ] && grep -qxF -e "$(sha256sum <"../$ik_name")" "$1/whole"; then return; fi
    rm -rf -- "$1"
}
# ik_keep KEPT: keeps a copy of the old file, or notes that there is none. One that an interrupted step has kept is older, and
# known to be good. With it are the sums of what has taken its place since. All of it is on the disk before the file is replaced.
ik_keep() {
    if [ ! -e "$1/whole" ]; then
        mkdir -- "$1"
        if [ -e "../$ik_name" ]; then cp -a -- "../$ik_name" "$1/file"; fi
        if [ -f "$1/file" ]; then sync -- "$1/file"; fi
    fi
    sha256sum <new >>"$1/whole"
    sync -- "$1/whole"
}
# ik_put_back KEPT: puts the old file back into its place, or removes the new one where there was none.
ik_put_back() {
    if [ -e "$1/file" ]; then
        cp -a -- "$1/file" new
        mv -fT -- new "../$ik_name"
    else
        rm -f -- "../$ik_name"
    fi
    rm -rf -- "$1"
}
# ik_restore KEPT PATH: puts the old file back, if one is kept.
ik_restore() {
    if [ ! -e "$1/whole" ]; then return; fi
    ik_enter "$2"
    ik_put_back "$1"
}
# ik_accepts COMMAND [FILE]: whether a check of the new file succeeds, in a shell of its own.
ik_accepts() (
    FILE=${2-}
    export FILE
    cd /
    exec sh -ec "$1"
)
# ik_place DATA PATH MODE OWNER VALIDATE KEPT CHECK: replaces the file atomically, if VALIDATE accepts the new one. If KEPT is
# not empty, the old one is kept there; it is put back unless CHECK succeeds. Any of the last three may be empty.
ik_place() {
    ik_path=$2 ik_kept=$6
    ik_enter "$2"
    if [ -n "$6" ]; then ik_distrust "$6"; fi
    if [ ! -f "$1" ]; then
        echo "$2 was in place when the run began, and an earlier step changed it; resume the run, and infrakt sends the content" >&2
        return 1
    fi
    cat -- "$1" >new
    chown -- "$4" new
    chmod -- "$3" new
    if [ -n "$5" ] && ! ik_accepts "$5" "$PWD/new"; then
        echo "the new content was refused; $2 stays as it was" >&2
        return 1
    fi
    if [ -n "$6" ]; then ik_keep "$6"; fi
    # Also if the check is ended, because it takes too long.
    if [ -n "$7" ]; then trap 'ik_put_back "$ik_kept"; echo "$ik_path is as it was before" >&2; ik_clean' EXIT; fi
    mv -fT -- new "../$ik_name"
    if [ -n "$7" ]; then
        ik_accepts "$7"
        trap ik_clean EXIT
    fi
}
