# Unsets every variable except the few that scripts need. It starts no program. A line of a multi-line value may look like a
# name; unsetting a variable that does not exist is harmless.
set -f
IFS='
'
for ik_line in $(export -p); do
    ik_line=${ik_line#export }
    ik_line=${ik_line#declare -x }
    ik_line=${ik_line%%=*}
    case $ik_line in
        '' | *[!A-Za-z0-9_]* | [0-9]*) ;;
        HOME | USER | LOGNAME | SHELL | SSH_CONNECTION | SSH_CLIENT) ;;
        http_proxy | https_proxy | ftp_proxy | all_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | FTP_PROXY | ALL_PROXY | NO_PROXY) ;;
        # Read-only in bash.
        BASHOPTS | SHELLOPTS | BASH_VERSINFO | EUID | UID | PPID) ;;
        *) unset "$ik_line" ;;
    esac
done
unset IFS ik_line
set +f
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C LC_CTYPE=C.UTF-8 DOCKER_CONFIG=/run/infrakt/docker
export PATH LANG LC_CTYPE DOCKER_CONFIG
